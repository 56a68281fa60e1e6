"""Mixing: the parts are exact, and every meter agrees with a computation of its own."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz import HeadOff
from attnviz.analysis import mixing
from attnviz.core.trace import Trace
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.models.load import Model
from tests.conftest import save_tiny
from tests.test_house import loaded_by


@pytest.fixture(scope="module")
def machines(minilm: Model) -> Trace:
    """The two words that were measured by hand."""
    return attnviz.trace("Thinking Machines", minilm)


def largest_gap(trace: Trace) -> float:
    """The largest difference between the sum of the parts and the model's own z."""
    return max(
        float(np.abs(mixing.parts(trace, n, at).sum(axis=0) - trace.after_attention(n)[at]).max())
        for n in range(trace.model.layers)
        for at in range(len(trace.tokens))
    )


def of_words(shares: np.ndarray) -> np.ndarray:
    """The mean own share of the words, layer by layer: special tokens stand at both ends."""
    own: np.ndarray = np.diagonal(shares, axis1=1, axis2=2)[:, 1:-1].mean(axis=1)
    return own


def test_the_parts_add_up_to_z(machines: Trace, note: Trace) -> None:
    assert largest_gap(machines) < 1e-5
    assert largest_gap(note) < 1e-5


@pytest.mark.parametrize("kind", ["bert", "distilbert", "electra", "roberta"])
def test_they_do_in_every_family(kind: str, tmp_path: Path) -> None:
    model = attnviz.load(str(save_tiny(tmp_path, kind)))
    assert largest_gap(attnviz.trace("the cat sat", model)) < 1e-5


def test_they_do_whatever_the_epsilon_of_the_norm(tmp_path: Path) -> None:
    model = attnviz.load(str(save_tiny(tmp_path, layer_norm_eps=1.0)))
    assert largest_gap(attnviz.trace("the cat sat", model)) < 1e-5


def test_they_do_in_an_encoder_of_our_own_and_with_a_head_off(minilm: Model) -> None:
    training = attnviz.train("eight-looks", heads=2, steps=1)
    assert largest_gap(attnviz.trace("314159265358", training.model)) < 1e-5
    off = attnviz.trace("Thinking Machines", minilm, interventions=[HeadOff(0, 2), HeadOff(3, 1)])
    assert largest_gap(off) < 1e-5


def test_norms_are_those_of_the_parts(note: Trace) -> None:
    for layer in range(note.model.layers):
        lengths = mixing.norms(note, layer)
        for at in (0, 5, 26):
            parts = mixing.parts(note, layer, at)[:-1]
            np.testing.assert_allclose(lengths[at], np.linalg.norm(parts, axis=1), rtol=1e-9)


def test_one_part_by_hand(machines: Trace) -> None:
    """What "machines" adds to z of "thinking" in layer 3, number by number."""
    layer, query, key = 3, 1, 2
    learned = machines.learned[layer]
    entered = machines.residual(layer).astype(float)
    term = np.zeros(machines.model.d_model)
    for head in range(machines.model.heads):
        columns = slice(head * 32, (head + 1) * 32)
        v = entered[key] @ learned.value.weight[:, columns] + learned.value.bias[columns]
        weight = float(machines.weights((layer, head))[query, key])
        term += weight * (v @ learned.output.weight[columns])
    whole = entered[query] + machines.attention_output(layer)[query]
    deviation = np.sqrt(((whole - whole.mean()) ** 2).mean() + learned.norm.epsilon)
    expected = learned.norm.gain * (term - term.mean()) / deviation
    np.testing.assert_allclose(mixing.parts(machines, layer, query)[key], expected, atol=1e-5)


def test_every_row_is_shares(note: Trace) -> None:
    moved = each_token_masked(note)
    meters = (mixing.raw, mixing.rollout, mixing.norm_shares)
    for shares in (*(meter(note) for meter in meters), mixing.mask_shares(moved)):
        assert shares.shape == (6, 27, 27)
        assert (shares >= 0).all()
        np.testing.assert_allclose(shares.sum(axis=-1), 1, atol=1e-6)


def test_measured_once_before(machines: Trace, note: Trace) -> None:
    """The own shares of the words, as another program measured them (three digits)."""
    expected = {
        mixing.raw: (
            [0.117, 0.062, 0.050, 0.064, 0.123, 0.218],
            [0.046, 0.048, 0.042, 0.039, 0.040, 0.028],
        ),
        mixing.rollout: (
            [0.558, 0.311, 0.174, 0.104, 0.070, 0.053],
            [0.523, 0.284, 0.157, 0.089, 0.054, 0.034],
        ),
        mixing.norm_shares: (
            [0.717, 0.567, 0.498, 0.449, 0.407, 0.362],
            [0.531, 0.283, 0.171, 0.111, 0.084, 0.061],
        ),
    }
    for meter, measured in expected.items():
        for trace, shares in zip((machines, note), measured, strict=True):
            np.testing.assert_allclose(of_words(meter(trace)), shares, atol=6e-4)
    second = mixing.norm_shares(machines)[1, 1]
    np.testing.assert_allclose(second, [0.076, 0.550, 0.232, 0.142], atol=6e-4)


def test_the_mask_test_was_measured_before(machines: Trace, note: Trace) -> None:
    """There, words alone were masked: with their columns alone, the shares are the same."""
    measured = (
        [0.841, 0.798, 0.776, 0.756, 0.739, 0.663],
        [0.480, 0.348, 0.283, 0.226, 0.190, 0.156],
    )
    for trace, shares in zip((machines, note), measured, strict=True):
        moved = each_token_masked(trace)[:, 1:-1, 1:-1]
        own = np.diagonal(mixing.mask_shares(moved), axis1=1, axis2=2).mean(axis=1)
        np.testing.assert_allclose(own, shares, atol=6e-4)


def test_rollout_is_the_sum_over_paths(machines: Trace) -> None:
    lower, upper = (
        0.5 * np.mean([machines.weights((n, h)) for h in range(12)], axis=0) + 0.5 * np.eye(4)
        for n in range(2)
    )
    paths = np.zeros((4, 4))
    for query, between, key in product(range(4), repeat=3):
        paths[query, key] += upper[query, between] * lower[between, key]
    np.testing.assert_allclose(mixing.rollout(machines)[1], paths, atol=1e-6)


def test_nothing_that_moved_is_a_row_of_zeros() -> None:
    moved = np.zeros((2, 3, 3))
    moved[1, 0] = 1, 2, 1
    expected = np.array([[0.25, 0.5, 0.25], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(mixing.mask_shares(moved)[0], expected)


def test_mixing_needs_no_torch() -> None:
    assert not loaded_by("import attnviz.analysis.mixing") & {"torch", "transformers", "plotly"}
