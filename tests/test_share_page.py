"""Links, view files and frames, in Streamlit's own test harness."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.core.heads import HeadId
from attnviz.export.training import course_csv, target_shares_csv
from attnviz.lessons.chapter_file import chapter_numbers, chapter_page
from attnviz.lessons.chapters import chapters
from attnviz.lessons.link import WALKTHROUGH, WalkthroughState
from attnviz.models.load import Model
from attnviz.share.state import EXPLORE, FOLDED, TRAIN, ExploreState, Field
from attnviz.training.target_shares import mean_target_shares
from attnviz.training.tasks import task_called
from attnviz.ui import address, frame
from attnviz.ui import state as ui_state
from tests.conftest import NOTE
from tests.page_readers import pictures, sent
from tests.test_page import MAIN, said, typed
from tests.waiting import CEILING, until


def at_link(where: str, params: Mapping[str, str | list[str]]) -> AppTest:
    """A page opened by a link, whatever comes of it."""
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    if where:
        app.switch_page(f"../../../pages/{where}.py")
    for name, text in params.items():
        app.query_params[name] = text
    return app.run()


def opened(where: str = "", **params: str) -> AppTest:
    app = at_link(where, params)
    assert not app.exception
    return app


def link_of(app: AppTest) -> dict[str, str]:
    values: dict[str, Any] = dict(app.query_params)
    return {n: str(text[0] if isinstance(text, list) else text) for n, text in values.items()}


def test_the_first_view_has_no_link_and_each_choice_enters_it(minilm: Model) -> None:
    app = opened()
    assert link_of(app) == {}
    app.selectbox(key="b").select(HeadId(3, 3)).run()
    app.slider(key="strongest").set_value(70).run()
    typed(app, "the cat sat")
    assert link_of(app) == {
        "v": "1",
        "s": "the cat sat",
        "ha": "2.1",
        "hb": "3.3",
        "nosp": "1",  # as the note's sentence opened
        "renorm": "1",
        "arr": "stacked",
        "top": "70",
    }
    again = opened(**link_of(app))
    assert again.selectbox(key="b").value == HeadId(3, 3)
    assert again.slider(key="strongest").value == 70
    assert again.text_area(key="text").value == "the cat sat"
    assert link_of(again) == link_of(app)


def test_an_empty_text_is_a_view_too(minilm: Model) -> None:
    app = opened(s="", v="1")
    assert app.text_area(key="text").value == ""
    assert "There is no text" in said(app)


def test_heads_that_the_model_lacks_are_dropped_and_named(minilm: Model) -> None:
    app = opened(v="1", ha="9.9", hb="1.2", hm="0.1-7.7", tabh="11", tab="1")
    assert app.selectbox(key="a").value == HeadId(2, 1)
    assert app.selectbox(key="b").value == HeadId(1, 2)
    assert app.multiselect(key="more").value == [HeadId(0, 1)]
    assert "left out: L9·H9, L7·H7" in said(app)
    assert app.selectbox(key="table_head").value == 0
    app.button(key="dismiss").click().run()
    assert "left out" not in said(app)


def test_a_text_too_long_for_a_link_is_refused_with_a_way_out(minilm: Model) -> None:
    text = "".join(chr(0x4E00 + (7919 * n * n + 31 * n) % 20_000) for n in range(6_000))
    app = opened()
    app.session_state["share_open"] = True
    typed(app, text)
    assert "s" not in link_of(app)
    assert link_of(app)["long"] == "1"
    assert "too long for a link. Save the view as a file" in said(app)
    again = opened(**link_of(app))
    assert "left out: long" in said(again)
    assert again.text_area(key="text").value == NOTE


def test_a_view_file_is_what_a_link_would_have_been(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: dict[str, Any] = {"text": "x" * 9_000, "a": HeadId(1, 1)}

    monkeypatch.setattr("streamlit.session_state", {"values": state})
    file = address.as_file("explore", ui_state.read(ExploreState))
    assert file.name == "attnviz-explore.json"
    fresh: dict[str, Any] = {"unit": "word", "a": HeadId(5, 5)}
    monkeypatch.setattr("streamlit.session_state", {"values": fresh})
    assert address.open_file(file.data.encode(), "explore", EXPLORE)
    assert (fresh["text"], fresh["a"]) == ("x" * 9_000, HeadId(1, 1))
    assert "unit" not in fresh, "what the file leaves out is as at the start"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"link": 3, "page": "explore"}',
        b"[" * 100_000,
        b'{"page": "train", "link": {}}',
    ],
)
def test_what_is_no_view_file_is_said_and_changes_nothing(
    minilm: Model, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    dropped: list[str] = []
    monkeypatch.setattr(address, "drop", lambda *names: dropped.extend(names))
    assert not address.open_file(data, "explore", EXPLORE)
    assert dropped == ["the file (it is no saved view of this page)"]


@pytest.mark.parametrize(
    ("page", "fields", "unknown"),
    [("explore", EXPLORE, ["ch", "colour"]), ("walkthrough", WALKTHROUGH, ["colour"])],
)
def test_a_name_that_nobody_knows_in_a_view_file_is_said_as_in_a_link(
    monkeypatch: pytest.MonkeyPatch, page: str, fields: tuple[Field, ...], unknown: list[str]
) -> None:
    dropped: list[str] = []
    monkeypatch.setattr(address, "drop", lambda *names: dropped.extend(names))
    whole = {"attnviz-view": 1, "page": page, "link": {"v": "1", "ch": "2", "colour": "red"}}
    assert address.open_file(json.dumps(whole).encode(), page, fields)
    assert dropped == unknown


def test_an_embedded_page_shows_the_chosen_parts_alone(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "is_embedded", lambda: True)
    monkeypatch.setattr(address, "is_embedded", lambda: True)
    monkeypatch.setattr("attnviz.ui.pages.explore.is_embedded", lambda: True)
    app = opened(v="1", views="heatmaps-table", ha="2.1", s="the cat sat on the mat")
    assert not app.text_input
    assert not app.title
    assert len(pictures(app, "heatmaps")) == 2
    assert "numbers_table" in sent(app)
    assert not [c for c in app.get("bidi_component") if "lines" in str(c.proto.component_name)]
    everything = opened()
    keys = {component.key for component in everything.get("bidi_component")}
    drawn = {"overview_picture", "selection", "lines_picture", "heatmaps_pictures"}
    assert keys == {*drawn, "numbers_table", "height", "scheme", "frame"}
    for kind in FOLDED:
        app = opened(views=kind.view)
        assert len(pictures(app, kind.view)) == (1 if kind.takes == "pair" else 2)
        assert sent(app).keys() == {
            f"{kind.view}_pictures",
            "selection",
            "height",
            "scheme",
            "frame",
        }


@pytest.mark.parametrize("where", ["", "train", "walkthrough"])
def test_parameters_that_no_page_knows_are_named(where: str, minilm: Model) -> None:
    app = opened(where, v="1", nonsense="1", embed_options="dark_theme", __theme="light")
    assert "left out: nonsense." in said(app)
    app = opened(where, **{"<b>" + "x" * 500: "1"})
    assert "xx…" in said(app)
    assert "x" * 100 not in said(app)


@pytest.mark.parametrize("where", ["", "train", "walkthrough"])
def test_what_a_link_gives_twice_is_said(where: str, minilm: Model) -> None:
    name = {"": "s", "train": "seed", "walkthrough": "s"}[where]
    app = at_link(where, {"v": "1", name: ["3", "<b>4"] if name == "s" else ["3", "4"]})
    assert f"left out: {name}: 3 (" in said(app)
    app = at_link(where, {"v": "1", name: ["4", "4"]})
    assert "left out" not in said(app)


def test_parameters_of_another_page_are_named(minilm: Model) -> None:
    assert "left out: ch" in said(opened(v="1", ch="3"))
    assert "left out: ha" in said(opened("walkthrough", v="1", ch="3", ha="0.1"))
    assert "left out" not in said(opened("walkthrough", v="1", ch="3", special="hidden"))


def test_an_embedded_page_names_what_it_dropped(
    minilm: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.ui.pages.explore.is_embedded", lambda: True)
    app = opened(v="1", views="table", ha="99.1", min="many", tune="x")
    for parameter in ("min", "tune", "99"):
        assert parameter in said(app).partition("left out:")[2]


def test_a_link_to_a_training_names_it_and_a_press_trains_it(minilm: Model) -> None:
    app = opened("train", v="1", task="one-hop", heads="1", steps="20", run="1", at="7", own="3")
    assert "job" not in app.session_state, "a link alone starts nothing"
    assert "not done here: One hop" in said(app)
    assert "1 head, 1 layer, seed 0, 20 steps" in said(app)
    assert link_of(app)["run"] == "1", "the link stays what it is"
    app.button(key="train_start").click().run()
    assert "not done here" not in said(app)
    until(lambda: app.run().session_state["trained"] is not None)
    training = app.session_state["trained"]
    assert (training.run.task.name, training.run.heads, training.run.steps) == ("one-hop", 1, 20)
    app.run()
    assert not app.exception
    link = link_of(app)
    assert {name: link[name] for name in ("task", "heads", "steps", "run", "own")} == {
        "task": "one-hop",
        "heads": "1",
        "steps": "20",
        "run": "1",
        "own": "3",
    }


def test_a_link_to_the_comparison_names_it_and_a_press_runs_it(minilm: Model) -> None:
    app = opened("train", v="1", do="compare", pair_task="two-looks", ran="1")
    assert "compare_jobs" not in app.session_state, "a link alone starts nothing"
    assert "a comparison that is not done here" in said(app)
    assert link_of(app)["ran"] == "1"
    app.button(key="compare_start").click().run()
    assert "a comparison that is not done here" not in said(app)
    assert len(app.session_state["compare_jobs"]) == 4
    assert link_of(app)["ran"] == "1"
    for job in app.session_state["compare_jobs"]:
        job.stop()
        job.wait(CEILING)


def test_settings_of_a_training_enter_the_link(minilm: Model) -> None:
    app = opened("train")
    assert link_of(app) == {}
    app.number_input(key="seed").set_value(7).run()
    app.selectbox(key="heads").select(2).run()
    assert link_of(app) == {"v": "1", "heads": "2", "seed": "7"}
    assert {field.name for field in TRAIN} >= {"heads", "seed"}


def test_the_walkthrough_can_be_saved_and_shared(minilm: Model) -> None:
    app = opened("walkthrough", ch="3")
    app.session_state["save_open"] = app.session_state["share_open"] = True
    app.run()
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == [
        "This chapter as a page (HTML, no network needed)",
        "The numbers for a program (JSON)",
        "Save this view as a file",
    ]
    assert any("ch=3" in code.value for code in app.code)


@pytest.mark.parametrize("number", range(1, 9))
def test_a_chapter_is_a_page_and_its_numbers_are_the_tensors(
    number: int, note: attnviz.Trace
) -> None:
    chapter = chapters()[number - 1]
    scene = chapter.scene(note, {}, "en", "light", ())
    page_text = chapter_page(chapter, scene, WalkthroughState())
    assert page_text.count('class="picture"') == len(chapter.parts)
    assert note.model.revision[:12] in page_text
    whole = json.loads(chapter_numbers(chapter, scene))
    assert set(whole["parts"]) == {part.name for part in chapter.parts}
    assert whole["revision"] == note.model.revision
    if number == 7:
        words = [token.position for token in note.tokens if not token.is_special]
        for head in (HeadId(2, 1), HeadId(0, 2)):
            between = note.weights(head)[np.ix_(words, words)]
            drawn = np.array(whole["parts"]["lines"][str(head)])
            np.testing.assert_allclose(drawn, between / between.sum(1, keepdims=True), rtol=1e-5)


def test_a_training_as_tables() -> None:
    training = attnviz.train("one-hop", heads=1, steps=30)
    course = list(csv.DictReader(io.StringIO(course_csv(training))))
    assert "attnviz.train('one-hop', 1, 1, 0, 30).model" in json.loads(course[0]["facts"])["again"]
    assert [(int(p["step"]), float(p["loss"]), float(p["accuracy"])) for p in course] == [
        (point.step, point.loss, point.accuracy) for point in training.history
    ]
    shares = mean_target_shares(training.model, task_called("one-hop"))
    (row,) = csv.reader(target_shares_csv(training, shares).splitlines()[1:])
    assert row[:3] == ["L0·H0", "hop1", repr(float(shares[0, 0, 0]))]
    assert Path(MAIN).exists()
