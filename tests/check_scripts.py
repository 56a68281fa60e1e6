"""Holds the types of the scripts: `tsc --checkJs` on each as a browser is given it.

Where TypeScript is not there, a line says so: nobody needs it to work on this.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from attnviz.pictures.kinds import kinds
from attnviz.pictures.scripts import javascript

OPTIONS = ("--allowJs", "--checkJs", "--noEmit", "--strict", "false")
LIBRARIES = ("--target", "es2024", "--lib", "es2024,dom,dom.iterable")


def scripts() -> dict[str, str]:
    """The script of each kind of packet, whole."""
    drawn = {kind.script.name for kind in kinds().values()} | {"drawing", "numbers"}
    return {name: javascript([name]) for name in sorted(drawn)}


def main() -> int:
    """Check all; what `tsc` says."""
    tsc = shutil.which("tsc")
    if tsc is None:
        print("scripts: their types are not checked, tsc (npm install -g typescript) is not here")
        return 0
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, text in scripts().items():
            file = Path(folder) / f"{name}.js"
            file.write_text(text, encoding="utf-8")
            done = subprocess.run([tsc, *OPTIONS, *LIBRARIES, str(file)], check=False)
            worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
