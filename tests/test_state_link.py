"""Links of Explore and Train: what is written is read back, and a bad link opens what it can."""

import base64
import re
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.measures import measures
from attnviz.core.heads import HeadId
from attnviz.lessons.link import WALKTHROUGH
from attnviz.pictures.style import MOST_HEADS
from attnviz.share import codec
from attnviz.share.codec import MOST_TEXT, VERSION
from attnviz.share.state import (
    EXPLORE,
    FINDS,
    FOLDED,
    LONG,
    MOST_LINK,
    SORTS,
    TABS,
    TRAIN,
    VIEWS,
    Field,
    from_link,
    to_link,
)
from attnviz.share.unread import repeated
from attnviz.training.tasks import tasks
from tests.conftest import NOTE
from tests.fuzz import examples

HEADS = st.builds(
    HeadId, st.integers(0, 47), st.integers(0, 63), st.sampled_from(["self", *codec.KINDS])
)
TEXTS = st.one_of(
    st.sampled_from(
        ["", "0", "False", " ", "你好，世界", "👩‍👩‍👧 ☕ Zoë", "&#%=?+;/", "</script>", "%00\n\t"]
    ),
    st.text(max_size=80),
    st.text(min_size=150, max_size=400),
)
PINS = st.lists(
    st.tuples(st.sampled_from("qk"), st.integers(0, 600)).map(lambda pin: f"{pin[0]}{pin[1]}"),
    max_size=6,
).map(tuple)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "a": HEADS,
    "b": HEADS,
    "more": st.lists(HEADS, max_size=MOST_HEADS - 2).map(tuple),
    "combine": st.sampled_from(["each", "mean", "maximum"]),
    "arrangement": st.sampled_from(["stacked", "beside", "overlaid"]),
    "direction": st.sampled_from(["horizontal", "vertical"]),
    "unit": st.sampled_from(["piece", "word"]),
    "between": st.sampled_from(["all", "a_to_a", "a_to_b", "b_to_a", "b_to_b"]),
    "sort_by": st.sampled_from(SORTS),
    "tab": st.sampled_from(TABS),
    "map": st.sampled_from(["raw", "norm_weighted", "rollout", "flow"]),
    "at_least": st.integers(0, 100).map(lambda n: n / 100),
    "strongest": st.integers(5, 100),
    "pins": PINS,
    "table_head": st.integers(0, MOST_HEADS - 1),
    "table_query": st.integers(0, 511),
    "finder_what": st.sampled_from(FINDS),
    "finder_token": st.integers(0, 511),
    "finder_by": st.sampled_from([one.name for one in measures()]),
    "span": st.tuples(st.integers(0, 10**5), st.integers(0, 10**5)).map(
        lambda ends: (min(ends), max(ends))
    ),
    "finder_range": st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(
        lambda pair: (min(pair) / 10**6, max(pair) / 10**6)
    ),
    "opened": st.lists(st.sampled_from([k.view for k in FOLDED]), unique=True).map(tuple),
    "language": st.sampled_from(["en", "zh"]),
    "kind": st.sampled_from(codec.KINDS),
    "views": st.lists(st.sampled_from(VIEWS), unique=True).map(tuple),
    "view": st.sampled_from(["one", "compare"]),
    "looks_over": st.sampled_from(["step", "course"]),
    "looks_at": st.integers(0, MOST_HEADS - 1),
    "task": st.sampled_from(sorted(tasks())),
    "compare_task": st.sampled_from(sorted(tasks())),
    "heads": st.sampled_from([1, 2, 4, 8]),
    "layers": st.integers(1, 4),
    "seed": st.integers(0, 2**31 - 1),
    "steps": st.integers(1, 5_000),
    "step": st.integers(0, 5_000),
}


def value_of(field: Field) -> st.SearchStrategy[Any]:
    if field.is_text:
        return TEXTS
    return VALUES[field.name] if field.name in VALUES else st.booleans()


def states(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={field.name: value_of(field) for field in fields})


def in_a_browser(params: dict[str, str]) -> dict[str, str]:
    """The parameters after their way through an address."""
    found = parse_qs(urlencode(params), keep_blank_values=True)
    return {name: values[-1] for name, values in found.items()}


def without_usual(state: dict[str, Any], fields: tuple[Field, ...]) -> dict[str, Any]:
    usual = {field.name: field.start for field in fields}
    return {name: value for name, value in state.items() if value != usual[name]}


@examples(1000)
@given(states(EXPLORE))
def test_every_view_is_restored(state: dict[str, Any]) -> None:
    link = to_link(state, EXPLORE)
    assert link.too_long == ()
    found, dropped = from_link(in_a_browser(link.params), EXPLORE)
    assert found == without_usual(state, EXPLORE)
    assert dropped == ()


@examples(1000)
@given(states(TRAIN))
def test_every_training_is_restored(state: dict[str, Any]) -> None:
    link = to_link(state, TRAIN)
    found, dropped = from_link(in_a_browser(link.params), TRAIN)
    assert (found, dropped) == (without_usual(state, TRAIN), ())


def test_the_table_of_links_names_every_parameter_of_explore() -> None:
    document = (Path(__file__).parents[1] / "docs" / "sharing.md").read_text(encoding="utf-8")
    (row,) = (line for line in document.splitlines() if line.startswith("| Explore |"))
    assert {one.parameter for one in EXPLORE} <= set(re.findall(r"`(\w+)`", row))


def test_zero_false_and_empty_are_values_and_not_gaps() -> None:
    state = {"text": "", "a": HeadId(0, 0), "at_least": 0.01, "hide_special": True, "step": 0}
    fields = (*EXPLORE, *[field for field in TRAIN if field.name == "step"])
    found, _ = from_link(in_a_browser(to_link(state, fields).params), fields)
    assert found == state


def test_a_link_carries_its_version_and_the_start_has_none() -> None:
    assert to_link({"unit": "word"}, EXPLORE).params["v"] == VERSION
    assert to_link({}, EXPLORE).params == {}
    assert to_link({"unit": "piece", "more": (), "pins": ()}, EXPLORE).params == {}


def test_the_notes_sentence_with_everything_chosen_stays_below_2000_characters() -> None:
    heads = tuple(HeadId(layer, 11) for layer in range(10))
    state = {
        "text": NOTE,
        "pair": NOTE,
        "model": "sentence-transformers/all-MiniLM-L12-v2",
        "language": "zh",
        "a": HeadId(0, 2),
        "b": HeadId(1, 8),
        "more": heads,
        "combine": "maximum",
        "arrangement": "overlaid",
        "direction": "vertical",
        "unit": "word",
        "hide_special": True,
        "renormalise": True,
        "at_least": 0.37,
        "strongest": 65,
        "pins": tuple(f"q{place}" for place in range(27)),
        "table_open": True,
        "table_head": 11,
        "table_query": 26,
    }
    assert len(urlencode(to_link(state, EXPLORE).params)) < 1_000


def test_a_long_text_is_compressed() -> None:
    text = "The cat sat on the mat, and the dog lay by the door. " * 60
    link = to_link({"text": text}, EXPLORE)
    assert set(link.params) == {"v", "sz"}
    assert len(link.params["sz"]) < 250
    assert from_link(link.params, EXPLORE) == ({"text": text}, ())


def noise(characters: int) -> str:
    return "".join(chr(0x4E00 + (7919 * n * n + 31 * n) % 20_000) for n in range(characters))


def test_a_text_beyond_the_limit_is_refused_and_named_and_the_rest_stays() -> None:
    link = to_link({"text": noise(8_000), "unit": "word"}, EXPLORE)
    assert link.too_long == ("text",)
    assert link.params == {"v": VERSION, "unit": "word", LONG: "1"}
    found, dropped = from_link(link.params, EXPLORE)
    assert found == {"unit": "word"}
    assert dropped == (LONG,)
    whole = to_link({"text": noise(8_000)}, EXPLORE, most=10**7)
    assert whole.too_long == ()
    assert from_link(whole.params, EXPLORE, most=10**7)[0]["text"] == noise(8_000)


@given(st.text(min_size=0, max_size=3_000))
@settings(max_examples=100, deadline=None)
def test_no_link_is_longer_than_servers_take(text: str) -> None:
    state = {"text": text, "pair": text, "more": tuple(HeadId(1, n) for n in range(10))}
    assert len(urlencode(to_link(state, EXPLORE).params)) <= MOST_LINK + 100


@pytest.mark.parametrize(
    ("params", "dropped"),
    [
        ({"v": "99"}, "v"),
        ({"ha": "0"}, "ha"),
        ({"ha": "-1.0"}, "ha"),
        ({"ha": "²._"}, "ha"),
        ({"ha": "1e9.0"}, "ha"),
        ({"hm": "-".join(["0.1"] * 11)}, "hm"),
        ({"show": "all"}, "show"),
        ({"arr": "</script>"}, "arr"),
        ({"nosp": "true"}, "nosp"),
        ({"min": "nan"}, "min"),
        ({"min": "٠.٥"}, "min"),
        ({"min": "2"}, "min"),
        ({"top": "0"}, "top"),
        ({"pin": "x3"}, "pin"),
        ({"pin": "q"}, "pin"),
        ({"tabh": "12"}, "tabh"),
        ({"lang": "fr"}, "lang"),
        ({"views": "overview-secrets"}, "views"),
        ({"s": "x" * 5_001}, "s"),
        ({"sz": "not base64!"}, "sz"),
        ({"sz": "AAAA"}, "sz"),
        ({"sz": ""}, "sz"),
    ],
)
def test_what_cannot_be_read_is_dropped_and_named(params: dict[str, str], dropped: str) -> None:
    found, said = from_link({"unit": "word", "foreign": "1", **params}, EXPLORE)
    assert found == {"unit": "word"}
    assert said == (dropped,)


def test_a_text_that_is_given_as_it_is_and_compressed_is_read_once() -> None:
    packed = to_link({"text": "b" * 400}, EXPLORE).params["sz"]
    assert from_link({"s": "a", "sz": packed}, EXPLORE) == ({"text": "a"}, ("sz",))


def test_what_is_given_twice_is_named_unless_it_says_the_same() -> None:
    given = {"s": ["a", "b", "c", "b"], "ha": ["0.1", "0.1"], "foreign": ["1", "2"], "v": ["1"]}
    assert repeated(given, EXPLORE) == ("s: a", "s: c")
    (long,) = repeated({"sz": ["x" * 500, "y"]}, EXPLORE)
    assert len(long) < 50


def test_a_compressed_text_that_would_unfold_without_end_is_dropped() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b"a" * 5 * MOST_TEXT, 9)).decode()
    assert len(bomb) < codec.MOST_PARAMETER
    assert from_link({"sz": bomb}, EXPLORE) == ({}, ("sz",))
    whole = base64.urlsafe_b64encode(zlib.compress(b"a" * MOST_TEXT, 9)).decode()
    assert from_link({"sz": whole}, EXPLORE)[0]["text"] == "a" * MOST_TEXT


def test_half_characters_are_replaced_where_written_and_refused_where_read() -> None:
    link = to_link({"text": "a\ud800b"}, EXPLORE)
    assert from_link(link.params, EXPLORE)[0]["text"] == "a\ufffdb"
    packed = base64.urlsafe_b64encode(zlib.compress(b"\xed\xa0\x80")).decode().rstrip("=")
    assert from_link({"sz": packed, "s": "\ud800"}, EXPLORE) == ({}, ("s", "sz"))


def test_a_text_has_the_room_that_the_rest_of_a_link_leaves() -> None:
    state = {"text": noise(2_100), "pins": tuple(f"q{n}" for n in range(150))}
    alone = to_link({"text": state["text"]}, EXPLORE)
    assert alone.too_long == ()
    assert len(urlencode(alone.params)) <= MOST_LINK + len("v=1&")
    both = to_link(state, EXPLORE)
    assert both.too_long == ("text",)
    assert both.params == {"v": "1", LONG: "1", **to_link({"pins": state["pins"]}, EXPLORE).params}


ANY = st.dictionaries(
    st.sampled_from([field.parameter for field in (*EXPLORE, *TRAIN)] + ["sz", "ownz", "v", LONG]),
    st.one_of(st.text(max_size=30), st.from_regex(r"[0-9.\-qk]{0,12}", fullmatch=True)),
)


@given(ANY)
@examples(500)
def test_no_link_raises_and_whatever_is_read_can_be_written_again(params: dict[str, str]) -> None:
    for fields in (EXPLORE, TRAIN, WALKTHROUGH):
        found, dropped = from_link(params, fields)
        again, lost = from_link(to_link(found, fields).params, fields)
        assert again == without_usual(found, fields)
        assert lost == ()
        assert set(dropped) <= set(params)
