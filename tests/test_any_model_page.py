"""Decoders and encoder–decoders on the pages, run in this process by Streamlit's own harness."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from transformers import AutoModel, AutoModelForSeq2SeqLM, AutoTokenizer

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.errors import ArgumentError
from attnviz.pictures.overview.tiles import tiles_of
from attnviz.ui import caches
from attnviz.ui.components import figures
from attnviz.ui.widgets import pins
from tests.page_readers import numbers_table, pictures
from tests.test_page import at_folder, choose, components, said
from tests.test_share_page import link_of
from tests.tiny_families import saved_family
from tests.waiting import CEILING

TEXT, TARGET = "the cat sat on the mat , singing .", "the mat sat on"
Saved = Callable[[str], Path]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Tiny models of a family, each made once."""
    return cache(lambda kind: saved_family(tmp_path_factory.mktemp("any") / kind, kind))


def explore() -> None:
    from attnviz.ui.pages.explore import explore

    explore()


def walkthrough() -> None:
    from attnviz.ui.pages.walkthrough.page import walkthrough

    walkthrough()


def opened(page: Callable[[], None], folder: Path, **params: str) -> AppTest:
    """A page with the text in the model of a folder."""
    return at_folder(AppTest.from_function(page, default_timeout=CEILING), folder, TEXT, **params)


def kinds(app: AppTest) -> Any:
    return next(one for one in app.get("button_group") if one.key == "kind")


def table(app: AppTest) -> Any:
    return numbers_table(app)


@pytest.mark.parametrize("family", ["gpt2", "llama", "gemma2", "gpt_oss", "mpnet", "xlnet"])
def test_a_model_of_one_text_has_no_box_for_a_target(family: str, saved: Saved) -> None:
    app = opened(explore, saved(family))
    assert not app.error
    assert {"overview_picture", "lines_picture"} <= components(app)
    assert len(pictures(choose(app, "tab", "heatmaps"), "heatmaps")) == 3
    assert "target" not in [box.key for box in app.text_input]
    assert "kind" not in [one.key for one in app.get("button_group")]


OWN = {
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}


@pytest.mark.parametrize("family", ["t5", "bart"])
@pytest.mark.parametrize("kind", OWN)
def test_the_table_of_each_kind_is_what_the_model_computes(
    family: str, kind: str, saved: Saved
) -> None:
    """Against transformers' own eager attention, on tokens that its own tokenizer makes."""
    folder = saved(family)
    app = opened(explore, folder, t=TARGET, kind=kind, ha=f"1.2.{kind}", hb=f"0.1.{kind}", tab="1")
    assert not app.error
    assert app.selectbox(key="a").value == HeadId(1, 2, kind)  # type: ignore[arg-type]
    tokenizer = AutoTokenizer.from_pretrained(folder)
    given, target = tokenizer([TEXT], return_tensors="pt"), tokenizer([TARGET]).input_ids[0]
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation="eager").eval()
    model.config.use_cache = False
    begun = [model.config.decoder_start_token_id, *target]
    if begun[-1] == model.config.eos_token_id:
        begun = begun[:-1]
    with torch.inference_mode():
        own = model(
            input_ids=given.input_ids,
            attention_mask=given.attention_mask,
            decoder_input_ids=torch.tensor([begun]),
            output_attentions=True,
        )
    expected = getattr(own, OWN[kind])[1][0, 2].numpy()
    read = table(app).to_numpy()[:, : expected.shape[1]]
    drawn = np.array([[0.0 if cell == "▨" else float(cell) for cell in row] for row in read])
    np.testing.assert_allclose(drawn[:, -expected.shape[1] :], expected, atol=5.1e-5)


def test_each_kind_keeps_its_heads_and_stands_in_the_link(saved: Saved) -> None:
    app = opened(explore, saved("t5"), t=TARGET)
    assert "cross-attention · layers × heads: 2 × 4" in said(app)
    assert "13 source tokens, 6 target tokens" in said(app)
    app.selectbox(key="a").select(HeadId(1, 3, "cross")).run()
    kinds(app).select("encoder").run()
    assert "encoder · layers × heads: 3 × 4" in said(app)
    assert app.selectbox(key="a").value in [
        HeadId(n, h, "encoder") for n in range(3) for h in range(4)
    ]
    assert link_of(app)["kind"] == "encoder"
    kinds(app).select("cross").run()
    assert app.selectbox(key="a").value == HeadId(1, 3, "cross")
    assert link_of(app)["ha"] == "1.3.cross"
    assert link_of(app)["t"] == TARGET


def test_without_a_target_the_model_writes_it_and_the_page_says_so(saved: Saved) -> None:
    app = opened(explore, saved("t5"))
    assert "The model wrote the target itself" in said(app)
    app.text_input(key="target").set_value(TARGET).run()
    assert "The model wrote the target itself" not in said(app)
    assert "The decoder begins with [PAD]." in said(app)
    again = attnviz.trace(TEXT, attnviz.load(saved("t5")), target=TARGET)
    assert f"{len(again.sequences['target'])} target tokens" in said(app)


def test_a_target_of_spaces_is_none(saved: Saved) -> None:
    app = opened(explore, saved("t5"), t="  ")
    assert not app.error
    assert "The model wrote the target itself" in said(app)


def test_all_three_kinds_stand_there_and_a_tile_of_another_is_chosen(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, bytes] = {}
    clicks = [("overview_encoder", {"slot": "A", "layer": 2, "head": 3})]
    show = figures.show_overview_beside

    def seen(packet: bytes, key: str, on_picked: Callable[[], None]) -> None:
        show(packet, key, on_picked)
        drawn[key] = packet
        if clicks and key == clicks[0][0] and "kind" in link_of(app):
            _, told = clicks.pop()
            monkeypatch.setattr(figures, "picked", lambda _: told)
            on_picked()

    monkeypatch.setattr(figures, "show_overview_beside", seen)
    app = AppTest.from_function(explore, default_timeout=CEILING)
    app = at_folder(app, saved("t5"), TEXT, t=TARGET, kind="decoder")
    assert {"overview_picture", "overview_encoder", "overview_cross"} <= components(app)
    trace = attnviz.trace(TEXT, attnviz.load(saved("t5")), target=TARGET)
    for kind in ("encoder", "cross"):
        own = attnviz.overview(trace.of_kind(kind)).packet(captioned=True)
        assert drawn[f"overview_{kind}"] == own
    app.run()
    assert not clicks
    assert link_of(app)["kind"] == "encoder"
    assert app.selectbox(key="a").value == HeadId(2, 3, "encoder")
    assert {"overview_picture", "overview_decoder", "overview_cross"} <= components(app)
    assert "overview_encoder" not in components(app)


def test_a_model_that_cannot_write_asks_for_a_target_beside_its_box(
    saved: Saved, tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    AutoModel.from_pretrained(saved("t5")).save_pretrained(folder)
    for file in saved("t5").glob("*token*"):
        (folder / file.name).write_bytes(file.read_bytes())
    app = opened(explore, folder)
    assert "Type the target" in said(app)
    app.text_input(key="target").set_value(TARGET).run()
    assert not app.error
    assert {"overview_picture", "lines_picture"} <= components(app)


def test_a_pair_in_a_link_is_a_head_of_the_kind_that_is_seen(saved: Saved) -> None:
    app = opened(explore, saved("t5"), t=TARGET, kind="encoder", ha="2.3", hb="0.1.cross")
    assert app.selectbox(key="a").value == HeadId(2, 3, "encoder")
    assert "cross L0·H1" in said(app), "of another kind: named, and dropped"


def test_a_pin_is_of_its_own_side(saved: Saved) -> None:
    trace = attnviz.trace(TEXT, attnviz.load(saved("t5")), target=TARGET).of_kind("cross")
    positions = pins.positions_of(trace, Lens(hide_special=True))
    assert len(positions["q"]) == 4, "[PAD] and [CLS] are hidden"
    assert len(positions["k"]) == 11
    drawn = attnviz.lines(trace, [(0, 1)], pins=["q5", "k12"])
    assert "pinned" in drawn.to_svg()
    with pytest.raises(ArgumentError, match="q6"):
        attnviz.lines(trace, [(0, 1)], pins=["q6"])


def test_given_cross_attention_is_one_kind_and_drawn() -> None:
    weights = np.full((2, 3, 2, 4), 0.25)
    trace = attnviz.Trace.from_weights(["a", "b"], weights, keys=["c", "d", "e", "f"])
    assert tiles_of(trace).levels.shape == (2, 3, 2, 4)
    for drawn in (attnviz.overview(trace), attnviz.explore(trace)):
        assert "of_kind" not in drawn.to_html(), "it holds no other"


def test_another_model_lets_go_of_the_target(saved: Saved) -> None:
    app = opened(explore, saved("t5"), t=TARGET, kind="decoder")
    app.selectbox(key="model").select("minilm").run()
    assert not app.error
    assert {"t", "kind"}.isdisjoint(link_of(app))


def test_a_target_has_warnings_of_its_own(saved: Saved) -> None:
    app = opened(explore, saved("bart"), t="the 猫 " + "sat " * 100)
    assert "of the target were left out" in said(app)
    assert "In the target, 1 of" in said(app)


def test_a_decoder_says_what_its_tokenizer_adds(saved: Saved) -> None:
    assert "The tokenizer puts [CLS] before the text" in said(opened(explore, saved("llama")))


@pytest.mark.parametrize("family", ["gpt2", "t5", "mpnet", "qwen3_next"])
@pytest.mark.parametrize("chapter", attnviz.chapters(), ids=lambda c: c.name)
def test_a_chapter_lacks_views_and_never_stands_empty(
    family: str, chapter: Any, saved: Saved
) -> None:
    app = opened(walkthrough, saved(family), ch=str(chapter.number))
    for button in [one for one in app.button if str(one.key).startswith("skip_")]:
        button.click()
    app.run()
    assert not app.exception
    assert chapter.title["en"] in said(app)
    shown = len(app.get("bidi_component")) - 2  # begins at its top; announces verdicts
    assert shown == len(chapter.parts)
    if family == "t5":
        assert "these chapters show the encoder" in said(app)


@pytest.mark.parametrize("of", ["rollout", "flow"])
def test_cross_attention_says_that_its_layers_have_no_map(of: str, saved: Saved) -> None:
    app = opened(explore, saved("t5"), t=TARGET, kind="cross", map=of)
    assert "runs from one text to another" in said(app)
    assert components(app).isdisjoint({"overview_picture", "lines_picture"})
    kinds(app).select("encoder").run()
    assert not app.error
    assert {"overview_picture", "lines_picture"} <= components(app)
    assert "(encoder)" in "".join(one.proto.body for one in app.get("html"))


def test_what_is_seen_of_a_trace_is_one_trace_as_long_as_that_is_kept(saved: Saved) -> None:
    """Flows take seconds, and are kept with the trace that they are of."""
    model = attnviz.load(saved("t5"))
    key = caches.TraceKey.of(model.card, TEXT, target=TARGET, kind="encoder")
    seen = caches.traced(key, model)
    assert caches.traced(key, model) is seen
    assert seen.kinds == ("encoder",)
    assert caches.traced(key._replace(kind="cross"), model).kinds == ("cross",)
