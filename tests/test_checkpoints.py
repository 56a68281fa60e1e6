"""Checkpoints: what is saved comes back; what is damaged is refused; recipes hold."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import ModelError
from attnviz.models.small.encoder import Encoder
from attnviz.training import checkpoint, ship
from attnviz.training.loop import examine, examined_by
from attnviz.training.record import Training
from attnviz.training.tasks import task_called
from attnviz.training.train import train


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "saved.safetensors"
    checkpoint.save(train("one-hop", heads=2, seed=3, steps=2), file)
    return file


def test_round_trip(saved: Path) -> None:
    training = train("one-hop", heads=2, seed=3, steps=2)
    loaded = checkpoint.load(saved)
    assert loaded.run == training.run
    assert (loaded.accuracy, loaded.loss, loaded.steps) == (training.accuracy, training.loss, 2)
    assert loaded.model.card == training.model.card
    for name, weight in training.snapshots[-1].weights.items():
        assert torch.equal(loaded.snapshots[-1].weights[name], weight)
    assert loaded.replies("76543210") == training.replies("76543210")


def test_round_trip_of_other_sizes(tmp_path: Path) -> None:
    task = replace(task_called("one-hop"), d_ff=8, d_model=16, positions="none")
    file = tmp_path / "other.safetensors"
    checkpoint.save(train(task, heads=2, steps=1), file)
    assert checkpoint.load(file).run.task == task


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    damaged = bytearray(file.read_bytes())
    damaged[-5] ^= 1
    file.write_bytes(damaged)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def text(file: Path) -> None:
    file.write_text("no checkpoint")


def remove(file: Path) -> None:
    file.unlink()


def of_another(file: Path) -> None:
    save_file(load_file(file), file)


def other_layers(file: Path) -> None:
    """Sound, but it says two layers and holds one."""
    training = checkpoint.load(file)
    checkpoint.save(replace(training, run=replace(training.run, layers=2)), file)


@pytest.mark.parametrize(
    "claims",
    [
        {"accuracy": 1.01},
        {"accuracy": -0.01},
        {"accuracy": float("nan")},
        {"accuracy": True},
        {"accuracy": "1"},
        {"loss": -1.0},
        {"loss": float("inf")},
        {"seconds": -1.0},
        {"done": -1},
        {"done": 3},
        {"done": 2.0},
        {"steps": 1},
        {"steps": 0},
        {"seed": -1},
        {"is_causal": 1},
        {"is_causal": "yes"},
    ],
)
def test_claims_that_cannot_be_are_refused(
    saved: Path, claims: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The weights are sound: what the file says about them is not."""
    training, dumps = checkpoint.load(saved), json.dumps
    monkeypatch.setattr("json.dumps", lambda facts: dumps({**facts, **claims}))
    data = checkpoint.to_bytes(training)
    with pytest.raises(ModelError, match="no trained encoder"):
        checkpoint.from_bytes(data, "claims.safetensors")


@pytest.mark.parametrize("damage", [cut, flip, empty, text, remove, of_another, other_layers])
def test_a_damaged_file_is_refused(saved: Path, damage: Callable[[Path], None]) -> None:
    damage(saved)
    with pytest.raises(ModelError, match=r"saved\.safetensors is no trained encoder"):
        checkpoint.load(saved)


def test_shipped_are_the_recipes_and_small() -> None:
    names = {f"{task}-{layers}x{heads}" for task, heads, layers in ship.RECIPES}
    assert set(checkpoint.shipped()) == names
    assert sum(file.stat().st_size for file in checkpoint.shipped().values()) < 900_000


def test_the_command_writes_every_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ship, "SHIPPED", tmp_path / "checkpoints")
    monkeypatch.setattr(ship, "RECIPES", (("one-hop", 1, 1),))
    ship.main()
    written = checkpoint.load(tmp_path / "checkpoints" / "one-hop-1x1.safetensors")
    assert written.accuracy > 0.95
    assert "one-hop-1x1.safetensors: accuracy" in capsys.readouterr().out


def test_accuracy_inside_is_the_accuracy_of_the_weights() -> None:
    for file in checkpoint.shipped().values():
        training = checkpoint.load(file)
        assert accuracy_again(training) == pytest.approx(training.accuracy, abs=1e-3)


@pytest.mark.no_cover
@pytest.mark.parametrize(("task", "heads", "layers"), ship.RECIPES)
def test_the_recipe_reproduces_the_accuracy(task: str, heads: int, layers: int) -> None:
    kept = checkpoint.load(checkpoint.shipped()[f"{task}-{layers}x{heads}"])
    again = train(task, heads, layers)
    assert kept.run == again.run
    assert again.accuracy == pytest.approx(kept.accuracy, abs=0.02)


def test_eight_heads_solve_what_one_cannot() -> None:
    one, eight = (checkpoint.load(checkpoint.shipped()[f"eight-looks-1x{h}"]) for h in (1, 8))
    assert one.parameters == eight.parameters
    assert one.accuracy == pytest.approx(0.30, abs=0.02)
    assert eight.accuracy > 0.95


def accuracy_again(training: Training) -> float:
    encoder = Encoder(training.run.shape)
    encoder.load_state_dict(training.snapshots[-1].weights)
    exam, _ = examine(encoder, examined_by(training.run), training.run.task)
    return exam.share
