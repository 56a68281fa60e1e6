"""Hostile links and view files on the three pages, in Streamlit's own test harness."""

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from attnviz.lessons.link import WALKTHROUGH
from attnviz.models.load import Model
from attnviz.share.state import EXPLORE, TRAIN, Field
from tests.fuzz import COUNTED, random_cases, sample
from tests.fuzz.test_core import LINKS, SECRETS, standings
from tests.test_share_page import at_link

FIELDS: dict[str, tuple[Field, ...]] = {
    "": EXPLORE,
    "train": TRAIN,
    "walkthrough": WALKTHROUGH,
}
WORK = {"run", "ran", "do"}  # would start trainings


def opened(where: str, params: dict[str, str]) -> AppTest:
    """A page opened by a link, without a crash or a place on the server in what it says."""
    COUNTED["pages"] += 1
    app = at_link(where, params)
    check(app, params)
    return app


def check(app: AppTest, params: dict[str, str]) -> None:
    assert not app.exception, f"{params!a:.300}: {app.exception[0].message}"
    blocks: list[Any] = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    said = "\n".join(block.value for block in blocks).replace("\\", "")
    typed = json.dumps(params)
    assert not [secret for secret in SECRETS if secret in said and secret not in typed]


def sendable(text: str) -> bool:
    """Whether a browser can put it into an address."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@pytest.mark.parametrize("where", FIELDS)
def test_every_parameter_of_a_page_takes_hostile_texts(minilm: Model, where: str) -> None:
    texts = [text for text in sample() if sendable(text) and len(text) <= 5_000]
    names = [field.parameter for field in FIELDS[where] if field.parameter not in WORK]
    at = 0
    while at < len(texts):  # a text for each parameter at once, so that few pages hold all
        params = dict(zip(names, texts[at:], strict=False))
        opened(where, params)
        at += len(names)


@given(LINKS.map(lambda link: {n: t for n, t in link.items() if n not in WORK}))
@random_cases(8)
def test_random_links_open_a_page(minilm: Model, params: dict[str, str]) -> None:
    params = {name: text for name, text in params.items() if sendable(text)}
    for where in ("", "train"):
        opened(where, params)


@given(standings(), st.integers(1, 8))
@random_cases(8)
def test_random_links_open_a_lesson(minilm: Model, params: dict[str, str], chapter: int) -> None:
    params = {name: text for name, text in params.items() if sendable(text)}
    opened("walkthrough", {"ch": str(chapter), **params})


@pytest.mark.parametrize(
    ("where", "params"),
    [
        ("", {"ha": "0.2", "tab": "1", "tabq": "99999", "tabh": "11"}),
        ("", {"pin": "q99999.k99999"}),
        ("", {"pin": ".".join(["q0"] * 1_500)}),
        ("", {"hm": "-".join(["0.1"] * 10)}),
        ("", {"hm": "0.2-1.8"}),
        ("", {"min": "0.123456789"}),
        ("", {"min": "1e-9"}),
        ("", {"top": "7"}),
        ("", {"show": "mean", "arr": "overlaid", "unit": "word", "nosp": "1", "renorm": "1"}),
        ("", {"nosp": "1", "unit": "word", "s": "."}),
        ("", {"m": "n" * 256}),
        ("", {"m": "other"}),
        ("", {"m": "\x00"}),
        ("", {"s": "\x00"}),
        ("", {"views": "table-table"}),
        ("train", {"at": "5000"}),
        ("train", {"heads": "1", "layers": "4", "seed": str(2**31 - 1), "steps": "5000"}),
        ("train", {"own": "\x00"}),
        ("train", {"task": "it", "own": "9" * 300}),
        ("walkthrough", {"ch": "8", "screen": "99", "mode": "presenter"}),
        ("walkthrough", {"m": "n" * 256}),
        ("walkthrough", {"mode": "presenter", "s": " "}),
        ("walkthrough", {"mode": "teacher", "s": "a"}),
        ("walkthrough", {"mode": "print", "s": "a"}),
        ("walkthrough", {"ch": "2", "c": "2.head=h99.99;2.word=1.0"}),
        ("walkthrough", {"c": ";".join(f"{n}.word=1e308" for n in range(1, 9)), "ch": "3"}),
        ("walkthrough", {"c": ";".join(f"{n}.word={'9' * 400}" for n in range(1, 9)), "ch": "3"}),
    ],
)
def test_a_link_at_the_edge_of_what_is_allowed_opens(
    minilm: Model, where: str, params: dict[str, str]
) -> None:
    app = opened(where, params)
    app.run()
    check(app, params)


def packed(text: str) -> str:
    data = zlib.compress(text.encode("utf-8", "surrogatepass"), 9)
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("where", "name"),
    [("", "s"), ("", "p"), ("", "m"), ("train", "own"), ("walkthrough", "s"), ("walkthrough", "m")],
)
@pytest.mark.parametrize("text", ["half \ud800", "\udcff\udc80", "nul \x00", "\ufffe\uffff"])
def test_a_packed_text_of_any_characters_opens_a_page(
    minilm: Model, where: str, name: str, text: str
) -> None:
    opened(where, {f"{name}z": packed(text)})


@pytest.mark.parametrize("mode", ["learner", "presenter", "teacher", "print"])
def test_every_mode_of_a_lesson_takes_hostile_sentences(minilm: Model, mode: str) -> None:
    for number, text in enumerate(sample(20, slow=True)):
        if sendable(text) and len(text) <= 5_000:
            params = {"ch": str(number % 8 + 1), "mode": mode, "s": f"the cat {text[:120]} sat"}
            opened("walkthrough", params)
