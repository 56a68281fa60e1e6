"""Pictures in a notebook: the frame is as tall as what is in it, however wide the notebook is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import attnviz
from tests.browser.conftest import PATIENCE

PICTURES: dict[str, Callable[[attnviz.Trace], Any]] = {
    "lines": lambda trace: trace.lines([(0, 2), (1, 8), (2, 3)]),
    "upright lines": lambda trace: trace.lines([(0, 2)], direction="vertical"),
    "overlaid lines": lambda trace: trace.lines([(0, 2), (1, 8)], arrangement="overlaid"),
    "heatmap": lambda trace: trace.heatmap((0, 2)),
    "overview": lambda trace: trace.overview(),
    "explore": lambda trace: trace.explore(),
    "chapter": lambda trace: attnviz.chapters()[3].figure(trace),
    "drawing": lambda trace: attnviz.chapters()[0].figure(trace).panels["projections"],
}


@pytest.fixture
def notebook(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 700, "height": 800})
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


@pytest.mark.parametrize("name", PICTURES)
def test_a_frame_is_as_tall_as_its_picture(notebook: Page, note: attnviz.Trace, name: str) -> None:
    notebook.set_content("<main></main>")
    cell = PICTURES[name](note)._repr_html_()
    notebook.evaluate("html => document.querySelector('main').innerHTML = html", cell)
    element = notebook.wait_for_selector("iframe")
    assert element is not None
    frame = element.content_frame()
    assert frame is not None
    for width in (700, 1200):
        notebook.set_viewport_size({"width": width, "height": 800})
        frame.wait_for_selector(".attnviz *", state="attached")
        # nothing to scroll to, and no empty space below
        frame.wait_for_function(
            """width => {
              const root = document.documentElement;
              const tall = root.getBoundingClientRect().height;
              return innerWidth > width - 50 && tall > 150
                && root.scrollHeight <= root.clientHeight && root.clientHeight - tall < 2;
            }""",
            arg=width,
        )
