"""A new head on Explore, from the press until every picture of the open tab shows it, in Chromium.

The server is warm: each tab has been shown, its pictures have been drawn once. The heads that are
pressed have not been, so each is computed, packed, sent and drawn. A press is a key on the
overview, which does what a click on a tile does. Beside it stand what of it the server's CPU is,
and a pointed-at token: from the event until every picture has its marks, with the layout.
"""

import os
from collections.abc import Mapping, Sequence
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.browser import ROOT, chromium, machine, served, server_cpu
from benchmarks.tables import titled

NOTE = 27  # tokens of the opening example
WORDS = "the%20law%20is%20"  # three tokens
LONGER = {128: 42, 512: 170}  # tokens, and how often the words are said
PRESSES = 7
POINTED = 40  # tokens, one after the other
QUIET = 600  # ms after which neither side has anything more to do
LONGEST = 20_000  # ms for one press
# What shows the name of head A in each tab: a part of the page, and what is in it.
TABS = {
    "lines": (".st-key-lines", ".panel:first-child .title strong"),
    "heatmaps": (".st-key-heatmaps", '[data-picture="0"] .title strong'),
    "highlights": (".st-key-highlights", '[data-picture="0"] .title strong'),
    "table": (".st-key-table_head", "input, [data-baseweb=select], [role=combobox]"),
}
DIFFERENCE = (".st-key-heatmaps", '[data-picture="2"] .title strong')  # A − B
TREES = """
  const shadows = (within) => [...within.querySelectorAll("*")].flatMap((e) => e.shadowRoot ?? []);
  const all = (selector) => [document, ...shadows(document)]
    .flatMap((tree) => [...tree.querySelectorAll(selector)]);
  const words = ([part, inner]) => {
    const box = document.querySelector(part);
    const trees = box ? [box, ...shadows(box)] : [];
    const found = trees.map((tree) => tree.querySelector(inner)).find(Boolean);
    return found?.textContent || found?.value || "";
  };
"""
PRESS = f"""([parts, wait]) => new Promise((done, fail) => {{{TREES}
  const map = all("canvas.map")[0];
  const press = (key) => map.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true }}));
  for (let row = 0; row < 8; row++) press("ArrowDown"); // to the last layer, where neither head is
  press("ArrowRight");
  const before = parts.map(words);
  const start = performance.now();
  press("a");
  const look = () => {{
    const now = parts.map(words);
    const ms = performance.now() - start;
    if (now.every((text, i) => text && text !== before[i])) requestAnimationFrame(() => done(ms));
    else if (ms > wait) fail(new Error(`still ${{now}}`));
    else requestAnimationFrame(look);
  }};
  look();
}})"""
POINT = f"""(token) => {{{TREES}
  const start = performance.now();
  const detail = {{ at: [token] }};
  document.dispatchEvent(new CustomEvent("attnviz-asks-selection", {{ detail }}));
  for (const picture of all(".attnviz")) picture.getBoundingClientRect();
  const ms = performance.now() - start;
  const maps = all("canvas.marks");
  if (!maps.length || maps.some((one) => one.dataset.marks !== token)) throw new Error(token);
  return ms;
}}"""
COLUMNS = {
    "tokens": ("tokens", "{:.0f}"),
    "tab": ("tab", "{}"),
    "ms": ("press to pictures, ms", "{:.0f}"),
    "longest_ms": ("the longest, ms", "{:.0f}"),
    "cpu_ms": ("server's CPU, ms", "{:.0f}"),
    "kb": ("received, kB", "{:.0f}"),
    "point_ms": ("pointed at to marked, ms", "{:.1f}"),
    "longest_point_ms": ("the longest, ms ", "{:.1f}"),
}


def measured() -> list[dict[str, float | str]]:
    """A row for each tab and length of text."""
    load = os.getloadavg()[0]
    texts = {
        NOTE: "/?v=1",
        **{tokens: f"/?v=1&s={WORDS * times}" for tokens, times in LONGER.items()},
    }
    with chromium() as browser, served(ROOT / "app.py") as address:
        _warm(browser, address)
        rows: list[dict[str, float | str]] = [
            {"tokens": tokens, "tab": tab, "load": load, **_tab(browser, address + link, tab)}
            for tokens, link in texts.items()
            for tab in TABS
        ]
    return rows


def _warm(browser: Browser, address: str) -> None:
    """Let the server import and load what it has put off, until it has nothing more to do."""
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("canvas.map", timeout=90_000)
    before = -1.0
    while (now := server_cpu()) > before + 0.1:
        before = now
        page.wait_for_timeout(5 * QUIET)
    page.close()


def _tab(browser: Browser, address: str, tab: str) -> dict[str, float]:
    """What presses on one tab cost, and tokens that are pointed at."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    received = [0]

    def count(frame: str | bytes) -> None:
        received[0] += len(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    page.goto(f"{address}&see={tab}")
    page.wait_for_selector("canvas.map", timeout=90_000)
    page.locator(" ".join(TABS[tab])).first.wait_for(timeout=90_000, state="attached")
    page.wait_for_timeout(4 * QUIET)
    _press(page, tab)  # the first one of all also draws for the first time
    rows = [_press(page, tab, received) for _ in range(PRESSES)]
    points = [page.evaluate(POINT, f"q{1 + place % 20}") for place in range(POINTED)]
    page.close()
    return {
        **{name: median(row[name] for row in rows) for name in rows[0]},
        "longest_ms": max(row["ms"] for row in rows),
        "point_ms": median(points),
        "longest_point_ms": max(points),
    }


def _press(page: Page, tab: str, received: list[int] | None = None) -> dict[str, float]:
    received = received or [0]
    received[0], before = 0, server_cpu()
    parts = [TABS[tab], *([DIFFERENCE] if tab == "heatmaps" else [])]
    ms = page.evaluate(PRESS, [parts, LONGEST])
    page.wait_for_timeout(QUIET)
    return {"ms": ms, "cpu_ms": 1000 * (server_cpu() - before), "kb": received[0] / 1000}


def markdown(rows: Sequence[Mapping[str, float | str]]) -> str:
    """The table, and how it was made."""
    about = [
        "A new head on Explore: from the press on the overview until every picture of the open",
        "tab shows it (on Heatmap: A, B and A − B), in Chromium on a warm server, medians of",
        f"{PRESSES} heads that had not been drawn; and a token that is pointed at, until it is",
        f"marked in all pictures, with the layout. {machine(float(rows[0]['load']))}",
    ]
    return titled(about, COLUMNS, rows)


if __name__ == "__main__":
    print(markdown(measured()))
