"""Interventions: each changes the output as it says, and nothing that outlives the pass."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture.interventions import changed_reading
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs, residuals
from attnviz.core.intervention import Intervention
from attnviz.models.load import Model, control_of
from tests.conftest import NOTE, Eager, save_tiny


def last(trace: attnviz.Trace) -> np.ndarray:
    return trace.residual(trace.model.layers)


@pytest.mark.parametrize("head", [(0, 2), (3, 7), (5, 10)])
def test_head_off_equals_zeroing_its_slice_of_the_output_projection(
    minilm: Model, eager: Eager, head: tuple[int, int]
) -> None:
    layer, index = head
    module: Any = copy.deepcopy(eager(minilm))
    with torch.no_grad():
        weight = module.encoder.layer[layer].attention.output.dense.weight
        weight[:, 32 * index : 32 * (index + 1)] = 0
        expected = module(**inputs([read(NOTE, None, minilm)], minilm)).last_hidden_state[0]
    found = attnviz.trace(NOTE, minilm, interventions=[attnviz.HeadOff(*head)])
    np.testing.assert_allclose(last(found), expected.numpy(), atol=1e-5)
    assert found.head_output(layer)[index].max() == 0
    assert found.contribution(head).max() == 0


def test_no_intervention_changes_nothing_to_the_bit(minilm: Model, note: attnviz.Trace) -> None:
    empty: tuple[Sequence[attnviz.HeadOff], ...] = ((), [])
    for interventions in empty:
        again = attnviz.trace(NOTE, minilm, interventions=interventions)
        np.testing.assert_array_equal(last(again), last(note))
        assert again.interventions == ()


def test_every_head_off_changes_the_output_and_the_model_is_untouched(minilm: Model) -> None:
    before = [parameter.clone() for parameter in minilm.module.parameters()]
    plain = attnviz.trace(NOTE, minilm)
    variants = [[attnviz.HeadOff(*head)] for head in plain.heads]
    changed = residuals(read(NOTE, None, minilm), minilm, variants)[:, -1]
    moved = np.abs(changed - last(plain)).max(axis=(1, 2))
    assert len(moved) == 72
    assert moved.min() > 1e-3
    for parameter, copied in zip(minilm.module.parameters(), before, strict=True):
        assert torch.equal(parameter, copied)
    np.testing.assert_array_equal(last(attnviz.trace(NOTE, minilm)), last(plain))


def test_a_masked_token_is_the_mask_token(minilm: Model) -> None:
    found = attnviz.trace("the cat sat", minilm, interventions=[attnviz.TokenMasked(2)])
    written = attnviz.trace("the [MASK] sat", minilm)
    np.testing.assert_allclose(last(found), last(written), atol=1e-5)
    assert found.tokens[2].text == "[MASK]"
    plain = attnviz.trace("the cat sat", minilm)
    for token in range(len(plain.tokens)):  # every word takes in something of every other
        assert np.abs(found.residual(1)[token] - plain.residual(1)[token]).max() > 1e-4
    kept = [0, 1, 3, 4]
    np.testing.assert_array_equal(found.residual(0)[kept], plain.residual(0)[kept])


def test_variants_are_the_traces_one_by_one(minilm: Model) -> None:
    variants: list[list[Intervention]] = [
        [],
        [attnviz.TokenMasked(3)],
        [attnviz.HeadOff(1, 8), attnviz.HeadOff(1, 2), attnviz.HeadOff(4, 0)],
        [attnviz.TokenMasked(1), attnviz.HeadOff(0, 2)],
    ]
    text = "the law will never be perfect"
    together = residuals(read(text, None, minilm), minilm, variants)
    for interventions, found in zip(variants, together, strict=True):
        alone = attnviz.trace(text, minilm, interventions=interventions)
        for depth in range(7):
            np.testing.assert_allclose(found[depth], alone.residual(depth), atol=1e-5)


def test_a_long_batch_is_cut_into_passes(minilm: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = read("a few words", None, minilm)
    variants = [[attnviz.HeadOff(2, head)] for head in range(12)]
    whole = residuals(reading, minilm, variants)
    tokens = len(reading.tokens)
    for largest, at_once in ((2 * tokens + 1, 2), (12 * tokens, 12), (1, 1)):
        monkeypatch.setattr("attnviz.capture.variants.LARGEST_BATCH", largest)
        batches: list[int] = []
        hook = minilm.module.register_forward_pre_hook(
            lambda _, __, given, seen=batches: seen.append(len(given["input_ids"])),
            with_kwargs=True,
        )
        found = residuals(reading, minilm, variants)
        hook.remove()
        np.testing.assert_allclose(found, whole, atol=1e-5)
        assert batches == [at_once] * (12 // at_once)


@pytest.mark.parametrize("head", [(6, 0), (0, 12), (-1, 0), (0, -1)])
def test_a_head_that_is_not_there_gets_a_sentence(minilm: Model, head: tuple[int, int]) -> None:
    with pytest.raises(attnviz.InterventionError, match=f"There is no head L{head[0]}·H{head[1]}"):
        attnviz.trace("a", minilm, interventions=[attnviz.HeadOff(*head)])


@pytest.mark.parametrize("position", [-1, 3])
def test_a_token_that_is_not_there_gets_a_sentence(minilm: Model, position: int) -> None:
    with pytest.raises(attnviz.InterventionError, match="no token at position"):
        attnviz.trace("a", minilm, interventions=[attnviz.TokenMasked(position)])


def test_a_mask_token_that_the_embedding_has_no_row_for_is_none(minilm: Model) -> None:
    mask = minilm.tokenizer.token_to_id("[MASK]")
    assert mask is not None
    reading = read("the cat", None, minilm)
    for rows in (mask, mask + 1):
        model = replace(minilm, card=replace(minilm.card, vocabulary=rows))
        if rows > mask:
            assert changed_reading(reading, [attnviz.TokenMasked(1)], model).ids[1] == mask
        else:
            with pytest.raises(attnviz.InterventionError, match="no mask token"):
                changed_reading(reading, [attnviz.TokenMasked(1)], model)


def test_our_own_encoder_has_heads_to_switch_off_and_nothing_to_mask() -> None:
    training = attnviz.train("eight-looks", heads=2, steps=1)
    plain = attnviz.trace("314159265358", training.model)
    off = attnviz.trace("314159265358", training.model, interventions=[attnviz.HeadOff(0, 1)])
    np.testing.assert_allclose(
        plain.attention_output(0) - off.attention_output(0), plain.contribution((0, 1)), atol=1e-5
    )
    with pytest.raises(attnviz.InterventionError, match="no mask token"):
        attnviz.trace("314159265358", training.model, interventions=[attnviz.TokenMasked(0)])


def test_every_model_has_a_control_with_its_shape_and_other_numbers(
    minilm: Model, tmp_path: Path
) -> None:
    assert control_of(minilm) is attnviz.load("minilm-random")
    model = attnviz.load(str(save_tiny(tmp_path / "mine")))
    control = control_of(model)
    assert control_of(control) is control
    assert control.card.source == "control"
    assert control.card.title == "mine, random weights"
    one, other = attnviz.trace("the cat sat", model), attnviz.trace("the cat sat", control)
    assert [t.piece for t in one.tokens] == [t.piece for t in other.tokens]
    assert np.abs(last(one) - last(other)).max() > 0.1
    with pytest.raises(attnviz.ModelError, match="step 0"):
        control_of(attnviz.train("eight-looks", heads=2, steps=1).model)
