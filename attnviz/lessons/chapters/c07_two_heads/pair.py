"""The two heads that are compared: green above, red below."""

from typing import NamedTuple

from attnviz.analysis.lens import Lens
from attnviz.capture.run import trace as run
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.experiments.rerun import model_of
from attnviz.lessons.engine import Scene
from attnviz.lessons.note_example import SENTENCE
from attnviz.lessons.note_pair import WORDS_ONLY, lower_head
from attnviz.pictures import style
from attnviz.pictures.shown import Source
from attnviz.pictures.style import Paint
from attnviz.runtime.cache import Cache

PAINTS = (style.X, style.RED)  # the note's green and red

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


def lower_asked(trace: Trace) -> HeadId:
    """The head that differs most from the upper one between words.

    On the note's sentence, so that whoever reads other sentences sees the same two; on its own
    where the model cannot read that one.
    """
    try:
        model = model_of(trace)
    except AttnvizError:
        return lower_head(trace)
    return _others.get(trace.model, lambda: lower_head(run(SENTENCE, model)))
