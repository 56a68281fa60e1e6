"""An app of a test's own, which it may kill, start again, and hold up at its start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import ROOT, free_port, settle, wait_until_up
from tests.waiting import CEILING

STATE = "?v=1&ha=2.1&hb=1.8&nosp=1&s=the+cat+sat+on+the+secret+mat"

# The app, whose first run waits until a file is there.
_HELD_UP = """
import sys, time
from pathlib import Path
from attnviz.ui.server import lifespan
go = Path(sys.argv.pop(1))
def held_up(begin):
    def start():
        while not go.exists():
            time.sleep(0.02)
        begin()
    return start
lifespan.start, lifespan.open_first_page = map(
    held_up, (lifespan.start, lifespan.open_first_page)
)
from streamlit.web import cli
cli.main()
"""


class OwnServer:
    """An app of this test's own, with its output in a file."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port, self.log = free_port(), folder / "server.log"
        self.address = f"http://127.0.0.1:{self.port}"
        self._go = folder / "go"
        self._environment = {**os.environ, **environment}
        self.start()

    def start(self, *, is_held_up: bool = False) -> None:
        """Start it; one that is held up answers, and draws no page before `go_on`."""
        command = ["-m", "attnviz", "serve", "--port", str(self.port)]
        if is_held_up:
            self._go.unlink(missing_ok=True)
            options = ["run", "app.py", "--server.port", str(self.port)]
            command = ["-c", _HELD_UP, str(self._go), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        wait_until_up(self.address, self.process)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def go_on(self) -> None:
        """Let one that is held up draw."""
        self._go.touch()

    def kill(self) -> None:
        """End it as a fault does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(CEILING)


def is_whole(page: Page) -> None:
    """The view of STATE, complete."""
    page.wait_for_selector(".st-key-lines .attnviz svg .lines", state="attached")
    page.locator(".st-key-lines .title", has_text="L2·H1").wait_for()
    page.wait_for_function(
        "document.querySelector('textarea[aria-label=Sentence]')?.value.includes('secret mat')"
    )
    settle(page)


def type_text(page: Page, text: str) -> None:
    """Type a sentence and commit it."""
    box = page.get_by_label("Sentence", exact=True)
    box.fill(text)
    box.press("Enter")
