"""Methods of a trace that are made in rooms above this one, such as its pictures.

The package registers them before the first trace is made. The method is the public function,
with its parameters and its words; its room is imported when somebody asks for it.
"""

from collections.abc import Callable
from types import MethodType
from typing import Any, Protocol, runtime_checkable

from attnviz.core.sheet import Sheet


@runtime_checkable
class Picture(Protocol):
    """What a trace is drawn as: shown in a notebook, saved as a file."""

    def to_html(self) -> str:
        """One HTML file that needs no network."""
        ...

    def to_svg(self, *, sheet: Sheet | None = None) -> str:
        """One SVG file at print size, or a figure for a `sheet` of a paper."""
        ...

    def _repr_html_(self) -> str: ...


Draws = Callable[..., Picture]
Load = Callable[[], Callable[..., Any]]

_LOADS: dict[str, Load] = {}


def register(name: str, load: Load) -> None:
    """Make what `load` imports a method of every trace."""
    _LOADS[name] = load


def add_methods(to: type) -> None:
    """Give a class the methods that are registered."""
    for name, load in _LOADS.items():
        setattr(to, name, _Method(load))


class _Method:
    """A public function that takes a trace first, as a method of it."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def __get__(self, trace: object | None, _: type) -> Callable[..., Any]:
        function = self._load()
        return function if trace is None else MethodType(function, trace)
