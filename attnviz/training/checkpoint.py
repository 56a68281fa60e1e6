"""Checkpoints: a trained encoder in one safetensors file, with its task and seed inside."""

import json
from dataclasses import replace
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from attnviz.errors import AttnvizError, ModelError
from attnviz.models.trained import fingerprint
from attnviz.training.record import Snapshot, Training
from attnviz.training.run import checked
from attnviz.training.tasks import task_called

SHIPPED = Path(__file__).with_name("checkpoints")
_FORMAT = "attnviz-encoder-1"


def save(training: Training, file: Path) -> None:
    """Write the final weights, and what they were trained with, to a file."""
    run = training.run
    facts = {
        "task": run.task.name,
        "d_model": run.task.d_model,
        "d_ff": run.task.d_ff,
        "positions": run.task.positions,
        "heads": run.heads,
        "layers": run.layers,
        "seed": run.seed,
        "steps": run.steps,
        "done": training.steps,
        "accuracy": training.accuracy,
        "loss": training.loss,
        "seconds": training.seconds,
    }
    weights = dict(training.snapshots[-1].weights)
    metadata = {
        "format": _FORMAT,
        "training": json.dumps(facts),
        "sha256": fingerprint(weights),
    }
    save_file(weights, file, metadata=metadata)


def load(file: Path) -> Training:
    """The training that a file holds: its final weights, without the way to them.

    Raises:
        ModelError: if the file is missing, damaged, or not one of ours.
    """
    try:
        return _read(file)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, AttnvizError) as problem:
        raise ModelError("checkpoint_damaged", file=file.name) from problem


def shipped() -> dict[str, Path]:
    """The checkpoints that come with the package, by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.safetensors"))}


def _read(file: Path) -> Training:
    with safe_open(file, framework="pt") as opened:
        metadata = opened.metadata() or {}
        weights = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    if metadata["format"] != _FORMAT or metadata["sha256"] != fingerprint(weights):
        raise ValueError("not what was saved")
    facts = json.loads(metadata["training"])
    sizes = {name: facts[name] for name in ("d_model", "d_ff", "positions")}
    task = replace(task_called(facts["task"]), **sizes)
    run = checked(task, facts["heads"], facts["layers"], facts["seed"], facts["steps"])
    last = Snapshot(facts["done"], weights)
    training = Training(run, facts["accuracy"], facts["loss"], facts["seconds"], (), (last,))
    _check_that_it_fits(training)
    return training


def _check_that_it_fits(training: Training) -> None:
    try:
        training.model  # noqa: B018 - built here, kept for later
    except RuntimeError as problem:  # from load_state_dict, where names or sizes differ
        raise ValueError("weights of another encoder") from problem
