"""Options that several questions share."""

from collections.abc import Callable, Sequence

from attnviz.core.trace import Trace
from attnviz.lessons.questions import Option


def answers(*names: str) -> Callable[[Trace], Sequence[Option]]:
    """The same options for every sentence; what they say are texts of the question."""
    return lambda _: tuple(map(Option, names))


def words(trace: Trace) -> Sequence[Option]:
    """Every word of the sentence, special tokens left aside, by its position."""
    return [
        Option(str(token.position), token.name) for token in trace.tokens if not token.is_special
    ]


def heads_of_layer(trace: Trace) -> Sequence[Option]:
    """Every head of a layer, by its number."""
    return [Option(str(head), f"H{head}") for head in range(trace.model.heads)]
