"""One model, many sessions: nobody sees another's sentence."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

import attnviz
from attnviz.models.load import Model, load
from tests.waiting import CEILING

SENTENCES = [f"sentence number {n} says " + "word " * n for n in range(12)]


def test_many_threads_capture_their_own_sentences(minilm: Model) -> None:
    alone = [attnviz.trace(sentence, minilm) for sentence in SENTENCES]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda s: attnviz.trace(s, minilm), SENTENCES * 3))
    for expected, found in zip(alone * 3, together, strict=True):
        assert [t.text for t in found.tokens] == [t.text for t in expected.tokens]
        for layer in range(minilm.card.layers):
            np.testing.assert_array_equal(found.queries(layer), expected.queries(layer))
            np.testing.assert_array_equal(found.residual(layer + 1), expected.residual(layer + 1))


def test_two_captures_that_overlap_lose_nothing(minilm: Model) -> None:
    """The fixed interleaving: the first waits in layer 3 until the second is in layer 4, and
    the second waits there until the first has ended. Neither is inside the other."""
    alone = [attnviz.trace(sentence, minilm) for sentence in SENTENCES[:2]]
    inside, ended = [threading.Event(), threading.Event()], threading.Event()
    mine = threading.local()

    def wait(who: int, until: threading.Event) -> Callable[..., None]:
        def hook(*_: object) -> None:
            if getattr(mine, "number", None) == who:
                inside[who].set()
                assert until.wait(timeout=CEILING)

        return hook

    module: Any = minilm.module
    hooks = [
        module.encoder.layer[3].register_forward_pre_hook(wait(0, inside[1])),
        module.encoder.layer[4].register_forward_pre_hook(wait(1, ended)),
    ]

    def capture(number: int) -> attnviz.Trace:
        mine.number = number
        if number == 1:
            assert inside[0].wait(timeout=CEILING)
        return attnviz.trace(SENTENCES[number], minilm)

    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(capture, 0), pool.submit(capture, 1)
            traces = [first.result()]
            ended.set()
            traces.append(second.result())
    finally:
        ended.set()
        for hook in hooks:
            hook.remove()
    for expected, found in zip(alone, traces, strict=True):
        for layer in range(minilm.card.layers):
            np.testing.assert_array_equal(found.keys(layer), expected.keys(layer))


def test_a_model_is_loaded_once_and_never_written_to(minilm: Model) -> None:
    before = {name: value.clone() for name, value in minilm.module.state_dict().items()}
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: load(), range(8)))
    assert all(model is minilm for model in models)
    attnviz.trace("a sentence", minilm)
    for name, value in minilm.module.state_dict().items():
        assert torch.equal(value, before[name])
    assert not any(parameter.requires_grad for parameter in minilm.module.parameters())
