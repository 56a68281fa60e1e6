"""The opening without its model: what comes with the package is what the model says."""

import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.core.partial import PartialTrace
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError, ModelError, TextError
from attnviz.lessons.note_trace import FILE, as_file, note_trace
from attnviz.models import catalogue
from attnviz.models.load import Model
from attnviz.pictures.packet import unpack
from attnviz.runtime import limits
from attnviz.runtime.limits import ProcessLimits, limits_are
from attnviz.ui import caches
from attnviz.ui.server import lifespan, opening
from tests.browser.conftest import ROOT
from tests.test_page import COMPONENTS, components, said, typed
from tests.test_page import opened as opened_page
from tests.test_server import ask_health
from tests.waiting import CEILING

ROUNDING = 1e-5  # of float32 sums in another order, as another processor may take them
KEPT_ASIDE = ("attention", "hidden", "again")  # fields that hold arrays, or fetch them


def never() -> Trace:
    raise AssertionError("the model ran")


def shipped(again: Any = never) -> PartialTrace:
    found = note_trace(again)
    assert found is not None
    return found


def test_the_shipped_trace_is_that_of_the_model(note: attnviz.Trace, minilm: Model) -> None:
    found = shipped()
    for one in fields(Trace):
        if one.name not in KEPT_ASIDE:
            assert getattr(found, one.name) == getattr(note, one.name), one.name
    assert found.model == minilm.card
    assert list(found.attention) == list(note.attention)
    for layer in range(6):
        np.testing.assert_allclose(found.queries(layer), note.queries(layer), atol=1e-4)
        np.testing.assert_allclose(found.keys(layer), note.keys(layer), atol=1e-4)
        live, kept = note.layer_weights(layer), found.layer_weights(layer)
        np.testing.assert_allclose(kept, live, atol=ROUNDING)
        of_trace, of_file = note.record(layer), found.attention["self", layer]
        for name in ("scaling", "allowed", "added", "softcap", "sinks"):
            assert getattr(of_file, name) == getattr(of_trace, name), name
    assert not found.queries(0).flags.writeable


def test_its_weights_are_transformers_own(minilm: Model, eager: Any) -> None:
    import torch

    ids = torch.tensor([minilm.tokenizer.encode(opening.KEY.text).ids])
    with torch.inference_mode():
        own = eager(minilm)(ids, output_attentions=True).attentions
    for layer, of_model in enumerate(own):
        kept = shipped().layer_weights(layer)
        np.testing.assert_allclose(kept, of_model[0].numpy(), atol=ROUNDING)


def test_its_key_is_that_of_the_page(minilm: Model) -> None:
    found = shipped()
    key = caches.TraceKey.of(found.model, found.text, found.pair)
    assert key == caches.TraceKey.of(minilm.card, opening.KEY.text) == opening.KEY
    assert key.is_note


def test_what_it_does_not_hold_is_asked_of_the_model(note: attnviz.Trace) -> None:
    found = shipped(lambda: note)
    np.testing.assert_array_equal(found.values(1), note.values(1))
    np.testing.assert_array_equal(found.residual(6), note.residual(6))
    np.testing.assert_array_equal(found.output_projection((2, 1)), note.output_projection((2, 1)))
    for name in ("query", "key", "value"):
        kept, live = (one.input_projection((3, 4), name) for one in (found, note))
        np.testing.assert_array_equal(kept.weight, live.weight)
        np.testing.assert_array_equal(kept.bias, live.bias)
    assert found.norm(5) == note.norm(5)
    assert found.learned[0].key == note.learned[0].key


def test_the_file_is_what_the_command_writes(note: attnviz.Trace) -> None:
    with np.load(FILE) as kept, np.load(io.BytesIO(as_file(note))) as written:
        assert json.loads(str(kept["facts"])) == json.loads(str(written["facts"]))
        assert sorted(kept) == sorted(written) == ["facts", "keys", "queries"]
    assert FILE.stat().st_size < 500_000


def test_a_process_that_reads_shorter_texts_has_none() -> None:
    before = limits._find[0]
    try:
        limits_are(lambda: ProcessLimits(tokens=100))
        assert shipped().model.max_tokens == 100
        limits_are(lambda: ProcessLimits(tokens=26))
        assert note_trace(never) is None
        limits_are(lambda: ProcessLimits(characters=50))
        assert note_trace(never) is None
    finally:
        limits_are(before)


# ---- on the page


@pytest.fixture
def before_the_model(minilm: Model) -> Iterator[None]:
    """A server whose model is not loaded yet."""
    opening.give_up()
    opening.ship()
    assert caches.shipped_card(minilm.name) == minilm.card
    yield
    opening.give_up()


def everything(app: AppTest) -> list[tuple[str, Any]]:
    """All that a page sends, in its order."""
    protos = [(node.type, getattr(node, "proto", None)) for node in app._tree]
    return [(kind, proto) for kind, proto in protos if proto is not None]


def assert_is_sent_as(found: Any, expected: Any) -> None:
    """The same element; of what is drawn, numbers may differ as processors round."""
    packets = [one.bytes for one in (found, expected)] if hasattr(found, "bytes") else []
    if all(packets) and packets:
        (meta, arrays), (other_meta, other_arrays) = map(unpack, packets)
        assert meta == other_meta
        for name, array in arrays.items():
            step = ROUNDING if array.dtype.kind == "f" else 1  # of ink
            apart = np.abs(array.astype(float) - other_arrays[name].astype(float))
            assert np.nanmax(apart, initial=0) <= step, name
        found, expected = (type(found).FromString(p.SerializeToString()) for p in (found, expected))
        found.bytes = expected.bytes = b""
    assert found == expected


def test_the_page_is_the_same_without_its_model(minilm: Model) -> None:
    def drawn() -> list[tuple[str, Any]]:
        opening.draw()  # while something is computed, the page has a place for what that costs
        return everything(opened_page())

    opening.give_up()
    with_model = drawn()
    assert len(with_model) > 40
    opening.give_up()
    opening.ship()
    try:
        without = drawn()
        assert caches.shipped_card(minilm.name) is not None, "the model is not asked for"
    finally:
        opening.give_up()
    assert [kind for kind, _ in without] == [kind for kind, _ in with_model]
    for (_, found), (_, expected) in zip(without, with_model, strict=True):
        assert_is_sent_as(found, expected)


def test_a_typed_sentence_is_run_while_the_opening_is_shipped(before_the_model: None) -> None:
    app = typed(opened_page(), "the cat sat")
    assert "5 tokens of at most 512" in said(app)
    assert {"overview_picture", "lines_picture"} <= components(app)


def test_the_model_takes_over(before_the_model: None, minilm: Model) -> None:
    key = opening.KEY
    opening.draw()
    kept, tiles = caches._traces.peek(key), caches._tiles.peek((key, "raw"))
    assert tiles is not None
    opening.take_over()
    live = caches.traced(key)
    assert live is not kept
    assert caches._tiles.peek((key, "raw")) is not tiles
    assert caches.all_known(key) is live, "and is drawn"
    assert caches.shipped_card(minilm.name) is None
    np.testing.assert_array_equal(live.weights((2, 1)), attnviz.trace(key.text).weights((2, 1)))


def test_nothing_is_shipped_of_another_model(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(_: str) -> catalogue.Checkpoint:
        raise ModelError("embedded_changed", file="model.safetensors", package="x")

    opening.give_up()
    monkeypatch.setattr(catalogue, "find", changed)
    opening.ship()
    assert caches.shipped_card(minilm.name) is None
    assert caches._traces.peek(opening.KEY) is None


@pytest.mark.parametrize("fails", ["imports", "the model"])
def test_a_model_that_cannot_be_had_takes_the_opening_with_it(
    fails: str, before_the_model: None, minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands on the page is then the reason, and health says it."""

    def missing(*_: Any) -> None:
        raise ImportError if fails == "imports" else ModelError("embedded_missing", package="x")

    monkeypatch.setattr(lifespan, "_state", {"status": "starting", "since": 0.0})
    assert ask_health()[0] == 200
    if fails == "imports":
        monkeypatch.setattr(lifespan, "start", missing)
    else:
        monkeypatch.setattr("attnviz.ui.server.self_test.largest_difference", missing)
    lifespan._load()
    assert ask_health()[0] == 503
    assert caches.shipped_card(minilm.name) is None


# ---- the start


class Recorded:
    """Stands for the event of the first page."""

    def __init__(self, order: list[str]) -> None:
        self.order = order

    def wait(self, _: float) -> None:
        self.order.append("seen")


def test_torch_waits_for_the_first_page(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(lifespan, "open_first_page", lambda: order.append("open"))
    monkeypatch.setattr(opening, "draw", lambda: order.append("draw"))
    monkeypatch.setattr(lifespan, "_drawn", Recorded(order))
    monkeypatch.setattr(lifespan, "SETTLE_SECONDS", 0)
    monkeypatch.setattr(lifespan, "_load", lambda: order.append("load"))
    lifespan._open_and_load()
    assert order == ["open", "draw", "seen", "load"]


def test_a_run_of_the_page_says_that_it_is_drawn(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifespan, "_drawn", threading.Event())
    opened_page()
    assert lifespan._drawn.is_set()


def test_a_first_page_that_cannot_be_had_is_a_failed_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> None:
        raise ImportError

    monkeypatch.setattr(lifespan, "_state", {"status": "starting", "since": 0.0})
    monkeypatch.setattr(lifespan, "open_first_page", missing)
    lifespan._open_and_load()
    assert ask_health()[0] == 503


@pytest.mark.parametrize(
    ("problem", "status", "code"),
    [
        (TextError("too_long", characters="114", limit="100"), "ok", 200),  # a low limit
        (ModelError("embedded_missing", package="x"), "failed", 503),
    ],
)
def test_an_opening_that_cannot_be_had_does_not_end_the_start(
    problem: AttnvizError, status: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(lifespan, "_state", {"status": "starting", "since": 0.0})
    monkeypatch.setattr(lifespan, "_drawn", Recorded([]))
    monkeypatch.setattr(lifespan, "SETTLE_SECONDS", 0)
    opening.give_up()
    monkeypatch.setattr(caches, "_partial", refused)
    if isinstance(problem, ModelError):
        monkeypatch.setattr("attnviz.ui.server.self_test.largest_difference", refused)
    lifespan._open_and_load()
    assert lifespan.health_report()["status"] == status
    assert ask_health()[0] == code


_COLD = f"""
import json, sys
from streamlit.testing.v1 import AppTest
from attnviz.ui.server import lifespan
from attnviz.ui.server.paths import MAIN

def heavy(*names):
    return [name for name in ("torch", "transformers", *names) if name in sys.modules]

lifespan._state["is_served"] = True
lifespan.open_first_page()
from attnviz.ui.server import opening
opening.draw()
app = AppTest.from_file(str(MAIN), default_timeout={CEILING}).run()
drawn = [one.key for one in app.get("bidi_component")]
first = dict(heavy=heavy("pandas"), drawn=drawn, failed=len(app.exception) + len(app.error))
for tab in ("heatmaps", "highlights", "table"):
    switch = next(one for one in app.get("button_group") if one.key == "tab")
    switch.set_value(tab).run()
tabs = dict(heavy=heavy(), failed=len(app.exception) + len(app.error))
app.text_area(key="text").set_value("the cat sat").run()
words = "".join(one.value for one in app.markdown)
typed = dict(heavy=heavy(), failed=len(app.exception) + len(app.error), words=words)
print(json.dumps([first, tabs, typed]))
"""


def test_the_first_page_needs_no_torch_and_no_pandas_and_a_sentence_brings_torch() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _COLD], cwd=ROOT, capture_output=True, text=True, timeout=CEILING
    )
    assert ran.returncode == 0, ran.stderr
    first, tabs, typed_one = json.loads(ran.stdout.splitlines()[-1])
    assert (first["heavy"], first["failed"]) == ([], 0)
    assert set(first["drawn"]) == COMPONENTS
    assert (tabs["heavy"], tabs["failed"]) == ([], 0)
    assert (typed_one["heavy"], typed_one["failed"]) == (["torch", "transformers"], 0)
    assert "5 tokens of at most 512" in typed_one["words"]
