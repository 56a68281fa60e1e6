"""Home: where the app's own files are, in the repository and in an installed package."""

from pathlib import Path

_UI = Path(__file__).parent
HOME = _UI if (_UI / "app.py").is_file() else _UI.parents[1]

APP = HOME / "app.py"
MAIN = _UI / "main.py"
PAGES = HOME / "pages"
