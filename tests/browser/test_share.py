"""Files opened without a network, links opened by somebody else, frames in another page."""

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.pictures import style
from tests.browser.conftest import Open, Server, Tiles, Visit
from tests.conftest import NOTE


@pytest.fixture
def offline(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str], Page]]:
    """Opens an HTML file in a browser that has no network; any complaint fails the test."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    problems: list[str] = []

    def open_file(text: str) -> Page:
        file = tmp_path / "file.html"
        file.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.on("pageerror", lambda problem: problems.append(str(problem)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on(
            "request", lambda r: None if r.url[:5] in ("file:", "blob:") else problems.append(r.url)
        )
        page.goto(file.as_uri())
        return page

    yield open_file
    context.close()
    assert problems == []


def weights_drawn(page: Page, panel: int) -> list[tuple[int, int, float]]:
    """Query, key and opacity of each line of a panel, by its ends."""
    return page.evaluate(  # type: ignore[no-any-return]
        """(panel) => {
          const svg = document.querySelectorAll(".panel svg:not(.swatch)")[panel];
          const at = (side) => new Map([...svg.querySelectorAll(`[data-side=${side}]`)].map((t) => {
            const [box, whole] = [t, svg].map((e) => e.getBoundingClientRect());
            return [box.left + box.width / 2 - whole.left, Number(t.dataset.place)];
          }));
          const near = (map, x) =>
            [...map].sort((a, b) => Math.abs(a[0] - x) - Math.abs(b[0] - x))[0][1];
          const opacity = (path) => Number(path.getAttribute("stroke-opacity"));
          const [q, k] = [at("q"), at("k")];
          return [...svg.querySelectorAll(".lines path")].flatMap((path) =>
            [...path.getAttribute("d").matchAll(/M([\\d.]+) [\\d.]+L([\\d.]+) /g)].map(
              ([, x1, x2]) => [near(q, Number(x1)), near(k, Number(x2)), opacity(path)]));
        }""",
        panel,
    )


def check_lines(page: Page, panel: int, trace: attnviz.Trace, head: tuple[int, int]) -> None:
    weights = trace.weights(head)
    drawn = weights_drawn(page, panel)
    assert len(drawn) == int((weights >= 1 / 255).sum())
    for query, key, opacity in drawn:
        assert abs(opacity - weights[query, key]) < 0.51 / 255


def test_a_file_with_all_heads_works_without_a_network(
    offline: Callable[[str], Page], note: attnviz.Trace
) -> None:
    page = offline(attnviz.explore(note, [(0, 2), (1, 8)]).to_html())
    page.wait_for_selector(".panel svg .lines")
    check_lines(page, 0, note, (0, 2))
    check_lines(page, 1, note, (1, 8))
    # a click on another tile puts that head in A: L2·H1
    canvas = page.locator("canvas.map").first
    canvas.click(position=Tiles.of(canvas).point(2, 1))
    page.wait_for_function("document.querySelector('.panel').textContent.includes('L2·H1')")
    check_lines(page, 0, note, (2, 1))
    check_lines(page, 1, note, (1, 8))
    assert page.locator(".maps .title").first.inner_text().endswith("L2·H1")
    # with Ctrl it adds that head, and takes it away again: L1·H3
    for panels in (3, 2):
        canvas.click(position=Tiles.of(canvas).point(1, 3), modifiers=["Control"])
        expect(page.locator(".panel")).to_have_count(panels)
    token = page.locator('[data-side="q"][data-place="3"]').first
    token.hover()
    spoken = page.locator(".readout").last.inner_text()
    weight = note.weights((2, 1))[3]
    assert f"{weight.max():.3f}" in spoken
    token.click()
    assert token.get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert token.get_attribute("aria-pressed") == "false"


def test_the_map_in_a_file_reads_the_number_under_the_pointer(
    offline: Callable[[str], Page], note: attnviz.Trace
) -> None:
    page = offline(note.heatmap((2, 1)).to_html())
    canvas = page.locator("canvas.map")
    canvas.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    readout = page.locator(".readout").inner_text()
    assert readout == f"will (3) → the (1) · weight {note.weights((2, 1))[3, 1]:.4f}"
    assert not page.locator(".panel").count()


def test_the_overview_in_a_file_reads_intervals_that_hold_the_weight_and_what_is_hidden(
    offline: Callable[[str], Page], note: attnviz.Trace
) -> None:
    lens = attnviz.Lens(at_least=0.004)
    page = offline(attnviz.explore(note, [(0, 2)], lens).to_html())
    page.wait_for_selector(".panel svg .lines")
    spoken = page.evaluate(
        """([layer, head, side]) => {
          const canvas = document.querySelector("canvas.map");
          const box = canvas.getBoundingClientRect();
          const step = (box.width - 26) / 12, size = step - 3;
          const readout = canvas.closest(".attnviz").querySelector(".readout");
          return Array.from({ length: side * side }, (_, i) => {
            const [row, column] = [Math.floor(i / side), i % side];
            canvas.dispatchEvent(new PointerEvent("pointermove", {
              clientX: box.left + 26 + head * step + (column + 0.5) * size / side,
              clientY: box.top + 20 + layer * step + (row + 0.5) * size / side,
            }));
            return readout.textContent;
          });
        }""",
        [2, 1, 27],
    )
    weights = note.weights((2, 1)).ravel()
    assert len(spoken) == 27 * 27
    for weight, said in zip(weights, spoken, strict=True):
        if weight < 0.004:
            assert said.endswith("· hidden")
        else:
            least, most = map(float, said.rpartition("weight ")[2].split(" to "))
            assert least <= weight <= most, said
            assert most - least < 0.009


def test_a_long_text_opens_too_and_says_what_is_not_there(offline: Callable[[str], Page]) -> None:
    trace = attnviz.trace("one two three four five six seven eight nine ten " * 60)
    page = offline(attnviz.explore(trace, [(0, 2), (1, 8)]).to_html())
    page.wait_for_selector(".panel svg .lines", state="attached")
    canvas = page.locator("canvas.map").first
    canvas.click(position=Tiles.of(canvas).point(0, 1))
    assert "not in this file" in page.locator(".readout").first.inner_text()


def test_the_handout_draws_its_figures_without_a_network(
    offline: Callable[[str], Page], note: attnviz.Trace
) -> None:
    from attnviz.lessons.handout import handout

    page = offline(handout(note))
    page.wait_for_function("document.querySelectorAll('.picture .attnviz').length >= 8")


def test_svg_and_png_are_saved_at_print_size(visit: Open, note: attnviz.Trace) -> None:
    opened = visit(height=1400)
    page = opened.page
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_label("Picture").click()
    page.get_by_role("option", name="heatmap of L1·H8").click()
    opened.settle()
    with page.expect_download() as saved:
        page.get_by_role("button", name="PNG (300 dpi)").click()
    picture = Image.open(io.BytesIO(saved.value.path().read_bytes()))
    assert saved.value.suggested_filename == "attnviz-L0H2-L1H8-heatmap-L1H8.png"
    assert picture.width == round(85 / 25.4 * 300)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)
    assert json.loads(picture.info["Description"])["text"] == NOTE
    # the cells, read back from their middles
    pixels = np.asarray(picture.convert("RGB"))
    svg = note.heatmap((1, 8)).to_svg(sheet=attnviz.Sheet())
    (width,) = re.findall(r'viewBox="0 0 ([\d.]+) ', svg)
    scale = picture.width / float(width)
    (cells,) = re.findall(
        r'translate\(0 ([\d.]+)\)"><g transform="translate\(([\d.]+) ([\d.]+)\) scale\(([\d.]+)\)',
        svg,
    )
    down, left, top, step = (float(units) * scale for units in cells)
    weights = note.weights((1, 8))
    ramp = style.ramp(style.HEAD_CODES[1].light, "light").astype(int)
    for query, key in [(0, 0), (3, 4), (5, 6), (20, 21), (10, 2), (26, 0)]:
        y, x = down + top + (query + 0.5) * step, left + (key + 0.5) * step
        expected = ramp[style.level(weights)[query, key]]
        assert np.abs(pixels[int(y), int(x)] - expected).max() <= 2


def test_somebody_else_opens_the_link_and_sees_the_same(
    visit: Open, server: Server, browser: Browser
) -> None:
    opened = visit(height=1400)
    page = opened.page
    opened.type_text("猫 <b>&#%</b> the cat sat </script>")
    opened.choose("show_open", "stacked")
    page.locator('.st-key-lines [data-side="q"][data-place="3"]').first.click()
    opened.settle()
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.locator('[data-testid="stCode"]').first.inner_text().replace("\n", "")
    assert link == page.url
    other = browser.new_context(viewport={"width": 1440, "height": 1400}).new_page()
    other.goto(link)
    other.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
    box = other.get_by_label("Sentence", exact=True)
    expect(box).to_have_value("猫 <b>&#%</b> the cat sat </script>")
    pinned = other.locator('.st-key-lines [aria-pressed="true"]').first
    pinned.wait_for(state="attached")
    assert pinned.get_attribute("data-place") == "3"
    assert other.locator(".st-key-lines .panels:not(.beside)").count() == 1
    other.context.close()


def test_a_view_is_saved_as_a_file_and_opened_again(visit: Open, tmp_path: Path) -> None:
    opened = visit(height=1400)
    opened.type_text("a sentence for a file")
    page = opened.page
    page.get_by_role("button", name="Share", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save this view as a file").click()
    file = tmp_path / "view.json"
    saved.value.save_as(file)
    again = visit(height=1400)
    again.page.get_by_role("button", name="Share", exact=True).click()
    again.page.locator('input[type="file"]').set_input_files(file)
    again.page.wait_for_function(
        "document.querySelector('textarea[aria-label=Sentence]').value === 'a sentence for a file'"
    )
    again.settle()
    assert again.problems == []


def test_the_snippet_shows_the_chosen_parts_alone_at_their_own_height(
    visit: Open, browser: Browser, tmp_path: Path
) -> None:
    opened = visit(height=1400)
    page = opened.page
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_text("dark", exact=True).click()
    opened.settle()
    snippet = page.locator('[data-testid="stCode"]').nth(1).inner_text()
    course = tmp_path / "course.html"
    course.write_text(f"<!doctype html><h1>A course</h1>{snippet}", encoding="utf-8")
    outer = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
    outer.goto(course.as_uri())
    (before,) = re.findall(r'height="(\d+)"', snippet)
    frame: Any = outer.frame_locator("iframe")
    frame.locator(".st-key-lines .attnviz svg .lines").first.wait_for(state="attached")
    assert frame.locator("input, .stPageLink, h1").count() == 0, "no navigation, no inputs"
    assert frame.locator(".st-key-overview, .st-key-heatmaps").count() == 0
    assert frame.locator(".attnviz.dark").count() == 1
    outer.wait_for_function(
        "before => document.querySelector('iframe').getAttribute('height') !== before", arg=before
    )
    inner = frame.locator('[data-testid="stMainBlockContainer"]').evaluate("(e) => e.offsetHeight")
    assert int(outer.locator("iframe").get_attribute("height") or 0) == inner
    outer.context.close()


def test_a_link_from_elsewhere_opens_what_it_can(visit: Open, server: Server) -> None:
    opened: Visit = visit()
    page = opened.page
    page.goto(f"{server.address}/?v=7&ha=2.1&hb=99.9&arr=%3Cscript%3E&s={quote('the cat sat')}")
    page.wait_for_selector(".st-key-dropped_note")
    said = page.locator(".st-key-dropped_note").inner_text()
    assert "v (a version of another time), arr (arrangement), L99·H9" in said
    page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
    expect(page.get_by_label("Sentence", exact=True)).to_have_value("the cat sat")
    page.get_by_role("button", name="OK", exact=True).click()
    opened.settle()
    assert page.locator(".st-key-dropped_note").count() == 0
    assert opened.problems == []
