"""The walkthrough's link: what is written is read back, and a bad link opens what it can."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.core.heads import HeadId
from attnviz.lessons.claims import claims
from attnviz.lessons.controls import Cells, Paint, Pick, PickHeads, Value
from attnviz.lessons.link import MODES, MOST_STEPS, WalkthroughState, choice_key
from attnviz.lessons.verdict_sheet import GUESSES
from tests.fuzz import examples
from tests.walkthrough_links import opened, written

CHAPTERS = attnviz.chapters()
HEADS = st.builds(HeadId, st.integers(0, 47), st.integers(0, 63))
NUMBERS = st.one_of(
    st.integers(-999, 999), st.floats(-99, 99, allow_nan=False).map(lambda x: round(x, 3))
)
CONTROLS = {f"{c.number}.{control.name}": control for c in CHAPTERS for control in c.controls}
CHOICES = {
    choice_key(int(key.split(".")[0]), key.split(".")[1]): one for key, one in CONTROLS.items()
}
ABOUT: dict[str, Value] = {"head": HeadId(3, 11), "special": "shown"}  # of what follows controls
QUESTIONS = {f"{c.number}.{q.name}": q for c in CHAPTERS for q in c.at(ABOUT).questions}


def value_of(name: str) -> st.SearchStrategy[object]:
    control = CHOICES[name]
    if isinstance(control, Paint):
        places = st.integers(0, 11)
        return st.lists(st.tuples(places, places), max_size=20).map(Cells)
    if isinstance(control, PickHeads):
        return st.lists(HEADS, max_size=6).map(tuple)
    if isinstance(control, Pick):
        return st.one_of(
            HEADS, st.integers(0, 600), st.sampled_from(["z", "weights", "eight-looks"])
        )
    return NUMBERS


def said_to(name: str) -> st.SearchStrategy[object]:
    words = st.sampled_from(["same", "more", "t4h0", "12", "0"])
    return NUMBERS.map(float) if QUESTIONS[name].options is None else words


def several(names: list[str], value: object) -> st.SearchStrategy[dict[str, object]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=8).flatmap(
        lambda chosen: st.fixed_dictionaries({name: value(name) for name in chosen})  # type: ignore[operator]
    )


FIELDS = st.fixed_dictionaries(
    {
        "chapter": st.integers(1, 8),
        "screen": st.integers(0, 12),
        "figure_step": st.integers(0, MOST_STEPS - 1),
        "mode": st.sampled_from(MODES),
        "claims_hide_special": st.booleans(),
        "choices": several(sorted(CHOICES), value_of),
        "answers": several(sorted(QUESTIONS), said_to),
        "guesses": st.dictionaries(
            st.sampled_from([claim.name for claim in claims()]), st.sampled_from(GUESSES)
        ),
    }
)


@examples(1000)
@given(FIELDS)
def test_what_is_written_is_read_back(fields: dict[str, Any]) -> None:
    standing = WalkthroughState(**fields)  # here, because type checks draw at random
    params = written(standing)
    assert opened(params) == (standing, ())
    assert all(text.isascii() for text in params.values())


def test_the_start_has_an_empty_link() -> None:
    assert written(WalkthroughState()) == {}
    assert opened({}) == (WalkthroughState(), ())


def test_a_whole_class_session_fits_in_a_link() -> None:
    everything = WalkthroughState(
        chapter=8,
        mode="presenter",
        answers={name: 0.5 if q.options is None else "12" for name, q in QUESTIONS.items()},
        guesses={claim.name: "average" for claim in claims()},
    )
    assert len(urlencode(written(everything))) < 2_000


@pytest.mark.parametrize(
    ("params", "dropped"),
    [
        ({"ch": "9"}, "ch"),
        ({"ch": "<script>"}, "ch"),
        ({"mode": "root"}, "mode"),
        ({"screen": "1e9"}, "screen"),
        ({"special": "maybe"}, "special"),
        ({"a": "2.added=</script>"}, "a: 2.added"),
        ({"a": "99.nothing=same"}, "a: 99.nothing"),
        ({"a": "2.undivided=nan"}, "a: 2.undivided"),
        ({"a": "2.undivided=inf"}, "a: 2.undivided"),
        ({"c": "2.head=h0.x"}, "c: 2.head"),
        ({"c": "2.nothing=1"}, "c: 2.nothing"),
        ({"c": "=;;==;2.head"}, ""),
        ({"g": "13=z;99=h"}, "g: 13"),
        ({"a": "x" * 6_000}, "a"),
    ],
)
def test_a_broken_link_opens_what_it_can_and_says_what_it_dropped(
    params: dict[str, str], dropped: str
) -> None:
    standing, said = opened(params)
    assert standing == WalkthroughState()
    assert not dropped or dropped in said


def test_what_is_whole_survives_beside_what_is_broken() -> None:
    standing, said = opened({"ch": "3", "mode": "?", "a": "2.added=same;x=1"})
    assert standing.chapter == 3
    assert standing.answers == {"2.added": "same"}
    assert said == ("mode", "a: x")


@given(
    st.dictionaries(
        st.sampled_from(["ch", "screen", "mode", "special", "c", "a", "g", "v"]), st.text()
    )
)
@settings(deadline=None)
def test_no_link_breaks_the_page(params: dict[str, str]) -> None:
    standing, _ = opened(params)
    assert 1 <= standing.chapter <= 8


def test_a_choice_that_does_not_fit_the_model_is_the_default(note: attnviz.Trace) -> None:
    chapter = CHAPTERS[1]
    beyond = {"head": HeadId(99, 0), "word": 500, "width": "x", "shift": 99, "strength": "many"}
    assert chapter.choice(note, beyond) == chapter.choice(note)  # type: ignore[arg-type]
    fitting = chapter.choice(note, {"head": HeadId(1, 2), "word": 3, "strength": 16})
    assert (fitting["head"], fitting["word"], fitting["strength"]) == ((1, 2), 3, 16)
