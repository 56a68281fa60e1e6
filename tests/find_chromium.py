"""Find or fetch a Chromium for the browser tests, and print its path.

One on the machine, else Playwright's own download, else the system package
where we are root. If none can be had, a clear error: never a silent skip.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def on_this_machine() -> str | None:
    """The path of an installed browser, or None."""
    named = os.environ.get("ATTNVIZ_CHROMIUM")
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def from_playwright() -> str | None:
    """Playwright's own browser, downloaded if it is not there yet, or None."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    if not path.exists():
        _run(sys.executable, "-m", "playwright", "install", "chromium")
    return str(path) if path.exists() else None


def from_system_package() -> str | None:
    """Debian's or Ubuntu's chromium, installed if we are root, or None."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    _run("apt-get", "update", "-qq")
    _run("apt-get", "install", "-y", "-qq", "chromium", "fonts-noto-cjk")
    return on_this_machine()


def _run(*command: str) -> None:
    """Run a command with its output on stderr, so that stdout holds the path alone."""
    subprocess.run(command, stdout=sys.stderr, check=False)


def main() -> int:
    """Print the path and return 0, or say what to do and return 1."""
    for find in (on_this_machine, from_playwright, from_system_package):
        path = find()
        if path:
            print(path)
            return 0
    print(
        "No Chromium for the browser tests: none on this machine, Playwright could not "
        "download one, and the system package could not be installed. Install chromium, or "
        "set ATTNVIZ_CHROMIUM to the path of a Chromium or Chrome.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
