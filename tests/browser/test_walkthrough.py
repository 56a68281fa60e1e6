"""The walkthrough in Chromium: drawn = computed, and a lesson can be held with it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import attnviz
from attnviz.analysis import handmade
from attnviz.lessons.claims import claims
from attnviz.lessons.engine import Trials
from attnviz.lessons.handout import handout, worksheet
from attnviz.lessons.link import WalkthroughState
from attnviz.pictures import style
from attnviz.texts import LANGUAGES
from tests.browser.conftest import Open, Server, Visit, painted, watched
from tests.browser.test_geometry import PLACE

HOSTILE = "<b>x</b> <img src=x onerror=alert(1)> $x^2$ [l](http://evil.invalid) `c` {word}"
CHAPTERS = attnviz.chapters()


@pytest.fixture
def walk(server: Server, open_tab: Callable[..., Page]) -> Open:
    """Open a place of the walkthrough by its link."""

    def open_at(link: str = "", width: int = 1440, height: int = 900, **more: str) -> Visit:
        found = watched(open_tab(width, height, **more))
        page = found.page
        page.goto(f"{server.address}/walkthrough{link}")
        page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        page.wait_for_selector(".st-key-lesson, .st-key-present, .st-key-teacher, .st-key-handout")
        found.settle()
        return found

    return open_at


def show_everything(opened: Visit) -> None:
    """Open every picture that waits for an answer."""
    waiting = opened.page.get_by_role("button", name="Show it without an answer")
    while waiting.count():
        waiting.first.click()
        opened.settle()


def called(page: Page, label: str) -> np.ndarray:
    """The pixels of the canvas called so: "row column rgb"."""
    return painted(page.locator(f'canvas[aria-label="{label}"]').first)[:, :, :3]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pixels_of_a_map_are_the_tensor(walk, scheme: str) -> None:  # type: ignore[no-untyped-def]
    page = walk("?v=1&ch=2&c=2.strength%3D16", scheme=scheme).page
    page.wait_for_selector('canvas[aria-label="W_Q, 12 × 12"]')
    mode: style.Mode = "dark" if scheme == "dark" else "light"
    w_q = handmade.shifting_query(1, 16.0)
    for label, values, paint, top in (
        ("W_Q, 12 × 12", w_q, style.Q, 16.0),
        ("softmax, 12 × 12", handmade.attention(w_q), style.SCORE, 1.0),
    ):
        levels = np.vectorize(lambda v, top=top: style.signed_level(float(v), top))(values)
        expected = style.signed_ramp(getattr(paint, mode), mode)[levels]
        difference = np.abs(called(page, label).astype(int) - expected.astype(int))
        assert (difference.max(axis=2) > 0).mean() < 0.001, "but for numbers between two steps"
        assert difference.max() <= 3


def test_the_number_under_the_pointer_is_exact(walk) -> None:  # type: ignore[no-untyped-def]
    page = walk("?v=1&ch=2&c=2.strength%3D16").page
    canvas = page.locator('canvas[aria-label="softmax, 12 × 12"]').first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    canvas.hover(position={"x": box["width"] * 5.5 / 12, "y": box["height"] * 3.5 / 12})
    below = canvas.locator("xpath=following-sibling::p")
    line = below.text_content() or ""
    assert line.startswith("3 · 5: ")
    weight = handmade.attention(handmade.shifting_query(1, 16.0))[3, 5]
    assert float(line.rpartition(": ")[2]) == pytest.approx(float(weight), abs=1e-7)
    canvas.focus()
    page.keyboard.press("ArrowDown")
    expect(canvas.locator("xpath=following-sibling::p")).to_have_text(re.compile(r"^4 · 5"))


def test_predict_then_reveal_and_the_link_remembers(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2")
    page = opened.page
    live = page.locator(".st-key-part_live")
    expect(live).to_contain_text("Predict first")
    assert not live.locator(".attnviz").count(), "the picture gives the answer away"
    card = page.locator(".st-key-ask_2_added")
    card.get_by_text("nothing", exact=True).click()
    card.get_by_role("button", name="That is my answer").click()
    expect(card).to_contain_text("✓ You said nothing.")
    expect(card).to_contain_text("0.880797 before, 0.880797 after")
    opened.settle()
    assert "a=2.added%3Dsame" in page.url
    again = walk(page.url.partition("/walkthrough")[2]).page
    expect(again.locator(".st-key-ask_2_added")).to_contain_text("✓ You said nothing.")
    live = again.locator(".st-key-part_live")
    live.get_by_role("button", name="Show it without an answer").click()
    expect(live.locator("svg.wide")).to_contain_text("Softmax")


def test_controls_redraw_the_figure_and_stand_in_the_link(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2&c=2.shift%3D-1%3B2.strength%3D16")
    page = opened.page
    part = page.locator(".st-key-part_handmade")
    expect(part.locator(".verdict.good")).to_contain_text("at least 0.902 to the place before")
    expect(part).to_contain_text("L0·H2")
    slider = part.get_by_role("slider", name="Strength")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(part.locator(".verdict")).to_contain_text("0.90 is wanted")
    opened.settle()
    assert "2.strength%3D15" in page.url


def test_a_head_is_painted_cell_by_cell(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2")
    page = opened.page
    canvas = page.locator('.st-key-part_handmade canvas[aria-label="W_Q, 12 × 12"]')
    for row in (1, 2):
        width, height = canvas.evaluate("c => [c.clientWidth, c.clientHeight]")
        canvas.click(position={"x": (row - 0.5) * width / 12, "y": (row + 0.5) * height / 12})
        opened.settle()
    assert "2.painted%3DP1.0%2B2.1" in page.url
    drawn = called(page, "W_Q, 12 × 12")
    paper = drawn[0, 0]
    inked = {(int(r), int(c)) for r, c in np.argwhere((drawn != paper).any(axis=2))}
    assert inked == {(1, 0), (2, 1)}
    page.get_by_role("button", name="Wipe the painted cells").click()
    opened.settle()
    assert "P1.0" not in page.url


def test_every_chapter_stands_in_both_languages_without_a_problem(walk) -> None:  # type: ignore[no-untyped-def]
    for language in ("en", "zh"):
        opened = walk(f"?v=1&lang={language}")
        page = opened.page
        for chapter in CHAPTERS:
            page.locator(".st-key-walk_chapter button").nth(chapter.number - 1).click()
            title = chapter.title["zh" if language == "zh" else "en"]
            expect(page.locator(".st-key-lesson h2")).to_contain_text(title)
            page.wait_for_selector(".st-key-lesson .attnviz[data-drawn]", state="attached")
            opened.settle()
            assert not page.locator('[data-testid="stException"]').count()
            assert not page.locator('[data-testid="stAlert"]').count()
        assert not opened.problems


def test_nothing_scrolls_sideways_on_a_phone(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk(width=390, height=844)
    for chapter in CHAPTERS:
        opened.page.locator(".st-key-walk_chapter button").nth(chapter.number - 1).click()
        opened.settle()
        show_everything(opened)
        main = opened.page.locator('[data-testid="stMain"]')
        assert main.evaluate("m => m.scrollWidth <= m.clientWidth"), chapter.name


def turned(opened: Any) -> str:
    """Where the presenter is after its button was pressed until the screen is another one."""
    page = opened.page
    before = page.locator(PLACE).inner_text()
    while page.locator(PLACE).inner_text() == before:
        page.locator(".st-key-present_right button").click()
        opened.settle()
    return str(page.locator(PLACE).inner_text())


def test_a_lesson_is_held_with_the_keyboard_alone(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=1&mode=presenter", width=1280, height=720)
    page = opened.page
    stage, place = page.locator(".st-key-present"), page.locator(PLACE)
    first = place.inner_text()
    sizes = stage.locator(".stMarkdown p").evaluate_all(
        "all => all.map((p) => parseFloat(getComputedStyle(p).fontSize))"
    )
    assert min(sizes) >= 18
    figure = stage.locator(".stepped").first
    steps = int(figure.get_attribute("data-steps") or 0)
    for step, key in enumerate(["ArrowRight", " ", "PageDown"] * steps):
        if step + 1 >= steps:
            break
        expect(figure).to_have_attribute("data-step", str(step))
        page.keyboard.press(key)
        expect(figure).to_have_attribute("data-step", str(step + 1))
    assert place.inner_text() == first, "steps come before screens"
    turned(opened)
    page.keyboard.press("ArrowLeft")
    opened.settle()
    expect(place).to_have_text(first)
    page.keyboard.press("End")
    opened.settle()
    expect(place).to_contain_text("Chapter 8 of 8")
    page.keyboard.press("Home")
    opened.settle()
    expect(place).to_have_text(first)
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    opened.settle()
    expect(place).to_contain_text("Chapter 3 of 8 · screen 1")
    page.keyboard.press("b")
    expect(page.locator(".attnviz-blank")).to_have_count(1)
    page.keyboard.press("b")
    expect(page.locator(".attnviz-blank")).to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_is_set_stands_above_the_bar_without_scrolling(walk, language: str) -> None:  # type: ignore[no-untyped-def]
    for number in (3, 4, 7):
        opened = walk(f"?v=1&ch={number}&mode=presenter&lang={language}", width=1280, height=720)
        page = opened.page
        page.locator('[class*="st-key-choices_"] button').first.click()
        shown = page.locator('[data-testid="stPopoverBody"] [class*="st-key-control_"]')
        expect(shown.first).to_be_visible()
        set_here = {"word", "head"} | {c.name for c in CHAPTERS[number - 1].controls} - {
            "off",
            "map",
        }
        assert shown.count() == len(set_here - {"strength"})
        for one in shown.all():
            expect(one).to_be_in_viewport(ratio=1)
        sizes = shown.locator("p, input").evaluate_all(
            "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
        )
        assert min(sizes) >= 18


def test_a_clicker_alone_tells_the_verdict_on_every_claim(walk) -> None:  # type: ignore[no-untyped-def]
    parts = len(CHAPTERS[6].parts)
    opened = walk(f"?v=1&ch=7&mode=presenter&screen={parts}", width=1280, height=720)
    page = opened.page
    bar = page.locator(".st-key-present_bar")
    told: list[str] = []
    for screen in CHAPTERS[6].screens[parts:-1]:
        assert isinstance(screen, Trials)
        place = page.locator(PLACE).inner_text()
        cards = page.locator('[class*="st-key-claim_"]')
        expect(cards).to_have_count(len(screen.claims))
        assert "Rule:" not in cards.first.inner_text()
        page.keyboard.press("PageDown")
        expect(cards.first).to_contain_text("Rule:")
        opened.settle()
        assert page.locator(PLACE).inner_text() == place
        for card in cards.all():
            text = card.inner_text()
            assert "Rule:" in text
            told.append(text.split()[0])
            box, below = card.bounding_box(), bar.bounding_box()
            assert box is not None
            assert below is not None
            assert box["y"] + box["height"] <= below["y"]
        page.keyboard.press("PageDown")
        opened.settle()
    assert told == [claim.name for claim in claims()]


def test_the_focus_goes_on_when_what_has_it_is_gone_at_another_step(walk) -> None:  # type: ignore[no-untyped-def]
    focused = """(box) => {
        const one = box.getRootNode().activeElement;
        return one && getComputedStyle(one).visibility !== "hidden" && !one.disabled
            ? one.getAttribute("aria-label") : null;
    }"""
    page = walk("?v=1&ch=3").page
    figure = page.locator(".st-key-first_screen .stepped").first
    sheet = figure.locator("svg.wide [data-goes]").last
    page.locator(".st-key-walk_chapter button").last.focus()
    page.keyboard.press("Tab")  # by a keyboard from here on
    sheet.focus()
    page.keyboard.press("Enter")
    expect(figure).to_have_attribute("data-step", "3")
    page.wait_for_function(
        f"(box) => (({focused})(box) ?? '').startsWith('L0·H0')", arg=figure.element_handle()
    )
    on = figure.locator(".stepper .on")
    on.focus()
    last = int(figure.get_attribute("data-steps") or 0) - 1
    for step in range(3, last):
        page.keyboard.press("Enter")
        expect(figure).to_have_attribute("data-step", str(step + 1))
    page.wait_for_function(f"(box) => ({focused})(box) !== null", arg=figure.element_handle())


def test_a_figure_stays_at_its_step_when_a_sentence_brings_a_warning(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=3")
    page = opened.page
    figure = page.locator(".st-key-first_screen .stepped").first
    for _ in range(4):
        figure.locator(".stepper .on").click()
    for text in ("法律永远不会完美", "My cat chased two red balls"):
        opened.type_text(text)
        expect(page.locator('[data-testid="stAlert"]')).to_have_count(int(text[0] != "M"))
        expect(figure).to_have_attribute("data-step", "4")


def speaker_of(page: Page) -> Page:
    """The window of whoever speaks, opened from the presenter's."""
    with page.context.expect_page() as waiting:
        page.get_by_role("link", name="Speaker view").click()
    return waiting.value


def test_the_speakers_window_follows_and_turns_the_presenters(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2&mode=presenter", width=1280, height=720)
    page = opened.page
    speaker = speaker_of(page)
    notes = speaker.locator(".st-key-speaker")
    expect(notes.locator("h2")).to_contain_text("2 · ")
    expect(notes).to_contain_text("Ask aloud:")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(notes.locator("h2")).to_contain_text("4 · ")
    while "screen 1 of" in page.locator(PLACE).inner_text():
        speaker.locator(".st-key-speaker_on button").click()
        opened.settle()
    second = CHAPTERS[3].parts[1].title["en"]
    expect(notes.locator("h2")).to_contain_text(second)
    speaker.close()


def test_a_clicker_may_speak_to_the_speakers_window(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=2&mode=presenter", width=1280, height=720)
    page = opened.page
    figure, place = page.locator(".st-key-present .stepped").first, page.locator(PLACE)
    speaker = speaker_of(page)
    expect(speaker.locator(".st-key-speaker h2")).to_contain_text("2 · ")
    speaker.keyboard.press("PageDown")
    expect(figure).to_have_attribute("data-step", "1")
    speaker.locator(".st-key-speaker_on button").click()
    expect(figure).to_have_attribute("data-step", "2")
    speaker.keyboard.press("PageUp")
    expect(figure).to_have_attribute("data-step", "1")
    speaker.keyboard.press("b")
    expect(page.locator(".attnviz-blank")).to_have_count(1)
    speaker.keyboard.press("b")
    expect(page.locator(".attnviz-blank")).to_have_count(0)
    speaker.keyboard.type("4")
    speaker.keyboard.press("Enter")
    expect(place).to_contain_text("Chapter 4 of 8")
    expect(speaker.locator(".st-key-speaker h2")).to_contain_text("4 · ")
    speaker.keyboard.press("PageDown")
    expect(figure).to_have_attribute("data-step", "1")
    opened.settle()  # who listened for the chapter before would go on
    expect(figure).to_have_attribute("data-step", "1")
    speaker.close()


def test_the_speakers_answers_are_of_the_sentence_that_is_presented(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=7&mode=presenter", width=1280, height=720)
    page = opened.page
    speaker = speaker_of(page)
    notes = speaker.locator(".st-key-speaker")
    expect(notes).to_contain_text("application (10)")
    page.get_by_text("Sentence and model").click()
    opened.type_text("Thinking Machines")
    expect(notes).to_contain_text("Right answer: ")
    expect(notes).not_to_contain_text("application (10)")
    expect(notes).to_contain_text("of the 2 tokens")
    speaker.close()


def test_claims_are_predicted_then_judged_and_special_tokens_change_a_verdict(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=7")
    page = opened.page
    page.get_by_role("radio", name="C13–C18").click()
    claim = page.locator(".st-key-claim_C13")
    expect(claim).not_to_contain_text("Rule:")
    claim.get_by_role("radio", name="it holds").click()
    expect(claim).to_contain_text("does not hold (you said: it holds)")
    page.get_by_text("Hide special tokens").click()
    expect(claim).to_contain_text("on average only (you said: it holds)")
    opened.settle()
    assert "g=13%3Dh" in page.url
    assert "special=hidden" in page.url


def test_a_broken_link_says_what_was_dropped(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=99&mode=root&a=2.added%3D%3Cscript%3E&s=a%20small%20cat")
    page = opened.page
    expect(page.get_by_text("Parts of the link could not be read")).to_contain_text(
        "ch (chapter), mode (mode), a: 2.added (answer)"
    )
    expect(page.get_by_label("Sentence", exact=True)).to_have_value("a small cat")
    expect(page.locator(".st-key-lesson h2")).to_contain_text("1 ·")


def test_hostile_words_are_text_everywhere(walk) -> None:  # type: ignore[no-untyped-def]
    for number in (1, 2, 4, 7, 8):
        opened = walk(f"?v=1&ch={number}")
        opened.type_text(HOSTILE)
        page = opened.page
        show_everything(opened)
        assert not opened.problems
        assert not page.locator('.st-key-lesson a[href*="evil"]').count()
        assert not page.locator(".st-key-lesson .attnviz img").count()
        assert not [url for url in opened.requests if "evil.invalid" in url]


def test_what_is_not_shipped_is_trained_before_your_eyes(walk) -> None:  # type: ignore[no-untyped-def]
    opened = walk("?v=1&ch=8&a=8.one-look%3D0.4")
    page = opened.page
    page.get_by_role("button", name="Train encoders: 1").click()
    expect(page.get_by_role("button", name="Train encoders: 0")).to_be_visible()
    opened.settle()
    expect(page.locator(".st-key-part_hops")).to_contain_text("Trained so far: 3 of 3")


def test_the_handout_opens_and_prints_without_a_network(
    browser: Browser, note: attnviz.Trace, tmp_path: Path
) -> None:
    file = tmp_path / "handout.html"
    file.write_text(handout(note, WalkthroughState(guesses={"C13": "holds"})), encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.goto(f"file://{file}")
    drawn = page.locator(".picture .attnviz[data-drawn]")
    expect(drawn).to_have_count(len(CHAPTERS))
    assert not problems
    whole = printed_pages(page)
    page.evaluate("document.querySelector('section.sheet').remove()")
    assert printed_pages(page) <= 8 < whole <= 10
    page.evaluate("document.querySelector('section.answers').remove()")
    assert printed_pages(page) < 8, "the answers begin a page of their own"
    context.close()


def printed_pages(page: Page) -> int:
    """On how many sheets of A4 a page is printed."""
    pdf = page.pdf(format="A4", prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


def test_a_worksheet_is_two_pages(browser: Browser, note: attnviz.Trace, tmp_path: Path) -> None:
    for language in LANGUAGES:
        file = tmp_path / f"{language}.html"
        file.write_text(worksheet(note, language, "http://127.0.0.1/walkthrough"), encoding="utf-8")
        page = browser.new_page()
        page.goto(f"file://{file}")
        assert printed_pages(page) == 2
        page.close()


def test_a_file_from_the_shell_is_alive_without_a_network(
    browser: Browser, note: attnviz.Trace, tmp_path: Path
) -> None:
    file = tmp_path / "heads.html"
    file.write_text(attnviz.lines(note, [(0, 2), (1, 8)]).to_html(), encoding="utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.goto(f"file://{file}")
    token = page.locator('.panel [data-side="q"][data-place="5"]').first
    token.hover()
    weight = float(note.weights((0, 2))[5, 4])
    expect(page.locator(".panel .number").first).to_have_text(f"{weight:.3f}")
    token.click()
    page.mouse.move(0, 0)
    expect(page.locator(".panel .number").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".panel .number")).to_have_count(0)
    assert not problems
    context.close()


def test_the_handout_is_one_click_away(walk) -> None:  # type: ignore[no-untyped-def]
    page = walk("?v=1&mode=print&s=a%20small%20cat").page
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the handout").click()
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "a small cat" in text
    assert text.startswith("<!doctype html>")


def test_the_teachers_notes_hold_every_answer(walk, note: attnviz.Trace) -> None:  # type: ignore[no-untyped-def]
    page = walk("?v=1&mode=teacher").page
    text = page.locator(".st-key-teacher").inner_text()
    for chapter in CHAPTERS:
        for question in chapter.questions:
            assert question.explains(note, "en").split(".")[0] in text
