"""Sheet: what a figure for a paper is printed on."""

from dataclasses import dataclass
from typing import Literal, get_args

from attnviz import checks
from attnviz.core.changed import written
from attnviz.errors import ArgumentError

Width = Literal[85, 180]  # mm: one column of a journal, or the whole width
Letters = Literal[7, 8, 9]  # pt
Scheme = Literal["light", "dark"]
WIDTHS: tuple[Width, ...] = get_args(Width)
LETTERS: tuple[Letters, ...] = get_args(Letters)
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A figure's width in mm, its letters in pt, its colours, and what is printed with it.

    It is as high as it needs to be. Without `provenance` only the figure, its heads' names, its
    legend and counts of what is not drawn or not named are printed; where they are from stands in
    the file's metadata either way.

    Raises:
        ArgumentError: if there is no such width, size or scheme.
    """

    width: Width = 85
    letters: Letters = 8
    scheme: Scheme = "light"
    is_transparent: bool = False
    provenance: bool = False

    def __post_init__(self) -> None:
        for name, known in (("width", WIDTHS), ("letters", LETTERS)):
            value = getattr(self, name)
            if checks.number(value) not in known:
                choices = ", ".join(map(str, known))
                raise ArgumentError(
                    "not_one_of", name=name, value=checks.quoted(value), known=choices
                )
            object.__setattr__(self, name, checks.number(value))
        checks.one_of("scheme", self.scheme, SCHEMES)
        for name in ("is_transparent", "provenance"):
            object.__setattr__(self, name, checks.flag(name, getattr(self, name)))

    @property
    def text(self) -> str:
        """Python that makes it again, with what differs from a plain one."""
        return written(self)
