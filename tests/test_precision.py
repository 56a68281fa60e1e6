"""Half precision: a folder runs in its own numbers, its weights are computed in float32."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM

import attnviz
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.errors import CaptureError, ModelError
from attnviz.models import opening, precision, proof
from attnviz.models.model import Model
from attnviz.models.recorder import Recorder
from tests.tiny_families import opened, saved_family, saved_in_half

TEXT = "the cat sat on the mat , singing ."
HALVES = {torch.float16: 0.004, torch.bfloat16: 0.032}  # as a share of the largest number
KINDS = ("bert", "gpt2", "llama", "gemma2", "t5")
halves = pytest.mark.parametrize("dtype", HALVES, ids=str)


def plain(folder: Path, dtype: torch.dtype, ids: torch.Tensor, **more: Any) -> Any:
    """What transformers itself answers in that precision, with its eager attention."""
    module: Any = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    module.config.use_cache = False
    with torch.inference_mode():
        return module.to(ids.device).eval()(
            ids, output_attentions=True, output_hidden_states=True, **more
        )


@halves
@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_runs_in_the_precision_that_it_was_saved_in_half(
    kind: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    model = opened(saved_in_half(tmp_path / kind, kind, dtype))
    assert model.card.dtype == str(dtype).removeprefix("torch.")
    assert precision.of(model.module) == dtype
    trace = attnviz.trace(TEXT, model, target="the mat" if kind == "t5" else None)
    for (of, layer), record in trace.attention.items():
        weights = trace.layer_weights(layer, of)
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)
        # q and k are half numbers, and what they make is computed in float32
        for kept in (record.queries, record.keys):  # type: ignore[attr-defined]
            assert kept.dtype == np.float32
            as_half = torch.tensor(kept).to(dtype).float().cpu().numpy()
            np.testing.assert_array_equal(as_half, kept)


def test_a_file_that_holds_some_matrices_in_full_is_not_rounded(tmp_path: Path) -> None:
    folder = saved_family(tmp_path / "bert", "bert")
    file = folder / "model.safetensors"
    tensors = load_file(file)
    expected = attnviz.trace(TEXT, opened(folder)).weights((1, 2))
    for name in [name for name in tensors if name.startswith("embeddings")]:
        tensors[name] = tensors[name].half()
    save_file(tensors, file, {"format": "pt"})
    model = opened(folder)
    assert model.card.dtype == "float32"
    assert np.abs(attnviz.trace(TEXT, model).weights((1, 2)) - expected).max() < 0.01


@halves
@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama"])
def test_weights_are_those_of_the_model_in_its_own_precision(
    kind: str, dtype: torch.dtype, tmp_path: Path
) -> None:
    folder = saved_in_half(tmp_path / kind, kind, dtype)
    model = opened(folder)
    trace = attnviz.trace(TEXT, model)
    given = inputs([read(TEXT, None, model)], model)
    own = plain(folder, dtype, given["input_ids"], attention_mask=given["attention_mask"])
    exact = plain(folder, torch.float32, given["input_ids"], attention_mask=given["attention_mask"])
    scores = np.concatenate([trace.scores(head).ravel() for head in trace.heads])
    largest = float(np.abs(scores[np.isfinite(scores)]).max())
    close = HALVES[dtype] * max(1, largest)
    for head in trace.heads:
        weights = trace.weights(head)
        theirs = own.attentions[head.layer][0, head.head].float().cpu().numpy()
        np.testing.assert_allclose(weights, theirs, atol=close)
        in_float32 = exact.attentions[head.layer][0, head.head].cpu().numpy()
        np.testing.assert_allclose(weights, in_float32, atol=close)
    assert (
        max(
            np.abs(trace.weights(h) - exact.attentions[h.layer][0, h.head].cpu().numpy()).max()
            for h in trace.heads
        )
        > 1e-6
    ), "it has run in float32"


@halves
def test_the_tolerance_is_that_of_the_precision(dtype: torch.dtype, tmp_path: Path) -> None:
    assert precision.tolerance(torch.float32) == precision.EXACT == 1e-5
    assert precision.tolerance(dtype) == pytest.approx(HALVES[dtype], rel=0.03)
    model = opened(saved_in_half(tmp_path / "bert", "bert", dtype))
    found = proof.measured(model)
    assert all(one.size <= one.tolerance for one in found)
    assert max(one.size for one in found) > 1e-5, "in half precision two ways differ by more"


@halves
def test_another_scale_is_found_in_half_precision_too(
    dtype: torch.dtype, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = opened(saved_in_half(tmp_path / "bert", "bert", dtype))
    called = Recorder.attention_called

    def otherwise(self: Recorder, *given: Any) -> None:
        called(self, *given)
        for shown in self.seen.values():
            if "scaling" in shown:
                shown["scaling"] = 2.0 * given[0].scaling

    monkeypatch.setattr(Recorder, "attention_called", otherwise)
    with pytest.raises(CaptureError):
        attnviz.trace(TEXT, model)


def test_interventions_work_in_half_precision(tmp_path: Path) -> None:
    model = opened(saved_in_half(tmp_path / "bert", "bert", torch.bfloat16))
    changed = attnviz.trace(TEXT, model, interventions=[attnviz.WeightsUniform(0, 1)])
    weights = changed.weights((0, 1))
    np.testing.assert_allclose(weights, 1 / len(weights), atol=1e-6)
    off = attnviz.trace(TEXT, model, interventions=[attnviz.HeadOff(0, 1)])
    assert not off.head_output(0)[1].any()


def test_what_cannot_run_in_half_precision_runs_in_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = opening.described

    def described(card: Any, module: Any, *more: Any) -> Model:
        if precision.of(module) != torch.float32:
            raise ModelError("cannot_run", model=card.title, problem="not implemented for 'Half'")
        return real(card, module, *more)

    monkeypatch.setattr(opening, "described", described)
    model = opened(saved_in_half(tmp_path / "bert", "bert", torch.float16))
    assert model.card.dtype == "float32"
    assert attnviz.trace(TEXT, model).heads


def test_a_model_runs_where_torch_sees_an_accelerator(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = None  # whatever there is on this machine
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda **_: asked)
    assert precision.device() == torch.device("cpu")
    asked = torch.device("meta")  # in the place of one that is not here
    assert precision.device() == asked
    monkeypatch.setattr(precision, "of_module", lambda _: asked)
    given = inputs([read("the cat", None, tiny)], tiny)
    assert {tensor.device for tensor in given.values()} == {asked}


@halves
def test_a_head_in_half_precision_predicts_what_the_whole_model_says(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    folder = saved_family(tmp_path / "gpt2", "gpt2")
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    whole.save_pretrained(folder)
    model = opened(folder)
    assert precision.of(model.module) == dtype
    found = attnviz.trace(TEXT, model).predictions
    given = inputs([read(TEXT, None, model)], model)
    beside: Any = whole  # where the inputs lie
    with torch.inference_mode():
        logits = beside.to(given["input_ids"].device).eval()(**given).logits[0].float()
    for position, shares in enumerate(logits.softmax(dim=-1)):
        (first, *_) = found.top[position]
        assert first.probability == pytest.approx(float(shares.max()), abs=HALVES[dtype])
