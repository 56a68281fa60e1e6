"""Paper: how wide a print is, how large its letters are, in which colours and with which words.

Without a `Sheet` a print is made to be read on its own: 180 mm wide, or wider where every token
needs room for its name. On a `Sheet` it is exactly as wide as that says, its letters keep their
size, and where names cannot all stand, every k-th is named and the others have a tick.
"""

from dataclasses import dataclass
from math import ceil

from attnviz import checks
from attnviz.core.sheet import Sheet
from attnviz.pictures import style
from attnviz.pictures.style import Mode
from attnviz.pictures.widths import cut, room_of, shortened_to

Length = int | float  # units

MM = 0.25  # of one unit
POINT = 25.4 / 72 / MM  # units
WIDTH = 720.0  # units: 180 mm
LEAST_STEP = 7.5  # units from one token to the next
LARGEST_STEP = 40.0
LABEL = 84.0  # units kept for a token's name
LONGEST_LABEL = 18  # characters
LEADING = 1.2  # from one line of letters to the next, in their size
BESIDE = 0.28  # of the width, for names beside a picture
APART = 1.05  # of names side by side that do not touch


@dataclass(frozen=True, slots=True)
class Paper:
    """What a print is drawn on, in units of 0.25 mm."""

    width: Length = WIDTH
    letters: float = 10.0
    mode: Mode = "light"
    ground: str | None = style.PAPER["light"]  # None: transparent
    has_words: bool = True  # titles, formulas, notes, and where it is from
    is_exact: bool = False  # as wide as `width`, with letters of one size

    @property
    def ink(self) -> str:
        """The colour of text."""
        return style.INK[self.mode]

    @property
    def faint(self) -> str:
        """The colour of small print."""
        return style.FAINT_INK[self.mode]

    @property
    def dim(self) -> str:
        """The colour of names that nothing reaches."""
        return style.DIM_INK[self.mode]

    @property
    def rule(self) -> str:
        """The colour of frames."""
        return style.RULE[self.mode]

    def colour(self, paint: style.HeadCode | style.Paint) -> str:
        """A head's or a meaning's colour."""
        colour: str = getattr(paint, self.mode)
        return colour

    def blank(self, *, signed: bool) -> int:
        """The level that needs no ink; −1, which is none, where the ground is not the ramps'."""
        return -1 if self.is_exact else style.paper_level(signed=signed)

    def size(self, most: float, step: Length) -> float:
        """How large the name of a token is."""
        return self.letters if self.is_exact else min(most, step)

    def step(self, count: int, room: Length, largest: Length = LARGEST_STEP) -> Length:
        """From one token to the next, where `count` of them share a room."""
        step = min(largest, room / max(count, 1))
        return step if self.is_exact else max(LEAST_STEP, step)

    def every(self, step: Length, name: Length | None = None) -> int:
        """Each how-manieth token is named, so that names of this height do not touch."""
        name = APART * self.letters if name is None else name
        return max(1, ceil(name / step - 1e-6)) if self.is_exact else 1

    def name(self, text: str, *, beside: bool = False) -> str:
        """A token's name as there is room for it: little `beside` a picture, for it is wide."""
        name = cut(text, LONGEST_LABEL)
        if not (beside and self.is_exact):
            return name
        most = BESIDE * self.width / self.letters
        return shortened_to(name, lambda name: room_of(name) <= most)

    def label_room(self, *sides: list[str], beside: bool = False) -> Length:
        """What the longest name takes."""
        if not self.is_exact:
            return LABEL
        names = (self.name(text, beside=beside) for side in sides for text in side)
        longest = max(map(room_of, names), default=1.0)
        return max(longest, 2.0) * self.letters + 10


def paper_of(sheet: Sheet | None) -> Paper:
    """The paper of a sheet; that of a print to be read on its own without one.

    Raises:
        ArgumentError: if it is no sheet.
    """
    if sheet is None:
        return Paper()
    checks.kind("sheet", sheet, Sheet, "attnviz.Sheet(width=85)")
    white = style.WHITE if sheet.scheme == "light" else style.PAPER["dark"]
    return Paper(
        width=sheet.width / MM,
        letters=sheet.letters * POINT,
        mode=sheet.scheme,
        ground=None if sheet.is_transparent else white,
        has_words=sheet.provenance,
        is_exact=True,
    )
