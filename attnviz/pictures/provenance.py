"""Provenance: where a picture's numbers are from, as every file states it."""

from collections.abc import Sequence
from itertools import takewhile

from attnviz.analysis.distribution import sum_to_one
from attnviz.core.heads import HeadId
from attnviz.core.intervention import heads_attending_otherwise, named
from attnviz.core.tokens import MOST_GENERATED
from attnviz.core.trace import Trace
from attnviz.digits import at_least, at_most
from attnviz.texts import Language, Message, enumerated, running, say
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
        **_of_target(trace),
        "interventions": [repr(intervention) for intervention in trace.interventions],
        **_counted(trace),
        "counting": "layers, heads and places from 0",
        **_given_weights(trace),
    }


def _of_target(trace: Trace) -> dict[str, object]:
    """The target of an encoder–decoder: what was typed, or that the model wrote it."""
    if trace.model.architecture != "encoder-decoder":
        return {}
    return {"target": trace.target, "target_is_generated": trace.target is None}


def _counted(trace: Trace) -> dict[str, object]:
    """How many tokens there are; of two texts, in each."""
    if len(trace.sequences) == 1:
        return {"tokens": len(trace.tokens)}
    return {f"{name}_tokens": len(tokens) for name, tokens in trace.sequences.items()}


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
        model=_called(trace, language),
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=tokens_said(trace, language),
    )
    reading = [*reading_notes(trace, language), *layer_notes(trace, language)]
    notes = [*intervention_notes(trace, language), *given_weights_notes(trace, language)]
    return running([sentence, *reading, *notes])


def _called(trace: Trace, language: Language) -> str:
    """A model by its name; of an encoder–decoder with the attention that is drawn."""
    name, kinds = trace.model.called(language), trace.kinds
    of_one = trace.model.architecture == "encoder-decoder" and len(kinds) == 1
    return f"{name} · {say(f'kind.{kinds[0]}', language)}" if of_one else name


def reading_notes(trace: Trace, language: Language) -> list[str]:
    """What a decoder read besides what was typed: a beginning, or a target of its own."""
    if trace.model.architecture == "decoder" and trace.model.source != "trained":
        return [_beginning(trace, language)]
    target = trace.sequences.get("target")
    if trace.model.architecture != "encoder-decoder" or target is None:
        return []
    begin = say("file.target_begins", language, token=target[0].text)
    if trace.target is not None:
        return [begin]
    written, most = len(target) - 1, min(MOST_GENERATED, trace.model.max_tokens - 1)
    key = "file.target_generated_most" if written >= most else "file.target_generated"
    return [say(key, language, tokens=written, most=most), begin]


def _beginning(trace: Trace, language: Language) -> str:
    """The tokens before the text, as the model's tokenizer adds them."""
    words = takewhile(lambda token: token.is_special and not token.source, trace.tokens)
    added = " ".join(token.text for token in words)
    return say("file.begins" if added else "file.begins_with_text", language, token=added)


def tokens_said(trace: Trace, language: Language) -> str:
    """How many tokens were read; of an encoder–decoder on both sides."""
    counts = [len(tokens) for tokens in trace.sequences.values()]
    if len(counts) == 1:
        return say("file.tokens", language, tokens=counts[0])
    return say("file.tokens_of_two", language, source=counts[0], target=counts[1])


def layer_notes(trace: Trace, language: Language) -> list[str]:
    """A sentence on the layers that have no attention; none where all have."""
    card = trace.model
    if not card.other_layers:
        return []
    others, numbers = (
        enumerated(some, language) for some in (card.other_layers, card.layers_named)
    )
    return [say("file.other_layers", language, numbers=numbers, others=others)]


def given_weights_notes(trace: Trace, language: Language) -> list[str]:
    """A sentence for each thing in given weights that softmax over all tokens would not do."""
    if trace.given is None:
        return []
    counts = _given_weights(trace)
    notes = []
    if not sum_to_one(*trace.given.row_sums):
        low, high = trace.given.row_sums
        notes.append(say("file.row_sums", language, low=at_least(low, 4), high=at_most(high, 4)))
    if counts["padding"]:
        notes.append(say("file.padding", language, tokens=counts["padding"]))
    if counts["not_allowed"]:
        notes.append(say("file.not_allowed", language, cells=f"{counts['not_allowed']:,}"))
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
    """The text of a trace, the second one if any, and the target that was typed if it is drawn."""
    if trace is None:
        return []
    target = trace.target if "target" in trace.sequences else None
    return [text for text in (trace.text, trace.pair, target) if text is not None]
