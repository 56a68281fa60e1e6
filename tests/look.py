"""One sheet of everything: all pages, chapters and modes in both languages, light and dark.

    make look        # writes look.png

A row a place, a column a language, scheme and width. A person looks at it in a minute.
"""

import argparse
import io
import itertools
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, sync_playwright

import attnviz
from attnviz.lessons.engine import Part
from tests.browser.conftest import FLAGS, PATIENCE, running
from tests.browser.test_geometry import GEOMETRY, LESSONS, PAGES, SCREENS, WIDTHS, show_all, still

LANGUAGES = ("en", "zh")
SCHEMES = ("light", "dark")
SCALE = 0.25  # of a picture on the sheet
TALLEST = 6000  # px of a page; what is below is cut, and a red line says so
HEADING, GAP = 16, 8
LINK = "{link}&lang={language}"

Shots = dict[str, list[Image.Image]]


def look(languages: tuple[str, ...] = LANGUAGES, *, presenter: bool = True) -> Shots:
    """Every place with its pictures: languages × schemes × widths."""
    shots: Shots = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "outside.txt") as server,
        sync_playwright() as playwright,
    ):
        path = os.environ.get("ATTNVIZ_CHROMIUM", "/usr/bin/chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script(GEOMETRY)
        for language, scheme in itertools.product(languages, SCHEMES):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for name, link in (PAGES | LESSONS).items():
                page.set_viewport_size({"width": WIDTHS[0], "height": 900})
                page.goto(server.address + LINK.format(link=link, language=language))
                show_all(page)
                shots.setdefault(name, []).extend(_widths(page))
            for name, picture in _screens(page, server.address, language) if presenter else ():
                shots.setdefault(name, []).append(picture)
        browser.close()
    return shots


def _widths(page: Page) -> Iterator[Image.Image]:
    """A page in all widths, each as tall as it is."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        still(page)
        high = int(page.evaluate("document.querySelector('.stMainBlockContainer').scrollHeight"))
        page.set_viewport_size({"width": width, "height": min(TALLEST, max(900, high))})
        still(page)
        yield _shot(page, is_cut=high > TALLEST)


def _screens(page: Page, address: str, language: str) -> Iterator[tuple[str, Image.Image]]:
    """Each picture of the presenter, in both sizes."""
    for chapter in attnviz.chapters():
        page.set_viewport_size({"width": SCREENS[0][0], "height": SCREENS[0][1]})
        page.goto(f"{address}/walkthrough?v=1&mode=presenter&ch={chapter.number}&lang={language}")
        page.wait_for_selector(".st-key-present")
        for screen in chapter.screens:
            still(page)
            for size in SCREENS:
                if not isinstance(screen, Part):
                    break
                page.set_viewport_size({"width": size[0], "height": size[1]})
                still(page)
                yield f"presenter {chapter.number}, {screen.name}", _shot(page)
            page.keyboard.press("ArrowRight")


def _shot(page: Page, *, is_cut: bool = False) -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    size = round(picture.width * SCALE), round(picture.height * SCALE)
    small = picture.resize(size, Image.Resampling.LANCZOS)
    if is_cut:
        ImageDraw.Draw(small).line((0, size[1] - 2, size[0], size[1] - 2), "red", 3)
    return small


def sheet(shots: Shots) -> Image.Image:
    """All pictures on one, each row with the name of its place."""
    high = {name: HEADING + max(one.height for one in row) for name, row in shots.items()}
    wide = max(sum(one.width + GAP for one in row) for row in shots.values())
    whole = Image.new("RGB", (wide, sum(high.values()) + GAP * len(high)), "#888888")
    pen, y = ImageDraw.Draw(whole), 0
    for name, row in shots.items():
        pen.text((2, y + 2), name, "white")
        x = 0
        for one in row:
            whole.paste(one, (x, y + HEADING))
            x += one.width + GAP
        y += high[name] + GAP
    return whole


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("look.png"))
    file = parser.parse_args().file
    sheet(look()).save(file)
    print(file)
