"""The contract of every model family, on a tiny random model of it."""

from pathlib import Path

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.models.families import families
from tests.conftest import Eager, save_tiny


@pytest.mark.parametrize("kind", sorted(families()))
def test_family_shows_every_layer_exactly(kind: str, tmp_path: Path, eager: Eager) -> None:
    model = attnviz.load(str(save_tiny(tmp_path / kind, kind)))
    text = "the cat sat on the mat , singing ."
    trace = attnviz.trace(text, model)
    with torch.inference_mode():
        expected = eager(model)(
            **inputs([read(text, None, model)], model),
            output_attentions=True,
            output_hidden_states=True,
        )
    for layer in range(model.card.layers):
        attention = expected.attentions[layer][0].numpy()
        np.testing.assert_allclose(trace.layer_weights(layer), attention, atol=1e-5)
        z = trace.layer_weights(layer) @ trace.values(layer)
        np.testing.assert_allclose(trace.head_output(layer), z, atol=1e-5)
        r = expected.hidden_states[layer + 1][0].numpy()
        np.testing.assert_allclose(trace.residual(layer + 1), r, atol=2e-5)
        for name in ("query", "key", "value"):
            matrix = trace.input_projection((layer, 1), name)
            projected = trace.residual(layer) @ matrix.weight + matrix.bias
            seen = {"query": trace.queries, "key": trace.keys, "value": trace.values}[name]
            np.testing.assert_allclose(projected, seen(layer)[1], atol=1e-5)
        added = trace.residual(layer) + trace.attention_output(layer)
        norm = trace.learned[layer].norm
        deviation = np.sqrt(added.var(axis=1, keepdims=True) + norm.epsilon)
        centred = (added - added.mean(axis=1, keepdims=True)) / deviation
        np.testing.assert_allclose(
            centred * norm.gain + norm.bias, trace.after_attention(layer), atol=1e-5
        )
    np.testing.assert_allclose(trace.residual(0), expected.hidden_states[0][0].numpy(), atol=2e-5)


@pytest.mark.parametrize("kind", sorted(families()))
def test_family_reads_up_to_its_maximum(kind: str, tmp_path: Path) -> None:
    model = attnviz.load(str(save_tiny(tmp_path / kind, kind)))
    trace = attnviz.trace("a " * 200, model)
    assert len(trace.tokens) == model.limits.tokens
    assert trace.left_out[0].tokens == 200 - (model.limits.tokens - 2)
