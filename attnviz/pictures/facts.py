"""Facts: where a picture's numbers are from, as every file states them."""

from attnviz.analysis.distribution import above, below, sum_to_one
from attnviz.core.given import GivenTrace
from attnviz.core.trace import Trace
from attnviz.texts import Language, say
from attnviz.version import versions, versions_text


def facts(trace: Trace | None) -> dict[str, object]:
    """The model, its revision, the sentence, what was changed, the versions.

    Of a map that is from elsewhere, the versions alone.
    """
    if trace is None:
        return {**versions(), "counting": "places from 0"}
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
        **_given(trace),
    }


def _given(trace: Trace) -> dict[str, object]:
    """What given weights are that softmax would not be, and what their mask left out."""
    if not isinstance(trace, GivenTrace):
        return {}
    low, high = trace.row_sums
    forbidden = 0 if trace.allowed is None else int((~trace.allowed).sum())
    return {
        "row_sums": [float(below(low)), float(above(high))],
        "not_allowed": forbidden,
        "padding": trace.padding,
    }


def made_with(trace: Trace | None, language: Language) -> str:
    """The same in one sentence."""
    if trace is None:
        return say("map.made_with", language, versions=versions_text())
    card = trace.model
    said = say(
        "file.made_with",
        language,
        versions=versions_text(),
        model=card.called(language),
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=len(trace.tokens),
    )
    return " ".join([said, *changes(trace, language), *about_given(trace, language)])


def about_given(trace: Trace, language: Language) -> list[str]:
    """A sentence for each thing in given weights that softmax over all tokens would not do."""
    if not isinstance(trace, GivenTrace):
        return []
    given = _given(trace)
    said = []
    if not sum_to_one(*trace.row_sums):
        low, high = trace.row_sums
        said.append(say("file.row_sums", language, low=below(low), high=above(high)))
    if given["padding"]:
        said.append(say("file.padding", language, tokens=given["padding"]))
    if given["not_allowed"]:
        said.append(say("file.not_allowed", language, cells=f"{given['not_allowed']:,}"))
    return said


def changes(trace: Trace, language: Language) -> list[str]:
    """A sentence on what was changed while the model ran; none where nothing was."""
    if not trace.interventions:
        return []
    named = ", ".join(repr(one) for one in trace.interventions)
    return [say("file.changed", language, changes=named)]


def sentences(trace: Trace | None) -> list[str]:
    """The text of a trace, and the second one if any."""
    if trace is None:
        return []
    return [trace.text] if trace.pair is None else [trace.text, trace.pair]
