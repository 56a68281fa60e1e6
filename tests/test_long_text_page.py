"""A long text on the page: what it costs stands there before it is read, and a span is chosen."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.capture import cost as cost_module
from attnviz.capture.cost import cost
from attnviz.models.in_memory import held
from attnviz.models.load import Model
from attnviz.models.progress import Progress
from attnviz.pictures.overview.tiles import tiles_of
from attnviz.runtime.cache import Cache, Store
from attnviz.runtime.queue import _has_turn
from attnviz.runtime.sizes import size_of
from attnviz.share.state import EXPLORE, ViewState, from_link, to_link
from attnviz.texts import say
from attnviz.ui.caches import TraceKey
from attnviz.ui.widgets.long_text import LONG, cost_said, span_of
from tests.conftest import save_tiny
from tests.long_models import long_model
from tests.long_models import long_text as letters
from tests.page_readers import notes
from tests.test_page import MAIN, at_folder, choose
from tests.waiting import CEILING

WORDS = 1_100  # tokens, two of them special


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that reads 1,200 tokens."""
    made = tmp_path_factory.mktemp("long") / "model"
    return save_tiny(made, max_position_embeddings=1_200)


def opened(folder: Path, text: str, **parameters: str) -> AppTest:
    """The page with a text in a model of a folder, which was loaded before."""
    attnviz.load(str(folder))
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    return at_folder(app, folder, text, **parameters)


def test_a_long_text_says_its_cost_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_before: list[str] = []
    ran: list[str] = []
    real = attnviz.trace

    def info(_: Any, text: str) -> None:
        assert not ran, "the model has run already"
        said_before.append(text)

    def traced(*given: Any, **named: Any) -> attnviz.Trace:
        ran.append("trace")
        return real(*given, **named)

    monkeypatch.setattr("streamlit.delta_generator.DeltaGenerator.info", info)
    monkeypatch.setattr("attnviz.capture.run.trace", traced)
    app = opened(folder, "the cat " * (WORDS // 2 - 1))
    assert ran
    (sentence,) = (one.replace("\\", "") for one in said_before if "on this machine" in one)
    assert "1,100 tokens" in sentence
    assert "1.2 M weights" in sentence
    assert "MB of memory" in sentence
    choose(app, "tab", "heatmaps")
    assert "Tokens 0 to 127 of 1,100 are shown" in notes(app, "heatmaps")


def test_a_model_is_timed_once_and_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = attnviz.load(str(save_tiny(tmp_path / "timed", max_position_embeddings=1_200)))
    timed: list[bool] = []

    def seconds(*_: Any) -> float:
        timed.append(_has_turn.get())
        return 1.0

    monkeypatch.setattr(cost_module, "_seconds", seconds)
    for words in (WORDS - 2, WORDS - 20):
        with cost_said(TraceKey.of(model.card, "cat " * words), model.card):
            pass
    assert timed == [True]


def test_a_text_of_a_model_that_reads_no_long_one_is_not_tokenized_for_it(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tiny.limits.tokens < LONG
    monkeypatch.setattr("attnviz.capture.reading.read", lambda *_: pytest.fail("it is tokenized"))
    with cost_said(TraceKey.of(tiny.card, "cat " * LONG), tiny.card):
        pass


def test_a_short_text_has_no_span_and_a_chosen_one_is_drawn(folder: Path) -> None:
    app = opened(folder, "the cat sat")
    assert not [box for box in app.number_input if box.key == "span_first"]
    app = opened(folder, "the cat " * 150, span="100-139", see="heatmaps")
    assert "Tokens 100 to 139 of 302 are shown" in notes(app, "heatmaps")
    app.number_input(key="span_last").set_value(119).run()
    assert "Tokens 100 to 119 of 302 are shown" in notes(app, "heatmaps")
    app.number_input(key="span_first").set_value(200).run()  # beyond the last: as wide as before
    assert "Tokens 200 to 219 of 302 are shown" in notes(app, "heatmaps")
    assert not app.exception


@pytest.mark.parametrize(
    ("tokens", "chosen", "drawn"),
    [
        (128, None, None),
        (300, None, None),
        (512, None, None),
        (513, None, (0, 127)),
        (300, (250, 400), (250, 299)),
        (20, (3, 5), None),
    ],
)
def test_which_span_is_drawn(tokens: int, chosen: Any, drawn: Any) -> None:
    assert span_of(tokens, ViewState(span=chosen)) == drawn


def test_a_link_holds_the_span() -> None:
    link = to_link({"span": (100, 227)}, EXPLORE)
    assert link.params["span"] == "100-227"
    assert from_link(link.params, EXPLORE)[0]["span"] == (100, 227)
    for bad in ("5-3", "-3", "a-b", "1", "1-2-3"):
        assert from_link({"span": bad}, EXPLORE) == ({}, ("span",))


def test_what_is_kept_is_what_was_said() -> None:
    module, tokenizer = long_model("llama", num_key_value_heads=4)
    trace = attnviz.trace(letters(1_500), module, tokenizer=tokenizer)
    model = held(module, tokenizer)
    told = cost(model, 1_500)
    assert told.bytes == pytest.approx(size_of(trace) - size_of(trace.tokens), rel=0.1)
    assert told.seconds > 0
    assert cost(model, 3_000).bytes == 2 * told.bytes


def test_the_time_that_is_said_grows_as_the_products_do(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost_module, "_seconds", lambda *_: 1.0)
    monkeypatch.setattr(cost_module, "_WEIGHT", 0.0)
    monkeypatch.setattr(cost_module, "_passes", Cache(Store(1)))
    card = tiny.card
    assert cost(tiny, card.max_tokens).seconds == pytest.approx(1)
    least, most = cost(tiny, 10 * card.max_tokens).seconds, cost(tiny, 20 * card.max_tokens).seconds
    assert 2 * least < most < 4 * least  # some grow with the length, some with its square


def test_progress_tells_each_layer_of_the_pass_and_of_the_overview(tiny: Model) -> None:
    told: list[tuple[float, str]] = []
    report: Progress = lambda share, what: told.append((share, what))  # noqa: E731
    trace = attnviz.trace("the cat sat", tiny, progress=report)
    layers = trace.model.layers
    assert told == [(layer / layers, "run") for layer in range(layers)]
    told.clear()
    tiles_of(trace, progress=report)
    assert told == [(layer / layers, "overview") for layer in range(layers)]
    told.clear()
    attnviz.measure(trace, progress=report)
    assert told == [(0.0, "measures")]
    for name in ("run", "overview", "measures"):
        assert say(f"progress.{name}", "en") != say(f"progress.{name}", "zh")
