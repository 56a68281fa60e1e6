"""Values of a trace that any text of a lesson may use, and what its questions are about."""

from attnviz.core.heads import HeadId
from attnviz.core.intervention import heads_off
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import LessonError


def question_word(trace: Trace) -> Token:
    """The word that a chapter starts with: chosen by the sentence, always the same for it.

    Raises:
        LessonError: if there is none.
    """
    content = [token for token in trace.tokens if not token.is_special]
    if not content:
        raise LessonError("one_word", least=1, words=0)
    return content[sum(map(ord, trace.text)) % len(content)]


def question_layer(trace: Trace) -> int:
    """The layer that questions are about: chosen by the sentence."""
    return sum(map(ord, trace.text[1::2])) % trace.model.layers


def question_head(trace: Trace) -> HeadId:
    """The head that questions are about: chosen by the sentence."""
    return HeadId(question_layer(trace), sum(map(ord, trace.text[::2])) % trace.model.heads)


def heads_on(trace: Trace, layer: int) -> list[int]:
    """The heads of a layer that write: all but those that are switched off."""
    off = heads_off(trace.interventions, layer)
    return [head for head in range(trace.model.heads) if head not in off]


def check_own_weights(trace: Trace, head: HeadId) -> None:
    """Make sure that a head's weights are those of its scores: others say nothing of the head.

    Raises:
        LessonError: if they were replaced in this run.
    """
    if head.head in trace.record(head.layer).changed_weights:
        raise LessonError("weights_replaced", head=head)


def trace_values(trace: Trace) -> dict[str, object]:
    """What every text of a lesson may say."""
    card = trace.model
    return {
        "model": card,
        "layers": card.layers,
        "heads": card.heads,
        "all_heads": card.layers * card.heads,
        "last_layer": card.layers - 1,
        "last_head": card.heads - 1,
        "d_model": card.d_model,
        "d_head": card.d_head,
        "tokens": len(trace.tokens),
        "word": question_word(trace).name,
    }
