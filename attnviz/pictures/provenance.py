"""Provenance: where a picture's numbers are from, as every file states it."""

from collections.abc import Sequence

from attnviz.analysis.distribution import sum_to_one
from attnviz.core.heads import HeadId
from attnviz.core.intervention import heads_attending_otherwise, named
from attnviz.core.trace import Trace
from attnviz.digits import at_least, at_most
from attnviz.texts import Language, Message, say
from attnviz.version import versions, versions_text


def provenance(trace: Trace | None) -> dict[str, object]:
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
        "dtype": card.dtype,
        "layers": card.layers,
        "heads": card.heads,
        "text": trace.text,
        "pair": trace.pair,
        "interventions": [repr(intervention) for intervention in trace.interventions],
        "tokens": len(trace.tokens),
        "counting": "layers, heads and places from 0",
        **_given_weights(trace),
    }


def _given_weights(trace: Trace) -> dict[str, object]:
    """What given weights are that softmax would not be, and what their mask left out."""
    given = trace.given
    if given is None:
        return {}
    low, high = given.row_sums
    forbidden = 0 if given.allowed is None else int((~given.allowed).sum())
    return {
        "row_sums": [float(at_least(low, 4)), float(at_most(high, 4))],
        "not_allowed": forbidden,
        "padding": given.padding,
    }


def provenance_note(trace: Trace | None, language: Language) -> str:
    """The same in one sentence."""
    if trace is None:
        return say("map.made_with", language, versions=versions_text())
    card = trace.model
    sentence = say(
        "file.made_with",
        language,
        versions=versions_text(),
        model=card.called(language),
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=len(trace.tokens),
    )
    notes = [*intervention_notes(trace, language), *given_weights_notes(trace, language)]
    return " ".join([sentence, *layer_notes(trace, language), *notes])


def layer_notes(trace: Trace, language: Language) -> list[str]:
    """A sentence on the layers that have no attention; none where all have."""
    card = trace.model
    if not card.other_layers:
        return []
    others, numbers = ", ".join(card.other_layers), ", ".join(card.layers_named)
    return [say("file.other_layers", language, numbers=numbers, others=others)]


def given_weights_notes(trace: Trace, language: Language) -> list[str]:
    """A sentence for each thing in given weights that softmax over all tokens would not do."""
    if trace.given is None:
        return []
    given = _given_weights(trace)
    notes = []
    if not sum_to_one(*trace.given.row_sums):
        low, high = trace.given.row_sums
        notes.append(say("file.row_sums", language, low=at_least(low, 4), high=at_most(high, 4)))
    if given["padding"]:
        notes.append(say("file.padding", language, tokens=given["padding"]))
    if given["not_allowed"]:
        notes.append(say("file.not_allowed", language, cells=f"{given['not_allowed']:,}"))
    return notes


def with_interventions(formula: Message, trace: Trace, heads: Sequence[HeadId]) -> Message:
    """The formula of weights, and of which of these heads it is not true."""
    among = [head for head in heads_attending_otherwise(trace.interventions) if head in heads]
    if not among:
        return formula
    named_heads = ", ".join(map(str, among))
    return Message("picture.formula_changed", {"formula": formula, "heads": named_heads})


def intervention_notes(trace: Trace, language: Language) -> list[str]:
    """A sentence on what was changed while the model ran; none where nothing was."""
    if not trace.interventions:
        return []
    return [say("file.changed", language, changes=named(trace.interventions, language))]


def sentences(trace: Trace | None) -> list[str]:
    """The text of a trace, and the second one if any."""
    if trace is None:
        return []
    return [trace.text] if trace.pair is None else [trace.text, trace.pair]
