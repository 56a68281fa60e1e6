"""Facts: where a picture's numbers are from, as every file states them."""

from attnviz.tracing.record import Trace
from attnviz.version import versions, versions_text
from attnviz.words import Language, say


def facts(trace: Trace) -> dict[str, object]:
    """The model, its revision, the sentence, what was changed, the versions."""
    card = trace.model
    return {
        **versions(),
        "model": card.title,
        "name": card.name,
        "revision": card.revision,
        "layers": card.layers,
        "heads": card.heads,
        "text": trace.text,
        "pair": trace.pair,
        "interventions": [repr(one) for one in trace.interventions],
        "tokens": len(trace.tokens),
        "counting": "layers, heads and places from 0",
    }


def made_with(trace: Trace, language: Language) -> str:
    """The same in one sentence."""
    card = trace.model
    said = say(
        "file.made_with",
        language,
        versions=versions_text(),
        model=card.title,
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=len(trace.tokens),
    )
    return " ".join([said, *changes(trace, language)])


def changes(trace: Trace, language: Language) -> list[str]:
    """A sentence on what was changed while the model ran; none where nothing was."""
    if not trace.interventions:
        return []
    named = ", ".join(repr(one) for one in trace.interventions)
    return [say("file.changed", language, changes=named)]
