"""Checkpoints: a trained encoder in one safetensors file, with its task and seed inside."""

import json
from dataclasses import asdict, replace
from math import isfinite, nan
from pathlib import Path
from typing import Any, get_args

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load as deserialize
from safetensors.torch import save as serialize

from attnviz.capture.run import trace
from attnviz.errors import AttnvizError, ModelError
from attnviz.models.small.shape import Positions
from attnviz.models.small.trained import fingerprint
from attnviz.runtime.cache import Cache
from attnviz.training.record import Exam, Snapshot, Training
from attnviz.training.run import checked
from attnviz.training.tasks import task_called

SHIPPED = Path(__file__).with_name("checkpoints")
_FORMAT = "attnviz-encoder-1"
_LONGEST_HEADER = 100_000  # bytes
_WIDEST = 4_096  # of an encoder of our own
_DAMAGED = (
    SafetensorError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    RuntimeError,
    OverflowError,
    AttnvizError,
)

_shipped: Cache[Training] = Cache(is_pinned=True)  # few and small: they stay


def to_bytes(training: Training) -> bytes:
    """The final weights, and what they were trained with, as a safetensors file."""
    run = training.run
    fields = {
        "task": run.task.name,
        "d_model": run.task.d_model,
        "d_ff": run.task.d_ff,
        "positions": run.task.positions,
        "is_causal": run.task.is_causal,
        "heads": run.heads,
        "layers": run.layers,
        "seed": run.seed,
        "steps": run.steps,
        "done": training.steps,
        "accuracy": training.accuracy,
        "loss": training.loss,
        "seconds": training.seconds,
        "exam": None if training.exam is None else asdict(training.exam),
    }
    weights = dict(training.snapshots[-1].weights)
    metadata = {
        "format": _FORMAT,
        "training": json.dumps(fields),
        "sha256": fingerprint(weights),
    }
    return serialize(weights, metadata=metadata)


def from_bytes(data: bytes, name: str) -> Training:
    """The training that a file holds: its final weights, without the way to them.

    `name` is what the file is called. No file is written: what people upload stays in memory.

    Raises:
        ModelError: if the file is damaged, or not one of ours.
    """
    try:
        return _read(data)
    except _DAMAGED as problem:
        raise ModelError("checkpoint_damaged", file=name) from problem


def save(training: Training, file: Path) -> None:
    """Write `to_bytes` to a file."""
    file.write_bytes(to_bytes(training))


def load(file: Path) -> Training:
    """The training in a file.

    Raises:
        ModelError: if the file is missing, damaged, or not one of ours.
    """
    try:
        return from_bytes(file.read_bytes(), file.name)
    except OSError as problem:
        raise ModelError("checkpoint_damaged", file=file.name) from problem


def shipped() -> dict[str, Path]:
    """The checkpoints that come with the package, by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.safetensors"))}


def load_shipped(name: str) -> Training:
    """A checkpoint that comes with the package, read once and shared.

    Raises:
        KeyError: if none has that name.
    """
    file = shipped()[name]
    return _shipped.get(name, lambda: load(file), is_light=True)


def _read(data: bytes) -> Training:
    metadata, weights = _header(data)["__metadata__"], deserialize(data)
    if metadata["format"] != _FORMAT or metadata["sha256"] != fingerprint(weights):
        raise ValueError("not what was saved")
    fields = _fields(metadata["training"])
    if not all(bool(tensor.isfinite().all()) for tensor in weights.values()):
        raise ValueError("numbers that are none")
    if fields["done"] > fields["steps"] or fields["seconds"] < 0:
        raise ValueError("more steps than were asked for, or less time than none")
    task = task_called(fields["task"])
    fields.setdefault("is_causal", task.is_causal)  # files of earlier versions do not say
    if type(fields["is_causal"]) is not bool:
        raise ValueError("neither an encoder nor a decoder")
    sizes = {name: fields[name] for name in ("d_model", "d_ff", "positions", "is_causal")}
    task = replace(task, **sizes)
    run = checked(task, fields["heads"], fields["layers"], fields["seed"], fields["steps"])
    last = Snapshot(fields["done"], weights)
    outcome = fields["accuracy"], fields["loss"], fields["seconds"]
    training = Training(run, *outcome, (), (last,), _exam(fields))
    _check_that_it_fits(training)
    return training


def _check_that_it_fits(training: Training) -> None:
    try:
        model = training.model  # built here, kept for later
    except RuntimeError as problem:  # from load_state_dict, where names or sizes differ
        raise ValueError("weights of another encoder") from problem
    residual = trace(training.run.task.alphabet.example, model).residual(model.card.layers)
    if not np.isfinite(residual).all():
        raise ValueError("numbers so large that nothing comes of them")


def _fields(text: str) -> dict[str, Any]:
    """What a training was, each fact of its kind and within reason."""
    fields: dict[str, Any] = json.loads(text)
    for name in ("d_model", "d_ff", "heads", "layers", "seed", "steps", "done"):
        if type(fields[name]) is not int or not 0 <= fields[name] < 2**31:
            raise ValueError(name)
    if type(fields["task"]) is not str:
        raise ValueError("the task is not a name")
    if fields["positions"] not in get_args(Positions):
        raise ValueError("positions of no kind of ours")
    for name in ("accuracy", "loss", "seconds"):
        fields[name] = float(fields[name]) if type(fields[name]) in (int, float) else nan
        if not isfinite(fields[name]):
            raise ValueError(name)
    if not (0 <= fields["accuracy"] <= 1 and fields["loss"] >= 0):
        raise ValueError("an accuracy or a loss that cannot be")
    if not (0 < fields["d_model"] <= _WIDEST and fields["d_ff"] <= _WIDEST):
        raise ValueError("an encoder wider than any of ours")
    return fields


def _exam(fields: dict[str, Any]) -> Exam | None:
    """What the accuracy was measured on. Files of earlier versions do not say."""
    if fields.get("exam") is None:
        return None
    written = fields["exam"]
    counts = [written[name] for name in ("texts", "asked", "right")]
    if not all(type(count) is int for count in counts) or type(written["held_out"]) is not bool:
        raise ValueError("counts that are none")
    exam = Exam(**written)
    sizes = 0 < exam.texts < 2**31 and 0 < exam.asked < 2**31
    if not (sizes and 0 <= exam.right <= exam.asked):
        raise ValueError("more right answers than questions, or no questions")
    if exam.share != fields["accuracy"]:
        raise ValueError("an accuracy that is not the share of right answers")
    return exam


def _header(data: bytes) -> dict[str, dict[str, str]]:
    """The JSON at the beginning of a safetensors file, after its length in 8 bytes."""
    length = int.from_bytes(data[:8], "little")
    if length > _LONGEST_HEADER:
        raise ValueError("a header beyond any that we write")
    header: dict[str, dict[str, str]] = json.loads(data[8 : 8 + length])
    return header
