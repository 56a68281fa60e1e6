"""The two words of the figure, and whose information each of their vectors holds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.chapters.c08_stacking.meters import from_formulas
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.elements.shares import Share
from attnviz.pictures.style import Paint

text_of = texts_of(__name__)

Norms = Float[np.ndarray, "layer query key"]
COLOURS = (style.X, style.K)  # of the two words; all others are grey


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """The two words, and the shares of every token in every r; why not, where they are missing."""

    pair: Sequence[Token]
    others: int
    norms: Norms | None
    problem: AttnvizError | None = None

    def paint(self, index: int) -> Paint:
        """The colour of one of the words."""
        return COLOURS[index]


def sources_of(scene: Scene) -> Sources:
    """The chosen word and its nearest neighbour: another word, or else a special token."""
    tokens, word = scene.trace.tokens, scene.token
    near = sorted(
        (token for token in tokens if token is not word),
        key=lambda token: (token.is_special, abs(token.position - word.position)),
    )
    pair = sorted([word, *near[:1]], key=lambda token: token.position)
    norms, problem = _norms(scene.trace)
    return Sources(pair, len(tokens) - len(pair), norms, problem)


def _norms(trace: Trace) -> tuple[np.ndarray | None, AttnvizError | None]:
    try:
        return from_formulas(trace)[2], None
    except AttnvizError as problem:
        return None, problem.with_traceback(None)


def shares_of(scene: Scene, sources: Sources, norms: Norms, layer: int, at: int) -> list[Share]:
    """Whose information a vector holds after a layer: the two words', and all others'."""
    row = norms[layer, at].astype(float)
    name = f"share.{layer}.{at}"
    shares = [
        Share(
            token.name, float(row[token.position]), sources.paint(index), f"{name}.{token.position}"
        )
        for index, token in enumerate(sources.pair)
    ]
    if sources.others:
        rest = float(row.sum() - sum(share.value for share in shares))
        label = scene.say(text_of("figure.others"), others=sources.others)
        shares.append(Share(label, max(0.0, rest), style.GREY, f"{name}.others"))
    return shares
