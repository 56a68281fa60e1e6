"""The two heads that are compared: green above, red below."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.analysis.difference import jensen_shannon
from attnviz.analysis.lens import Lens
from attnviz.capture.run import trace as run
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.experiments.rerun import model_of
from attnviz.lessons.engine import Scene
from attnviz.lessons.note_example import SENTENCE
from attnviz.pictures import style
from attnviz.pictures.shown import Source
from attnviz.pictures.style import Paint
from attnviz.runtime.cache import Cache

PAINTS = (style.X, style.RED)  # the note's green and red
NOTES = HeadId(2, 1)  # draws the note's green picture of the note's sentence
WORDS_ONLY = Lens(hide_special=True, renormalise=True)

_others: Cache[HeadId] = Cache()


class Drawn(NamedTuple):
    """One head as the picture shows it."""

    head: HeadId
    paint: Paint
    letter: str  # of the address of its weights
    map: AttentionMap


def pair_of(scene: Scene) -> tuple[HeadId, HeadId]:
    """The upper and the lower head."""
    return scene.head(), scene.head("other")


def drawn(scene: Scene) -> tuple[Drawn, Drawn]:
    """Both heads, with special tokens or without."""
    hidden = scene.choice["special"] == "hidden"
    lens, letter = (WORDS_ONLY, "N") if hidden else (Lens(), "A")
    upper, lower = (
        Drawn(head, paint, letter, Source(scene.trace, (head,), lens).attention_map())
        for head, paint in zip(pair_of(scene), PAINTS, strict=True)
    )
    return upper, lower


def upper_asked(trace: Trace) -> HeadId:
    """The head that draws the note's green picture; the first of a model that has none such."""
    return NOTES if NOTES in trace.heads else trace.heads[0]


def lower_asked(trace: Trace) -> HeadId:
    """The head that differs most from the upper one between words.

    On the note's sentence, so that whoever reads other sentences sees the same two; on its own
    where the model cannot read that one.
    """
    try:
        model = model_of(trace)
    except AttnvizError:
        return _most_different(trace)
    return _others.get(trace.model, lambda: _most_different(run(SENTENCE, model)))


def _most_different(trace: Trace) -> HeadId:
    """The head that differs most from the upper one; the next where no rows are shares."""
    upper = upper_asked(trace)
    others = [head for head in trace.heads if head.kind == upper.kind and head != upper]
    if others and all(token.is_special for token in trace.tokens):
        return others[0]
    try:
        apart = [jensen_shannon(_words(trace, upper), _words(trace, one)) for one in others]
    except AttnvizError:
        return others[0]
    return others[int(np.argmax(apart))] if others else upper


def _words(trace: Trace, head: HeadId) -> Float[np.ndarray, "query key"]:
    """A head's weights between words, each row divided by what is left of it."""
    return Source(trace, (head,), WORDS_ONLY).attention_map().values
