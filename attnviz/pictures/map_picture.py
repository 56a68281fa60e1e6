"""What pictures of one map have in common that are drawn by a script from a packet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Shaped

from attnviz.core.heads import HeadId
from attnviz.core.sheet import Sheet
from attnviz.pictures import style, svg
from attnviz.pictures.file import one_file
from attnviz.pictures.paper import paper_of
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.pictures.standalone import framed, picture
from attnviz.texts import Language, running, say


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MapPicture:
    """A map as it is shown, and the packet that draws it."""

    view: Shown
    alt: str
    packet: bytes
    language: Language
    pins: tuple[str, ...] = ()  # on paper framed, or all that is drawn

    script: ClassVar[Script]
    notebook_height: ClassVar[int]  # px of a frame until its own height is known

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.alt}>"

    @property
    def heads(self) -> tuple[HeadId, ...]:
        """The head that is drawn, or all that are combined or compared."""
        return self.view.heads

    @property
    def recipe(self) -> Recipe | None:
        """How this picture is made again, where that is known."""
        return again_with(self.script.name, self.view, self.pins)

    def to_html(self) -> str:
        """One HTML file that needs no network, with all that the picture answers in the app."""
        called = self.view.name(self.language)
        drawn = picture(self.script.name, self.packet, self.alt)
        return one_file([drawn], self.view.trace, called, self.recipe, self.language)

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, self.notebook_height)


def one_map_on_paper(
    view: Shown,
    lines: Iterable[str],
    counts: Iterable[str],
    drawn: svg.Block,
    recipe: Recipe | None,
    language: Language,
    alt: str,
    sheet: Sheet | None,
    dash: str | None = None,
) -> str:
    """A whole SVG file of one map: its words, or on a figure alone the counts, and the drawing."""
    paper = paper_of(sheet)
    title, name, colour = view.title(language), view.name(language), paper.colour(view.code)
    head = svg.words(title, lines, colour, paper, dash, name, counts)
    return svg.document(view.trace, [head, drawn], recipe, language, alt, sheet)


def again_with(make: str, view: Shown, pins: Sequence[str] = ()) -> Recipe | None:
    """How a picture of one map is made again, where that is known; several heads are explored."""
    source = view.source
    if source is None:
        return None
    if source.combination is None:
        return Recipe(make, source.trace, source.heads[0], source.lens, pins=pins)
    return Recipe("explore", source.trace, source.heads, source.lens, source.combination, pins=pins)


def alt_of(key: str, view: Shown, says: str, language: Language, **more: object) -> str:
    """The text alternative `key` of a picture of one map."""
    alt = say(
        key,
        language,
        model=view.model(language),
        head=view.name(language),
        queries=len(view.map.rows),
        keys=len(view.map.columns),
        says=says,
        **more,
    )
    return running([alt, *view.about(language)])


def map_arrays(view: Shown) -> dict[str, Shaped[np.ndarray, "..."]]:
    """What a script draws a map with: values, inks, what is not allowed, how far apart rows are."""
    attention = view.map
    arrays = {
        "weights": np.where(attention.shown, attention.values, np.nan).astype(np.float32),
        **{
            f"ramp_{mode}": style.map_ramp(view.code, mode, signed=attention.is_signed)
            for mode in style.MODES
        },
    }
    if attention.allowed is not None:
        arrays["denied"] = attention.denied.astype(np.uint8)
    if attention.divergence is not None:
        arrays["divergence"] = attention.divergence.astype(np.float32)
    return arrays
