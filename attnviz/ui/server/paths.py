"""Where the app's own files are, in the repository and in an installed package."""

from pathlib import Path

_UI = Path(__file__).parents[1]
_INSTALLED = _UI / "app"  # app.py, pages and .streamlit, which stand at the top of the repository
HOME = _INSTALLED if _INSTALLED.is_dir() else _UI.parents[1]

APP = HOME / "app.py"
MAIN = Path(__file__).with_name("main.py")
PAGES = HOME / "pages"
ASSETS = _UI / "assets"
