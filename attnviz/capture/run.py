"""Capture: one forward pass of a text on the fast attention path, every head kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from attnviz import checks
from attnviz.capture.interventions import Change, changed_reading, example
from attnviz.capture.predicting import predictions_of
from attnviz.capture.reading import Reading, read
from attnviz.capture.target import read_target
from attnviz.capture.variants import Edits, inputs
from attnviz.core.attention import AttentionKey, Stream, Weighted
from attnviz.core.intervention import Intervention
from attnviz.core.tiles import check_size
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, TextError
from attnviz.models import hooks, precision
from attnviz.models.catalogue import EMBEDDED
from attnviz.models.in_memory import held
from attnviz.models.load import Model, load
from attnviz.models.progress import Progress
from attnviz.models.recorder import Recorder
from attnviz.models.task_head import hearing
from attnviz.models.watch import WeightRecorder, watching

_NO_MEMORY = ("not enough memory", "allocate memory")  # as torch says it of a CPU


def trace(
    text: str,
    model: Model | PreTrainedModel | str | PathLike[str] | None = None,
    pair: str | None = None,
    interventions: Sequence[Intervention] = (),
    *,
    target: str | None = None,
    tokenizer: PreTrainedTokenizerBase | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Run `text` (and `pair`, a second sentence) through a model and keep every head.

    `target` is what an encoder–decoder is to write; without it the model writes it itself, up to
    `MOST_GENERATED` tokens.

    `model` is a loaded one, or what `attnviz.load` is given: a name or a folder. Or it is a model
    object of transformers, with its `tokenizer`: a copy of it is looked into, it stays as it is.
    `progress` is told how far the pass is, layer by layer.
    `interventions` change this one pass: what the model reads, or scores, weights or z of heads.

    Raises:
        ArgumentError: if an argument is of a kind that is not taken.
        InterventionError: if the model has no such head, token or mask token.
        TextError: if the text cannot be read as it is.
        ModelError: if `model` names one that cannot be loaded.
        CaptureError: if the model's attention was not seen in full.

    Example:
        >>> trace("The cat sat on the mat").weights((0, 2)).shape
        (8, 8)
    """
    checks.text("text", text)
    for name, more in (("pair", pair), ("target", target)):
        if more is not None:
            checks.text(name, more)
    changes = _changes(interventions)
    if isinstance(model, PreTrainedModel):
        model = held(model, tokenizer)
    if not isinstance(model, Model):
        model = load(EMBEDDED if model is None else model)
    reading = read(text, pair, model)
    seen = changed_reading(reading, changes, model)
    written = _written(target, seen, model)
    with hearing() as heard:
        attention, streams = capture(reading, model, changes, written, progress)
    return Trace(
        model=model.card,
        text=text,
        pair=pair,
        sequences=_sequences(seen, written),
        left_out=seen.left_out + (written.left_out if written else ()),
        attention=attention,
        hidden=streams,
        capabilities=model.capabilities,
        interventions=changes,
        unknown=seen.unknown,
        dropped=seen.dropped + (written.dropped if written else ""),
        target=target,
        predicted=predictions_of(model, heard),
    )


def _written(target: str | None, source: Reading, model: Model) -> Reading | None:
    """What a decoder beside an encoder reads; None where there is none.

    Raises:
        TextError: if a target is given where there is none, or cannot be read or generated.
    """
    if model.target is None:
        if target is not None:
            raise TextError("no_target", model=model.card)
        return None
    return read_target(target, inputs([source], model), model)


def _sequences(source: Reading, target: Reading | None) -> dict[str, tuple[Token, ...]]:
    if target is None:
        return {"text": source.tokens}
    return {"source": source.tokens, "target": target.tokens}


def _changes(interventions: Sequence[Intervention]) -> tuple[Intervention, ...]:
    """Interventions, each of a kind that there is.

    Raises:
        ArgumentError: if one is not.
    """
    changes = checks.several("interventions", interventions, example())
    for change in changes:
        checks.kind("interventions", change, Change, example())
    return tuple(changes)


def capture(
    reading: Reading,
    model: Model,
    interventions: Sequence[Intervention] = (),
    target: Reading | None = None,
    progress: Progress | None = None,
) -> tuple[Mapping[AttentionKey, Weighted], dict[str, Stream]]:
    """One forward pass, what each layer showed, and the residual stream of each sequence.

    Raises:
        CaptureError: if the model's attention was not seen in full.
    """
    arguments = inputs([changed_reading(reading, interventions, model)], model, target)
    if model.is_watched:
        return _watched(model, arguments)
    recorder = Recorder(model, Edits([interventions]), progress=progress)
    with _running(model, len(reading.tokens)), hooks.recording(recorder):
        model.module(**arguments)
        return recorder.attention(), recorder.all_streams()


def _watched(
    model: Model, given: Mapping[str, Tensor]
) -> tuple[Mapping[AttentionKey, Weighted], dict[str, Stream]]:
    """The same of a model whose attention is code of its own: its weights, as it computes them."""
    tokens = max(tensor.shape[1] for tensor in given.values())
    heads = model.card.heads * len(model.places)  # all of them are kept
    check_size(heads, tokens, tokens, error="capture_too_large")
    watcher = WeightRecorder(model)
    with _running(model, tokens), watching(watcher), hooks.recording(watcher):
        model.module(**given)
    return watcher.attention(), watcher.all_streams()


@contextmanager
def _running(model: Model, tokens: int) -> Iterator[None]:
    """A pass; what finds no memory, of NumPy or of torch, is said as such."""
    try:
        with precision.inference(model.module):
            yield
    except (MemoryError, RuntimeError) as problem:
        none_left = isinstance(problem, (MemoryError, torch.OutOfMemoryError))
        if none_left or any(said in str(problem) for said in _NO_MEMORY):
            raise CaptureError("no_memory", tokens=f"{tokens:,}") from problem
        raise
