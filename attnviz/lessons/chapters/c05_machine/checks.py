"""The questions and their checkers, which share no code with any figure."""

from collections.abc import Sequence

import numpy as np

from attnviz.core.trace import Trace
from attnviz.experiments.spare_heads import spare_heads
from attnviz.lessons.chapters.c05_machine.limit import LIMIT
from attnviz.lessons.questions import Option, Outcome, Question
from attnviz.lessons.text import texts_of

text_of = texts_of(__name__)


def _spare(trace: Trace) -> Outcome:
    count, heads = spare_heads(trace, LIMIT), len(trace.heads)
    numbers = {"limit": f"{LIMIT:.2f}", "share": f"{100 * count / heads:.0f} %"}
    return Outcome(float(count), numbers)


def _entering(trace: Trace) -> Outcome:
    """Compare what enters the last layer with all that it might be, number by number."""
    last = trace.model.layers - 1
    near = max(0, last - 1)  # the layer below; of a single layer, itself
    candidates = {
        "r": trace.residual(near + 1),
        "z": trace.attention_output(near),
        "embedding": trace.residual(0),
    }
    entered = trace.residual(last)
    value = next(name for name, array in candidates.items() if np.array_equal(array, entered))
    text_name = "no_layer_below" if value == "embedding" else "below"
    return Outcome(value, {"what": text_of(f"questions.entering.{text_name}"), "near": last - 1})


def _entrances(trace: Trace) -> Sequence[Option]:
    """What might enter: from the layer below or, where there is none, from the layer itself."""
    if trace.model.layers > 1:
        return Option("r"), Option("z"), Option("embedding")
    r, z = (text_of(f"questions.entering.of_one_layer.{name}") for name in ("r", "z"))
    return Option("r", r), Option("z", z), Option("embedding")


QUESTIONS = (
    Question(
        name="entering",
        check=_entering,
        asked=lambda trace: {"last": trace.model.layers - 1},
        options=_entrances,
        is_law=True,
        beside="layer",
        in_picture=True,
        before="machine",
    ),
    Question(
        name="spare",
        check=_spare,
        asked=lambda _: {"limit": f"{LIMIT:.2f}"},
        span=lambda trace: (0.0, float(len(trace.heads))),
        step=1.0,
        tolerance=lambda trace: len(trace.heads) / 10,
        before="many",
    ),
)
