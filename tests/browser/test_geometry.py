"""What can be read: no picture too small, cut, overlapping, or without labels in silence.

`geometry.js` measures the page as it stands: text, canvases with what was written on them,
SVG and Plotly's charts. Every place is seen in English and light, and then, without opening it
anew, in Chinese and dark.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.lessons.engine import Chapter, Part, panel_element, panel_of
from attnviz.lessons.handout import handout
from attnviz.models.load import Model
from attnviz.pictures.standalone import standalone
from attnviz.share.state import TABS
from tests.browser.conftest import OTHER_PAGES, Go, Server, Tabs, open_waiting, opener, settle

GEOMETRY = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")
WIDTHS = (1440, 820, 390)
SCREENS = ((1280, 720), (1920, 1080))
CHAPTERS = attnviz.chapters()
LONG = "the%20law%20is%20" * 23  # 71 tokens
PAGES = {
    "explore": "/?v=1",
    "explore, a head chosen twice": "/?v=1&hb=0.2&hm=0.0-0.1-0.2-0.3-0.2",
    **{f"explore, {tab}": f"/?v=1&see={tab}" for tab in TABS[1:]},
    "explore, a pair as heatmaps": "/?v=1&see=heatmaps&s=The%20cat%20sat&p=It%20was%20tired",
    "explore, wide names as heatmaps": f"/?v=1&see=heatmaps&unit=word&s={'m' * 18}%20{'w' * 18}",
    "explore, unknown tokens as heatmaps": "/?v=1&see=heatmaps&nosp=1&s=猫坐在垫子上",
    "explore, 4 words": "/?v=1&s=The%20cat%20sat%20down",
    "explore, 71 tokens": f"/?v=1&s={LONG}",
    "explore, 302 tokens": f"/?v=1&s={'the%20law%20' * 150}",
    "explore, mean of two heads": "/?v=1&show=mean",
    **OTHER_PAGES,
}
LESSONS = {f"chapter {c.number}": f"/walkthrough?v=1&ch={c.number}" for c in CHAPTERS}
LONG_LESSONS = {
    f"chapter {number}, 71 tokens": f"/walkthrough?v=1&ch={number}&s={LONG}" for number in (1, 3, 7)
}

STANDS = (
    ".attnviz[data-drawn], .js-plotly-plot, .st-key-about, .st-key-teacher, .st-key-handout, "
    ".st-key-present, .st-key-compare_choice"
)


@pytest.fixture(scope="module")
def tab(tabs: Tabs) -> Iterator[Page]:
    """One page for all of these tests, which measures itself."""
    with tabs.opened(GEOMETRY) as page:
        yield page


@pytest.fixture
def go(tab: Page, server: Server) -> Go:
    """Open a place, with every picture that waits for an answer."""
    return opener(tab, server, {"width": WIDTHS[0], "height": 900}, show_all)


def show_all(page: Page) -> None:
    """Wait until a page stands, and open every picture that waits for an answer."""
    page.wait_for_selector(STANDS)
    still(page)
    open_waiting(page, still)


def still(page: Page) -> None:
    """Wait until nothing on the page moves."""
    page.evaluate("attnvizStill()")


PRESENTED = ".st-key-present .attnviz[data-drawn]"
PLACE = ".st-key-present_bar [data-testid=stCaptionContainer]"


def on(page: Page) -> None:
    """Press the presenter's button until another screen is shown, or there is none."""
    place, press = page.locator(PLACE), page.locator(".st-key-present_right button")
    before = place.inner_text()
    while place.inner_text() == before and press.is_enabled():
        press.click()
        settle(page)


def faults(page: Page) -> list[str]:
    """What cannot be read on a page."""
    found: list[str] = page.evaluate("attnvizFaults()")
    return found


@pytest.mark.parametrize("place", [*PAGES, *LESSONS, *LONG_LESSONS])
def test_everything_can_be_read(go: Go, place: str) -> None:
    page = go({**PAGES, **LESSONS, **LONG_LESSONS}[place])
    found = {("en", width): at_width(page, width) for width in WIDTHS}
    to_chinese_and_dark(page)
    found |= {("zh", width): at_width(page, width) for width in WIDTHS}
    assert not {at: some for at, some in found.items() if some}


def at_width(page: Page, width: int) -> list[str]:
    """What cannot be read in this width."""
    page.set_viewport_size({"width": width, "height": 900})
    still(page)
    return faults(page)


def to_chinese_and_dark(page: Page) -> None:
    """The page that is open in the other language and scheme; an embedded one has no switch."""
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    page.emulate_media(color_scheme="dark")
    settle(page)
    switch = page.locator(".st-key-language_switch").get_by_text("中文")
    if switch.count():
        switch.click()
        settle(page)
    else:
        page.goto(f"{page.url}&lang=zh")
    show_all(page)


LETTERS = (Path(__file__).parent / "letters.js").read_text(encoding="utf-8")
FROM_AFAR = 18  # px of every letter on a projector, without an exception
PRINTED = 7 * 96 / 72  # px of 7 pt


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: f"chapter {chapter.number}")
def test_a_presenters_screens_are_read_from_afar(go: Go, chapter: Chapter, language: str) -> None:
    """Nothing is cut or small, no figure goes below the bar; Chinese is seen in dark."""
    page = go(f"/walkthrough?v=1&mode=presenter&ch={chapter.number}&lang={language}")
    if language == "zh":
        page.emulate_media(color_scheme="dark")
        settle(page)
    found: dict[tuple[str, int], list[str]] = {}
    for screen in chapter.screens:
        name = str(screen) if isinstance(screen, str) else screen.name
        if isinstance(screen, Part):
            reveal(page)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            still(page)
            found[name, width] = faults(page) + too_small(page)
            if isinstance(screen, Part):
                found[name, width] += below_the_bar(page)
        on(page)
    assert not {at: some for at, some in found.items() if some}


def reveal(page: Page) -> None:
    """Press the presenter's button until the picture that answers a question is there."""
    place = page.locator(PLACE).inner_text()
    while not page.locator(PRESENTED).count():
        page.locator(".st-key-present_right button").click()
        settle(page)
        assert page.locator(PLACE).inner_text() == place


def below_the_bar(page: Page) -> list[str]:
    """The screen's figure, with its steps, where it goes below what turns the screens."""
    figure = page.locator(PRESENTED).first.bounding_box()
    bar = page.locator(".st-key-present_bar").bounding_box()
    assert figure is not None
    assert bar is not None
    end = figure["y"] + figure["height"]
    return [f"ends at {end}, below {bar['y']}"] if end > bar["y"] else []


def too_small(page: Page) -> list[str]:
    """Letters that the last row of a room cannot read."""
    return [
        f"{said} on a {where}: {size:.1f} px"
        for where, size, said in page.evaluate(LETTERS)
        if size < FROM_AFAR
    ]


ENDS = """() => {
  const trees = [...document.querySelectorAll("*")].flatMap((one) => one.shadowRoot ?? []);
  const stepper = trees.map((tree) => tree.querySelector(".stepper")).find(Boolean);
  const asked = document.querySelectorAll('.st-key-side [class*="st-key-ask_"]');
  return [stepper, ...asked].map((one) => one.getBoundingClientRect().bottom);
}"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: f"chapter {chapter.number}")
def test_a_figure_its_sentence_and_what_is_asked_are_on_the_first_screen(
    go: Go, chapter: Chapter, language: str
) -> None:
    page = go(f"/walkthrough?v=1&ch={chapter.number}&lang={language}&step=19")
    ends = page.evaluate(ENDS)
    assert len(ends) == 1 + len(chapter.asked_beside(chapter.parts[0]))
    assert max(ends) <= 900


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_handout_can_be_read(
    browser: Browser, note: attnviz.Trace, tmp_path: Path, medium: str
) -> None:
    file = tmp_path / "handout.html"
    file.write_text(handout(note), encoding="utf-8")
    width = 680 if medium == "print" else 1000  # px of 180 mm
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")
    page.emulate_media(media="print" if medium == "print" else "screen")
    still(page)
    assert faults(page) == []
    if medium == "print":
        small = {
            f"{said}: {size:.1f} px"
            for where, size, said in page.evaluate(LETTERS)
            if where in ("figure", "page") and size < PRINTED
        }
        assert not small
    context.close()


LONG_WORDS = (
    "The animal didn't cross the street because it was too tired.",
    "Notwithstanding internationalization, characteristically disproportionate.",
    "MMMMMMMMMMMMMMMM WWWWWWWWWWWWWWWWW, MMMMMMMMMMMM",
    "小猫坐在垫子上，看着窗外的雨。",
)
BEYOND = """() => [...document.querySelectorAll("svg.figure")]
  .filter((one) => one.checkVisibility()).flatMap((figure) => {
    const edge = figure.getBoundingClientRect();
    return [...figure.querySelectorAll("text")].filter((text) => {
      const { left, right, top, bottom, width } = text.getBoundingClientRect();
      const across = Math.max(edge.left - left, right - edge.right);
      return width && Math.max(across, edge.top - top, bottom - edge.bottom) > 1.5;
    }).map((text) => `${text.textContent} of ${figure.getAttribute("aria-label").slice(0, 40)}`);
  })"""


@pytest.mark.parametrize("text", LONG_WORDS)
def test_no_word_of_a_figure_is_cut_at_its_edge(
    browser: Browser, minilm: Model, tmp_path: Path, text: str
) -> None:
    trace = attnviz.trace(text, minilm)
    longest = max(trace.tokens, key=lambda token: len(token.text)).position
    drawn = []
    for chapter in CHAPTERS:
        given = {"word": longest} if any(c.name == "word" for c in chapter.controls) else {}
        panels = chapter.figure(trace, chapter.scene(trace, given)).panels.values()
        drawn += [panel_element(panel) for panel in panels]
    file = tmp_path / "figures.html"
    file.write_text(standalone("figures", drawn, "en"), encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")
    for width in (1000, 390):
        page.set_viewport_size({"width": width, "height": 900})
        still(page)
        assert page.evaluate(BEYOND) == []
    context.close()


STEPS = """() => [...document.querySelectorAll(".stepped .all svg text")].flatMap((text) => {
  const m = text.getScreenCTM();
  const size = parseFloat(getComputedStyle(text).fontSize) * Math.hypot(m.a, m.b);
  const isSeen = text.checkVisibility({ visibilityProperty: true }) && text.textContent.trim();
  return isSeen && size < SMALLEST ? [`${text.textContent}: ${size.toFixed(1)} px`] : [];
})"""


@pytest.mark.parametrize(("width", "medium"), [(943, "screen"), (390, "screen"), (680, "print")])
def test_finished_steps_beside_each_other_can_be_read(
    browser: Browser, note: attnviz.Trace, tmp_path: Path, width: int, medium: str
) -> None:
    drawn = [panel_element(panel_of(chapter.parts[0], chapter.scene(note))) for chapter in CHAPTERS]
    file = tmp_path / "figures.html"
    file.write_text(standalone("figures", drawn, "en"), encoding="utf-8")
    context = browser.new_context(reduced_motion="reduce", viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")
    if medium == "print":
        page.emulate_media(media="print", reduced_motion="reduce")
    assert page.locator(".stepped .all").count() == len(CHAPTERS)
    assert page.evaluate(STEPS.replace("SMALLEST", "9")) == []
    context.close()


DOTS = "width: 6em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap"
SHORTENED = f"""<p style="{DOTS}"><span>The two most different heads</span></p>"""
OVERLAPPING = """<p style="margin: 0; height: 4px">The two most different heads</p>
<p style="margin: 0">The others</p>"""


def test_a_text_that_ends_in_dots_is_one_text(browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    for body, found in ((SHORTENED, []), (OVERLAPPING, ["overlap"])):
        page.goto(f"data:text/html,<meta charset=utf-8><body>{body}")
        assert [kind for kind in ("overlap", "cut") if kind in " ".join(faults(page))] == found
    context.close()


@pytest.mark.parametrize("words", [3, 25, 70])
def test_a_file_can_be_read(browser: Browser, minilm: Model, tmp_path: Path, words: int) -> None:
    file = tmp_path / "heads.html"
    file.write_text(attnviz.explore(attnviz.trace("law " * words, minilm)).to_html(), "utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        still(page)
        assert faults(page) == []
    context.close()


BAD = """<p style="font-size: 7px">tiny</p>
<div style="width: 60px; overflow: hidden; white-space: nowrap">words that are cut off</div>
<div style="position: relative"><span>under</span>
<span style="position: absolute; left: 0; top: 0">over</span></div>
<svg width="100" height="20"><text x="80" y="15">beyond the edge</text></svg>
<svg width="100" height="20"><text x="0" y="15" fill="#777">pale ink</text></svg>
<svg width="100" height="20"><text x="0" y="15" fill="#767676">dark ink</text></svg>
<div class="attnviz" style="width: 600px"><figure><canvas data-array="a" width="27" height="27"
  aria-label="small" style="width: 27px; height: 27px"></canvas></figure></div>
<canvas id="written" width="60" height="20"></canvas>"""


def test_the_measure_sees_what_cannot_be_read(browser: Browser) -> None:
    """Each of these faults is found, so that a page without any says something."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(GEOMETRY)
    page.goto("about:blank")
    page.evaluate("bad => { document.body.innerHTML = bad; }", BAD)
    page.evaluate(
        """() => {
            const names = Array.from({ length: 27 }, (_, i) => "token " + i)
                .join(String.fromCharCode(10));
            const map = document.querySelector("[data-array]");
            Object.assign(map.dataset, { rows: names, columns: names });
            const context = document.querySelector("#written").getContext("2d");
            context.font = "8px sans-serif";
            context.fillText("written too small", 10, 12);
        }"""
    )
    found = " ".join(faults(page))
    for fault in (
        '"tiny" is written in 7.0 px',
        '"words that are cut off" is cut off',
        '"under" and "over" overlap',
        '"beyond the edge" is cut off',
        "cells of small are 1.0 px × 1.0 px where there is room for 6.0 px",
        "small: 0 of 27 rows named, and does not say so",
        "small: 0 of 27 columns named, and does not say so",
        '"written too small" on a canvas is written in 8.0 px',
        '"written too small" is cut off by its canvas',
        '"pale ink" has a contrast of 4.48',
    ):
        assert fault in found
    assert "dark ink" not in found, "4.54"
    context.close()


@pytest.mark.parametrize("direction", ["horizontal", "vertical"])
def test_numbers_of_pins_stand_apart_and_say_whose_they_are(go: Go, direction: str) -> None:
    page = go(f"/?v=1&ha=0.2&hb=1.8&dir={direction}")
    lines = page.locator(".st-key-lines")
    lines.locator('.panel [data-side="q"][data-place="5"]').first.click()
    lines.locator('.panel [data-side="q"][data-place="7"]').first.hover()
    still(page)
    assert faults(page) == []
    numbers = lines.locator(".number").all_text_contents()
    assert {number[:2] for number in numbers} == {"#1", "#2"}
    label = lines.locator('.panel [data-side="q"][data-place="7"]').first
    assert (label.text_content() or "").startswith("#2 ")
    assert (lines.locator(".readout span").nth(1).text_content() or "").startswith("#2 ")
    boxes = lines.locator(".focus").first.evaluate(
        """group => [...group.querySelectorAll("rect, .number")].map((part) => {
            const { left, top, right, bottom } = part.getBoundingClientRect();
            return [part.tagName, left, top, right, bottom]; })"""
    )
    for ground, text in zip(boxes[::2], boxes[1::2], strict=True):
        assert (ground[0], text[0]) == ("rect", "text")
        inside = [a <= b + 3 for a, b in zip(ground[1:3], text[1:3], strict=True)]
        inside += [a >= b - 3 for a, b in zip(ground[3:], text[3:], strict=True)]
        assert all(inside), "no end of a line beside a number, where it would read as a minus"
    for side, place in (("q", 7), ("k", 3), ("q", 12)):
        lines.locator(f'.panel [data-side="{side}"][data-place="{place}"]').first.click()
    page.mouse.move(0, 0)
    still(page)
    assert faults(page) == []
    assert lines.locator(".number").count() == 0, "numbers of several pins are a table"
    tokens = lines.locator("table.pins th[colspan]").all_text_contents()
    assert tokens == ["#1 be (5)", "#2 , (7)", "#4 be (12)", "#3 will (3)"]


@pytest.mark.parametrize("width", [390, 1440])
def test_the_chapter_of_a_link_is_in_sight(go: Go, width: int) -> None:
    page = go(LESSONS["chapter 8"])
    page.set_viewport_size({"width": width, "height": 900})
    page.reload()
    page.wait_for_selector(STANDS)
    chosen = page.locator(".st-key-walk_chapter [data-selected]")
    expect(chosen).to_be_in_viewport(ratio=0.9)  # its edge may be between two pixels


def test_the_chosen_chapter_is_in_sight_on_a_phone(go: Go) -> None:
    page = go(LESSONS["chapter 5"])
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    page.wait_for_selector(STANDS)
    for chapter in (5, 8, 2):
        settle(page)
        assert page.locator(".st-key-lesson h2").first.inner_text().startswith(str(chapter))
        box = page.locator(".st-key-walk_chapter [data-selected]").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        page.locator(".st-key-walk_chapter button").nth(7 if chapter == 5 else 1).click()


def test_a_hash_is_seen_whole_on_a_phone(go: Go) -> None:
    page = go(PAGES["about"])
    page.set_viewport_size({"width": 390, "height": 900})
    still(page)
    cells: list[float] = page.locator("td").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().right)"
    )
    assert max(cells) <= 390
