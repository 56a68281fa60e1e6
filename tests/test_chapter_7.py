"""Chapter 7: two heads as lines and as maps, questions that follow the heads, and a head map."""

import json
import re

import numpy as np
import pytest

import attnviz
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.engine import panel_of
from attnviz.lessons.link import WalkthroughState
from attnviz.lessons.questions import named_at, read_named
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element
from attnviz.texts import LANGUAGES
from tests import addresses
from tests.walkthrough_links import opened, written

SEVEN = chapter_called(7)
HEADS = (HeadId(2, 1), HeadId(0, 2))
TEXTS = ("Thinking Machines", "She gave her brother the book that he wanted.")
ODD = ("Machines", "小猫坐在垫子上，看着窗外的雨。", "🎉 <b>x</b> {word}", "the law is " * 30)


def drawn(trace: Trace, part: str = "lines", language: str = "en", **choice: object) -> Drawing:
    scene = SEVEN.scene(trace, choice, language)  # type: ignore[arg-type]
    panel = panel_of(next(one for one in SEVEN.parts if one.name == part), scene)
    assert isinstance(panel, Drawing)
    return panel


def form(panel: Drawing, kind: str = "wide") -> Element:
    return next(e for e in panel.root.walk() if e.attributes.get("class") == f"figure {kind}")


def lines_in(root: Element) -> dict[str, float]:
    """The weight of every line, by its address."""
    found = [e.attributes for e in root.walk() if e.attributes.get("class") == "weight-line"]
    return {one["data-part"]: float(one["data-value"]) for one in found}


def tokens_of(root: Element) -> list[Element]:
    return [e for e in root.walk() if e.attributes.get("class") == "edge-token"]


def weights_by_hand(text: str, head: HeadId) -> np.ndarray:
    """The weights between words, each row divided by what is left; from transformers' own run."""
    weights = addresses.tensors(text)["A"][head.layer, head.head][1:-1, 1:-1].astype(float)
    return weights / weights.sum(axis=1, keepdims=True)  # type: ignore[no-any-return]


# ---- the note's figure


def test_it_opens_with_the_notes_green_picture(note: Trace) -> None:
    """Who looks most at whom, as the note's green picture shows it."""
    lines = lines_in(form(drawn(note)))
    words = [token.text for token in note.tokens]

    def strongest(query: int) -> str:
        mine = {p: w for p, w in lines.items() if p.startswith(f"N.2.1.{query}.")}
        return words[int(max(mine, key=lambda part: mine[part]).rsplit(".", 1)[1])]

    looks = {words[at]: strongest(at) for at in range(1, len(words) - 1)}
    assert (looks["the"], looks["its"], looks["my"]) == ("law", "application", "opinion")
    assert {looks[word] for word in ("what", "we", "are")} == {"missing"}
    assert "[CLS] [SEP] hidden" in form(drawn(note)).text
    assert len(tokens_of(form(drawn(note)))) == 4 * 25


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", ["wide", "narrow"])
def test_every_line_is_its_weight_and_what_is_too_faint_is_counted(
    minilm: Model, text: str, kind: str
) -> None:
    panel = drawn(attnviz.trace(text, minilm))
    root = form(panel, kind)
    for head in HEADS:
        expected = weights_by_hand(text, head)
        name = f"N.{head.layer}.{head.head}."
        mine = {part: w for part, w in lines_in(root).items() if part.startswith(name)}
        faint = int((expected < 1 / 255).sum())
        assert len(mine) == expected.size - faint
        said = root.text.replace(" ", "")
        assert f"{faint}of{head}" in said
        for part, weight in mine.items():
            query, key = (int(at) - 1 for at in part.split(".")[3:])
            assert weight == pytest.approx(expected[query, key], abs=1e-5)
    for one in root.walk():
        if one.attributes.get("class") == "weight-line":
            weight = float(one.attributes["data-value"])
            assert float(one.attributes["stroke-opacity"]) == pytest.approx(weight, abs=1e-4)
            wide = style.THINNEST + style.THICKER * weight
            assert float(one.attributes["stroke-width"]) == pytest.approx(wide, rel=1e-2)


def test_a_line_joins_the_token_above_to_the_token_below(note: Trace) -> None:
    root = form(drawn(note))
    places = {
        (one.attributes["data-part"], "data-choose" in one.attributes): float(one.attributes["x"])
        for one in tokens_of(root)
    }
    for one in root.walk():
        if one.attributes.get("class") == "weight-line":
            query, key = one.attributes["data-part"].split(".")[3:]
            x1, x2 = float(one.attributes["x1"]), float(one.attributes["x2"])
            assert x1 == pytest.approx(places[f"word.{query}", True], abs=0.2)
            assert x2 == pytest.approx(places[f"word.{key}", False], abs=0.2)
            assert float(one.attributes["y1"]) < float(one.attributes["y2"])


def test_what_a_word_gives_adds_up_from_the_digits_shown(note: Trace) -> None:
    said = [
        one.attributes["data-says"]
        for one in tokens_of(form(drawn(note)))
        if "data-says" in one.attributes
    ]
    assert len(said) == 2 * 25
    for sentence in said:
        left, sign, total = re.split(r" (=|≈) ", sentence)
        terms = [float(term.rsplit(" ", 1)[1]) for term in left.partition(": ")[2].split(" + ")]
        assert total == "1.00"
        assert (sign == "=") == (round(sum(terms), 2) == 1)


def test_maps_hold_the_same_weights_at_the_same_scale(note: Trace) -> None:
    root = form(drawn(note, view="maps"))
    tiles = [e.attributes for e in root.walk() if e.attributes.get("class") == "tile"]
    assert len(tiles) == 2 * 25 * 25
    lines = lines_in(root)
    assert {t["data-part"]: float(t["data-value"]) for t in tiles} | lines == {
        t["data-part"]: float(t["data-value"]) for t in tiles
    }
    above = sorted(
        {float(t.attributes["x"]) for t in tokens_of(root) if "data-choose" in t.attributes}
    )
    steps = np.diff(above)
    np.testing.assert_allclose(steps, float(tiles[0]["width"]), atol=0.11)
    ramp = style.ramp(style.X.light, "light")
    for tile in tiles[: 25 * 25 : 7]:
        colour = ramp[round(255 * float(tile["data-value"]) ** 0.5)]
        assert tile["fill"] == "#{:02x}{:02x}{:02x}".format(*colour)


def test_special_tokens_are_drawn_when_they_are_asked_for(note: Trace) -> None:
    root = form(drawn(note, special="shown"))
    lines = lines_in(root)
    expected = addresses.tensors(note.text)["A"][2, 1]
    mine = {part: weight for part, weight in lines.items() if part.startswith("A.2.1.")}
    assert len(mine) == int((expected >= 1 / 255).sum())
    assert "hidden" not in root.text


def test_a_long_sentence_shows_the_words_around_the_chosen_one(minilm: Model) -> None:
    trace = attnviz.trace("the law is " * 30, minilm)
    root = form(drawn(trace, word=80))
    assert "41 of 90" in root.text
    parts = {one.attributes["data-part"] for one in tokens_of(root)}
    assert len(parts) == 41
    assert "word.80" in parts


@pytest.mark.parametrize("text", ODD)
def test_it_stands_on_anything(minilm: Model, text: str) -> None:
    trace = attnviz.trace(text, minilm)
    for language in LANGUAGES:
        for choice in ({}, {"special": "shown", "view": "maps"}, {"other": HeadId(2, 1)}):
            for part in ("lines", "map"):
                panel = drawn(trace, part, language, **choice)
                assert "cannot" not in panel.values, part


def test_it_stands_on_given_weights_and_on_a_single_head() -> None:
    given = attnviz.Trace.from_weights(["a", "b", "c"], np.eye(3)[None, None])
    assert SEVEN.choice(given)["head"] == SEVEN.choice(given)["other"] == (0, 0)
    assert len(lines_in(form(drawn(given)))) == 3


# ---- which heads


@pytest.mark.parametrize("text", [*TEXTS, *ODD])
def test_a_class_sees_the_same_two_heads_whatever_the_sentence(minilm: Model, text: str) -> None:
    choice = SEVEN.choice(attnviz.trace(text, minilm))
    assert (choice["head"], choice["other"]) == HEADS


def test_the_red_head_differs_most_on_the_notes_sentence(note: Trace) -> None:
    from scipy.spatial.distance import jensenshannon

    green = weights_by_hand(note.text, HEADS[0])
    apart = {
        head: float((jensenshannon(green, weights_by_hand(note.text, head), 2, axis=1) ** 2).mean())
        for head in note.heads
    }
    assert max(apart, key=lambda head: apart[head]) == HEADS[1]
    said = SEVEN.note(SEVEN.parts[0], SEVEN.scene(note))
    assert f"{printed(apart[HEADS[1]], 2)} bit" in said


def test_a_dot_chooses_a_head_and_a_second_click_or_ctrl_the_other(note: Trace) -> None:
    panel = drawn(note, "map")
    dots = [e.attributes for e in panel.root.walk() if e.tag == "circle"]
    assert [dot["data-name"] for dot in dots] == [str(head) for head in note.heads]
    for dot, head in zip(dots, note.heads, strict=True):
        click = json.loads(dot["data-choose"])
        assert json.loads(dot["data-choose-with-ctrl"]) == {"other": [head.layer, head.head]}
        if head == HEADS[0]:
            assert click == {"other": [2, 1], "head": [0, 2]}
        else:
            assert click == {"head": [head.layer, head.head]}
    distances, places = panel.values["distances"], panel.values["places"]
    shown = np.linalg.norm(places[:, None] - places[None], axis=-1)
    assert (shown <= distances + 1e-6).all(), "classical scaling never stretches"


# ---- questions follow the heads


@pytest.mark.parametrize("head", [HeadId(2, 1), HeadId(1, 8), HeadId(5, 0)])
@pytest.mark.parametrize("special", ["hidden", "shown"])
def test_questions_are_about_the_chosen_head(note: Trace, head: HeadId, special: str) -> None:
    bound = SEVEN.at(SEVEN.choice(note, {"head": head, "special": special}))
    questions = {read_named(one.name)[0]: one for one in bound.questions}
    whole = addresses.tensors(note.text)["A"][head.layer, head.head].astype(float)
    seen = weights_by_hand(note.text, head) if special == "hidden" else whole
    first = 1 if special == "hidden" else 0
    sums = seen.sum(axis=0)[1 - first : 26 - first]
    assert questions["hub"].answer(note) == str(1 + int(sums.argmax()))
    own = int((seen.argmax(axis=1) == np.arange(len(seen))).sum())
    assert questions["self"].answer(note) == own
    on_special = float(whole[:, [0, -1]].sum(axis=1).mean())
    assert questions["special"].answer(note) == pytest.approx(on_special, abs=1e-5)
    for question in questions.values():
        assert str(head) in question.asks(note, "en")
    asked = {
        o.attributes["data-option"]
        for o in tokens_of(form(drawn(note, head=head, special=special)))
        if "data-option" in o.attributes
    }
    assert asked == {f"{questions['hub'].name}.{at}" for at in range(1, 26)}


def test_answers_are_kept_for_each_pair_and_stand_in_the_link(note: Trace) -> None:
    one, other = (
        SEVEN.at(SEVEN.choice(note, {"head": head})).questions[0].name
        for head in (HeadId(2, 1), HeadId(4, 11))
    )
    assert one != other
    standing = WalkthroughState().with_answer(7, one, "10").with_answer(7, other, "3")
    assert opened(written(standing)) == (standing, ())
    assert standing.answers == {"7.hub@L2H1-hidden": "10", "7.hub@L4H11-hidden": "3"}


@pytest.mark.parametrize(
    "key", ["7.self", "7.self@", "7.self@L2H1", "7.hub@a-b-c", "8.own@L2H1", "7.x@L2H1"]
)
def test_an_answer_that_names_no_pair_is_dropped_with_a_word(key: str) -> None:
    assert opened({"a": f"{key}=3"}) == (WalkthroughState(), (f"a: {key}",))


def test_a_name_is_read_as_it_is_written() -> None:
    for values in ((HeadId(0, 0), "hidden"), (HeadId(11, 12),), ("shown",)):
        assert read_named(named_at("self", values)) == ("self", values)
    assert read_named("self") == ("self", ())


def test_projected_maps_stand_below_their_lines_column_for_column(note: Trace) -> None:
    root = form(drawn(note, view="maps"), "projected")
    tiles = [e.attributes for e in root.walk() if e.attributes.get("class") == "tile"]
    shown = len({t["data-part"].rsplit(".", 1)[1] for t in tiles})
    assert len(tiles) == 2 * shown**2
    assert f"{shown} of 25" in root.text
    lines = lines_in(root)
    assert lines.items() <= {t["data-part"]: float(t["data-value"]) for t in tiles}.items()
    keys = [t.attributes for t in tokens_of(root) if "data-choose" not in t.attributes]
    under = {float(t["x"]) + float(t["width"]) / 2 for t in tiles}
    above = {float(k["x"]) for k in keys if "transform" in k}
    assert {round(x) for x in above} == {round(x) for x in under}
    high = float(root.attributes["viewBox"].split()[3])
    assert max(float(t["y"]) + float(t["height"]) for t in tiles) < high


def test_the_strongest_key_is_named_though_it_stands_outside_the_window(minilm: Model) -> None:
    text, head, word = "justice " + "the cat sat on a mat and " * 9 + "law .", HeadId(5, 4), 51
    root = form(drawn(attnviz.trace(text, minilm), head=head, word=word))
    shares = weights_by_hand(text, head)[word - 1]  # without [CLS]
    assert shares.argmax() == 0
    drawn_words = {one.attributes["data-part"] for one in tokens_of(root)}
    assert f"word.{word}" in drawn_words
    assert "word.1" not in drawn_words
    said = next(
        one.attributes["data-says"]
        for one in tokens_of(root)
        if one.attributes["data-part"] == f"word.{word}" and "data-says" in one.attributes
    )
    assert said.partition(": ")[2].startswith(f"justice (1) {shares[0]:.2f} + ")


@pytest.mark.parametrize("special", ["hidden", "shown"])
def test_the_only_word_is_above_no_other(minilm: Model, special: str) -> None:
    trace = attnviz.trace("Law", minilm)
    hub = SEVEN.at(SEVEN.choice(trace, {"special": special})).questions[0]
    rows = len(trace.tokens) if special == "shown" else 1
    said = hub.explains(trace, "en")
    assert f"of {rows} row{'s' * (rows > 1)}; there is no other word. " in said
    assert "（没有别的词）" in hub.explains(trace, "zh")
    two = hub.explains(attnviz.trace("The law", minilm), "en")
    assert "rows, more than any other. " in two
