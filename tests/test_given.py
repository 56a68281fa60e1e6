"""Weights from elsewhere: drawn and measured like our own, and nothing more is claimed."""

import numpy as np
import pytest

import attnviz
from attnviz.figures.shown import shown
from attnviz.figures.standalone import origin

TOKENS = ["<s>", "a", "<b>cat</b>", "sat", "\u202e", "."]


@pytest.fixture
def weights() -> np.ndarray:
    drawn = np.random.default_rng(0).random((2, 3, 6, 6))
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


def test_given_weights_are_what_is_drawn_and_measured(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights, special=[0], title="my model")
    assert trace.heads == tuple((layer, head) for layer in range(2) for head in range(3))
    np.testing.assert_array_equal(trace.weights((1, 2)), weights[1, 2].astype(np.float32))
    table = attnviz.measure(trace)
    assert len(table) == 6
    entropy = -(weights * np.log(weights)).sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(table["entropy"], entropy.ravel(), atol=1e-5)
    for picture in (trace.lines([(0, 1)]), trace.heatmap((0, 1)), trace.overview()):
        page = picture.to_html()
        assert "my model" in page
        assert "&lt;b&gt;cat&lt;/b&gt;" in page
        assert "<b>cat" not in page
        assert picture.to_svg().count("softmax") == 0, "nothing is claimed about their origin"
    assert "weights as they were given" in shown(trace, [(0, 1)])[0].formula("en")
    assert "⟨U+202E⟩" in [token.text for token in trace.tokens]
    assert trace.tokens[0].is_special
    assert "revision" in origin(trace, "en")


def test_transformers_own_stacked_attentions_are_taken_as_they_are(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights[:, None])
    np.testing.assert_array_equal(trace.weights((0, 0)), weights[0, 0].astype(np.float32))


def test_given_weights_are_a_copy_that_nobody_changes(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights)
    before = trace.weights((0, 0)).copy()
    weights[:] = 0
    np.testing.assert_array_equal(trace.weights((0, 0)), before)
    with pytest.raises(ValueError, match="read-only"):
        trace.weights((0, 0))[0, 0] = 1


@pytest.mark.parametrize(
    ("shape", "value", "special", "said"),
    [
        ((2, 3, 6, 5), 0.1, [], "with as many queries and keys as there are tokens \\(6\\)"),
        ((6, 6), 0.1, [], "must have the axes layer, head, query, key"),
        ((1, 1, 6, 6), 1.5, [], "36 of the weights are not numbers from 0 to 1"),
        ((1, 1, 6, 6), -0.5, [], "36 of the weights"),
        ((1, 1, 6, 6), np.nan, [], "36 of the weights"),
        ((1, 0, 6, 6), 0.1, [], "must have the axes"),
        ((1, 1, 6, 6), 0.1, [6], "no tokens at the positions \\[6\\]"),
    ],
)
def test_what_are_no_weights_gets_a_sentence(
    shape: tuple[int, ...], value: float, special: list[int], said: str
) -> None:
    with pytest.raises(attnviz.CaptureError, match=said):
        attnviz.Trace.from_weights(TOKENS, np.full(shape, value), special)


def test_what_weights_do_not_hold_is_refused_in_a_sentence(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights)
    for ask in (
        lambda: trace.queries(0),
        lambda: trace.scores((0, 0)),
        lambda: trace.contribution((0, 0)),
        lambda: trace.residual(0),
        lambda: trace.input_projection((0, 0), "query"),
    ):
        with pytest.raises(attnviz.CaptureError, match="holds attention weights alone"):
            ask()
