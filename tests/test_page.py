"""The Explore page, run in this process by Streamlit's own test harness."""

import re
import threading
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from streamlit.delta_generator import DeltaGenerator
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.models import hooks
from attnviz.models.load import Model
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import PictureKind
from attnviz.pictures.lines import Lines
from attnviz.pictures.picture import percent
from attnviz.pictures.shown import shown
from attnviz.share.state import FOLDED, USUAL_ARRANGEMENT
from attnviz.texts import Language, say
from attnviz.ui.components import figures
from attnviz.ui.widgets import progress, saving, viewer
from attnviz.ui.widgets.controls import Choices
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.examples import EXAMPLES
from attnviz.ui.widgets.figure_saving import saved_pictures
from tests.conftest import NOTE, save_tiny
from tests.page_readers import notes, numbers_table, pictures
from tests.waiting import CEILING

MAIN = Path(__file__).parents[1] / "attnviz" / "ui" / "server" / "main.py"


PAIR = {"v": "1", "ha": "0.2", "hb": "1.8"}
COMPONENTS = {"overview_picture", "selection", "lines_picture", "scheme", "frame"}


def components(page: AppTest) -> set[str | None]:
    """The components of a page, by their keys."""
    return {component.key for component in page.get("bidi_component")}


@pytest.fixture
def page(minilm: Model) -> AppTest:
    """The note's sentence with every token, and the two heads that differ most."""
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    app.query_params.update(PAIR)
    app.run()
    assert not app.exception
    return app


def at_folder(app: AppTest, folder: Path, text: str, **link: str) -> AppTest:
    """A page at a link to a text in the model of a folder, once Load was pressed."""
    app.query_params.update({"v": "1", "m": str(folder), "s": text, **link})
    app.run()
    app.button(key="other_load").click().run()
    assert not app.exception
    return app


def typed(app: AppTest, text: str, pair: str = "") -> AppTest:
    has_second = any(box.key == "pair" for box in app.text_area)
    if pair and not has_second:
        app.button(key="second").click().run()
    if pair or has_second:
        app.text_area(key="pair").set_value(pair)
    app.text_area(key="text").set_value(text).run()
    assert not app.exception
    return app


def choose(app: AppTest, key: str, value: str) -> AppTest:
    """Choose one of several options side by side."""
    switch: Any = next(one for one in app.get("button_group") if one.key == key)
    switch.set_value(value).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All words of the page, without the marks that keep Markdown literal."""
    blocks = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    return "\n".join(block.value for block in blocks).replace("\\", "")


def opened() -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING).run()
    assert not app.exception
    return app


def test_the_note_opens_as_its_figure(minilm: Model) -> None:
    page = opened()
    assert page.text_area(key="text").value == NOTE
    assert page.selectbox(key="a").value == HeadId(2, 1)
    assert page.selectbox(key="b").value == HeadId(0, 2)
    assert page.toggle(key="hide_special").value
    assert page.toggle(key="renormalise").value
    assert segment(page, "arrangement") == "stacked"
    rows = {one: between_words(attnviz.trace(NOTE, minilm).weights(one)) for one in HEADS}
    apart = np.mean(jensenshannon(rows[2, 1], rows[0, 2], base=2, axis=1) ** 2)
    others = [np.mean(jensenshannon(rows[2, 1], rows[one], base=2, axis=1) ** 2) for one in HEADS]
    assert apart == pytest.approx(max(others)), "B differs most from A between words"
    assert f"Jensen–Shannon divergence {apart:.3f} of 1 bit" in said(page)
    assert "27 tokens of at most 512" in said(page)
    assert components(page) == COMPONENTS
    assert page.query_params == {}, "how it opens needs no name in the address"


HEADS = [(layer, head) for layer in range(6) for head in range(12)]


def between_words(weights: np.ndarray) -> np.ndarray:
    words: np.ndarray = weights[1:-1, 1:-1].astype(float)
    shares: np.ndarray = words / words.sum(axis=1, keepdims=True)
    return shares


def segment(app: AppTest, key: str) -> Any:
    found: Any = next(one for one in app.get("button_group") if one.key == key)
    return found.value


def test_another_sentence_opens_on_two_kinds_and_says_why(minilm: Model) -> None:
    text = "The animal didn't cross the street because it was too tired."
    page, trace = typed(opened(), text), attnviz.trace(text, minilm)
    assert not page.toggle(key="hide_special").value, "hidden in the note's figure alone"
    assert segment(page, "arrangement") == "beside"
    assert page.selectbox(key="a").value == HeadId(0, 2)
    share = percent(float(np.diagonal(trace.weights((0, 2)), -1).mean()))
    assert f"A looks by position (previous token, {share} over 15 tokens)" in said(page)
    hub: Any = page.selectbox(key="b").value
    share = percent(float(trace.weights(hub)[:, 1:-1].mean(axis=0).max()))
    assert f"B by content (hub, {share} over 16 tokens)" in said(page)
    assert page.query_params.keys() == {"v", "s"}
    typed(page, NOTE)
    assert page.toggle(key="hide_special").value, "the note's sentence again, as its figure"
    typed(page, "Hello")
    assert "Here no two heads differ in kind" in said(page)


def test_what_is_changed_on_the_opening_pair_is_in_the_link(minilm: Model) -> None:
    page = opened()
    page.toggle(key="hide_special").set_value(False).run()
    assert not page.toggle(key="hide_special").value
    assert page.selectbox(key="a").value == HeadId(2, 1)
    link = {**page.query_params}
    assert (link["ha"], link["hb"]) == ("2.1", "0.2")
    again = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    again.query_params.update(link)
    again.run()
    assert not again.toggle(key="hide_special").value
    assert again.selectbox(key="b").value == HeadId(0, 2)
    assert segment(again, "arrangement") == "stacked"


def test_a_link_of_another_time_keeps_its_pins(minilm: Model) -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    app.query_params.update({"v": "1", "pin": "q3"})
    app.run()
    assert not app.toggle(key="hide_special").value, "pins are counted by what is shown"
    assert app.query_params["pin"] == "q3"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "There is no text"),
        ("   ", "There is no text"),
        ("x" * 1_000_000, "1,000,000 characters"),
        ("\u200e\u200b", "leaves nothing"),
    ],
)
def test_bad_text_gets_a_sentence_and_stays_in_the_box(
    page: AppTest, text: str, expected: str
) -> None:
    typed(page, text)
    assert expected in said(page)
    assert page.text_area(key="text").value == text
    typed(page, "now a good one")
    assert not page.error


@pytest.mark.parametrize("wrong", ["", "x" * 1_000_000])
def test_an_error_leaves_the_last_good_picture_standing(page: AppTest, wrong: str) -> None:
    typed(page, "The cat sat on the mat")
    page.selectbox(key="b").select(HeadId(3, 3)).run()
    typed(page, wrong)
    assert page.error
    assert "What is shown below is still “The cat sat on the mat” in all-MiniLM" in said(page)
    assert components(page) == COMPONENTS
    assert page.selectbox(key="b").value == HeadId(3, 3)
    typed(page, "another one")
    assert "What is shown below" not in said(page)


def test_the_choice_of_a_folder_leaves_the_last_good_picture(page: AppTest) -> None:
    page.selectbox(key="model").select("other").run()
    assert "Give a folder or hub name, then press Load" in said(page)
    assert "What is shown below is still" in said(page)
    assert components(page) == COMPONENTS
    page.text_input(key="other").set_value("/no/such/folder").run()
    page.button(key="other_load").click().run()
    assert page.error
    assert components(page) == COMPONENTS


def test_a_link_that_names_a_folder_says_why_only_load_is_there(minilm: Model) -> None:
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    app.query_params["v"], app.query_params["m"] = "1", "/some/folder"
    app.run()
    assert "is not loaded yet: neither a link nor a name loads it" in said(app)
    assert app.text_input(key="other").value == "/some/folder"
    assert "Press Load" in said(app)
    assert not app.error


def test_bad_text_gets_its_sentence_in_chinese_too(page: AppTest) -> None:
    switch: Any = page.get("button_group")[0]
    switch.set_value("zh").run()
    typed(page, "")
    assert "还没有文字" in said(page)


def test_every_example_runs(page: AppTest) -> None:
    assert len(EXAMPLES) == 8
    for example in EXAMPLES:
        choose(page, "example", example.name)
        assert not page.exception
        assert not page.error
        assert page.text_area(key="text").value == example.text
        boxes = {box.key: box.value for box in page.text_area}
        assert boxes.get("pair", "") == example.pair


def test_unknown_tokens_are_stated_and_explained_when_many(page: AppTest) -> None:
    typed(page, "小猫坐在垫子上,看着窗外的雨。")
    assert "are [UNK]: the model sees the same blank in place of each" in said(page)
    tokens = attnviz.trace("小猫坐在垫子上,看着窗外的雨。").tokens
    missing = dict.fromkeys(token.source for token in tokens if token.text == "[UNK]")
    assert f"no piece for: {' '.join(missing)} Attention" in said(page)
    assert "猫" in missing
    assert "Use a sentence in a language that the model was trained on" in said(page)
    typed(page, "a plain sentence with one 🙂 in it and quite a few words more")
    assert "1 of 14 tokens (7 %) is [UNK]" in said(page)
    assert "1 of them, because the vocabulary has no piece for: 🙂" in said(page)
    assert "Attention between blanks" not in said(page)


def test_each_blank_has_its_true_reason(page: AppTest) -> None:
    typed(page, f"[UNK] {'x' * 101} {'y' * 300} [UNK]")
    words = said(page)
    assert "4 of 4 tokens (100 %) are [UNK]" in words
    assert "2 of them, because the tokenizer does not try to read a word of more than 100" in words
    assert "2 of them, because [UNK] stands in the text" in words
    assert "no piece for" not in words
    assert "Attention between blanks says little" in words
    assert "language that the model was trained on" not in words, "which is not the reason"


def test_dropped_characters_are_counted(page: AppTest) -> None:
    typed(page, "a\u200bb co\u00adop\u200berate café")
    expected = (
        "drops 3 characters of the text, so the model sees nothing of them: ⟨U+200B⟩ ⟨U+00AD⟩"
    )
    assert expected in said(page)
    switch: Any = page.get("button_group")[0]
    switch.set_value("zh").run()
    assert "分词器丢掉了文字中的 3 个字符" in said(page)
    typed(page, "a plain café")
    assert "丢掉" not in said(page)


def test_special_tokens_alone_get_a_sentence(page: AppTest) -> None:
    typed(page, "[SEP] [CLS]")
    assert "This text holds special tokens alone ([SEP] [CLS])" in said(page)


def test_the_sentence_under_a_picture_follows_the_lens(page: AppTest) -> None:
    typed(page, "Unbelievably, the seismologists misinterpreted it.")
    page.toggle(key="hide_special").set_value(True).run()
    page.toggle(key="renormalise").set_value(True).run()
    trace = attnviz.trace("Unbelievably, the seismologists misinterpreted it.")
    lens = Lens(hide_special=True, renormalise=True)
    heads = [page.session_state["a"], page.session_state["b"]]
    assert readings(page) == [one.reading("en") for one in shown(trace, heads, lens)]


def test_what_is_left_out_of_a_long_text_is_said(page: AppTest) -> None:
    typed(page, "word " * 600)
    assert "The last 90 tokens of the first sentence were left out" in said(page)
    typed(page, "word " * 20, "other " * 600)
    assert "tokens of the second sentence were left out, all after “… other other" in said(page)


def test_a_choice_runs_no_model(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: object) -> None:
        raise AssertionError("the model ran")

    monkeypatch.setattr(hooks, "recording", never)
    page.selectbox(key="b").select(HeadId(3, 3)).run()
    assert not page.exception
    page.slider(key="at_least").set_value(0.2).run()
    page.toggle(key="hide_special").set_value(True).run()
    assert not page.exception
    assert page.selectbox(key="b").value == HeadId(3, 3)


def test_a_chosen_head_stays_when_the_sentence_changes(page: AppTest) -> None:
    page.selectbox(key="b").select(HeadId(3, 3)).run()
    typed(page, "another sentence altogether")
    assert page.selectbox(key="b").value == HeadId(3, 3)
    assert "most different" not in said(page)


def readings(app: AppTest) -> list[str]:
    """What each head does here, as the page says it first."""
    lines = [element.proto.body for element in app.get("html")]
    found = [line for body in lines for line in re.findall('<p class="reading".*?</p>', body)]
    return [unescape(re.sub("<[^>]+>", "", line)) for line in found]


def test_what_is_withheld_is_said_under_the_heatmaps(page: AppTest) -> None:
    choose(page, "tab", "heatmaps")
    page.toggle(key="hide_special").set_value(True).run()
    assert "2 special tokens hidden" in notes(page, "heatmaps")
    assert "Rows not renormalised" in notes(page, "heatmaps")
    page.toggle(key="renormalise").set_value(True).run()
    assert "Rows renormalised" in notes(page, "heatmaps")
    page.slider(key="strongest").set_value(70).run()
    assert "beyond the strongest 70 % of a row" in notes(page, "heatmaps")


def open_table(app: AppTest) -> AppTest:
    app.session_state["values"]["table_open"] = True
    return app.run()


def test_a_table_that_nobody_opened_is_not_computed(page: AppTest) -> None:
    assert "numbers_table" not in components(page)


def test_the_table_shows_the_tensor(page: AppTest, note: attnviz.Trace) -> None:
    open_table(page)
    shown = numbers_table(page)
    assert shown.shape == (27, 27)
    weights = note.weights((0, 2))
    assert shown.iloc[3, 2] == f"{weights[3, 2]:.4f}"
    assert shown.iloc[26].tolist() == [f"{weight:.4f}" for weight in weights[26]]


def test_a_long_table_shows_one_query_at_a_time(page: AppTest) -> None:
    typed(open_table(page), "the cat sat on the mat . " * 10)
    assert numbers_table(page).shape[1] == 1
    page.selectbox(key="table_query").select_index(5).run()
    trace = attnviz.trace("the cat sat on the mat . " * 10)
    a: Any = page.selectbox(key="a").value
    assert numbers_table(page).iloc[:, 0].tolist() == [f"{w:.4f}" for w in trace.weights(a)[5]]


def open_save(app: AppTest) -> AppTest:
    app.session_state["save_open"] = True
    return app.run()


@pytest.mark.parametrize("tab", ["lines", "heatmaps", "highlights", "table"])
def test_what_a_new_head_changes_is_sent_before_the_controls(
    page: AppTest, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that nobody waits for menus that stay as they were."""
    choose(page, "tab", tab)
    monkeypatch.setattr(viewer, "runs_in_part", lambda: True)  # which AppTest does not know
    sent_as: list[str] = []

    def seen(context: ScriptRunContext, message: ForwardMsg) -> None:
        sent_as.append(str(message.delta.new_element.bidi_component.component_name))
        sent_as.append(message.delta.add_block.id)
        enqueue(context, message)

    enqueue = ScriptRunContext.enqueue
    monkeypatch.setattr(ScriptRunContext, "enqueue", seen)
    page.selectbox(key="b").select(HeadId(3, 3)).run()
    drawn = {"lines": "attnviz_lines", "heatmaps": "attnviz_comparison", "table": "attnviz_numbers"}
    picture = sent_as.index(drawn.get(tab, f"attnviz_{tab}"))
    (menus,) = (n for n, name in enumerate(sent_as) if name.endswith("-heads_open"))
    assert picture < sent_as.index("attnviz_overview") < menus


@pytest.mark.parametrize("kind", FOLDED, ids=lambda kind: kind.name)
def test_a_picture_below_the_others_is_made_once_it_is_opened(
    page: AppTest, kind: PictureKind
) -> None:
    assert not pictures(page, kind.view)
    page.session_state["values"]["opened"] = (kind.view,)
    page.run()
    if kind.view in ("heatmaps", "comparison"):
        assert len(pictures(page, "heatmaps")) == 3, "A, B, and one against the other"
    else:
        assert len(pictures(page, kind.view)) == 2, "of heads A and B"
    assert page.query_params["open"] in (kind.view, [kind.view]), "a link opens it"
    if kind.most_places is not None:
        typed(page, "word " * kind.most_places)
        assert not pictures(page, kind.view)
        assert f"“{kind.name}” has room for {kind.most_places}" in said(page)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", [k for k in FOLDED if k.help], ids=lambda kind: kind.name)
def test_how_pictures_are_used_is_said_once_for_both_heads(
    minilm: Model, kind: PictureKind, language: Language
) -> None:
    page = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    page.query_params.update({**PAIR, "lang": language, "see": kind.view})
    page.run()
    captions = [caption.value for caption in page.caption]
    words = [meta["words"] for meta, _ in pictures(page, kind.view)]
    assert len(words) >= 2
    assert {of_one.get("help", of_one.get("rest")) for of_one in words} == {""}
    assert captions.count(say(kind.help, language)) == 1


def test_what_nobody_opened_is_not_made(page: AppTest) -> None:
    assert not page.get("download_button")


def test_what_is_seen_can_be_saved(page: AppTest) -> None:
    open_save(page)
    labels = [button.proto.label for button in page.get("download_button")]
    kinds = ("SVG", "CSV", "JSON", "Parquet", "npz", "HTML")
    assert len(labels) == len(kinds)
    assert all(kind in label for kind, label in zip(kinds, labels, strict=True))
    drawn = {key: page.button(key=f"save_{key}").label for key in ("pdf", "png_300", "png_600")}
    assert list(drawn.values()) == ["PDF", "PNG (300 dpi)", "PNG (600 dpi)"]


def test_every_picture_can_be_saved_as_print(page: AppTest, note: attnviz.Trace) -> None:
    box = open_save(page).selectbox(key="save_what")
    heads = ("L0·H2", "L1·H8")
    maps, texts, arcs = (
        [f"{what} of {head}" for head in heads] for what in ("heatmap", "text", "arcs")
    )
    difference = "difference L0·H2 − L1·H8"
    assert box.options == ["the lines", "all heads", *maps, difference, *texts, *arcs]
    for what, svg in (
        ("lines", note.lines([(0, 2), (1, 8)])),
        ("heatmap L1·H8", note.heatmap((1, 8))),
    ):
        page.selectbox(key="save_what").set_value(what).run()
        _, make = saved_pictures(seen_on(page, note))[what]
        made = make().to_svg()
        assert made.count("<path") == svg.to_svg().count("<path")


def test_a_figure_higher_than_a_page_says_how_it_becomes_smaller(page: AppTest) -> None:
    box = open_save(page).selectbox(key="save_what")
    assert "Pin tokens" not in said(page)
    box.set_value("text L0·H2").run()
    assert "a page of A4 297 mm. Pin tokens, and only what is pinned is drawn." in said(page)


def seen_on(page: AppTest, trace: attnviz.Trace) -> Explorer:
    heads = (page.selectbox(key="a").value, page.selectbox(key="b").value)
    chosen = Choices(heads, None, "horizontal", USUAL_ARRANGEMENT, Lens(), ())  # type: ignore[arg-type]
    return saving._seen(trace, chosen, "en")


def test_a_table_beyond_a_spreadsheet_is_refused_with_a_way_out(page: AppTest) -> None:
    typed(open_save(page), "word " * 600)
    page.multiselect(key="more").set_value([HeadId(0, 0), HeadId(0, 1)]).run()
    assert "1,048,576 weights: a table or JSON file may have 1,000,000" in said(page)
    disabled = [button.proto.disabled for button in page.get("download_button")]
    assert disabled.count(True) == 3, "CSV, JSON and Parquet"


def test_hostile_tokens_are_data_in_the_table(page: AppTest) -> None:
    typed(open_table(page), "<b>x</b> [l](http://e.vil) $x$")
    assert "<" in numbers_table(page).columns[1], "as it is: the script writes it as text"
    assert markdown_text("<a:b>") == "\\<a\\:b\\>"


def test_the_control_is_one_choice_away(page: AppTest) -> None:
    page.selectbox(key="model").select("minilm-random").run()
    assert not page.exception
    assert "random weights" in said(page)


def test_a_folder_is_loaded_when_asked_and_not_before(page: AppTest, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "my-model")
    page.selectbox(key="model").select("other").run()
    page.text_input(key="other").set_value(str(folder)).run()
    assert "my-model" not in said(page)
    page.button(key="other_load").click().run()
    assert not page.exception
    assert "my-model · layers × heads: 3 × 4" in said(page)
    a: Any = page.selectbox(key="a").value
    assert a.layer < 3


def test_a_folder_that_is_no_model_gets_a_sentence(page: AppTest, tmp_path: Path) -> None:
    page.selectbox(key="model").select("other").run()
    page.text_input(key="other").set_value(str(tmp_path)).run()
    page.button(key="other_load").click().run()
    assert "has no config.json" in said(page)
    assert not page.exception


def test_a_hub_that_cannot_be_reached_gets_a_sentence(page: AppTest) -> None:
    page.selectbox(key="model").select("other").run()
    page.text_input(key="other").set_value("owner/some-model").run()
    page.button(key="other_load").click().run()
    assert "The hub cannot be reached" in said(page)


SHOWN: list[tuple[float, str]] = []  # what progress bars were told
REPORTED = threading.Event()  # a bar has shown what the work reported


def slow_script() -> None:
    import streamlit as st

    from attnviz.ui.widgets import progress
    from tests.test_page import REPORTED
    from tests.waiting import CEILING

    def work(report):  # type: ignore[no-untyped-def]
        report(0.4, "load")
        return "done" if REPORTED.wait(CEILING) else "no bar was drawn"

    st.write(progress.with_progress(work, "en", "load"))


def quick_script() -> None:
    import streamlit as st

    from attnviz.ui.widgets import progress

    def work(report):  # type: ignore[no-untyped-def]
        report(0.4, "load")
        return "done"

    st.write(progress.with_progress(work, "en", "load"))


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, str]]:
    """What is drawn in progress bars, as it is drawn."""
    drawn = DeltaGenerator.progress

    def progress(place: DeltaGenerator, value: float, text: str) -> DeltaGenerator:
        SHOWN.append((value, text))
        if value == 0.4:
            REPORTED.set()
        return drawn(place, value, text)

    monkeypatch.setattr(DeltaGenerator, "progress", progress)
    SHOWN.clear()
    REPORTED.clear()
    return SHOWN


def finished(script: Callable[[], None]) -> AppTest:
    """A page whose work is done."""
    app = AppTest.from_function(script, default_timeout=CEILING).run()
    assert not app.exception
    assert app.markdown[0].value == "done"
    return app


def test_slow_work_shows_its_progress(
    bars: list[tuple[float, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    app = finished(slow_script)
    assert (0.4, say("progress.load")) in bars
    assert not app.get("progress"), "the bar is gone once the work is done"


def test_quick_work_shows_none(
    bars: list[tuple[float, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 60.0)
    finished(quick_script)
    assert bars == []


def preview(page: AppTest) -> ET.Element:
    """The figure that Save shows."""
    (box,) = (one for one in page.get("html") if "base64," in one.proto.body)
    (packed,) = re.findall(r"base64,([^\"]+)", box.proto.body)
    return ET.fromstring(b64decode(packed))  # noqa: S314


def test_save_opens_with_the_figure_as_it_will_be_saved(page: AppTest, note: attnviz.Trace) -> None:
    open_save(page)
    seen = seen_on(page, note)
    assert preview(page).attrib["width"] == "85mm"
    for key, option in (
        ("width", 180),
        ("letters", 9),
        ("scheme", "dark"),
        ("is_transparent", True),
        ("provenance", True),
    ):
        page.segmented_control(key=f"save_{key}").set_value(option).run()
        assert not page.exception
    sheet = attnviz.Sheet(180, 9, "dark", is_transparent=True, provenance=True)
    expected = ET.fromstring(seen.lines.to_svg(sheet=sheet))  # noqa: S314
    assert ET.tostring(preview(page)) == ET.tostring(expected)
    page.session_state["save_open"] = False
    page.run()
    open_save(page)
    assert ET.tostring(preview(page)) == ET.tostring(expected), "chosen once for the session"


def test_a_figure_is_drawn_once_for_its_preview_and_each_format(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[attnviz.Sheet | None] = []
    real = Lines.to_svg

    def to_svg(lines: Lines, *, sheet: attnviz.Sheet | None = None) -> str:
        drawn.append(sheet)
        return real(lines, sheet=sheet)

    monkeypatch.setattr(Lines, "to_svg", to_svg)
    open_save(typed(page, "drawn once for each sheet"))
    page.button(key="save_pdf").click().run()
    page.button(key="save_png_600").click().run()
    page.segmented_control(key="save_width").set_value(180).run()
    assert not page.exception
    assert drawn == [attnviz.Sheet(), attnviz.Sheet(180)]
    page.selectbox(key="a").select(HeadId(4, 4)).run()
    assert len(drawn) == 3, "another picture"


def test_pins_are_in_the_figure(page: AppTest, note: attnviz.Trace) -> None:
    page.session_state["values"]["pins"] = ("q5",)
    open_save(page)
    drawn = note.lines([(0, 2), (1, 8)], pins=["q5"], arrangement=USUAL_ARRANGEMENT)
    expected = drawn.to_svg(sheet=attnviz.Sheet())
    assert ET.tostring(preview(page)) == ET.tostring(ET.fromstring(expected))  # noqa: S314


def test_a_figure_too_large_to_be_looked_at_is_saved_all_the_same(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnviz.ui.widgets.figure_saving.LARGEST_PREVIEW", 1000)
    open_save(page)
    assert "No preview" in said(page)
    assert not any("base64," in one.proto.body for one in page.get("html"))
    assert page.get("download_button")


def test_the_overviews_tiles_are_sent_once_for_all_heads(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles: list[bytes] = []
    framed: list[Any] = []
    show, keep = figures.show_overview, figures.keep_selection

    def shown(packet: bytes, *given: Any, **more: Any) -> None:
        tiles.append(packet)
        show(packet, *given, **more)

    def kept(beginning: str, pins: Any, positions: Any, frames: Any, **more: Any) -> None:
        framed.append(frames)
        keep(beginning, pins, positions, frames, **more)

    monkeypatch.setattr(figures, "show_overview", shown)
    monkeypatch.setattr(figures, "keep_selection", kept)
    for head in (HeadId(2, 1), HeadId(4, 7)):
        page.selectbox(key="a").select(head).run()
    assert len(set(tiles)) == 1, "Streamlit sends equal messages once"
    assert [frames["marked"]["A"] for frames in framed] == [(2, 1), (4, 7)]
