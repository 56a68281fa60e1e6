"""Twenty sessions at once on one process: each gets what it would have got alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

import attnviz
from attnviz.core.intervention import Intervention
from attnviz.experiments.control import control
from attnviz.experiments.each_head_off import each_head_off
from attnviz.models.load import Model, control_of
from attnviz.runtime import cache
from attnviz.ui import caches
from attnviz.ui.caches import LinesKey, TraceKey
from tests.waiting import CEILING

SESSIONS = 20
ROUNDS = 3


@dataclass(frozen=True)
class Visitor:
    """One session: its sentence, its model, what it changes, what it trains."""

    number: int
    text: str
    interventions: tuple[Intervention, ...]
    seed: int


def visitors() -> list[Visitor]:
    changes: list[tuple[Intervention, ...]] = [
        (),
        (attnviz.HeadOff(0, 2),),
        (attnviz.HeadOff(1, 1), attnviz.TokenMasked(2)),
    ]
    return [
        Visitor(n, f"visitor number {n} sees " + "words " * (n % 7), changes[n % 3], n % 4)
        for n in range(SESSIONS)
    ]


Results = dict[str, np.ndarray]


def all_that_is_computed(visitor: Visitor, model: Model) -> Results:
    """What a session asks of the core and of the shared caches."""
    trace = attnviz.trace(visitor.text, model, interventions=visitor.interventions)
    key = TraceKey(model.name, model.card.revision, visitor.text, None)
    shared = caches.traced(key, model)
    heads = ((0, 2), (visitor.number % 3, 1))
    ids = tuple(attnviz.HeadId(*head) for head in heads)
    chosen = LinesKey(ids, None, "horizontal", "stacked", ())
    lines = caches.lines_of(key, chosen, attnviz.Lens(), "en", shared)
    training = attnviz.train("one-hop", heads=1, seed=visitor.seed, steps=5)
    return {
        "changed": trace.residual(trace.model.layers),
        "weights": shared.weights(ids[1]),
        "lines": np.frombuffer(lines, np.uint8),
        "overview": caches.overview_of(key, shared).tiles.levels,
        "off": each_head_off(shared),
        "control": control(shared).weights((0, 0)),
        "trained": np.array([training.loss, training.accuracy]),
    }


@pytest.fixture(scope="module")
def models(minilm: Model, tiny: Model) -> list[Model]:
    return [minilm, tiny, control_of(minilm)]


@pytest.mark.no_cover
def test_twenty_sessions_compute_what_each_would_alone(models: list[Model]) -> None:
    def of(visitor: Visitor) -> Results:
        return all_that_is_computed(visitor, models[visitor.number % 3])

    everybody = visitors()
    start = threading.Barrier(SESSIONS)

    def session(visitor: Visitor) -> Results:
        start.wait(CEILING)
        return of(visitor)

    with ThreadPoolExecutor(SESSIONS) as pool:
        together = [list(pool.map(session, everybody)) for _ in range(ROUNDS)]
    assert len(caches._traces) > 1
    cache.store().let_go(0.0)
    assert len(caches._traces) <= 1, "what every page opens with is never let go"
    for number, visitor in enumerate(everybody):
        alone = of(visitor)
        for found in together:
            for name, expected in alone.items():
                np.testing.assert_array_equal(found[number][name], expected, err_msg=name)
