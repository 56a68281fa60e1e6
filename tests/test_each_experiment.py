"""Experiments: what every one of them must do."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.capture.interventions import interventions
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.experiments import Experiment, experiments
from attnviz.experiments.cached_by_trace import CachedByTrace, cached_by_trace
from attnviz.experiments.control import control
from attnviz.experiments.heads_off_in_order import heads_off_in_order
from attnviz.experiments.spare_heads import spare_heads
from attnviz.models.load import Model, control_of
from tests.waiting import CEILING

EACH = [pytest.param(one, id=name) for name, one in experiments().items()]
CHANGES = (attnviz.HeadOff(1, 2), attnviz.TokenMasked(3), attnviz.WeightsUniform(0, 1))


def numbers(result: Any) -> np.ndarray:
    """A result as an array."""
    return np.asarray(result.residual(3) if isinstance(result, Trace) else result, dtype=float)


@contextmanager
def counting(model: Model) -> Iterator[list[int]]:
    """The forward passes of a model and of its control, while the block runs."""
    passes: list[int] = []
    modules = [one.module for one in (model, control_of(model))]
    hooks = [m.register_forward_pre_hook(lambda *_: passes.append(1)) for m in modules]
    yield passes
    for hook in hooks:
        hook.remove()


def test_the_experiments_are_found() -> None:
    known = {"control", "each_head_off", "each_token_masked", "heads_off_in_order", "spare_heads"}
    assert known <= set(experiments())
    assert all(one.__doc__ for one in experiments().values())


@pytest.mark.parametrize("ask", EACH)
def test_what_was_changed_stays_so(ask: Experiment[..., Any], tiny: Model) -> None:
    """What each finds then is held against runs one by one in `test_experiments`."""
    trace = attnviz.trace("one of each kind", tiny, interventions=CHANGES)
    plain = attnviz.trace("one of each kind", tiny)
    found, other = numbers(ask(trace)), numbers(ask(plain))
    assert found.shape == other.shape
    if ask is not spare_heads:  # a count of heads may be the same
        assert np.abs(found - other).max() > 1e-4
    np.testing.assert_array_equal(numbers(ask(plain)), other)


@pytest.mark.parametrize("ask", EACH)
def test_it_is_kept_once_for_two_who_ask_at_once(ask: Experiment[..., Any], tiny: Model) -> None:
    tiny = attnviz.load(tiny.name)  # as experiments load it: others may have taken its place
    alone = attnviz.trace("asked by one", tiny)
    with counting(tiny) as expected:
        result = ask(alone)
    with counting(tiny) as again:
        assert ask(attnviz.trace("asked by one", tiny)) is result
    assert len(again) == 1, "the trace itself"
    together = [attnviz.trace("asked by two", tiny) for _ in range(4)]
    start = threading.Barrier(4)

    def at_once(trace: Trace) -> Any:
        start.wait(CEILING)
        return ask(trace)

    with counting(tiny) as passes, ThreadPoolExecutor(4) as pool:
        results = list(pool.map(at_once, together))
    assert all(one is results[0] for one in results)
    assert 0 < len(passes) < 2 * len(expected)


@pytest.mark.parametrize("ask", EACH)
def test_its_key_holds_all_that_it_depends_on(ask: Experiment[..., Any], tiny: Model) -> None:
    trace = attnviz.trace("the cat", tiny, "on the mat", CHANGES[:1])
    others = [
        replace(trace, model=replace(trace.model, name="other")),
        replace(trace, model=replace(trace.model, revision="other")),
        replace(trace, model=replace(trace.model, source="control")),
        replace(trace, text="the mat"),
        replace(trace, pair=None),
        replace(trace, interventions=()),
        *(
            replace(trace, interventions=(eval(f"attnviz.{k.example}", {"attnviz": attnviz}),))  # noqa: S307
            for k in interventions().values()
        ),
    ]
    keys = [ask.key(one) for one in (trace, *others)]
    assert len(set(keys)) == len(keys)
    assert ask.key(attnviz.trace("the cat", tiny, "on the mat", CHANGES[:1])) == keys[0]


def test_options_are_part_of_the_key(tiny: Model) -> None:
    trace = attnviz.trace("the cat sat", tiny)
    default = heads_off_in_order.key(trace)
    assert heads_off_in_order.key(trace, "least") == default
    assert heads_off_in_order.key(trace, order="least") == default
    assert heads_off_in_order.key(trace, "most") != default
    assert np.abs(heads_off_in_order(trace, "most") - heads_off_in_order(trace)).max() > 1e-4
    assert spare_heads(trace, 0.0) < spare_heads(trace, 2.0) == 12


@pytest.mark.parametrize("ask", EACH)
def test_given_weights_have_no_model_to_ask(ask: Experiment[..., Any]) -> None:
    given = Trace.from_weights(["a", "b"], np.full((1, 2, 2, 2), 0.5, np.float32))
    with pytest.raises(CaptureError, match="weights"):
        ask(given)


@pytest.mark.parametrize("ask", EACH)
def test_an_encoder_of_our_own_gets_a_sentence(ask: Experiment[..., Any]) -> None:
    training = attnviz.train("eight-looks", heads=2, steps=1)
    with pytest.raises(LessonError, match="cannot be run again"):
        ask(attnviz.trace("314159265358", training.model))


def test_what_two_given_texts_share_is_never_taken_for_one_another() -> None:
    """Two traces of equal text, whose weights only a mask tells apart, have no key."""
    ask: CachedByTrace[[], float] = cached_by_trace(
        lambda trace: float(trace.weights((0, 0)).max())
    )
    with pytest.raises(CaptureError):
        ask(Trace.from_weights(["a"], np.ones((1, 1, 1, 1))))


def test_two_trainings_are_told_apart() -> None:
    asked: list[str] = []

    @cached_by_trace
    def widest(trace: Trace) -> float:
        asked.append(trace.model.title)
        return float(np.abs(trace.residual(1)).max())

    for heads, steps in ((2, 1), (4, 1), (2, 2), (2, 1)):
        training = attnviz.train("eight-looks", heads=heads, steps=steps)
        widest(attnviz.trace("314159265358", training.model))
    assert len(asked) == 3


def test_a_control_is_its_own_control(tiny: Model) -> None:
    once = control(attnviz.trace("the cat sat", tiny, interventions=CHANGES))
    assert control(once).interventions == once.interventions == CHANGES
    np.testing.assert_array_equal(control(once).residual(3), once.residual(3))
