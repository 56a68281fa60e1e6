"""A model proves itself when it is loaded: what its hooks show is what it computes."""

import copy
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.models.bert.modeling_bert import BertLayer, BertSelfAttention

import attnviz
from attnviz.core.card import ModelCard
from attnviz.errors import AttnvizError, ModelError
from attnviz.models import hooks, load, masked, precision, proof
from attnviz.models.load import Model
from tests.conftest import save_tiny
from tests.tiny_families import SIZES, opened, saved_family

FAMILIES = ("bert", "electra", "distilbert", "roberta", "xlm-roberta", "camembert")


def test_the_embedded_model_is_what_it_computes(minilm: Model) -> None:
    differences = proof.measured(minilm)
    assert len(differences) == 2 * (5 * 6 + 1), "with padding and without"
    assert {one.quantity for one in differences} == set(proof._FORMULAS)
    assert max(one.size for one in differences) < precision.EXACT == 1e-5


@pytest.mark.parametrize("kind", FAMILIES)
def test_every_family_is_what_it_computes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is measured before it is offered, and far within what would be refused."""
    proofs: list[list[proof.Difference]] = []
    measured = proof.measured

    def watch(model: Model) -> list[proof.Difference]:
        proofs.append(measured(model))
        return proofs[-1]

    monkeypatch.setattr(proof, "measured", watch)
    attnviz.load(str(save_tiny(tmp_path / kind, kind)))
    assert len(proofs) == 1 + (precision.device() != precision.CPU), "and once more on a card"
    for seen in proofs:
        assert len(seen) == 2 * (5 * 3 + 1)
        assert max(one.size for one in seen) < 1e-5


def test_large_scores_are_coarse_and_no_fault(tmp_path: Path) -> None:
    """Scores in the hundreds: float32 itself moves their weights by more than 1e-5."""
    model = attnviz.load(str(save_tiny(tmp_path / "large", initializer_range=2.0)))
    trace = attnviz.trace("the cat sat", model)
    assert max(np.abs(trace.scores(head)).max() for head in trace.heads) > 100


def test_the_shared_module_stays_as_it_is(minilm: Model) -> None:
    module: Any = minilm.module
    before = {name: len(part._forward_hooks) for name, part in module.named_modules()}
    proof.measured(minilm)
    assert module.config._attn_implementation == hooks.NAME
    assert {name: len(part._forward_hooks) for name, part in module.named_modules()} == before


def test_the_proof_holds_no_second_copy_of_the_weights(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied: list[nn.Module] = []

    def watch(module: nn.Module, memo: dict[int, Any]) -> Any:
        copied.append(copy.deepcopy(module, memo))
        return copied[-1]

    monkeypatch.setattr(proof, "deepcopy", watch)
    proof.measured(minilm)
    assert len(copied) == 2, "one with padding, one without"
    own = {weight.data_ptr() for weight in minilm.module.parameters()}
    for second in copied:
        assert second is not minilm.module
        assert {weight.data_ptr() for weight in second.parameters()} == own


def test_a_capture_in_another_thread_is_not_seen_by_the_proof(minilm: Model) -> None:
    """The module is shared: its copy's hooks and attention are the proof's alone."""
    expected = attnviz.trace("the cat sat", minilm)
    found: list[attnviz.Trace] = []

    def trace() -> None:
        found.extend(attnviz.trace("the cat sat", minilm) for _ in range(5))

    other = threading.Thread(target=trace)
    other.start()
    while other.is_alive():
        differences = proof.measured(minilm)
        assert max(one.size for one in differences) < 1e-5
    other.join()
    for one in found:
        np.testing.assert_array_equal(one.layer_weights(5), expected.layer_weights(5))


# ---- families that are not what the hooks show


def refused(folder: Path) -> AttnvizError:
    with pytest.raises(AttnvizError) as problem:
        attnviz.load(str(save_tiny(folder)))
    assert not load.is_loaded(str(folder))
    return problem.value


def test_a_bias_that_no_hook_sees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = sdpa_attention_forward

    def biased(module, query, key, value, mask, **options):  # type: ignore[no-untyped-def]
        bias = torch.linspace(0, 0.1, key.shape[2]).expand(1, 1, query.shape[2], -1)
        if mask is not None:
            bias = bias.masked_fill(~mask, -torch.inf)
        return plain(module, query, key, value, bias, **options)

    monkeypatch.setattr(masked, "sdpa_attention_forward", biased)
    problem = refused(tmp_path / "bias")
    assert (problem.key, problem.values["layer"]) == ("not_proved", 0)
    assert "Layer 0 of “bias”" in str(problem)
    assert "in weights · v the largest difference is 0." in str(problem)
    assert "第 0 层" in problem.text("zh")


def test_a_scaling_that_only_the_fast_path_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded and used alike, so that weights · v is z: only the model's own weights differ."""
    plain: Any = hooks.attention

    def scaled(*given, scaling, **options):  # type: ignore[no-untyped-def]
        return plain(*given, scaling=scaling * 1.001, **options)

    interface = AttentionInterface
    monkeypatch.setitem(interface._global_mapping, hooks.NAME, scaled)
    problem = refused(tmp_path / "scaling")
    assert problem.values["quantity"] == "softmax(q kᵀ)"
    assert problem.values["layer"] == 0


def test_a_mask_that_is_dropped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the attention function alone transformers passes no mask: padding is looked at."""
    masks = ALL_MASK_ATTENTION_FUNCTIONS._global_mapping
    monkeypatch.setitem(masks, hooks.NAME, lambda *_, **__: None)
    problem = refused(tmp_path / "mask")
    assert problem.values["quantity"] == "softmax(q kᵀ)"
    assert float(str(problem.values["difference"])) > 0.01


def test_one_layer_that_is_off_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain: Any = BertSelfAttention.forward

    def forward(self, hidden_states, *given, **options):  # type: ignore[no-untyped-def]
        z, weights = plain(self, hidden_states, *given, **options)
        fast = self.config._attn_implementation == hooks.NAME
        return (z * 1.01 if fast and self.layer_idx == 2 else z), weights

    monkeypatch.setattr(BertSelfAttention, "forward", forward)
    problem = refused(tmp_path / "third")
    assert (problem.values["layer"], problem.values["quantity"]) == (2, "weights · v")


def test_w_o_that_is_not_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the heads write is not what W_O gives: here it is gated."""
    prove = proof.prove

    def tampered(model: Model) -> None:
        output = model.places[1].output
        assert output is not None
        output.register_forward_hook(lambda _, __, output: output * 1.01)
        prove(model)

    monkeypatch.setattr(proof, "prove", tampered)
    problem = refused(tmp_path / "gate")
    assert (problem.values["layer"], problem.values["quantity"]) == (1, "Σ z W_O + b")


def test_a_recorder_that_changes_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is seen and adds up, but the model that nobody looks at computes something else."""
    plain = BertLayer.forward

    def forward(self, hidden_states, *given, **options):  # type: ignore[no-untyped-def]
        found = plain(self, hidden_states, *given, **options)
        own = self.attention.self.config._attn_implementation != hooks.NAME
        return found if own or hooks._recorder.get() else found + 0.01

    monkeypatch.setattr(BertLayer, "forward", forward)
    problem = refused(tmp_path / "answer")
    assert (problem.values["layer"], problem.values["quantity"]) == (2, "r")


def test_attention_of_which_nothing_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interface = AttentionInterface
    monkeypatch.setitem(interface._global_mapping, hooks.NAME, sdpa_attention_forward)
    problem = refused(tmp_path / "unseen")
    assert problem.key == "layers_not_seen"
    assert problem.values["seen"] == 0


def test_a_mask_that_becomes_a_flag_where_nothing_is_padded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gemma 2 so: transformers' eager attention is causal, its fast one only behind a mask."""
    monkeypatch.setitem(SIZES, "gemma2", {**SIZES["gemma2"], "use_bidirectional_attention": True})
    with pytest.raises(ModelError) as problem:
        opened(saved_family(tmp_path / "gemma2", "gemma2"))
    assert (problem.value.key, problem.value.values["layer"]) == ("not_proved", 1)


@pytest.mark.parametrize("window", [1, 2, 3])
def test_a_window_shorter_than_the_padding_is_no_fault(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, "mistral", {**SIZES["mistral"], "sliding_window": window})
    trace = attnviz.trace("the cat sat on", opened(saved_family(tmp_path / "mistral", "mistral")))
    count = len(trace.tokens)
    seen = np.tri(count, dtype=bool) & ~np.tri(count, k=-window, dtype=bool)
    np.testing.assert_array_equal(trace.allowed((1, 2)), seen)
    assert (trace.weights((1, 2))[seen] > 0).all()


def test_the_probe_has_padding_and_fits_the_shortest_model() -> None:
    card = ModelCard("", "", "folder", "bert", "", 1, 1, 4, 4, 3, 7)
    given = proof.probe(card)
    assert given["input_ids"].shape == (1, 3)
    assert given["input_ids"].max() < 7
    assert given["attention_mask"].tolist() == [[1, 0, 0]]
    many = proof.probe(ModelCard("", "", "folder", "bert", "", 1, 1, 4, 4, 512, 30_522))
    assert many["attention_mask"].tolist() == [[1] * 9 + [0] * 3]
    assert len(set(many["input_ids"][0].tolist())) == 12
