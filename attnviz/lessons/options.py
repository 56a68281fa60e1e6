"""Options that several questions share."""

from collections.abc import Sequence

from attnviz.core.trace import Trace
from attnviz.lessons.engine import Option
from attnviz.lessons.facts import name
from attnviz.lessons.text import Text


def same(text: str) -> Text:
    """A text that is the same in every language: a name, a formula, a token."""
    literal = text.replace("{", "{{").replace("}", "}}")
    return Text(literal, literal)


def words(trace: Trace) -> Sequence[Option]:
    """Every word of the sentence, special tokens left aside, by its position."""
    return [
        Option(str(token.position), same(name(token)))
        for token in trace.tokens
        if not token.is_special
    ]


def heads_of_layer(trace: Trace) -> Sequence[Option]:
    """Every head of a layer, by its number."""
    return [Option(str(head), same(f"H{head}")) for head in range(trace.model.heads)]
