"""A partial trace says what the whole one does, and keeps far less."""

import numpy as np
import pytest

import attnviz
from attnviz.core.partial import partial
from attnviz.export.numbers import as_npz
from attnviz.models.load import Model
from attnviz.runtime.sizes import size_of


def test_weights_are_at_hand_and_nothing_else_is_computed(note: attnviz.Trace) -> None:
    def again() -> attnviz.Trace:
        raise AssertionError("the model ran again")

    part = partial(note, again)
    for layer in range(note.model.layers):
        np.testing.assert_array_equal(part.queries(layer), note.queries(layer))
        np.testing.assert_array_equal(part.keys(layer), note.keys(layer))
        np.testing.assert_array_equal(part.layer_weights(layer), note.layer_weights(layer))
    np.testing.assert_array_equal(part.scores((2, 3)), note.scores((2, 3)))
    np.testing.assert_array_equal(part.weights((2, 3)), note.weights((2, 3)))
    assert attnviz.lines(part, [(0, 2)]).packet == attnviz.lines(note, [(0, 2)]).packet
    assert size_of(part) > size_of(part.attention), "to be counted, nothing is computed"
    with pytest.raises(attnviz.InterventionError, match="L6·H0"):
        part.weights((6, 0))
    with pytest.raises(attnviz.InterventionError, match="no layer -1"):
        part.keys(-1)


def test_the_rest_comes_from_the_whole_trace(note: attnviz.Trace) -> None:
    asked: list[int] = []

    def again() -> attnviz.Trace:
        asked.append(1)
        return note

    part = partial(note, again)
    np.testing.assert_array_equal(part.values(1), note.values(1))
    np.testing.assert_array_equal(part.contribution((1, 4)), note.contribution((1, 4)))
    for depth in range(note.model.layers + 1):
        np.testing.assert_array_equal(part.residual(depth), note.residual(depth))
    assert as_npz(part) == as_npz(note)
    assert asked


def test_it_keeps_less_than_a_third(minilm: Model) -> None:
    whole = attnviz.trace("the cat sat on the mat . " * 80, minilm)
    part = partial(whole, lambda: whole)
    scored = sum(size_of((part.queries(n), part.keys(n))) for n in range(6))
    assert scored == pytest.approx(2 * 6 * 512 * 384 * 4, rel=0.01)
    assert size_of(part.attention) < size_of((whole.attention, whole.streams)) / 2.9
