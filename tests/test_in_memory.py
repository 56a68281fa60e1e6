"""A model that a script holds: looked into as it is, and left as it was."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedModel,
)

import attnviz
from attnviz.errors import ArgumentError, LessonError, ModelError
from attnviz.experiments import control, rerun
from attnviz.models.load import control_of
from tests.tiny_families import opened, saved_family

TEXT = "the cat sat on the mat"


def both(folder: Path, build: Any = AutoModel, **options: Any) -> tuple[PreTrainedModel, Any]:
    module = build.from_pretrained(folder, **options)
    return module, AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "llama", "gemma2", "mpnet", "gptj", "t5"])
def test_an_object_shows_what_its_folder_shows(kind: str, tmp_path: Path) -> None:
    folder = saved_family(tmp_path / kind, kind)
    module, tokenizer = both(folder)
    target = "the mat" if kind == "t5" else None
    seen = attnviz.trace(TEXT, module, tokenizer=tokenizer, target=target)
    expected = attnviz.trace(TEXT, opened(folder), target=target)
    assert seen.heads == expected.heads
    assert seen.tokens == expected.tokens
    for head in seen.heads:
        np.testing.assert_allclose(seen.weights(head), expected.weights(head), atol=1e-6)
    assert seen.model.source == "memory"


@pytest.mark.parametrize(
    ("kind", "build"), [("gpt2", AutoModelForCausalLM), ("bert", AutoModelForMaskedLM)]
)
def test_a_model_with_a_head_is_left_as_it_was(kind: str, build: Any, tmp_path: Path) -> None:
    module, tokenizer = both(saved_family(tmp_path / kind, kind), build)
    module.train()
    hooks = {name: len(part._forward_hooks) for name, part in module.named_modules()}
    before = {name: value.clone() for name, value in module.state_dict().items()}
    attnviz.trace(TEXT, module, tokenizer=tokenizer)
    assert module.training
    assert all(parameter.requires_grad for parameter in module.parameters())
    assert module.config._attn_implementation == "sdpa"
    assert {name: len(part._forward_hooks) for name, part in module.named_modules()} == hooks
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_after_a_step_of_training_it_is_another_model(tmp_path: Path) -> None:
    module, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    first = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    again = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    assert again.model is first.model, "proved once"
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.1)
    after = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    assert after.model.revision != first.model.revision
    assert np.abs(after.weights((1, 1)) - first.weights((1, 1))).max() > 1e-4


def hook(module: Any) -> None:
    layer = module.encoder.layer[0]
    layer.register_forward_pre_hook(lambda _, given: (2 * given[0], *given[1:]))


def epsilon(module: Any) -> None:
    for part in module.modules():
        if isinstance(part, nn.LayerNorm):
            part.eps = 0.5


def scaling(module: Any) -> None:
    module.encoder.layer[0].attention.self.scaling *= 3


def without_dropout(module: Any) -> None:
    module.eval()


@pytest.mark.parametrize("change", [hook, epsilon, scaling, without_dropout])
def test_what_is_changed_beside_the_weights_is_seen(
    change: Callable[[Any], None], tmp_path: Path
) -> None:
    module, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    first = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    change(module)
    after = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    module.eval().set_attn_implementation("eager")
    ids = torch.tensor([tokenizer(TEXT)["input_ids"]])
    with torch.inference_mode():
        own = module(ids, output_attentions=True).attentions
    for layer, expected in enumerate(own):
        np.testing.assert_allclose(after.layer_weights(layer), expected[0].numpy(), atol=1e-5)
    assert (after.model is first.model) == (change is without_dropout)


def test_q_that_is_not_what_its_matrix_gives_is_refused(tmp_path: Path) -> None:
    """As with an adapter, of which W_Q tells nothing: x W_Q + b would be no q."""
    whole, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    module: Any = whole
    query = module.encoder.layer[1].attention.self.query
    query.register_forward_hook(lambda *given: 1.5 * given[-1])
    with pytest.raises(ModelError, match=r"Layer 1 .* in x W \+ b"):
        attnviz.trace(TEXT, module, tokenizer=tokenizer)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_an_object_with_packed_tensors_is_quantised(tmp_path: Path) -> None:
    module, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    module = torch.ao.quantization.quantize_dynamic(module, {nn.Linear})
    with pytest.raises(ModelError, match="quantised"):
        attnviz.trace(TEXT, module, tokenizer=tokenizer)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_of_half_precision_are_computed_with_in_float32(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    folder = saved_family(tmp_path / "llama", "llama")
    module, tokenizer = both(folder, dtype=dtype)
    seen = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    own = AutoModel.from_pretrained(folder, dtype=dtype, attn_implementation="eager").float()
    ids = torch.tensor([tokenizer(TEXT)["input_ids"]])
    with torch.inference_mode():
        expected = own.eval()(ids, output_attentions=True).attentions[1][0].numpy()
    np.testing.assert_allclose(seen.layer_weights(1), expected, atol=1e-5)
    assert module.dtype == dtype


def test_without_its_tokenizer_an_object_cannot_read(tmp_path: Path) -> None:
    module, _ = both(saved_family(tmp_path / "bert", "bert"))
    with pytest.raises(ArgumentError, match="needs its tokenizer"):
        attnviz.trace(TEXT, module)


def test_what_needs_a_name_says_so(tmp_path: Path) -> None:
    module, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    trace = attnviz.trace(TEXT, module, tokenizer=tokenizer)
    with pytest.raises(LessonError, match="given as an object"):
        rerun.model_of(trace)
    with pytest.raises(LessonError, match="given as an object"):
        control(trace) if callable(control) else control.control(trace)
    assert "tokenizer=tokenizer" in attnviz.heatmap(trace, (0, 1)).to_svg()


def test_a_control_of_an_object_says_so(tmp_path: Path) -> None:
    from attnviz.models.in_memory import held

    module, tokenizer = both(saved_family(tmp_path / "bert", "bert"))
    with pytest.raises(ModelError, match="given as an object"):
        control_of(held(module, tokenizer))
