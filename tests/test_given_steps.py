"""What transformers returns, as it returns it: layers, steps of a generation, cross attention."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

import attnviz
from attnviz.errors import CaptureError
from attnviz.pictures.shown import shown
from tests.tiny_families import saved_family

IDS = torch.tensor([[5, 9, 13, 21]])


def generated(folder: Path, build: Any, **more: Any) -> tuple[Any, Any]:
    module = build.from_pretrained(folder, attn_implementation="eager").eval()
    options = {"max_new_tokens": 3, "min_new_tokens": 3, "do_sample": False, "num_beams": 1}
    out = module.generate(
        IDS, output_attentions=True, return_dict_in_generate=True, **options, **more
    )
    return module, out


def names(count: int) -> list[str]:
    return [f"t{number}" for number in range(count)]


def test_a_tuple_of_layers_and_the_steps_of_a_generation_are_one(tmp_path: Path) -> None:
    folder = saved_family(tmp_path / "gpt2", "gpt2")
    base = AutoModelForCausalLM.from_pretrained(folder)
    base.save_pretrained(folder)
    module, out = generated(folder, AutoModelForCausalLM)
    read = out.sequences[:, :-1]  # the last token was written, and not read
    steps = attnviz.Trace.from_weights(names(read.shape[1]), out.attentions)
    with torch.inference_mode():
        whole = module(read, output_attentions=True).attentions
    once = attnviz.Trace.from_weights(
        names(read.shape[1]), whole, allowed=np.tri(read.shape[1], dtype=int)
    )
    assert steps.heads == once.heads
    for head in once.heads:
        np.testing.assert_allclose(steps.weights(head), once.weights(head), atol=1e-5)
        np.testing.assert_array_equal(steps.allowed(head), np.tri(read.shape[1], dtype=bool))


@pytest.mark.parametrize("kind", ["gpt2", "mistral", "gemma2", "gemma3_text", "gpt_oss"])
@pytest.mark.parametrize("use_cache", [True, False])
def test_steps_are_joined_whatever_a_cache_keeps(
    kind: str, use_cache: bool, tmp_path: Path
) -> None:
    """A sliding window of 4: from the fifth token on its layers have 4 keys, the last ones."""
    window = {"mistral": {"sliding_window": 4}}.get(kind, {})
    bare = AutoModelForCausalLM.from_pretrained(saved_family(tmp_path / kind, kind), **window)
    bare.save_pretrained(tmp_path / kind)
    module, out = generated(tmp_path / kind, AutoModelForCausalLM, use_cache=use_cache)
    read = out.sequences[:, :-1]
    steps = attnviz.Trace.from_weights(names(read.shape[1]), out.attentions)
    with torch.inference_mode():
        whole = module(read, output_attentions=True, use_cache=False).attentions
    back, near = np.tri(6, dtype=bool), np.tri(6, dtype=bool) & ~np.tri(6, k=-4, dtype=bool)
    for layer, expected in enumerate(whole):
        weights = expected[0, :, :, :6].numpy()
        np.testing.assert_allclose(steps.layer_weights(layer), weights, atol=1e-5)
        may = near if use_cache and not weights[:, 5, :2].any() else back
        np.testing.assert_array_equal(steps.allowed((layer, 0)), may)
    with pytest.raises(CaptureError, match="have read 6 tokens"):
        attnviz.Trace.from_weights(names(7), out.attentions)


def test_cross_attention_has_two_texts(tmp_path: Path) -> None:
    folder = saved_family(tmp_path / "bart", "bart")
    module, out = generated(folder, AutoModelForSeq2SeqLM)
    read = out.sequences[:, :-1]
    with torch.inference_mode():
        whole = module(IDS, decoder_input_ids=read, output_attentions=True).cross_attentions
    target, source = names(read.shape[1]), list("abcd")
    for weights in (whole, out.cross_attentions):
        trace = attnviz.Trace.from_weights(target, weights, keys=source)
        assert trace.heads[0] == attnviz.HeadId(0, 0, "cross")
        for layer, expected in enumerate(whole):
            np.testing.assert_allclose(
                trace.layer_weights(layer, "cross"), expected[0].numpy(), atol=1e-5
            )
        picture = attnviz.heatmap(trace, (1, 2, "cross"))
        assert [token.text for token in trace.key_tokens("cross")] == source
        assert "keys=" in picture.to_svg()


def test_the_decoder_steps_of_an_encoder_decoder(tmp_path: Path) -> None:
    module, out = generated(saved_family(tmp_path / "bart", "bart"), AutoModelForSeq2SeqLM)
    read = out.sequences[:, :-1]
    with torch.inference_mode():
        whole = module(IDS, decoder_input_ids=read, output_attentions=True).decoder_attentions
    trace = attnviz.Trace.from_weights(names(read.shape[1]), out.decoder_attentions)
    np.testing.assert_allclose(trace.layer_weights(1), whole[1][0].numpy(), atol=1e-5)


def test_what_does_not_fit_says_what_is_wanted() -> None:
    weights = np.full((2, 2, 3, 4), 0.25)
    with pytest.raises(CaptureError, match="3 queries and 5 keys"):
        attnviz.Trace.from_weights("abc", weights, keys="vwxyz")
    with pytest.raises(CaptureError, match="from 0 to 1"):
        attnviz.Trace.from_weights("abc", weights * 8, keys="wxyz")
    two = [[torch.ones(2, 2, 3, 3) / 3], [torch.ones(2, 2, 1, 4) / 4]]
    with pytest.raises(CaptureError, match="one text"):
        attnviz.Trace.from_weights("abcd", two)
    trace = attnviz.Trace.from_weights("abc", weights, keys="wxyz", allowed=[1, 1, 1, 1])
    assert trace.allowed((0, 0, "cross")) is None


EVEN = np.full((2, 2, 3, 4), 0.25)


@pytest.mark.parametrize(
    ("tokens", "keys", "weights", "more", "says"),
    [
        ([], "wxyz", EVEN[:, :, :0], {}, "0 queries and 4 keys"),
        ("abc", "wxyz", EVEN[:0], {}, r"\(0, 2, 3, 4\)"),
        ("abc", "wxyz", EVEN, {"allowed": np.ones((2, 2, 2, 3, 4))}, "mask must have the axis"),
        ("abc", "wxyz", EVEN, {"allowed": np.ones((2, 3))}, "mask must have the axis"),
        ("abc", "wxyz", 0 * EVEN, {"allowed": [0, 0, 0, 0]}, "allows nothing"),
        ("abc", "wxyz", EVEN, {"special": [3]}, r"positions \[3\]"),
        ("abc", "wxyz", EVEN, {"special": "0"}, "by their positions"),
    ],
)
def test_cross_attention_that_does_not_fit(
    tokens: Any, keys: str, weights: np.ndarray, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(CaptureError, match=says):
        attnviz.Trace.from_weights(tokens, weights, keys=keys, **more)


def test_special_tokens_that_look_at_another_text_are_special() -> None:
    trace = attnviz.Trace.from_weights("abc", EVEN, [0], keys="wxyz")
    (hidden,) = shown(trace, [(0, 0, "cross")], attnviz.Lens(hide_special=True))
    assert [place.text for place in hidden.map.rows] == ["b", "c"]
    assert [place.text for place in hidden.map.columns] == list("wxyz")
    assert "[0]" in attnviz.heatmap(trace, (0, 0, "cross")).to_svg(), "the recipe holds them"


def test_one_step_of_cross_attention_between_texts_of_one_length_is_not_causal() -> None:
    """`generate` with as many tokens of a prompt as of the source, and one new token."""
    step = tuple(torch.full((1, 2, 3, 3), 1 / 3) for _ in range(2))
    trace = attnviz.Trace.from_weights("abc", (step,), keys="xyz")
    assert trace.allowed((0, 0, "cross")) is None
    np.testing.assert_allclose(trace.weights((1, 1, "cross")), 1 / 3)


def test_a_model_that_returned_no_weights_is_named_as_the_reason(tmp_path: Path) -> None:
    module = AutoModel.from_pretrained(saved_family(tmp_path / "bert", "bert"))
    with torch.inference_mode():  # under its fast attention
        out = module(IDS, output_attentions=True)
    for weights in (out.attentions, (None, None)):
        with pytest.raises(CaptureError, match='attn_implementation="eager"'):
            attnviz.Trace.from_weights("abcd", weights)
