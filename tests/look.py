"""One sheet of everything: all pages, chapters and modes in both languages, light and dark.

    make look        # writes look.png, and every picture in full size into look/

A row a place: its pictures by language, scheme and width, tall pages in columns like a
newspaper's. What `geometry.js` finds on one of them is printed, and its picture framed in red.
"""

import argparse
import asyncio
import io
import itertools
import os
import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont
from playwright.async_api import Browser, FloatRect, Page, async_playwright

import attnviz
from attnviz.lessons.engine import Part
from attnviz.lessons.handout import handout
from attnviz.share.state import TABS
from attnviz.texts import Language
from tests.browser.conftest import FLAGS, PATIENCE, SETTLED, running
from tests.browser.test_geometry import GEOMETRY, PLACE, SCREENS, STANDS, WIDTHS

Scheme = Literal["light", "dark"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SENTENCE = "The animal didn't cross the street because it was too tired"
LONG = "the%20law%20is%20"  # three tokens
AT_ONCE = 3  # pages, so that one waits for the server while another is drawn
SCALE = 1 / 6  # of a picture on the sheet
WIDE = 6000  # px of the sheet
COLUMN = 1800  # px of a page in one column
LEAST, TALLEST = 400, 12_000  # px of a page; what is below is missing
QUALITY = 92
HEADING, GAP = 26, 6
A4 = 680  # px of 180 mm


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as it was seen, and what cannot be read on it."""

    about: str
    jpeg: bytes
    faults: tuple[str, ...]


Act = Callable[[Page], Awaitable[None]]
Shots = dict[str, list[Shot]]


async def settle(page: Page) -> None:
    """Wait until the server has answered and nothing moves."""
    await page.evaluate("settled()")
    await page.evaluate("attnvizStill()")


async def show_all(page: Page) -> None:
    """Open every picture that waits for an answer."""
    waiting = page.locator('[class*="st-key-skip_"] button')
    while await waiting.count():
        await waiting.first.click()
        await settle(page)


def press(button: str, then: str = "body") -> Act:
    """Click, and wait for what comes of it."""

    async def act(page: Page) -> None:
        await page.locator(button).first.click()
        await page.wait_for_selector(then, state="attached")  # the body itself has no height
        await settle(page)

    return act


EXPLORE = {
    "explore": "",
    "explore, four words": "&s=The%20cat%20sat%20down",
    "explore, one token": "&s=law&nosp=1",
    "explore, mean": "&show=mean",
    "explore, words": "&unit=word&nosp=1",
    "explore, twelve heads overlaid": "&arr=overlaid&hm=0.0-0.1-0.2-0.3-1.0-1.1-1.2-1.3-2.0-2.1",
    "explore, pins": "&pin=q5.q7.k3",
    "explore, vertical, pins": "&pin=q5.q7.k3&dir=vertical&arr=beside",
    "explore, 128 tokens": f"&s={LONG * 42}",
    "explore, 512 tokens": f"&s={LONG * 170}",
    **{f"explore, {tab}": f"&see={tab}" for tab in TABS[1:]},
    "embedded": "&embed=true",
    "a broken link": "&min=9&what=5&top=x",
    "text too long": f"&s={LONG * 350}",
}
LOAD = ".st-key-other_load button"
DRAWERS = {
    "heads": ".st-key-heads_open button",
    "show": ".st-key-show_open button",
    "filter": ".st-key-filter_open button",
    "share": ".st-key-share_open button",
    "save": ".st-key-save_open button",
}
WALK = {"teacher": "&mode=teacher", "print": "&mode=print"} | {
    f"chapter {chapter.number}": f"&ch={chapter.number}" for chapter in attnviz.chapters()
}
PLACES: dict[str, tuple[str, Act]] = {
    **{name: (f"/?v=1{more}", show_all) for name, more in EXPLORE.items()},
    **{f"explore, {name} open": ("/?v=1", press(button)) for name, button in DRAWERS.items()},
    "unknown model": ("/?v=1&m=/nowhere", press(LOAD, then=".stAlert")),
    "train": ("/train?v=1", show_all),
    "train, trained": (
        "/train?v=1&task=two-looks&steps=100",
        press(".st-key-train_start button", then=".js-plotly-plot .main-svg"),
    ),
    "train, compare": ("/train?v=1&do=compare", show_all),
    "train, compared": (
        "/train?v=1&do=compare&pair_task=two-looks",
        press(".st-key-compare_start button", then=".js-plotly-plot .main-svg"),
    ),
    "about": ("/about?v=1", show_all),
    **{name: (f"/walkthrough?v=1{more}", show_all) for name, more in WALK.items()},
}


async def take(page: Page, about: str, high: int | None = None) -> Shot:
    """The page as it stands, or as much of it as is `high`."""
    faults = await page.evaluate("attnvizFaults()")
    size = page.viewport_size
    assert size is not None
    clip: FloatRect = {"x": 0, "y": 0, "width": size["width"], "height": high or size["height"]}
    shot = await page.screenshot(clip=clip, type="jpeg", quality=QUALITY)
    return Shot(about, shot, tuple(faults))


async def whole(page: Page, width: int, about: str) -> Shot:
    """A page in one width, as tall as it is."""
    await page.set_viewport_size({"width": width, "height": TALLEST})
    await page.evaluate("attnvizStill()")
    high = await page.evaluate(
        "(document.querySelector('.stMainBlockContainer') ?? document.body).offsetHeight"
    )
    return await take(page, about, min(TALLEST, max(LEAST, high)))


async def see_place(page: Page, address: str, name: str, language: Language) -> list[Shot]:
    """A place in both schemes and all widths."""
    link, act = PLACES[name]
    await page.emulate_media(color_scheme=SCHEMES[0])
    await page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    await page.goto(f"{address}{link}&lang={language}")
    await page.wait_for_selector(f"{STANDS}, .stAlert, {LOAD}")
    await settle(page)
    await act(page)
    found = []
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await settle(page)
        found += [await whole(page, w, f"{language} {scheme} {w}") for w in WIDTHS]
    return found


async def see_screens(page: Page, address: str, number: int, language: Language) -> list[Shot]:
    """Every screen of a chapter's presentation in both schemes; pictures in both sizes."""
    await page.emulate_media(color_scheme=SCHEMES[0])
    await page.goto(f"{address}/walkthrough?v=1&mode=presenter&ch={number}&lang={language}")
    await page.wait_for_selector(".st-key-present")
    found = []
    for screen in attnviz.chapters()[number - 1].screens:
        await settle(page)
        named = str(screen) if isinstance(screen, str) else screen.name
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await settle(page)
            for wide, high in SCREENS if isinstance(screen, Part) else SCREENS[:1]:
                await page.set_viewport_size({"width": wide, "height": high})
                await page.evaluate("attnvizStill()")
                found.append(await take(page, f"{named} {language} {scheme} {wide}"))
        await turn(page)
    return found


async def turn(page: Page) -> None:
    """Press the presenter's button until another screen is shown, or there is none."""
    place, press = page.locator(PLACE), page.locator(".st-key-present_right button")
    before = await place.inner_text()
    while await place.inner_text() == before and await press.is_enabled():
        await press.click()
        await settle(page)


async def see_handout(page: Page, file: Path, language: Language) -> list[Shot]:
    """The printed handout, which is a file without the app, screen by screen."""
    trace = await asyncio.to_thread(attnviz.trace, SENTENCE)
    file.write_text(handout(trace, language=language), encoding="utf-8")
    await page.set_viewport_size({"width": A4, "height": COLUMN})
    await page.goto(f"file://{file}")
    await page.wait_for_selector(".picture .attnviz[data-drawn]")
    await page.emulate_media(media="print")
    await page.evaluate("attnvizStill()")
    high = await page.evaluate("document.documentElement.scrollHeight")
    found = []
    for part, top in enumerate(range(0, high, COLUMN)):
        await page.evaluate(f"scrollTo(0, {top})")
        found.append(await take(page, f"{language} paper {part}"))
    await page.emulate_media(media="screen")
    return found


async def look(languages: tuple[Language, ...], only: str, address: str, folder: Path) -> Shots:
    """Every place whose name matches `only`, with its pictures."""

    def place(name: str, language: Language) -> Callable[[Page], Awaitable[list[Shot]]]:
        return lambda page: see_place(page, address, name, language)

    def screens(number: int, language: Language) -> Callable[[Page], Awaitable[list[Shot]]]:
        return lambda page: see_screens(page, address, number, language)

    def paper(language: Language) -> Callable[[Page], Awaitable[list[Shot]]]:
        return lambda page: see_handout(page, folder / f"{language}.html", language)

    work = {(name, code): place(name, code) for name, code in itertools.product(PLACES, languages)}
    for chapter, code in itertools.product(attnviz.chapters(), languages):
        work[f"presenter {chapter.number}", code] = screens(chapter.number, code)
    work |= {("handout", code): paper(code) for code in languages}
    due = {at: see for at, see in work.items() if re.search(only, at[0])}
    seen: dict[tuple[str, Language], list[Shot]] = {}
    waiting = iter(due.items())

    async def go_through(browser: Browser) -> None:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE)
        await context.add_init_script(path=SETTLED)
        await context.add_init_script(GEOMETRY)
        page = await context.new_page()
        for at, see in waiting:
            seen[at] = await see(page)
            print(f"{at[0]}, {at[1]}", flush=True)
        await context.close()

    async with async_playwright() as playwright:
        path = os.environ.get("ATTNVIZ_CHROMIUM", "/usr/bin/chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        await asyncio.gather(*[go_through(browser) for _ in range(AT_ONCE)])
        await browser.close()
    shots: Shots = {}
    for at in due:
        shots.setdefault(at[0], []).extend(seen[at])
    return shots


def in_columns(shot: Shot) -> Image.Image:
    """A picture at the sheet's scale, a tall one in several columns."""
    picture = Image.open(io.BytesIO(shot.jpeg))
    columns = -(-picture.height // COLUMN)
    high = -(-picture.height // columns)
    small = (round(picture.width * SCALE), round(high * SCALE))
    laid = Image.new("RGB", ((small[0] + 1) * columns - 1, small[1]), "#888888")
    for column in range(columns):
        box = (0, column * high, picture.width, min(picture.height, (column + 1) * high))
        part = picture.crop(box)
        part = part.resize((small[0], round(part.height * SCALE)), Image.Resampling.LANCZOS)
        laid.paste(part, (column * (small[0] + 1), 0))
    if shot.faults:
        ImageDraw.Draw(laid).rectangle(
            (0, 0, laid.width - 1, laid.height - 1), outline="red", width=3
        )
    return laid


def sheet(shots: Shots) -> Image.Image:
    """All pictures on one sheet, those of a place in rows below its name."""
    font = ImageFont.load_default(size=20)
    placed: list[tuple[Image.Image, int, int]] = []
    names: list[tuple[str, int]] = []
    y = 0
    for name, row in shots.items():
        names.append((name, y))
        x, y, tallest = 0, y + HEADING, 0
        for small in map(in_columns, row):
            if x and x + small.width > WIDE:
                x, y, tallest = 0, y + tallest + GAP, 0
            placed.append((small, x, y))
            x, tallest = x + small.width + GAP, max(tallest, small.height)
        y += tallest + GAP
    laid = Image.new("RGB", (WIDE, y), "#666666")
    pen = ImageDraw.Draw(laid)
    for name, at in names:
        pen.text((4, at + 1), name, "white", font)
    for small, x, at in placed:
        laid.paste(small, (x, at))
    return laid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("look.png"))
    parser.add_argument("--only", default="", help="a pattern of the places' names")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder) / "outside.txt") as server,
    ):
        shots = asyncio.run(look(LANGUAGES, given.only, server.address, Path(folder)))
    single = given.file.with_suffix("")
    single.mkdir(exist_ok=True)
    for name, row in shots.items():
        for shot in row:
            (single / f"{name}, {shot.about}.jpg").write_bytes(shot.jpeg)
            for fault in shot.faults:
                print(f"{name}, {shot.about}: {fault}")
    sheet(shots).save(given.file, optimize=True)
    print(given.file)


if __name__ == "__main__":
    main()
