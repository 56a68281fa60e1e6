"""Capture against transformers' own eager attention, on two models and many texts."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

import attnviz
from attnviz.capture.reading import read
from attnviz.capture.variants import Edits, inputs
from attnviz.core.weights import row_sums, softmax
from attnviz.errors import CaptureError
from attnviz.models import hooks, masked
from attnviz.models.load import Model
from attnviz.models.recorder import Recorder
from attnviz.models.scoring import AttentionCall, scoring_of
from tests.conftest import NOTE, Eager

TEXTS = {
    "English": (NOTE, None),
    "Chinese": ("小猫坐在垫子上,看着窗外的雨。", None),
    "emoji": ("a 🙂 b 🤷‍♀️ c", None),
    "one token": ("a", None),
    "longer than the maximum": ("the cat sat on the mat . " * 200, None),
    "a pair": ("the cat sat", "on the mat ."),
}


@pytest.fixture(params=["minilm", "tiny"])
def model(request: pytest.FixtureRequest) -> Model:
    found: Model = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=TEXTS)
def text(request: pytest.FixtureRequest) -> tuple[str, str | None]:
    return TEXTS[request.param]


def oracle(model: PreTrainedModel, traced: Model, text: str, pair: str | None):  # type: ignore[no-untyped-def]
    given = inputs([read(text, pair, traced)], traced)
    with torch.inference_mode():
        return model(**given, output_attentions=True, output_hidden_states=True)


def test_weights_and_hidden_states_are_the_models_own(
    model: Model, text: tuple[str, str | None], eager: Eager
) -> None:
    trace = attnviz.trace(text[0], model, pair=text[1])
    expected = oracle(eager(model), model, *text)
    assert len(expected.attentions) == model.card.layers
    for layer, attention in enumerate(expected.attentions):
        ours = trace.layer_weights(layer)
        np.testing.assert_allclose(ours, attention[0].numpy(), atol=1e-5)
        np.testing.assert_allclose(ours.sum(axis=-1), 1, atol=1e-5)
    for depth, hidden in enumerate(expected.hidden_states):
        np.testing.assert_allclose(trace.residual(depth), hidden[0].numpy(), atol=2e-5)


def test_a_head_alone_is_its_slice_of_the_layer(note: attnviz.Trace) -> None:
    np.testing.assert_allclose(note.weights((3, 7)), note.layer_weights(3)[7], atol=1e-7)


def test_z_is_recomputed_from_weights_and_values(
    model: Model, text: tuple[str, str | None]
) -> None:
    trace = attnviz.trace(text[0], model, pair=text[1])
    for layer in range(model.card.layers):
        z = trace.layer_weights(layer) @ trace.values(layer)
        np.testing.assert_allclose(z, trace.head_output(layer), atol=1e-5)


def test_contributions_and_bias_add_up_to_the_output_projection(
    model: Model, text: tuple[str, str | None], eager: Eager
) -> None:
    trace = attnviz.trace(text[0], model, pair=text[1])
    outputs: list[np.ndarray] = []
    # In double precision: numbers near 20 of two float32 sums differ by 3e-5 on some machines.
    module: Any = deepcopy(eager(model)).double()
    for layer in module.encoder.layer:
        layer.attention.output.dense.register_forward_hook(
            lambda _, __, output: outputs.append(output[0].numpy())
        )
    oracle(module, model, *text)
    for layer, expected in enumerate(outputs):
        heads = range(model.card.heads)
        total = sum(trace.contribution((layer, head)) for head in heads)
        bias = trace.learned[layer].output.bias
        # Eager sums in another order in every layer below; processors differ in that, too.
        rounding = 1e-5 * np.abs(expected).max()
        np.testing.assert_allclose(total + bias, expected, atol=rounding)
        np.testing.assert_allclose(trace.attention_output(layer), expected, atol=rounding)


def test_layer_z_is_what_the_attention_block_returns(note: attnviz.Trace, eager: Eager) -> None:
    module: Any = eager(attnviz.load())
    norm = module.encoder.layer[2].attention.output.LayerNorm
    added = torch.tensor(note.attention_output(2) + note.residual(2))
    np.testing.assert_allclose(note.after_attention(2), norm(added).detach().numpy(), atol=1e-5)


def test_scores_are_scaled_dot_products(note: attnviz.Trace) -> None:
    q, k = note.queries(1)[4].astype(np.float64), note.keys(1)[4].astype(np.float64)
    np.testing.assert_allclose(note.scores((1, 4)), q @ k.T / np.sqrt(32), atol=1e-5)


def test_arrays_are_read_only(note: attnviz.Trace) -> None:
    with pytest.raises(ValueError, match="read-only"):
        note.queries(0)[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        note.learned[0].output.weight[0, 0] = 1


def test_the_pass_stays_on_the_fast_path(minilm: Model) -> None:
    """No n × n weights are asked of the model: what is kept grows with n·d alone."""
    trace = attnviz.trace("the cat sat on the mat . " * 60, minilm)
    tokens = len(trace.tokens)
    kept = [trace.queries(0), trace.record(0).concat, trace.residual(1)]
    assert all(array.size == tokens * 384 for array in kept)
    config: Any = minilm.module.config
    assert config._attn_implementation == hooks.NAME


def test_outside_a_capture_nothing_is_recorded_and_nothing_changes(
    minilm: Model, eager: Eager
) -> None:
    given = inputs([read(NOTE, None, minilm)], minilm)
    with torch.inference_mode():
        plain = minilm.module(**given).last_hidden_state
    expected = oracle(eager(minilm), minilm, NOTE, None).last_hidden_state
    torch.testing.assert_close(plain.cpu(), expected, atol=2e-5, rtol=0)


def test_padding_is_masked_as_transformers_masks_it(minilm: Model, eager: Eager) -> None:
    """With the attention function alone and no mask function, [PAD] would be looked at."""
    given = inputs([read("the cat sat", None, minilm)], minilm)
    padded = {name: torch.nn.functional.pad(value, (0, 3)) for name, value in given.items()}
    recorder = Recorder(minilm, Edits([()]))
    with torch.inference_mode(), hooks.recording(recorder):
        minilm.module(**padded)
    with torch.inference_mode():
        expected = eager(minilm)(**padded, output_attentions=True).attentions[0][0].numpy()
    weights = recorder.attention()["self", 0].weights(slice(None))
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    assert weights[:, :, -3:].max() == 0


def test_a_layer_that_shows_nothing_is_refused(minilm: Model) -> None:
    recorder = Recorder(minilm, Edits([()]))
    given = inputs([read("a", None, minilm)], minilm)
    with torch.inference_mode(), hooks.recording(recorder):
        minilm.module(**given)
    recorder.seen["self", 4].pop("queries")
    with pytest.raises(CaptureError, match="5 of 6 layers"):
        recorder.attention()


def test_a_layer_that_is_entered_by_another_stream_is_refused(tiny: Model) -> None:
    """The residual stream is kept once: what leaves a layer enters the next."""
    recorder = Recorder(tiny, Edits([()]))
    with torch.inference_mode(), hooks.recording(recorder):
        tiny.module(**inputs([read("a cat", None, tiny)], tiny))
    assert len(recorder.stream().residual) == tiny.card.layers + 1
    recorder.streams["text", 1]["entered"] = recorder.streams["text", 1]["entered"].clone()
    assert len(recorder.stream().residual) == tiny.card.layers + 1, "the same numbers"
    recorder.streams["text", 1]["entered"][0, 0, 0] += 1
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        recorder.stream()


def called(module: torch.nn.Module, q: torch.Tensor, **extras: Any) -> AttentionCall:
    """A call of the attention function with q for all three."""
    return AttentionCall(q, q, q, None, extras, scoring_of(module, q, None, None, extras))


def test_attention_that_changes_scores_in_unknown_ways_is_refused(minilm: Model) -> None:
    q = torch.zeros(1, 12, 2, 32)
    module = minilm.places[0].attention
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        Recorder(minilm, Edits([()])).attention_called(module, called(module, q, softcap=5.0))


def test_a_layer_that_attends_twice_is_refused(minilm: Model) -> None:
    """Which of the two it would go on with, nobody could say."""
    q = torch.zeros(1, 12, 2, 32)
    module = minilm.places[0].attention
    recorder = Recorder(minilm, Edits([()]))
    recorder.attention_called(module, called(module, q))
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        recorder.attention_called(module, called(module, q))


def test_attention_of_no_layer_is_refused(minilm: Model) -> None:
    q, nobody = torch.zeros(1, 12, 2, 32), torch.nn.Identity()
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        Recorder(minilm, Edits([()])).attention_called(nobody, called(nobody, q))


def test_softmax_of_scores_that_exp_alone_cannot_hold() -> None:
    scores = np.array([[1000, 1000 - np.log(3), -np.inf], [-900, -900, -900]], np.float32)
    expected = [[0.75, 0.25, 0], [1 / 3, 1 / 3, 1 / 3]]
    np.testing.assert_allclose(softmax(scores), expected, atol=1e-4)


def test_row_sums_are_taken_in_double_precision() -> None:
    row = np.full((1, 2**12), np.float32(0.1))
    assert row_sums(row) == (2**12 * float(np.float32(0.1)),) * 2
    assert row_sums(np.array([[[0.5, 0.25], [0.5, 0.75]]])) == (0.75, 1.25)


UNSEEN = ("flag", "scale", "bias", "gate")


def attends_unseen(kind: str) -> Callable[..., tuple[torch.Tensor, None]]:
    """Torch's attention with a change that no recorder is told of."""

    def attend(
        module: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
    ) -> tuple[torch.Tensor, None]:
        if kind == "flag":
            options["is_causal"] = True
        elif kind == "scale":
            options["scaling"] *= 1.01
        elif kind == "bias":
            mask = torch.linspace(0, 0.1, key.shape[2]).expand(1, 1, query.shape[2], -1)
        z, _ = sdpa_attention_forward(module, query, key, value, mask, **options)
        return (z * 1.001 if kind == "gate" else z), None

    return attend


@pytest.mark.parametrize("kind", UNSEEN)
def test_attention_that_the_recorder_cannot_see_is_refused(
    kind: str, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What reaches torch's attention as a flag, or not at all, never becomes a picture."""
    assert len(attnviz.trace("the cat sat on the mat", tiny).tokens) == 8
    monkeypatch.setattr(masked, "sdpa_attention_forward", attends_unseen(kind))
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        attnviz.trace("the cat sat on the mat", tiny)


def test_every_layer_and_head_is_held_against_what_went_on(tiny: Model) -> None:
    """One head of one layer that differs is enough."""
    reading = read("the cat sat on the mat", None, tiny)
    for layer in range(tiny.card.layers):
        for head in range(tiny.card.heads):
            recorder = Recorder(tiny, Edits([()]))
            with torch.inference_mode(), hooks.recording(recorder):
                tiny.module(**inputs([reading], tiny))
            keys = recorder.seen["self", layer]["keys"].clone()
            keys[0, head] = keys[0, head].flip(0)
            recorder.seen["self", layer]["keys"] = keys
            with pytest.raises(CaptureError, match="cannot be shown exactly"):
                recorder.attention()


def test_heads_off_are_no_difference(tiny: Model) -> None:
    off = (attnviz.HeadOff(0, 1), attnviz.HeadOff(2, 3), attnviz.TokenMasked(2))
    trace = attnviz.trace("the cat sat", tiny, interventions=off)
    assert not trace.head_output(2)[3].any()
    assert trace.head_output(2)[2].any()
