"""Scripts: what draws packets in a browser, put together from the folders of the pictures.

Every folder has its JavaScript and its CSS beside the Python that makes its packets. What all
share is in `assets/`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files

from attnviz.pictures import style

_ROOT = files("attnviz.pictures")


@dataclass(frozen=True, slots=True)
class Script:
    """What draws packets of one kind: all JavaScript of a folder, and what it is drawn with.

    The JavaScript of the folder `lines` defines `drawLines(stage)`.
    """

    name: str  # of the folder
    parts: tuple[str, ...] = ()  # folders whose names its script uses
    needs: tuple[str, ...] = ()  # kinds of packets that it draws within its own picture

    @property
    def draw(self) -> str:
        """The function that draws."""
        return f"draw{self.name.capitalize()}"

    @property
    def folders(self) -> tuple[str, ...]:
        """Where its JavaScript and its CSS are."""
        return (*self.parts, self.name)


def script_of(kind: str) -> Script:
    """The script of packets of a kind: the `SCRIPT` of the folder of that name."""
    script: Script = import_module(f"attnviz.pictures.{kind}").SCRIPT
    return script


def javascript(kinds: Iterable[str]) -> str:
    """What draws packets of these kinds, by `DRAWS[kind]`; each has its names for itself."""
    scripts = _with_needs(kinds)
    wrapped = [
        f"const {script.draw} = (() => {{"
        f"{_all(script.folders, 'js')}\nreturn {script.draw};}})();\n"
        for script in scripts
    ]
    draws = ", ".join(f'"{one.name}": {one.draw}' for one in scripts)
    shared = core() + asset("names.js")
    return shared + "".join(wrapped) + f"const DRAWS = {{{draws}}};\n"


def css(kinds: Iterable[str]) -> str:
    """The look of pictures of these kinds."""
    folders = dict.fromkeys(f for script in _with_needs(kinds) for f in script.folders)
    return style.for_styles() + asset("pictures.css") + _all(tuple(folders), "css")


def core() -> str:
    """What all scripts share, with the look as `style` states it."""
    return f"const LOOK = {json.dumps(style.for_scripts())};\n{asset('core.js')}"


def asset(name: str) -> str:
    """A file that all pictures share."""
    return (_ROOT / "assets" / name).read_text(encoding="utf-8")


def _with_needs(kinds: Iterable[str]) -> Sequence[Script]:
    """The scripts of these kinds, each after those that it needs."""
    scripts: dict[str, Script] = {}
    for script in map(script_of, kinds):
        for needed in (*map(script_of, script.needs), script):
            scripts.setdefault(needed.name, needed)
    return list(scripts.values())


@cache
def _all(folders: tuple[str, ...], ending: str) -> str:
    """Every file of this ending in some folders, in the order of their names."""
    texts = [
        file.read_text(encoding="utf-8")
        for folder in folders
        for file in sorted((_ROOT / folder).iterdir(), key=lambda file: file.name)
        if file.name.endswith(f".{ending}")
    ]
    return "\n".join(texts)
