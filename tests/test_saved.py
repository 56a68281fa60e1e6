"""What people kept from the first version opens as it did: links, view files, scripts.

`tests/saved/` was written by that version and is never written again.
"""

import json
import runpy
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.core.heads import HeadId
from attnviz.lessons.controls import Cells
from attnviz.lessons.link import EARLIER, LAYERS, SHARED, WALKTHROUGH
from attnviz.share.state import EXPLORE, TRAIN, from_link, to_link
from attnviz.ui import address
from tests import walkthrough_links
from tests.test_share_page import link_of, opened

SAVED = Path(__file__).with_name("saved")
LINKS = json.loads((SAVED / "links.json").read_text(encoding="utf-8"))
FIELDS = {"explore": EXPLORE, "train": TRAIN, "walkthrough": WALKTHROUGH}


def plain(value: Any) -> Any:
    """A value as JSON holds it: heads and tuples are lists."""
    return json.loads(json.dumps(value))


def head(value: Any) -> list[int]:
    return [value.layer, value.head]


def as_saved(value: Any) -> Any:
    """A chosen value of the walkthrough, as the file writes it."""
    if isinstance(value, Cells):
        return {"cells": sorted(map(list, value))}
    if hasattr(value, "layer"):
        return {"head": head(value)}
    return {"heads": list(map(head, value))} if isinstance(value, tuple) else value


def of_heads(name: str, value: Any) -> Any:
    """A value of the state, with its heads as pairs."""
    if name in ("a", "b"):
        return head(value)
    return list(map(head, value)) if name == "more" else plain(value)


@pytest.mark.parametrize("saved", LINKS["pages"], ids=lambda saved: saved["page"])
def test_a_saved_link_names_what_it_named_and_is_written_the_same(saved: dict[str, Any]) -> None:
    fields = FIELDS[saved["page"]]
    state, dropped = from_link(saved["link"], fields)
    assert dropped == ()
    assert {name: of_heads(name, value) for name, value in state.items()} == saved["state"]
    assert to_link(state, fields).params == saved["link"]


@pytest.mark.parametrize("saved", LINKS["walkthrough"], ids=lambda saved: str(saved["chapter"]))
def test_a_saved_link_of_the_walkthrough_opens_the_same_place(saved: dict[str, Any]) -> None:
    standing, dropped = walkthrough_links.opened(saved["link"])
    followed = [key for key in saved["answers"] if key in ("7.self", "7.special")]
    assert dropped == tuple(f"a: {key}" for key in followed), "they named no head"
    for name in ("chapter", "screen", "mode"):
        assert getattr(standing, name) == saved[name]
    assert standing.claims_hide_special == saved["hide_special"]
    for name, value in saved["choices"].items():  # word and heads are now those of all chapters
        chapter, control = EARLIER.get(name, name).split(".")
        if control in SHARED and int(chapter) != saved["chapter"]:
            continue
        if name in LAYERS:  # now that of the head
            assert standing.choices["head"] == HeadId(value, 0)
            continue
        assert as_saved(standing.of_chapter(int(chapter))[control]) == value
    answers = {key: said for key, said in saved["answers"].items() if key not in followed}
    assert dict(standing.answers) == answers
    assert dict(standing.guesses) == saved["guesses"]
    assert walkthrough_links.opened(walkthrough_links.written(standing)) == (standing, ())


def of_this_server(saved: dict[str, Any]) -> bool:
    """A page of a built-in model, within what it has: nothing of the link is dropped there."""
    return saved["link"].get("m", "minilm") in ("minilm", "minilm-random") and not saved[
        "state"
    ].get("views")


@pytest.mark.parametrize(
    "saved", [one for one in LINKS["pages"] if one["page"] == "explore" and of_this_server(one)][:3]
)
def test_a_saved_link_opens_the_page_and_stays_in_its_address(saved: dict[str, Any]) -> None:
    app: AppTest = opened(**saved["link"])
    shown = link_of(app)
    for parameter in saved["link"].keys() - {"m", "pin"}:  # the first model needs no name
        assert shown.get(parameter) == saved["link"][parameter], parameter


@pytest.mark.parametrize("page", ["explore", "train"])
def test_a_saved_view_file_is_read(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = next(one for one in LINKS["pages"] if one["page"] == page and of_this_server(one))
    taken: dict[str, Any] = {}
    dropped: list[str] = []
    monkeypatch.setattr(address, "_take", taken.update)
    monkeypatch.setattr(address, "_begin_anew", lambda _: None)
    monkeypatch.setattr(address, "drop", lambda *names: dropped.extend(names))
    file = {"attnviz-view": "1", "page": page, "link": saved["link"]}
    assert address.open_file(json.dumps(file).encode(), page, FIELDS[page])
    assert dropped == []
    assert {name: of_heads(name, value) for name, value in taken.items()} == saved["state"]


def test_a_saved_script_prints_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(SAVED / "script.py"))
    now = capsys.readouterr().out.splitlines()
    before = (SAVED / "script.txt").read_text(encoding="utf-8").splitlines()
    table = next(at for at, line in enumerate(before) if line.split()[:2] == ["layer", "head"])
    rows = slice(table, table + 4)  # of measures, which have become more
    assert now[:table] + now[table + 4 :] == before[:table] + before[table + 4 :]
    (names, *values), (all_names, *all_values) = (
        [line.split() for line in lines[rows]] for lines in (before, now)
    )
    places = [all_names.index(name) for name in names]
    assert [[row[0], *(row[at + 1] for at in places)] for row in all_values] == values
