"""For everybody: axe-core finds nothing serious on any page, and what it cannot see is measured.

axe gives up on text in SVG, and knows nothing of what should be heard or of where the focus
was; `contrast.js` and the tests below do.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, ViewportSize, expect

import attnviz
from attnviz.lessons.handout import handout
from attnviz.models.load import Model
from attnviz.share.state import TABS
from tests.browser.conftest import OTHER_PAGES, Go, Server, Tabs, open_waiting, opener, settle

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
GRAVE = ("serious", "critical")
NARROW: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1440, "height": 900}
# Faults of Streamlit's own elements that cannot be mended from here, each with its reason.
EXCUSED: tuple[tuple[str, str], ...] = ()  # (rule, selector)

PLACES = {
    "explore": "/?v=1",
    **OTHER_PAGES,
    "presenter": "/walkthrough?v=1&mode=presenter&ch=2",
    **{f"chapter {c.number}": f"/walkthrough?v=1&ch={c.number}" for c in attnviz.chapters()},
}
SCROLLING = ("explore", "embedded", "train", "about", "chapter 2", "chapter 7")


@pytest.fixture(scope="module")
def tab(tabs: Tabs) -> Iterator[Page]:
    """One page for all of these tests."""
    with tabs.opened(CONTRAST) as page:
        page.emulate_media(reduced_motion="reduce")
        yield page


@pytest.fixture
def go(tab: Page, server: Server) -> Go:
    """Open a place in a light browser."""
    return opener(tab, server, WIDE, settle)


def darken(page: Page) -> None:
    """See the page in a dark browser."""
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    settle(page)


def faults(page: Page, *rules: str) -> list[str]:
    """What axe calls serious or worse, by all rules or by these, and text too faint to read."""
    # What axe would fetch first, style sheets and sound, serves a rule that is off and one that
    # is not grave.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if rules:
        options["runOnly"] = list(rules)
    excused = page.evaluate(
        "excused => excused.map(([rule, at]) => [rule, [...document.querySelectorAll(at)].length])",
        list(EXCUSED),
    )
    assert all(count for _, count in excused), "an excuse that is no longer needed"
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)
    grave = [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
    return grave + list(page.evaluate("lowContrast()"))


@pytest.mark.parametrize("place", PLACES)
def test_nothing_grave_on_any_page(go: Go, place: str) -> None:
    page = go(PLACES[place])
    open_waiting(page)
    found = {"light": faults(page)}
    if place in SCROLLING:
        page.set_viewport_size(NARROW)
        settle(page)
        found["narrow"] = faults(page)
        page.set_viewport_size(WIDE)
    darken(page)
    found["dark"] = faults(page, "color-contrast")
    assert not {at: some for at, some in found.items() if some}


def test_nothing_grave_in_what_opens(go: Go) -> None:
    page = go("/?v=1")
    darken(page)
    for popover in page.get_by_test_id("stPopover").get_by_role("button").all():
        popover.click()
        settle(page)
        assert faults(page) == []
        page.keyboard.press("Escape")


@pytest.mark.parametrize("view", TABS)
def test_nothing_grave_on_any_tab(go: Go, view: str) -> None:
    page = go(f"/?v=1&find=1&see={view}")
    page.get_by_test_id("stDataFrame").first.scroll_into_view_if_needed()
    if view == "highlights":
        page.locator(".word").nth(5).click()
    assert faults(page) == []
    darken(page)
    assert faults(page, "color-contrast") == []


@pytest.mark.parametrize("place", ["explore", "chapter 2", "about"])
def test_nothing_grave_in_chinese(go: Go, place: str) -> None:
    link = PLACES[place]
    assert faults(go(f"{link}{'&' if '?' in link else '?'}lang=zh")) == []


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_grave_in_a_handout(
    tab: Page, note: attnviz.Trace, tmp_path: Path, medium: str, language: str
) -> None:
    file = tmp_path / "handout.html"
    file.write_text(handout(note, language=language), encoding="utf-8")  # type: ignore[arg-type]
    open_file(tab, file)
    tab.emulate_media(media="print" if medium == "print" else "screen")
    assert tab.evaluate("document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
    assert faults(tab) == []
    tab.emulate_media(media="screen")


@pytest.mark.parametrize("words", [3, 70])
def test_nothing_grave_in_a_file(tab: Page, minilm: Model, tmp_path: Path, words: int) -> None:
    file = tmp_path / "heads.html"
    file.write_text(attnviz.explore(attnviz.trace("law " * words, minilm)).to_html(), "utf-8")
    open_file(tab, file)
    assert faults(tab) == []


def open_file(page: Page, file: Path) -> None:
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    page.goto(f"file://{file}")
    page.wait_for_selector(".picture .attnviz[data-drawn]")


BAD = """<main><p style="color: #aaa; background: #fff">too faint</p>
<svg width="200" height="20" style="background: #fff"><text y="15" fill="#888">faint in SVG</text>
<text y="15" opacity="0.4">faded</text></svg>
<div style="background: #000"><p>black on black</p></div>
<button></button></main>"""


def test_the_measure_sees_what_is_wrong(tab: Page) -> None:
    """So that a page without faults says something."""
    tab.goto("about:blank")
    tab.evaluate("bad => { document.body.innerHTML = bad; }", BAD)
    found = " ".join(faults(tab))
    for fault in ('"too faint"', '"faint in SVG"', '"faded"', '"black on black"', "button-name"):
        assert fault in found


# ---- what is heard


def test_the_page_declares_its_language(go: Go) -> None:
    page = go("/?v=1")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "en")
    page.get_by_role("radio", name="中文").click()
    expect(root).to_have_attribute("lang", "zh-CN")
    assert focused(page, ".st-key-language_switch"), "and the focus stays on the switch"
    page.locator(".st-key-header .stPageLink a").nth(1).click()
    page.wait_for_selector(".st-key-train_choice")
    settle(page)
    expect(root).to_have_attribute("lang", "zh-CN")
    page.get_by_role("radio", name="English").click()
    expect(root).to_have_attribute("lang", "en")
    expect(go("/?v=1&embed=true&lang=zh").locator("html")).to_have_attribute("lang", "zh-CN")


@pytest.mark.parametrize("number", [c.number for c in attnviz.chapters()])
def test_each_question_has_a_name_of_its_own(go: Go, number: int) -> None:
    page = go(f"/walkthrough?v=1&ch={number}")
    groups = page.locator(
        '[class*="st-key-said_"] :is([role=radiogroup], [role=combobox], input[type=number], '
        "input[type=range]), [class*=st-key-guess_] [role=radiogroup]"
    )
    names = [group.evaluate(NAME) for group in groups.all()]
    assert len(names) >= page.locator('[class*="st-key-said_"], [class*="st-key-guess_"]').count()
    assert len(set(names)) == len(names)
    for card in page.locator('[class*="st-key-ask_"]').all():
        asked = card.locator(".stMarkdown strong").first.inner_text()
        mine = card.locator("[aria-label]").first.get_attribute("aria-label") or ""
        heard = {word for word in mine.split() if word.isalpha()}
        assert heard & {word for word in asked.split() if len(word) > 3}, (asked, mine)


NAME = """e => e.getAttribute("aria-label") ?? (e.getAttribute("aria-labelledby") ?? "")
    .split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ")"""


def spoken(page: Page) -> Locator:
    """The place where verdicts are announced."""
    return page.locator(".st-key-status [role=status]")


def test_verdicts_are_announced(go: Go) -> None:
    page = go("/walkthrough?v=1&ch=2")
    expect(spoken(page)).to_have_text("")
    card = page.locator(".st-key-ask_2_added")
    card.get_by_text("nothing", exact=True).click()
    card.get_by_role("button", name="That is my answer").click()
    expect(spoken(page)).to_contain_text("✓ You said nothing.")
    expect(spoken(page)).to_contain_text("0.880797 before, 0.880797 after")
    settle(page)
    assert focused(page, ".st-key-ask_2_added"), "the answer stands where the question did"
    again = go("/walkthrough" + page.url.partition("/walkthrough")[2])
    expect(again.locator(".st-key-ask_2_added")).to_contain_text("✓ You said nothing.")
    expect(spoken(again)).to_have_text("")  # what was answered long ago is no news


def test_a_verdict_on_a_claim_is_announced(go: Go) -> None:
    page = go("/walkthrough?v=1&ch=7")
    page.locator(".st-key-claim_C1").get_by_role("radio").first.click()
    expect(spoken(page)).to_contain_text("C1:")
    settle(page)
    assert focused(page, ".st-key-claim_C1")


def test_the_focus_stays_at_a_claim_and_no_other_card_is_made_anew(go: Go) -> None:
    page = go("/walkthrough?v=1&ch=7")
    page.evaluate(
        """() => {
            for (const card of document.querySelectorAll('[class*="st-key-claim_C"]')) {
                card.seenAs = card.className;
            }
        }"""
    )
    page.locator(".st-key-claim_C2").get_by_role("radio").first.press("Enter")
    expect(spoken(page)).to_contain_text("C2:")
    settle(page)
    same: bool = page.evaluate(
        """() => [...document.querySelectorAll('[class*="st-key-claim_C"]')]
            .every((card) => card.seenAs === card.className)"""
    )
    assert same, "or the focus would be at another claim"
    assert focused(page, ".st-key-claim_C2")


def test_the_presenters_answer_is_announced(go: Go) -> None:
    page = go("/walkthrough?v=1&mode=presenter&ch=2")
    page.locator(".st-key-present_right button").click()
    expect(spoken(page)).not_to_have_text("")
    settle(page)
    assert focused(page, ".st-key-present_bar")


# ---- where the focus is


def focused(page: Page, place: str) -> bool:
    """Whether the focus is in a place."""
    return bool(page.evaluate("at => !!document.activeElement.closest(at)", place))


REDRAWN = """async () => {
    const made = (name, ...inside) => {
        const place = document.createElement("div");
        place.className = name;
        place.append(...inside);
        return place;
    };
    const pressed = document.createElement("button");
    const card = made("st-key-card", pressed);
    const page = made("st-key-whole", card);
    document.body.append(page);
    pressed.focus();
    const soon = () => new Promise(requestAnimationFrame);
    card.remove();
    await soon();
    const meanwhile = document.activeElement.className;
    page.append(made("st-key-card", made("verdict")));
    await soon();
    const after = document.activeElement.className;
    page.remove();
    return [meanwhile, after];
}"""


def test_the_focus_goes_on_to_a_card_that_is_drawn_anew_bit_by_bit(go: Go) -> None:
    assert go("/about").evaluate(REDRAWN) == ["st-key-whole", "st-key-card"]


def inmost(page: Page) -> str:
    """What has the focus, in a component too."""
    found: str = page.evaluate(
        """() => { let e = document.activeElement;
            while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
            return [e.tagName, e.dataset.side, e.dataset.place].join(" ").trim(); }"""
    )
    return found


def test_the_focus_stays_in_a_chapter(go: Go) -> None:
    page = go("/walkthrough?v=1&ch=2")
    page.locator('[class*="st-key-skip_"] button').first.click()
    settle(page)
    assert focused(page, '[class*="st-key-part_"]')
    page.locator(".st-key-walk_chapter button").nth(2).click()
    settle(page)
    assert focused(page, ".st-key-walk_chapter")
    page.locator(".st-key-next_chapter button").click()
    settle(page)
    assert focused(page, ".st-key-lesson")
    assert not focused(page, ".st-key-closing"), "but at the beginning of the new chapter"


def test_the_focus_stays_on_explore(go: Go) -> None:
    page = go("/?v=1")
    canvas = page.locator(".st-key-overview canvas.map[tabindex]")
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    settle(page)
    assert inmost(page) == "CANVAS", "a head was chosen, and the overview drawn anew"
    page.locator('.st-key-lines [data-side="q"][data-place="0"]').first.focus()
    for place in (1, 2, 3):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        settle(page)
        assert inmost(page) == f"text q {place}", "pins make room for their numbers"
    page.locator(".st-key-filter_open button").first.click()
    toggle = page.get_by_role("switch").or_(page.get_by_role("checkbox")).first
    toggle.focus()
    page.keyboard.press("Space")
    settle(page)
    expect(toggle).to_be_focused()
