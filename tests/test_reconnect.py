"""What a person asks for while a new session draws the page that they see already."""

from typing import Any

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.state.common import user_key_from_element_id
from streamlit.testing.v1 import AppTest

from attnviz.core.heads import HeadId
from attnviz.models.load import Model
from attnviz.share.state import ExploreState, SentenceState, ViewState
from attnviz.ui import state
from attnviz.ui.server import reconnect
from attnviz.ui.server.paths import MAIN
from tests.test_share_page import link_of, opened
from tests.waiting import CEILING


class Session(AppSession):
    """Stands for one browser's session: which page it has run, what runs, what it can run."""

    page_script_hash = ""
    session_state: Any = None

    def __init__(self) -> None:
        self._scriptrunner = None
        self.session_state = {}
        self.fragments: tuple[str, ...] = ()
        self.asked: list[Any] = []

    def __del__(self) -> None:
        pass

    def has_fragment(self, fragment_id: str) -> bool:
        return fragment_id in self.fragments


def ask(session: Any, asked: Any) -> None:
    session.asked.append(asked)
    session._scriptrunner = "running"


def done(session: Any, *fragments: str) -> None:
    """The run is over: the page and its fragments are known, and what waits may run."""
    session.page_script_hash, session._scriptrunner = "explore", None
    session.fragments = fragments
    reconnect._go_on(session, ask)


def asking(**values: str) -> ClientState:
    asked = ClientState(page_script_hash="explore")
    for key, value in values.items():
        asked.widget_states.widgets.add(id=f"$$ID-0-{key}", string_value=value)
    return asked


def values(asked: ClientState) -> dict[str, str]:
    return {w.id.removeprefix("$$ID-0-"): w.string_value for w in asked.widget_states.widgets}


def take(session: Any, asked: ClientState) -> None:
    reconnect._take(session, asked, ask)


def test_what_is_asked_before_the_first_run_is_over_waits_and_is_run_in_order() -> None:
    session: Any = Session()
    take(session, asking(text="old", unit="word"))
    assert session.session_state[state.BROUGHT] == {"text", "unit"}
    typed, toggled = asking(text="new", unit="word"), asking(text="new", unit="piece")
    toggled.fragment_id = "viewer"
    take(session, typed)
    take(session, toggled)
    assert len(session.asked) == 1
    done(session, "viewer")
    assert values(session.asked[1]) == {"text": "new"}
    take(session, asking(text="newer", unit="piece"))
    done(session, "viewer")
    assert values(session.asked[2]) == {"unit": "piece"}, "no more than what it changes"
    assert session.asked[2].fragment_id == "viewer"
    done(session, "viewer")
    assert values(session.asked[3]) == {"text": "newer"}
    done(session)
    take(session, asking(text="last"))
    assert session.asked[-1] == asking(text="last"), "nothing waits any more"


def test_what_is_asked_of_a_part_that_is_gone_is_asked_of_the_page() -> None:
    session: Any = Session()
    take(session, asking(text="old"))
    asked = asking(text="new")
    asked.fragment_id = "gone"
    take(session, asked)
    done(session)
    assert session.asked[1].fragment_id == ""
    assert values(session.asked[1]) == {"text": "new"}


def test_a_page_that_is_opened_or_taken_up_again_lets_nothing_wait() -> None:
    session: Any = Session()
    for asked in (ClientState(), asking(text="new")):  # opened: it shows nothing yet
        take(session, asked)
        session.page_script_hash = "explore"
    assert len(session.asked) == 2
    assert state.BROUGHT not in session.session_state


def test_what_a_clock_asks_for_neither_waits_nor_makes_wait() -> None:
    session: Any = Session()
    take(session, asking(text="old"))
    take(session, ClientState(page_script_hash="explore", is_auto_rerun=True))
    assert len(session.asked) == 2


def test_of_more_than_can_wait_every_value_is_kept() -> None:
    session: Any = Session()
    take(session, asking())
    for n in range(3 * reconnect.MOST):
        take(session, asking(**{f"key{m}": str(m) for m in range(n + 1)}))
    line = reconnect._lines[session]
    assert len(line.waiting) == reconnect.MOST
    kept = [name for asked in line.waiting for name in values(asked)]
    assert len(set(kept)) == 3 * reconnect.MOST


class State(dict[str, Any]):
    """Stands for the state of a session."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def test_what_a_browser_brought_along_outdoes_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = State({state.BROUGHT: {"text", "unit"}, "values": {"text": "old", "unit": "word"}})
    monkeypatch.setattr("streamlit.session_state", new)
    assert state.bound(SentenceState, "text")["value"] == "old", "where the browser has no other"
    state.bound(ViewState, "unit", "default")
    assert "text" not in new, "what is being typed there would be lost"
    new |= {"text": "new", "unit": "word"}  # what the widgets hold when they are drawn
    assert state.take_what_was_brought()
    now = state.read(ExploreState)
    assert (now.text, now.unit) == ("new", "word")
    assert not state.take_what_was_brought(), "once"
    state.give("text", "another", lambda: None)
    assert new["text"] == "another", "from now on a widget shows what is in force"


def again(app: AppTest, where: str = "", **params: str) -> AppTest:
    """The page in a new session, which is asked for it by a browser that shows `app`."""
    states = app._tree.get_widget_states()
    keys = {user_key_from_element_id(state.id) for state in states.widgets}
    new = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    if where:
        new.switch_page(f"../../../pages/{where}.py")
    new.query_params.update(params)
    new.session_state[state.BROUGHT] = keys
    new._run(states)
    assert not new.exception
    return new


def test_what_a_browser_holds_is_what_a_new_session_shows(minilm: Model) -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING).run()
    before = link_of(app)
    app.text_area(key="text").set_value("the dog sat")
    app.toggle(key="hide_special").set_value(True)
    app.selectbox(key="b").select(HeadId(3, 3))
    new = again(app, **before)
    assert new.text_area(key="text").value == "the dog sat"
    assert new.toggle(key="hide_special").value
    assert new.selectbox(key="b").value == HeadId(3, 3)
    now = link_of(new)
    assert (now["s"], now["nosp"], now["hb"]) == ("the dog sat", "1", "3.3")


def test_a_browser_that_holds_nothing_else_changes_nothing(minilm: Model) -> None:
    address = {"v": "1", "s": "the cat sat", "nosp": "1", "ha": "2.1", "hb": "1.8", "show": "mean"}
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    app.query_params.update(address)
    app.run()
    assert link_of(again(app, **link_of(app))) == link_of(app)


def test_the_walkthrough_and_its_verdicts_are_as_the_browser_holds_them(minilm: Model) -> None:
    app = opened("walkthrough", v="1", ch="1")
    before = link_of(app)
    group(app, "walk_chapter").set_value(7)
    new = again(app, "walkthrough", **before)
    assert link_of(new)["ch"] == "7"
    before = link_of(new)
    groups: list[Any] = list(new.get("button_group"))
    next(one for one in groups if str(one.key).startswith("guess_")).set_value("holds")
    assert "holds" in str(again(new, "walkthrough", **before).session_state["values"]["guesses"])


def test_what_is_to_be_trained_is_as_the_browser_holds_it(minilm: Model) -> None:
    app = opened("train")
    before = link_of(app)
    app.number_input(key="seed").set_value(3)
    new = again(app, "train", **before)
    assert new.number_input(key="seed").value == 3
    assert new.number_input(key="steps").value == app.number_input(key="steps").value


def group(app: AppTest, key: str) -> Any:
    return next(one for one in app.get("button_group") if one.key == key)
