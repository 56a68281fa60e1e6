"""Files of numbers, read back and held against the tensor."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.export.numbers import COLUMNS, as_csv, as_json, as_npz
from attnviz.figures.shown import Shown, shown
from attnviz.models.load import Model
from attnviz.words import LANGUAGES, Language

HEADS = [(0, 2), (1, 8)]


def table(text: str) -> tuple[list[list[str]], pd.DataFrame]:
    """The rows that say where a CSV is from, and the table after them."""
    rows = list(csv.reader(io.StringIO(text)))
    start = rows.index(list(COLUMNS))
    return rows[:start], pd.DataFrame(rows[start + 1 :], columns=list(COLUMNS))


@pytest.fixture
def maps(note: attnviz.Trace) -> tuple[Shown, ...]:
    return shown(note, HEADS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_holds_every_weight_in_full(
    maps: tuple[Shown, ...], note: attnviz.Trace, language: Language
) -> None:
    said, found = table(as_csv(maps, language))
    for layer, head in HEADS:
        mine = found[found["head"] == f"L{layer}·H{head}"]
        weights = mine["weight"].astype(float).to_numpy(np.float32).reshape(27, 27)
        np.testing.assert_array_equal(weights, note.weights((layer, head)))
        queries = [text.removeprefix("'") for text in mine["query"].tolist()[::27]]
        assert queries == [token.text for token in note.tokens]
        assert mine["key_place"].astype(int).tolist()[:27] == list(range(27))
    facts = {row[0]: row[1] for row in said}
    assert facts["# revision"] == note.model.revision
    assert facts["# text"] == note.text
    assert "attnviz.lines(trace, [(0, 2), (1, 8)])" in facts["# again"]
    assert facts["# transformers"].startswith("5.")
    assert "softmax" in facts["# L0·H2"]


def test_json_holds_every_weight_and_what_is_hidden(note: attnviz.Trace) -> None:
    maps = shown(note, HEADS, Lens(hide_special=True, at_least=0.1))
    whole = json.loads(as_json(maps))
    assert whole["text"] == note.text
    assert whole["model"] == "all-MiniLM-L6-v2"
    for one, read in zip(maps, whole["maps"], strict=True):
        weights = np.array(read["weights"], dtype=np.float32)
        np.testing.assert_array_equal(weights, one.view.weights)
        np.testing.assert_array_equal(np.array(read["drawn"]), one.view.shown)
        assert len(read["places"]) == 25
        assert any("2 special tokens hidden" in said for said in read["notes"])


def test_npz_holds_the_whole_trace_and_needs_no_pickle(note: attnviz.Trace) -> None:
    with np.load(io.BytesIO(as_npz(note)), allow_pickle=False) as file:
        for layer in range(6):
            np.testing.assert_array_equal(file["queries"][layer], note.queries(layer))
            np.testing.assert_array_equal(file["head_output"][layer], note.head_output(layer))
        np.testing.assert_array_equal(file["residual"][6], note.residual(6))
        q, k = file["queries"][0, 2], file["keys"][0, 2]
        scores = q.astype(float) @ k.T.astype(float) * file["scaling"][0]
        weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(weights, note.weights((0, 2)), atol=1e-5)
        assert json.loads(str(file["facts"]))["text"] == note.text
        assert file["tokens"].tolist() == [token.text for token in note.tokens]


def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(minilm: Model) -> None:
    text = "=HYPERLINK(1) +cmd -1 @SUM plain"
    maps = shown(attnviz.trace(text, minilm), [(0, 0)])
    said, found = table(as_csv(maps))
    cells = [*found["query"], *found["key"], *(cell for row in said for cell in row)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'=" in found["query"].tolist()
    count = sum(cell.startswith("'") for name in ("query", "key") for cell in found[name])
    assert f"{count} cells begin with an apostrophe" in said[-1][1]


def test_a_csv_without_such_cells_says_nothing_of_them(minilm: Model) -> None:
    said, _ = table(as_csv(shown(attnviz.trace("the cat sat", minilm), [(0, 0)])))
    assert not [row for row in said if row[0] == "#"]
