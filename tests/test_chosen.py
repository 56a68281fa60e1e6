"""What is in force: every control shows it, on every way to the control."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.models.load import Model
from attnviz.ui.caches import TraceKey
from attnviz.ui.widgets import pins
from tests.conftest import NOTE
from tests.test_page import said, typed
from tests.test_share_page import link_of, opened

PAGES = ("explore", "train", "walkthrough", "about")
SLIDERS = {"at_least": 0.1, "strongest": 50}
SEGMENTS = {"combine": "mean", "arrangement": "beside", "direction": "vertical", "unit": "word"}


def go(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"../../../pages/{page}.py").run()
    assert not app.exception
    return app


def segments(app: AppTest) -> dict[str, Any]:
    groups: list[Any] = list(app.get("button_group"))
    return {str(one.key): one.value for one in groups}


@pytest.mark.parametrize("there", PAGES[1:])
def test_what_is_chosen_survives_every_other_page(there: str, minilm: Model) -> None:
    app = opened()
    app.toggle(key="hide_special").set_value(True).run()
    app.toggle(key="renormalise").set_value(True)
    app.selectbox(key="b").select(HeadId(3, 3))
    app.multiselect(key="more").set_value([HeadId(2, 2)])
    for name, number in SLIDERS.items():
        app.slider(key=name).set_value(number)
    groups: list[Any] = list(app.get("button_group"))
    for group in groups:
        if group.key in SEGMENTS:
            group.set_value(SEGMENTS[group.key])
    typed(app, "The cat sat on the mat")
    before = link_of(app)
    go(go(app, there), "explore")
    assert link_of(app) == before
    assert app.selectbox(key="b").value == HeadId(3, 3)
    assert app.multiselect(key="more").value == [HeadId(2, 2)]
    assert app.text_area(key="text").value == "The cat sat on the mat"
    assert app.toggle(key="hide_special").value
    assert app.toggle(key="renormalise").value
    assert {name: app.slider(key=name).value for name in SLIDERS} == SLIDERS
    assert {name: segments(app)[name] for name in SEGMENTS} == SEGMENTS


@pytest.mark.parametrize("first", PAGES)
def test_every_control_shows_what_is_in_force_wherever_one_comes_from(
    first: str, minilm: Model
) -> None:
    app = opened(first)
    for page in ("explore", "train", "explore"):
        go(app, page)
        assert app.slider(key="strongest").value == 100
        assert app.slider(key="at_least").value == 0.0
        shown = segments(app)
        layout = "stacked" if page == "explore" else "beside"  # the note's sentence, as its figure
        assert [shown[name] for name in SEGMENTS] == ["each", layout, "horizontal", "piece"]
        assert link_of(app) == {}


def test_a_slider_that_the_browser_makes_late_appears_with_its_value(minilm: Model) -> None:
    app = opened(v="1", min="0.1", top="50")
    assert {name: app.slider(key=name).value for name in SLIDERS} == SLIDERS
    app.toggle(key="hide_special").set_value(True).run()  # the sliders are still not opened
    for name, number in SLIDERS.items():
        proto: Any = app.slider(key=name).proto
        assert proto.set_value or list(proto.default) == [number]


@pytest.mark.parametrize("there", [page for page in PAGES if page != "explore"])
@pytest.mark.parametrize("here", PAGES)
def test_a_page_that_still_speaks_of_its_widgets_after_a_change_of_page_harms_nobody(
    here: str, there: str, minilm: Model
) -> None:
    """As a popover does that closes because the page changes."""
    app = opened(here)
    of_here = app._tree.get_widget_states()
    go(app, there)
    before = link_of(app)
    app._run(of_here)
    assert not app.exception
    assert said(app)
    assert link_of(app) == before


def test_heads_of_each_model_wait_for_it(minilm: Model) -> None:
    app = opened()
    app.selectbox(key="b").select(HeadId(3, 3)).run()
    app.selectbox(key="model").select("minilm-random").run()
    assert app.selectbox(key="b").value != HeadId(3, 3)
    app.selectbox(key="model").select("minilm").run()
    assert app.selectbox(key="b").value == HeadId(3, 3)


# ---- pins


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {"values": {}, "visits": 1}
    monkeypatch.setattr("streamlit.session_state", found)
    return found


KEY = TraceKey("minilm", "", NOTE, None)


def test_a_pin_outlives_every_lens(state: dict[str, Any], note: attnviz.Trace) -> None:
    everything, hidden = Lens(), Lens(hide_special=True)
    assert pins.starting(KEY, note, everything) == ()
    pins.take(KEY, pins.positions_of(note, everything), ("q0", "k3"))
    assert pins.starting(KEY, note, everything) == (), "what the browser keeps is not sent again"
    assert pins.starting(KEY, note, hidden) == ("k2",), "[CLS] is hidden, all others moved up"
    assert state["values"]["pins"] == ("k2",)
    pins.take(KEY, pins.positions_of(note, hidden), ("k2", "q4"))
    assert sorted(pins.starting(KEY, note, everything)) == ["k3", "q0", "q5"]


def test_a_pin_on_a_piece_is_a_pin_on_its_word_and_back(state: dict[str, Any]) -> None:
    trace = attnviz.trace("Unbelievably, the seismologist slept")
    piece = next(t.position for t in trace.tokens if t.text == "##ologist" or t.text == "the")
    words = pins.positions_of(trace, Lens(unit="word"))
    pins.starting(KEY, trace, Lens())
    pins.take(KEY, pins.positions_of(trace, Lens()), (f"q{piece}",))
    (found,) = pins.starting(KEY, trace, Lens(unit="word"))
    assert piece in words["q"][int(found[1:])]
    assert pins.starting(KEY, trace, Lens()) == (f"q{piece}",)


def test_pins_wait_for_their_sentence_and_for_the_page(
    state: dict[str, Any], note: attnviz.Trace
) -> None:
    pins.starting(KEY, note, Lens())
    pins.take(KEY, pins.positions_of(note, Lens()), ("q3",))
    other = KEY._replace(text="another")
    assert pins.starting(other, note, Lens()) == ()
    assert pins.starting(KEY, note, Lens()) == ("q3",)
    pins.take(KEY, pins.positions_of(note, Lens()), ("q3", "q4"))
    state["visits"] = 2
    assert pins.starting(KEY, note, Lens()) == ("q3", "q4")


def test_pins_of_a_link_are_those_it_was_made_with(
    state: dict[str, Any], note: attnviz.Trace
) -> None:
    state["values"]["pins"] = ("q3", "k99")
    assert pins.starting(KEY, note, Lens(hide_special=True)) == ("q3",)
    assert pins.starting(KEY, note, Lens()) == ("q4",)
