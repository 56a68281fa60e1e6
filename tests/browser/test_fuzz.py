"""Hostile texts in the real app, in a real Chromium: nothing runs, leaves or breaks."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, WebSocket, expect

import attnviz
from attnviz.models.load import Model
from attnviz.share.state import EXPLORE, TRAIN
from tests.browser.conftest import Server, Tabs, running, settle
from tests.fuzz import CASES, COUNTED, sample
from tests.fuzz.corpus import CATEGORIES, corpus

OUTSIDE = re.compile(r"^(?!http://127\.0\.0\.1:|ws://127\.0\.0\.1:|blob:|data:)")
MOST = 260  # characters of one box: all of them stay among the tokens that are read
MOST_ADDRESS = 5_000
LINES = ".st-key-lines .attnviz svg .lines"
PICTURE = f"{LINES}, .st-key-highlights .attnviz[data-drawn]"  # a long sentence opens as text
SENTENCE = '[data-testid="stAlert"]'
LOAD = ".st-key-other_load"
LESSON = ".st-key-lesson, .st-key-present, .st-key-teacher, .st-key-handout"
INJECTED = """() => {
  const found = [];
  const bad = (value) => {
    try {
      const { protocol, hostname } = new URL(value, location.href);
      return hostname.endsWith("invalid") || /^(javascript|vbscript|file):/.test(protocol)
        || value.startsWith("data:text");
    } catch { return false; }
  };
  const walk = (root) => {
    for (const e of root.querySelectorAll("*")) {
      for (const { name, value } of e.attributes) {
        const leads = /^(href|xlink:href|src|action|formaction|data|poster|background)$/.test(name);
        const looks = /^(style|fill|stroke|filter|mask|clip-path|cursor|marker.*)$/.test(name);
        const fetches = looks && /url\\([^)]*invalid/.test(value); // elsewhere it is text
        if ((leads && bad(value)) || /^on/.test(name) || fetches)
          found.push(`${name}=${value.slice(0, 80)}`);
      }
      if (e.shadowRoot) walk(e.shadowRoot);
    }
  };
  walk(document);
  if (window.__injected !== undefined) found.push("window.__injected");
  if ({}.polluted !== undefined) found.push("Object.prototype.polluted");
  return found;
}"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server says, as a file."""
    return tmp_path_factory.mktemp("fuzz") / "server.txt"


@pytest.fixture(scope="module")
def server(output: Path) -> Iterator[Server]:
    """The app, which asks no hub, with all that it says in a file."""
    with running(output.with_name("outside.txt"), output, HF_HUB_OFFLINE="1") as found:
        yield found


@dataclass
class Watched:
    """A page, and all that should not have happened on it."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def settle(self) -> None:
        settle(self.page)

    def check(self, shows: str, what: str) -> None:
        """Nothing ran, nothing left, and the page shows a picture or a sentence."""
        page = self.page
        page.locator(shows).first.wait_for(state="attached")
        self.settle()
        problems = [*self.problems, *page.evaluate(INJECTED)]
        if page.locator('[data-testid="stException"]').count():
            problems.append(page.locator('[data-testid="stException"]').first.inner_text())
        self.problems.clear()
        assert problems == [], what
        assert "Traceback" not in page.locator("body").inner_text()

    def type_into(self, label: str, text: str) -> None:
        box = self.page.get_by_label(label, exact=True)
        box.fill(text)
        box.press("Enter")


Watch = Callable[..., Watched]


@pytest.fixture(scope="module")
def tabs(server: Server, browser: Browser) -> Iterator[Tabs]:
    """Of the server of this file."""
    with closing(Tabs(browser, server.address)) as found:
        yield found


@pytest.fixture
def watch(server: Server, open_tab: Callable[..., Page]) -> Watch:
    """Open a page of the app by a link; who would leave this machine is stopped and named."""

    def open_at(where: str = "", params: dict[str, str] | None = None) -> Watched:
        page = open_tab()
        found = Watched(page)

        def stop(route: Route) -> None:
            found.problems.append(f"asked for {route.request.url}")
            route.abort()

        page.route(OUTSIDE, stop)
        page.on("popup", lambda other: found.problems.append(f"opened {other.url}"))
        page.on("pageerror", lambda problem: found.problems.append(f"pageerror {problem}"))

        def dismiss(dialog: Dialog) -> None:
            found.problems.append(f"dialog {dialog.message}")
            dialog.dismiss()

        def connected(socket: WebSocket) -> None:
            if OUTSIDE.match(socket.url):
                found.problems.append(f"connected to {socket.url}")

        page.on("dialog", dismiss)
        page.on("websocket", connected)
        page.goto(f"{server.address}/{where}?{urlencode(params or {})}")
        found.settle()
        return found

    return open_at


def sendable(texts: Sequence[str]) -> list[str]:
    """Those that Playwright can type: without half characters."""
    return [text for text in texts if not any("\ud800" <= c <= "\udfff" for c in text)]


def batches(texts: Sequence[str], most: int = MOST) -> list[str]:
    """Texts side by side, up to so many characters; longer ones are cut."""
    found = [""]
    for text in texts:
        piece = text[:most]
        if len(found[-1]) + len(piece) >= most:
            found.append("")
        found[-1] += f"{piece} "
    return [batch for batch in found if batch]


def test_what_is_typed_is_text(watch: Watch) -> None:
    texts = sendable(sample(2))
    COUNTED["browser typed"] += len(texts)
    boxes = batches(texts)
    opened = watch()
    opened.page.locator(PICTURE).first.wait_for(state="attached")
    opened.page.get_by_role("button", name="+ second sentence").click()
    for first, second in zip(boxes[::2], [*boxes[1::2], ""], strict=False):
        opened.type_into("Second sentence (optional)", second)
        opened.settle()
        opened.type_into("Sentence", first)
        opened.settle()
        opened.check(f"{PICTURE}, {SENTENCE}", f"{first!a}, {second!a}")
        viewer = opened.page.locator(".st-key-viewer")
        expect(viewer.locator("b, i, .katex, iframe, form, object")).to_have_count(0)


def test_what_is_typed_and_beyond_the_limits_is_text(watch: Watch) -> None:
    opened = watch()
    texts = [text for text in sendable(sample(2)) if len(text) > MOST]
    COUNTED["browser long"] += len(texts)
    for text in texts:
        opened.type_into("Sentence", text)
        opened.settle()
        opened.check(f"{PICTURE}, {SENTENCE}", f"{text[:30]!a} {len(text)}")


def linked(names: Sequence[str], texts: Sequence[str]) -> list[dict[str, str]]:
    """Links with a text for each parameter, until all texts are in one."""
    links: list[dict[str, str]] = [{}]
    for text in texts:
        now = links[-1]
        if len(now) == len(names) or len(urlencode({**now, "x": text})) > MOST_ADDRESS:
            links.append({})
        now = links[-1]
        now[names[len(now)]] = text
    return [link for link in links if link]


PLACES = {
    "": ([f.parameter for f in EXPLORE if f.parameter != "m"], f"{PICTURE}, {SENTENCE}"),
    "train": (
        [f.parameter for f in TRAIN if f.parameter not in ("do", "run", "ran")],
        f"{PICTURE}, {SENTENCE}",
    ),
    "walkthrough": (
        ["c", "a", "g", "s", "p", "ch", "mode", "screen", "special", "lang", "v"],
        f"{LESSON}, {SENTENCE}",
    ),
}


@pytest.mark.parametrize("where", PLACES)
def test_what_a_link_holds_is_text(watch: Watch, where: str) -> None:
    names, shows = PLACES[where]
    texts = [text for text in sendable(sample(2)) if len(text) <= MOST]
    COUNTED[f"browser links {where}"] += len(texts)
    for params in linked(names, texts):
        opened = watch(where, params)
        opened.check(shows, f"{params!a}")
        opened.page.close()


def test_what_a_link_shows_in_a_frame_is_text(watch: Watch) -> None:
    texts = sendable(sample(4))
    COUNTED["browser frames"] += len(texts)
    for text in batches(texts, 3 * MOST):
        opened = watch("", {"embed": "true", "views": "table-lines", "s": text})
        opened.check(f"{PICTURE}, {SENTENCE}", f"{text!a}")
        opened.page.close()


@pytest.mark.parametrize("where", ["", "walkthrough"])
def test_a_model_that_a_link_names_is_text_and_waits(watch: Watch, where: str) -> None:
    texts = sendable(sample(16, slow=True))
    texts = [text for text in texts if text.strip() and len(text) <= MOST]
    COUNTED["browser models"] += len(texts)
    for text in texts:
        opened = watch(where, {"m": text})
        opened.check(LOAD, f"{text!a}")
        opened.page.close()


SHOWN = [
    text
    for name in ("HTML", "script", "Markdown", "LaTeX", "addresses", "formats", "Plotly")
    for text in CATEGORIES[name]
    if text.isprintable() and text == " ".join(text.split())
]


def plain(text: str) -> str:
    """What a reader sees: invisible marks may keep it from being read as something else."""
    return " ".join(re.sub("[\u200b\u2060]", "", text).split())


def named(watched: Watched, text: str) -> str:
    """The sentence that says that there is no model called so."""
    box = watched.page.get_by_role("textbox", name="Folder or hub name")
    box.fill(text)
    box.press("Enter")
    watched.settle()
    watched.page.locator(f"{LOAD} button").click()
    watched.settle()
    watched.check(SENTENCE, f"{text!a}")
    return plain(watched.page.locator(SENTENCE).first.inner_text())


def test_a_name_in_an_error_is_shown_as_it_was_typed(watch: Watch) -> None:
    chosen = set(sample(4))
    texts = [text for text in SHOWN if text in chosen]
    COUNTED["browser names"] += len(texts)
    opened = watch("", {"m": "other/than"})
    said = {text: named(opened, text) for text in texts}
    wrong = [(text, shown) for text, shown in said.items() if plain(text) not in shown]
    assert wrong == []


LITERAL = (
    "http://probe.invalid/bare",
    "https://probe.invalid/bare-too",
    "www.probe.invalid/x",
    "somebody@probe.invalid",
    ":material/home:",
    ":smile:",
    ":red[a-colour]",
    "->",
    "<-",
    "--",
    "$x^2$",
    "<b>bold</b>",
)


def changed(opened: Watched, shows: str) -> list[str]:
    """Which of them are not shown as they are, and what became a link."""
    COUNTED["browser literal"] += len(LITERAL)
    opened.page.locator(shows).first.wait_for(state="attached")
    opened.settle()
    said = plain(" ".join(opened.page.locator(shows).all_inner_texts()))
    return [*(text for text in LITERAL if text not in said), *opened.page.evaluate(INJECTED)]


def test_what_an_error_repeats_is_no_markup(watch: Watch) -> None:
    opened = watch("", {"m": "other/than"})
    box = opened.page.get_by_role("textbox", name="Folder or hub name")
    box.fill(f"/x {' '.join(LITERAL)}")
    box.press("Enter")
    opened.settle()
    opened.page.locator(f"{LOAD} button").click()
    assert changed(opened, SENTENCE) == []


def test_what_a_link_drops_is_named_and_is_no_markup(watch: Watch) -> None:
    keys = ";".join(f"{text}=1" for text in LITERAL)
    opened = watch("walkthrough", {"c": keys, "s": "the cat sat"})
    assert changed(opened, ".st-key-dropped_note") == []


def test_words_that_a_task_cannot_read_are_no_markup(watch: Watch) -> None:
    words = " ".join(text for text in LITERAL if "/x" not in text)
    opened = watch("train", {"task": "it", "layers": "2", "heads": "1", "own": words})
    assert changed(opened, SENTENCE) in ([], ["www.probe.invalid/x"])


@pytest.mark.parametrize("word", ["http://probe.invalid/bare", "www.probe.invalid/x", ":smile:"])
def test_where_a_long_text_was_cut_is_no_markup(watch: Watch, word: str) -> None:
    opened = watch("", {"s": f"{word} " * 180})
    opened.page.locator(SENTENCE).first.wait_for(state="attached")
    opened.settle()
    assert f"{word} {word}" in plain(opened.page.locator(SENTENCE).first.inner_text())
    assert opened.page.evaluate(INJECTED) == []


def test_a_saved_page_opens_with_nothing_but_text(
    browser: Browser, minilm: Model, tmp_path: Path
) -> None:
    """Files that the app saves, opened from disk, where a script could read other files."""
    context = browser.new_context(offline=True)
    problems: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda problem: problems.append(f"pageerror {problem}"))
    page.on("dialog", lambda dialog: problems.append(f"dialog {dialog.message}"))
    page.on("request", lambda one: problems.append(one.url) if one.url[:4] == "http" else None)
    for text in batches(sendable(sample()), 3 * MOST):
        COUNTED["browser files"] += 1
        try:
            trace = attnviz.trace(text, minilm)
        except attnviz.TextError:
            continue
        file = tmp_path / "saved.html"
        file.write_text(attnviz.explore(trace, [(0, 2), (1, 8)]).to_html(), encoding="utf-8")
        page.goto(file.as_uri())
        page.wait_for_selector(".panel svg .lines", state="attached")
        assert [*problems, *page.evaluate(INJECTED)] == [], ascii(text)
        file = tmp_path / "saved.svg"
        file.write_text(attnviz.lines(trace, [(0, 2)]).to_svg(), encoding="utf-8")
        page.goto(file.as_uri())
        assert (
            page.evaluate("document.querySelectorAll('a, script, image, parsererror').length") == 0
        )
    context.close()


TABS = {
    "Heatmap": ".st-key-heatmaps canvas.map",
    "Text": ".st-key-highlights .attnviz[data-drawn]",
    "Arcs": ".st-key-arcs .attnviz[data-drawn]",
    "Numbers": ".st-key-table table",
}


def test_hostile_tokens_on_every_tab_and_in_every_arrangement(watch: Watch) -> None:
    markup = sendable([t for n in ("HTML", "Markdown", "Plotly") for t in CATEGORIES[n]])
    for text in batches(markup, 60)[: max(1, CASES // 60)]:
        opened = watch("", {"s": text, "see": "lines", "arr": "overlaid", "dir": "vertical"})
        opened.check(LINES, f"{text!a}")
        for tab, shows in TABS.items():
            opened.page.locator(".st-key-tab").get_by_text(tab, exact=True).click()
            opened.check(shows, f"{tab}: {text!a}")
        opened.page.close()


def test_the_server_has_not_stumbled_and_has_asked_nobody(
    server: Server, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Last, so that it judges all that the tests above made the server do."""
    with capsys.disabled():
        print(f"\n{sum(COUNTED.values()):,} cases so far, of {len(corpus())} texts")
    said = output.read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in said, said[-3_000:]
    assert server.reached_outside() == ""
