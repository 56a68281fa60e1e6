"""An accelerator: a model runs there once it is proved there, in float32 that is float32."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture import cost
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs, residuals
from attnviz.models import accelerator, hooks, precision, proof
from attnviz.models.edits import NoEdits
from attnviz.models.model import Model
from attnviz.models.recorder import Recorder
from attnviz.models.streams import read_only
from benchmarks import gpu_page
from tests.tiny_families import SIZES, opened, saved_family, saved_in_half
from tests.waiting import CEILING

TEXT, TARGET = "the cat sat on the mat , singing .", "the mat sat on"
ELSEWHERE = torch.device("meta")
# Their own code makes numbers on the CPU that are no arrays: those mix with any device but this.
WITH_NUMBERS = {"deberta", "deberta-v2"}


@pytest.mark.parametrize("kind", [kind for kind in SIZES if kind not in WITH_NUMBERS])
def test_all_that_a_pass_makes_is_made_where_the_model_lies(kind: str, tmp_path: Path) -> None:
    """What is made without a word on where is made elsewhere here, and mixes with nothing."""
    model = opened(saved_family(tmp_path / kind, kind))
    target = TARGET if model.target else None
    expected = attnviz.trace(TEXT, model, target=target)
    with ELSEWHERE:
        found = attnviz.trace(TEXT, model, target=target)
        proof.prove(model)
    for of, layer in expected.attention:
        same = expected.layer_weights(layer, of)
        np.testing.assert_array_equal(found.layer_weights(layer, of), same)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "gemma2", "gpt_oss", "llama"])
def test_so_is_what_an_intervention_makes(kind: str, tmp_path: Path) -> None:
    """A causal model is handed a flag in the place of a mask."""
    model = opened(saved_family(tmp_path / kind, kind))
    changes = [attnviz.WeightsUniform(0, 1), attnviz.PairKnockedOut(1, 0, 3, 2)]
    expected = attnviz.trace(TEXT, model, interventions=changes)
    reading = read(TEXT, None, model)
    with ELSEWHERE:
        found = attnviz.trace(TEXT, model, interventions=changes)
        streams = residuals(reading, model, [changes, [attnviz.HeadOff(0, 0)]])
    for head in expected.heads:
        np.testing.assert_array_equal(found.weights(head), expected.weights(head))
    last = expected.model.layers
    np.testing.assert_allclose(streams[0, last], expected.residual(last), atol=1e-5)


# ---- where a model runs


class Moves(list[str]):
    """Where modules were asked to go, one after the other; nothing moves."""

    def __call__(self, place: torch.device, *_: object) -> None:
        self.append(place.type)


@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> Moves:
    asked = Moves()
    monkeypatch.setattr(precision, "device", lambda: ELSEWHERE)
    monkeypatch.setattr(precision, "to_device", asked)
    return asked


def test_a_model_is_proved_where_it_goes(
    tiny: Model, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved: list[tuple[Model, Moves]] = []
    monkeypatch.setattr(proof, "prove", lambda model: proved.append((model, Moves(moves))))
    assert accelerator.accelerated(tiny) is tiny
    assert proved == [(tiny, ["meta"])]
    assert moves == ["meta"]


@pytest.mark.parametrize(
    "problem",
    [
        attnviz.ModelError("no_control"),
        torch.OutOfMemoryError("CUDA out of memory"),
        NotImplementedError("not implemented for 'MPS'"),
        TypeError("Cannot convert a MPS Tensor to float64 dtype"),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_what_does_not_add_up_there_runs_on_the_cpu(
    problem: Exception, tmp_path: Path, moves: Moves, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = proof.prove

    def proves(model: Model) -> None:
        if moves == ["meta"]:
            raise problem
        prove(model)

    monkeypatch.setattr(proof, "prove", proves)
    model = opened(saved_family(tmp_path / "bert", "bert"))
    assert moves == ["meta", "cpu"]
    assert attnviz.trace(TEXT, model).heads


def test_a_time_is_taken_when_the_device_is_done(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[object] = []
    monkeypatch.setattr(torch.accelerator, "synchronize", waited.append)
    precision.wait_for(torch.nn.Linear(2, 2))
    assert not waited, "the CPU is done"
    precision.wait_for(torch.nn.Linear(2, 2, device=ELSEWHERE))
    assert waited == [ELSEWHERE]
    monkeypatch.setattr(precision, "wait_for", waited.append)
    cost._seconds(tiny, 8)
    assert waited[1:] == [tiny.module, tiny.module]


# ---- in which numbers


def settings() -> list[str]:
    return [
        torch.get_float32_matmul_precision(),
        torch.backends.cuda.matmul.fp32_precision,
        torch.backends.cudnn.conv.fp32_precision,  # type: ignore[attr-defined]
        torch.backends.mkldnn.matmul.fp32_precision,  # type: ignore[attr-defined]
    ]


@pytest.fixture
def tf32_asked_for() -> Any:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    yield
    torch.set_float32_matmul_precision(before)


EXACT = ["highest", "ieee", "ieee", "ieee"]


@pytest.mark.usefixtures("tf32_asked_for")
def test_float32_is_float32_though_a_script_asks_for_less(tiny: Model) -> None:
    """Also of cuDNN, whose convolutions are in TF32 unless somebody says otherwise."""
    before, seen = settings(), []
    assert before[1] == before[2] == "tf32"
    hook = tiny.module.register_forward_pre_hook(lambda *_: seen.append(settings()))
    try:
        attnviz.trace("the cat", tiny)
        residuals(read("the cat", None, tiny), tiny, [[attnviz.HeadOff(0, 1)]])
        proof.prove(tiny)
    finally:
        hook.remove()
    assert len(seen) >= 4
    assert all(one == EXACT for one in seen)
    assert settings() == before, "what the script asked for is there again"


@pytest.mark.usefixtures("tf32_asked_for")
def test_who_leaves_first_leaves_it_to_the_others(tiny: Model) -> None:
    before, both, left = settings(), Barrier(2, timeout=CEILING), Barrier(2, timeout=CEILING)

    def leaves(stays: bool) -> list[str]:
        with precision.inference(tiny.module):
            both.wait()
            if stays:
                left.wait()
                return settings()
        left.wait()
        return []

    with ThreadPoolExecutor(2) as pool:
        _, seen = pool.map(leaves, [False, True])
    assert seen == EXACT
    assert settings() == before


def test_autocast_of_a_script_changes_nothing(tiny: Model) -> None:
    expected = attnviz.trace("the cat", tiny)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = attnviz.trace("the cat", tiny)
    for head in expected.heads:
        np.testing.assert_array_equal(found.weights(head), expected.weights(head))


@pytest.mark.parametrize("kind", ["gpt_neo", "gptj", "bloom", "mpt", "codegen"])
def test_weights_that_are_rounded_to_half_are_gone_on_with(kind: str, tmp_path: Path) -> None:
    """Their softmax is computed in float32, and its product with v in half precision."""
    model = opened(saved_in_half(tmp_path / kind, kind, torch.bfloat16))
    assert model.card.dtype == "bfloat16"
    exact = attnviz.trace(TEXT, opened(saved_family(tmp_path / "exact", kind)))
    for head, found in ((head, attnviz.trace(TEXT, model).weights(head)) for head in exact.heads):
        np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
        np.testing.assert_allclose(found, exact.weights(head), atol=0.1)


# ---- what is copied


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_what_leaves_a_layer_is_copied_once(dtype: torch.dtype, tmp_path: Path) -> None:
    """The x of a layer is the r of the one below: one array, also where none shares memory."""
    model = opened(saved_in_half(tmp_path / "llama", "llama", dtype))
    recorder = Recorder(model, NoEdits())
    with precision.inference(model.module), hooks.recording(recorder):
        model.module(**inputs([read(TEXT, None, model)], model))
    assert recorder.streams["text", 1]["entered"] is recorder.streams["text", 0]["left"]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool]
)
def test_what_leaves_a_card_is_its_numbers_in_memory_of_their_own(
    dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way from another device, gone here from the CPU."""
    monkeypatch.setattr(precision, "CPU", ELSEWHERE)
    tensor = (torch.arange(24).reshape(2, 3, 4) % 5).to(dtype).transpose(0, 1)
    expected = tensor.tolist()
    with ELSEWHERE:
        array = read_only(tensor)
    assert array.tolist() == expected
    assert array.flags.c_contiguous
    assert not array.flags.writeable
    tensor.zero_()
    assert array.tolist() == expected, "its own memory"


def test_how_far_devices_may_be_apart_is_stated() -> None:
    stated = {torch.float32: 5e-5, torch.float16: 0.016, torch.bfloat16: 0.125}
    for dtype, most in stated.items():
        assert precision.between_devices(dtype) == pytest.approx(most, rel=0.03)


def test_the_page_of_the_gpu_says_what_was_measured_and_stated() -> None:
    """Measured where there is a card, and read here: every family, none beyond what is stated."""
    measured = json.loads(gpu_page.MEASURED.read_text("utf-8"))
    assert gpu_page.PAGE.read_text("utf-8") == gpu_page.page(measured)
    rows = measured["families"]
    assert {(row["family"], row["asked"]) for row in rows} == set(
        product(SIZES, ("float32", "float16", "bfloat16"))
    )
    for row in rows:
        assert row["weights"] <= precision.between_devices(getattr(torch, row["dtype"]))
        assert row["of_tolerance"] <= 1
    assert max(measured["embedded"]["apart"].values()) <= precision.EXACT
    assert measured["embedded"]["bytes_left_on_card"] == 0
