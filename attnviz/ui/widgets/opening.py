"""How a sentence opens: on which two heads, and why these.

The note's sentence opens as the note's seventh figure does: two heads above each other, between
words alone. That is put in force once, as if it were chosen, and let go with the sentence.
"""

from dataclasses import replace
from typing import Any, TypeVar

from attnviz.analysis.contrast import Reason
from attnviz.analysis.difference import queries_compared
from attnviz.core.trace import Trace
from attnviz.lessons.note_pair import WORDS_ONLY
from attnviz.pictures.picture import percent
from attnviz.share.state import ViewState
from attnviz.texts import running, say
from attnviz.ui import caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets.heads import OPENED, Different, are_usual

V = TypeVar("V", bound=ViewState)
FIGURE: dict[str, Any] = {
    "hide_special": WORDS_ONLY.hide_special,
    "renormalise": WORDS_ONLY.renormalise,
    "arrangement": "stacked",
}


def usual_pair(key: TraceKey, trace: Trace) -> Different:
    """The two heads that stand in A and B until others are chosen."""
    pair = caches.opening_pair_of(key, trace)
    why = (pair.a, pair.b) if pair.in_kind else None
    return Different(pair.a.head, pair.b.head, pair.divergence, why, is_note=key.is_note)


def begin(key: TraceKey, usual: Different) -> None:
    """Put in force how this sentence opens, where nothing else was chosen."""
    before, sentence = OPENED.get(), hash(key)
    if before == sentence:
        return
    OPENED.put(sentence)
    view = state.read(ViewState)
    if not are_usual(view):
        return
    if usual.is_note and not view.pins and _filters(view) == _filters(ViewState()):
        state.change(ViewState, **FIGURE)
    elif before is not None and _filters(view) == FIGURE:  # the note's sentence was left
        state.change(ViewState, **_filters(ViewState()))


def _filters(view: ViewState) -> dict[str, Any]:
    return {name: getattr(view, name) for name in FIGURE}


def as_linked(view: V, usual: Different) -> V:
    """What is seen, with the heads by name where a link without them would open otherwise."""
    if not usual.is_note or not are_usual(view):
        return view
    if _filters(view) == FIGURE and not view.pins:
        return replace(view, **_filters(ViewState()))
    return replace(view, a=usual.a, b=usual.b)


def why(trace: Trace, usual: Different) -> str:
    """In one line, why these two heads."""
    divergence = f"{usual.divergence:.3f}"
    if usual.is_note:
        as_drawn = _filters(state.read(ViewState)) == FIGURE
        reason = "opening.note" if as_drawn else "opening.note_pair"
        return say(reason, language(), a=usual.a, divergence=divergence)
    if usual.why is not None:
        of_a, of_b = map(_evidence, usual.why)
        return say("opening.kinds", language(), a=of_a, b=of_b)
    reason = say("opening.different", language(), divergence=divergence)
    step = queries_compared(trace).step
    few = [say("page.compared_by", language(), step=step)] if step > 1 else []
    return running([reason, *few])


def _evidence(one: Reason) -> str:
    """What a head looks at, how much, and on how many tokens that rests."""
    measure = say(f"measure.{one.measure}", language())
    share = percent(one.share)
    return say("opening.evidence", language(), what=measure, share=share, tokens=one.tokens)
