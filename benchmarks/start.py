"""From the start of the server to the first complete picture, against an empty Streamlit app.

    python -m benchmarks.start

Both are cold: a new process, a new browser context. The browser is started before, because it
is the reader's own. `make run` does the same after the install.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from benchmarks.browser import ROOT, chromium, served

EMPTY = 'import streamlit as st\nst.write("empty")\n'
RUNS = 5
_WHOLE = (
    ".st-key-overview .attnviz canvas",
    ".st-key-lines .panel:nth-child(2) svg .lines",  # head B, beside head A
)


def main() -> None:
    """Print medians and their ratio."""
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        pairs = [
            (
                _seconds(browser, ROOT / "app.py", _WHOLE),
                _seconds(browser, empty, ("text=empty",)),
            )
            for _ in range(RUNS)
        ]
    ours, theirs = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    sys.stdout.write(
        f"start to first complete picture: {ours:.1f} s ÷ empty app {theirs:.1f} s = {ratio:.2f}\n"
    )


def _seconds(browser: Browser, script: Path, wanted: tuple[str, ...]) -> float:
    """From starting the server until the page holds everything in `wanted`."""
    started = time.perf_counter()
    with served(script) as address:
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(address)
        for selector in wanted:
            page.wait_for_selector(selector, state="attached", timeout=120_000)
        seconds = time.perf_counter() - started
        page.context.close()
    return seconds


if __name__ == "__main__":
    main()
