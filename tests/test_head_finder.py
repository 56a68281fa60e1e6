"""Find a head on Explore: the table of all heads, what it is sorted and filtered by."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.analysis.measures import measures
from attnviz.share.state import EXPLORE, FINDS, from_link
from attnviz.texts import LANGUAGES, say
from attnviz.ui import caches
from tests.test_page import MAIN, said, typed
from tests.test_page import page as page  # a fixture
from tests.waiting import CEILING


def opened(app: AppTest, **state: Any) -> AppTest:
    app.session_state["values"].update(finder_open=True, **state)
    app.run()
    assert not app.exception
    return app


def table(app: AppTest) -> pd.DataFrame:
    (found,) = app.dataframe
    shown: pd.DataFrame = found.value
    return shown


def test_what_nobody_opened_is_not_measured(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("measured")

    monkeypatch.setattr(caches, "measure", never)
    typed(page, "nobody opens the table of this sentence")
    assert not page.dataframe


def test_the_table_is_the_measures_of_every_head(page: AppTest, note: attnviz.Trace) -> None:
    shown = table(opened(page, finder_by="previous"))
    expected = attnviz.measure(note, tokens=True)
    expected.index = pd.Index([str(head) for head in note.heads])
    assert len(shown) == 72
    assert shown["previous"].is_monotonic_decreasing
    assert shown["head"][0] == "L0·H2"
    assert set(shown["tokens"]) == {26}
    for one in measures():
        np.testing.assert_allclose(shown[one.name], expected[one.name][shown["head"]], rtol=1e-12)


def test_it_is_filtered_by_a_range(page: AppTest, note: attnviz.Trace) -> None:
    shown = table(opened(page, finder_by="next", finder_range=(0.3, 1.0)))
    expected = attnviz.measure(note)["next"]
    heads = {str(head) for head, share in zip(note.heads, expected, strict=True) if share >= 0.3}
    assert set(shown["head"]) == heads
    assert 0 < len(heads) < 72
    assert f"{len(heads)} of 72 heads" in said(page)


def test_heads_that_look_at_something_are_ranked_with_what_it_rests_on(
    page: AppTest, note: attnviz.Trace
) -> None:
    shown = table(opened(page, finder_what="next"))
    weights = np.concatenate([note.layer_weights(layer) for layer in range(6)])
    shares = np.trace(weights[:, :-1, 1:], axis1=1, axis2=2) / 26
    best = int(shares.argmax())
    assert shown["head"][0] == str(note.heads[best])
    np.testing.assert_allclose(shown["share"], np.sort(shares)[::-1], atol=1e-5)
    assert set(shown["tokens"]) == {26}
    assert f"a share of {100 * shares[best]:.1f} %, mean over 26 queries" in said(page)


def test_a_pinned_token_is_what_heads_are_found_by(note: attnviz.Trace) -> None:
    page = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    page.query_params.update({"v": "1", "pin": "q3"})
    shown = table(opened(page.run(), finder_what="token"))
    weights = np.concatenate([note.layer_weights(layer) for layer in range(6)])
    np.testing.assert_allclose(
        shown["share"], np.sort(weights[:, :, 3].mean(axis=1))[::-1], atol=1e-5
    )
    assert page.selectbox(key="finder_token").value == 3
    assert f"looks most at this ({note.tokens[3].name}): " in said(page)
    opened(page, hide_special=True)
    assert page.selectbox(key="finder_token").value == 3, "the same token, whatever is hidden"


def test_where_there_is_no_such_token_it_says_so(page: AppTest) -> None:
    typed(page, "It rains")
    opened(page, finder_what="punctuation")
    assert not page.dataframe
    assert "no query of this sentence may look at such a token (punctuation)" in said(page)


def test_a_link_holds_it_and_a_bad_one_is_dropped() -> None:
    params = {"v": "1", "find": "1", "findat": "token", "findk": "4", "findin": "0.25-0.5"}
    state, dropped = from_link(params, EXPLORE)
    assert not dropped
    assert state == {
        "finder_open": True,
        "finder_what": "token",
        "finder_token": 4,
        "finder_range": (0.25, 0.5),
    }
    for bad in ("0.5-0.25", "nan-1", "1", "-1-2", "1e3-2", "٣-٤", "0.1-inf"):
        assert from_link({"v": "1", "findin": bad}, EXPLORE) == ({}, ("findin",))


def test_every_thing_to_find_by_has_a_name() -> None:
    for language in LANGUAGES:
        for what in FINDS:
            section = "finder" if what in ("any", "token") else "measure"
            assert say(f"{section}.{what}", language)
