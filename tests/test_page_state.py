"""The state of a page: one frozen record, from which its links derive; and two boxes on a page."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.core.heads import HeadId
from attnviz.lessons.link import WalkthroughState
from attnviz.models.load import Model
from attnviz.share.state import (
    ExploreState,
    PageState,
    SentenceState,
    TrainState,
    ViewState,
    fields_of,
    from_link,
    to_link,
)
from attnviz.ui import state
from attnviz.ui.widgets import heads
from attnviz.ui.widgets.examples import BY_NAME
from attnviz.ui.widgets.heads import Different
from tests.conftest import NOTE
from tests.test_chosen import go
from tests.test_share_page import link_of, opened
from tests.waiting import CEILING

PAGES = (ExploreState, TrainState, WalkthroughState)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    monkeypatch.setattr("streamlit.session_state", found)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_a_link_to_a_page_holds_each_field_of_its_state_once(page: type[PageState]) -> None:
    linked = fields_of(page)
    assert [one.name for one in linked] == [one.name for one in fields(page)]
    parameters = [one.parameter for one in linked]
    assert len(set(parameters)) == len(parameters)
    assert from_link({}, linked) == ({}, ())
    start = {one.name: getattr(page(), one.name) for one in linked}
    assert to_link(start, linked).params == {}, "a page as at first needs no link"


def test_a_state_is_never_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        ExploreState().unit = "word"  # type: ignore[misc]


def test_pages_share_what_they_have_in_common_and_nothing_else(session: dict[str, Any]) -> None:
    state.change(ExploreState, text="the cat", unit="word", views=("lines",))
    assert state.read(WalkthroughState) == WalkthroughState(text="the cat")
    assert state.read(TrainState) == TrainState(unit="word")
    state.change(TrainState, seed=7, unit="piece")
    assert state.read(ExploreState) == ExploreState(text="the cat", views=("lines",))


def test_what_no_page_has_cannot_be_put_in_force(session: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="colour"):
        state.change(ViewState, colour="red")
    with pytest.raises(AttributeError, match="colour"):
        state.bound(ViewState, "colour")


def test_a_widget_of_another_page_under_the_same_key_changes_nothing(
    session: dict[str, Any],
) -> None:
    """As where the page Train shows its own A, and Explore's A is still spoken of."""
    taken: list[str] = []
    state.visit("explore")
    of_explore = state.shown("a", "L0·H2", lambda: taken.append(session["a"]))["on_change"]
    state.visit("train")
    state.shown("a", "L0·H1", lambda: None)
    of_explore()
    assert taken == []
    session["a"] = "L3·H3"
    of_explore()
    assert taken == ["L3·H3"]


def test_heads_are_the_most_different_until_one_is_chosen(session: dict[str, Any]) -> None:
    usual = Different(HeadId(0, 2), HeadId(1, 8), 0.9)
    other = Different(HeadId(4, 4), HeadId(5, 5), 0.8)
    assert heads.heads_shown(ViewState(), usual) == usual[:2]
    heads.choose_head("B", HeadId(3, 3), usual)
    now = state.read(ViewState)
    assert heads.heads_shown(now, other) == (HeadId(0, 2), HeadId(3, 3)), "A stays where it stood"
    assert not heads.are_usual(now)


def two_sentences() -> None:
    """A page with two sentences, as one that compares them has."""
    from attnviz.share.state import ExploreState
    from attnviz.ui import state
    from attnviz.ui.state import SessionValue
    from attnviz.ui.widgets.sentence import (
        Sentence,
        chosen_sentence,
        examples,
        sentence_boxes,
    )

    second = SessionValue("second_sentence", Sentence("Thinking Machines"))
    sentence_boxes(chosen_sentence(state.read(ExploreState)))
    examples()
    sentence_boxes(second.get(), second.put, "second_")
    examples(second.put, "second_")


def test_two_sentences_stand_on_one_page(minilm: Model) -> None:
    app = AppTest.from_function(two_sentences, default_timeout=CEILING).run()
    assert not app.exception
    first, second = app.text_input(key="text"), app.text_input(key="second_text")
    assert first.value == NOTE
    assert second.value == "Thinking Machines"
    second.set_value("the dog sat").run()
    app.text_input(key="text").set_value("the cat sat").run()
    app.text_input(key="second_pair").set_value("on the mat").run()
    assert not app.exception
    shown = {key: app.text_input(key=key).value for key in KEYS}
    assert shown == dict(zip(KEYS, ("the cat sat", "", "the dog sat", "on the mat"), strict=True))
    assert app.session_state["second_sentence"] == ("the dog sat", "on the mat")
    app.selectbox(key="second_example").select("pair").run()
    assert app.text_input(key="text").value == "the cat sat"
    assert app.text_input(key="second_pair").value == BY_NAME["pair"].pair


KEYS = ("text", "pair", "second_text", "second_pair")


def test_the_sentence_of_explore_is_the_sentence_of_the_walkthrough(minilm: Model) -> None:
    app = opened(s="the cat sat on the mat", v="1", unit="word")
    go(app, "walkthrough")
    assert link_of(app) == {"v": "1", "s": "the cat sat on the mat"}
    go(app, "explore")
    assert link_of(app) == {"v": "1", "s": "the cat sat on the mat", "unit": "word"}


def test_the_pages_state_of_a_sentence_is_none_until_one_is_typed(session: dict[str, Any]) -> None:
    assert state.read(SentenceState) == SentenceState(text=None, pair="", model=None)
