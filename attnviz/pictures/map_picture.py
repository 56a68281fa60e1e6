"""What pictures of one map have in common that are drawn by a script from a packet."""

from dataclasses import dataclass
from typing import ClassVar

from attnviz.core.heads import HeadId
from attnviz.pictures.file import one_picture
from attnviz.pictures.recipe import Recipe, one_head_again
from attnviz.pictures.scripts import Script
from attnviz.pictures.shown import Shown
from attnviz.pictures.standalone import framed
from attnviz.texts import Language


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MapPicture:
    """A map as it is shown, and the packet that draws it."""

    view: Shown
    alt: str
    packet: bytes
    language: Language

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
        source = self.view.source
        if source is None:
            return None
        return one_head_again(
            self.script.name, source.trace, source.heads, source.lens, source.combination
        )

    def to_html(self) -> str:
        """One HTML file that needs no network, with all that the picture answers in the app."""
        called = self.view.name(self.language)
        return one_picture(
            self.script, self.packet, self.alt, self.view.trace, called, self.recipe, self.language
        )

    def _repr_html_(self) -> str:
        """In a notebook: the same file in a frame of its own."""
        return framed(self.to_html(), self.alt, self.notebook_height)
