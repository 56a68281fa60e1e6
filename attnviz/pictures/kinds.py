"""Kinds of pictures of attention: what can be asked for by name.

One folder a kind: in `__init__.py` the public function and the packet, beside it the SVG, the
JavaScript and the CSS, and in `kind.py` its `PICTURE`. Found by discovery, so a new picture
is one new folder and its texts: it is then in `attnviz.NAME` and `trace.NAME`, on the Explore
page and in its frame, in Save, in the command and in notebooks. The contract: JavaScript and
SVG draw the numbers of the same packet, and say in words what they show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal

import attnviz.pictures
from attnviz import checks
from attnviz.core.maps import AttentionMap
from attnviz.core.methods import Picture
from attnviz.errors import ArgumentError
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, say

Takes = Literal["all heads", "heads", "pair", "head"]


@dataclass(frozen=True, slots=True)
class PictureKind:
    """A kind of picture of attention."""

    name: str  # attnviz.NAME, trace.NAME, --picture NAME
    title: str  # the text that says what it is
    takes: Takes
    make: Callable[..., Picture]  # the public function
    # What draws what is seen: an `Explorer`, or a `Shown` of kinds that take one head or a pair.
    draw: Callable[..., Picture]
    script: Script
    view: str = ""  # the part of Explore that shows it, and of a link to a frame
    takes_pins: bool = False  # draws a `Shown` with what is pinned framed, or alone
    is_folded: bool = False  # draws a `Shown`, on Explore in a tab of its own or beside another
    how: Callable[[Shown, Language], str] | None = None  # what a page says for it; see `captioned`
    help: str = ""  # the text that says how it is used, once for all pictures on a page
    # How many px one takes at least where several stand beside each other; else below.
    beside: Callable[[AttentionMap], int] | None = None
    order: int = 100  # among the others in lists
    most_places: int | None = None  # rows or columns that there is room for
    in_file: str = ""  # what stands before the head or the pair in its file's name, if not `name`

    def pictures(self, seen: Explorer) -> dict[str, Callable[[], Picture]]:
        """The pictures of this kind of what is seen, by their names in files."""
        if not self.draws_shown:
            return {self.name: partial(self.draw, seen)}
        draw = partial(self.draw, pins=seen.pins) if self.takes_pins else self.draw
        return {
            f"{self._begins}{view.name(seen.language)}": partial(draw, view, seen.language)
            for view in (seen.pair if self.takes == "pair" else seen.chosen)
            if self.has_room(view)
        }

    def captioned(self, one: Shown, language: Language) -> Picture:
        """For a page that says model, formula and ink of all its pictures once, as in `how`."""
        if self.how is None:
            return self.draw(one, language)
        return self.draw(one, language, captioned=True)

    @property
    def is_saved(self) -> bool:
        """Whether it is in the Save menu, as all that Explore shows."""
        return bool(self.view)

    @property
    def draws_shown(self) -> bool:
        """Whether one picture of this kind shows one map: of a head, or of a pair."""
        return self.takes in ("head", "pair")

    def title_of(self, picture: str, language: Language) -> str:
        """What one of `pictures` is called in a list."""
        title = say(self.title, language)
        return f"{title} {picture.removeprefix(self._begins)}" if self.draws_shown else title

    @property
    def _begins(self) -> str:
        return f"{self.in_file or self.name} "

    def has_room(self, one: Shown) -> bool:
        """Whether so many rows and columns can be drawn."""
        return self.most_places is None or max(one.map.values.shape) <= self.most_places


@cache
def kinds() -> dict[str, PictureKind]:
    """All kinds by name, in the order of lists."""
    folder = attnviz.pictures.__path__
    names = [
        module.name for module in iter_modules(folder) if module.ispkg and _is_kind(module.name)
    ]
    pictures = [import_module(f"{attnviz.pictures.__name__}.{name}.kind").PICTURE for name in names]
    return {kind.name: kind for kind in sorted(pictures, key=lambda kind: (kind.order, kind.name))}


def drawn_by_name(name: str, seen: Explorer, *, is_one: bool) -> Picture:
    """The picture of a kind of what is seen; of kinds that take one head, that of the first.

    Raises:
        ArgumentError: if there is no such kind, `is_one` says that every head was asked for and
            it takes one alone, it takes two and there are no two, or it has no room.
    """
    checks.one_of("picture", name, kinds())
    kind = kinds()[name]
    if kind.takes == "head" and is_one and len(seen.heads) > 1:
        raise ArgumentError("one_head_alone", picture=name, heads=len(seen.heads))
    if kind.takes == "pair" and seen.trace is not None and (len(seen.heads) != 2 or not seen.pair):
        raise ArgumentError("two_heads_wanted", picture=name, heads=len(seen.heads))
    makers: Sequence[Callable[[], Picture]] = list(kind.pictures(seen).values())
    if not makers:
        places = max(max(view.map.values.shape) for view in seen.chosen)
        raise too_many_places(kind.name, places, kind.most_places)
    return makers[0]()


def too_many_places(name: str, places: int, most: int | None) -> ArgumentError:
    """The error of a picture that has no room for so many places."""
    return ArgumentError("too_many_places", picture=name, places=places, most=most)


def _is_kind(name: str) -> bool:
    path = f"{attnviz.pictures.__path__[0]}/{name}"
    return any(module.name == "kind" for module in iter_modules([path]))
