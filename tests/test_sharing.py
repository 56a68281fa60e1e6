"""One model, many sessions: nobody sees another's sentence."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

import attnviz
from attnviz.models.load import Model, load

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


def test_a_capture_inside_another_loses_nothing(minilm: Model) -> None:
    """The fixed interleaving: one capture waits in the middle while another runs through."""
    alone = [attnviz.trace(sentence, minilm) for sentence in SENTENCES[:2]]
    inside, finished = threading.Event(), threading.Event()
    halted = threading.local()

    def wait_in_the_middle(*_: object) -> None:
        if getattr(halted, "me", False):
            inside.set()
            assert finished.wait(timeout=30)

    module: Any = minilm.module
    hook = module.encoder.layer[3].register_forward_pre_hook(wait_in_the_middle)

    def first() -> attnviz.Trace:
        halted.me = True
        return attnviz.trace(SENTENCES[0], minilm)

    try:
        with ThreadPoolExecutor(1) as pool:
            outer = pool.submit(first)
            assert inside.wait(timeout=30)
            inner = attnviz.trace(SENTENCES[1], minilm)
            finished.set()
            traces = [outer.result(), inner]
    finally:
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
