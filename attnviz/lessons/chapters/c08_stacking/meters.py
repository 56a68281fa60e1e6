"""Four meters: how much of each token is in each r."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.analysis import mixing
from attnviz.analysis.mixing import Shares
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.experiments.cached_by_trace import cached_by_trace
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import Text, texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element

text_of = texts_of(__name__)


class Meter(NamedTuple):
    """One way to say how much of each token is in each r."""

    name: Text
    formula: Text
    shares: Shares


@cached_by_trace
def from_formulas(trace: Trace) -> tuple[Shares, Shares, Shares]:
    """The meters that need nothing but the trace, as 32-bit numbers: they are kept."""
    raw, rollout, norms = mixing.raw(trace), mixing.rollout(trace), mixing.norm_shares(trace)
    return raw.astype(np.float32), rollout.astype(np.float32), norms.astype(np.float32)


def meters_of(scene: Scene) -> tuple[list[Meter], str]:
    """The meters that this sentence and model allow, and why one is missing."""
    raw, rollout, norms = from_formulas(scene.trace)
    meters = [
        Meter(text_of("figure.raw"), text_of("figure.raw_is"), raw),
        Meter(text_of("figure.rollout"), text_of("figure.rollout_is"), rollout),
        Meter(text_of("figure.norms"), text_of("figure.norms_is"), norms),
    ]
    try:
        moved = each_token_masked(scene.trace)
    except AttnvizError as problem:
        return meters, problem.text(scene.language)
    return [
        *meters,
        Meter(text_of("figure.mask"), text_of("figure.mask_is"), mixing.mask_shares(moved)),
    ], ""


def explained(scene: Scene, meters: Sequence[Meter], missing: str) -> list[Element]:
    """The formula of each meter in its colour, and what is missing."""
    lines = [
        element(
            "p",
            element("strong", scene.say(meter.name), style=f"color:{colour_of(index, scene)}"),
            f": {scene.say(meter.formula)}",
            class_="formula",
        )
        for index, meter in enumerate(meters)
    ]
    if missing:
        lines.append(
            element("p", f"{scene.say(text_of('figure.mask'))}: {missing}", class_="notice")
        )
    return lines


def colour_of(index: int, scene: Scene) -> str:
    """The colour of a meter."""
    colour: str = getattr(style.HEAD_CODES[index], scene.mode)
    return colour


def own_shares(scene: Scene, meters: Sequence[Meter]) -> Float[np.ndarray, "layer meter"]:
    """The share of the word that is followed in its own r, after each layer."""
    at = scene.number("word")
    return np.stack([meter.shares[:, at, at] for meter in meters], axis=1)
