"""Files of numbers, read back and held against the tensor."""

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.export.numbers import COLUMNS, as_csv, as_json, as_npz
from attnviz.export.table import LONGEST_CELL
from attnviz.export.table import table as make_table
from attnviz.export.training import course_csv, target_shares_csv
from attnviz.models.load import Model
from attnviz.pictures.shown import Shown, shown
from attnviz.texts import LANGUAGES, Language
from tests.tiny_families import opened, saved_family

HEADS = [(0, 2), (1, 8)]


def table(text: str) -> tuple[dict[str, Any], pd.DataFrame]:
    """The facts of a CSV, and its table, read as anybody would."""
    found = pd.read_csv(io.StringIO(text))
    return json.loads("".join(found["facts"])), found


def texts(column: "pd.Series[str]") -> list[str]:
    """The texts of a column, without the apostrophes that guard some."""
    return column.str.removeprefix("'").tolist()


def run(recipe: str) -> dict[str, Any]:
    """What a recipe leaves behind."""
    made: dict[str, Any] = {}
    exec(recipe, made)  # noqa: S102 (what is tested is that it runs)
    return made


@pytest.fixture
def maps(note: attnviz.Trace) -> tuple[Shown, ...]:
    return shown(note, HEADS)


@pytest.mark.no_cover
@pytest.mark.parametrize(("write", "most"), [(as_csv, 4), (as_json, 5)])
def test_a_file_is_made_in_little_more_than_its_own_size(
    minilm: Model, write: Callable[[Sequence[Shown]], str], most: int
) -> None:
    """What a file takes as objects of Python's leaves memory that does not come back."""
    maps = shown(attnviz.trace("law " * 100, minilm), [(0, n) for n in range(12)])
    write(maps)  # what is made once, such as the weights
    tracemalloc.start()
    text = write(maps)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < most * len(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_csv_holds_every_weight_in_full(
    maps: tuple[Shown, ...], note: attnviz.Trace, language: Language
) -> None:
    facts, found = table(as_csv(maps, language))
    assert found.columns.tolist() == [*COLUMNS, "facts"]
    for layer, head in HEADS:
        mine = found[found["head"] == f"L{layer}·H{head}"]
        weights = mine["weight"].to_numpy(np.float32).reshape(27, 27)
        np.testing.assert_array_equal(weights, note.weights((layer, head)))
        assert texts(mine["query"])[::27] == [token.text for token in note.tokens]
        assert mine["key_place"].tolist()[:27] == list(range(27))
    assert facts["revision"] == note.model.revision
    assert facts["text"] == note.text
    spoken = "" if language == "en" else f", language={language!r}"
    assert f"attnviz.lines(trace, [(0, 2), (1, 8)]{spoken})" in facts["again"]
    assert facts["transformers"].startswith("5.")
    assert "softmax" in facts["maps"]["L0·H2"][0]


HARD = "# NA null nan none N/A true 12 1.0 1e5 inf =x +y -z @w 'tis , \" <b> ; plain"


@pytest.mark.filterwarnings("error")
def test_a_csv_opens_as_it_is_and_every_token_is_text(minilm: Model) -> None:
    trace = attnviz.trace(f"{HARD} " * 4, minilm)
    _, found = table(as_csv(shown(trace, HEADS)))
    n = len(trace.tokens)
    assert found["query"].dtype == found["key"].dtype == "str"
    assert found["drawn"].dtype == bool
    assert found["weight"].dtype == float
    assert texts(found["query"])[: n * n : n] == [token.text for token in trace.tokens]
    assert texts(found["key"])[:n] == [token.text for token in trace.tokens]
    assert "#" in found["key"].tolist()


@pytest.mark.filterwarnings("error")
def test_digits_alone_stay_text() -> None:
    training = attnviz.train("one-hop", heads=1, steps=1)
    trace = attnviz.trace(training.run.task.alphabet.example, training.model)
    _, found = table(as_csv(shown(trace, [(0, 0)])))
    n = len(trace.tokens)
    assert texts(found["query"])[::n] == [token.text for token in trace.tokens]


def test_facts_longer_than_a_cell_go_on_in_the_next(note: attnviz.Trace) -> None:
    long = {"text": "x=+-@" * 10_000, "note": "a" * 40_000}
    text = make_table(("n",), [(number,) for number in range(9)], long, "en")
    facts, found = table(text)
    assert facts == long
    assert found["facts"].str.len().max() <= LONGEST_CELL


@pytest.mark.parametrize("lens", [Lens(), Lens(at_least=0.1), Lens(unit="word", hide_special=True)])
def test_drawn_is_what_is_drawn(note: attnviz.Trace, lens: Lens) -> None:
    maps = shown(note, HEADS, lens)
    _, found = table(as_csv(maps))
    drawn = attnviz.lines(note, HEADS, lens)
    assert found["drawn"].sum() == len(drawn.weight)
    np.testing.assert_array_equal(
        np.sort(found["weight"][found["drawn"]].to_numpy(np.float32)), np.sort(drawn.weight)
    )
    read = json.loads(as_json(maps))["maps"]
    assert sum(np.sum(one["drawn"]) for one in read) == len(drawn.weight)
    assert lens != Lens() or not found["drawn"].all(), "some lines are too faint to be drawn"


def test_training_csvs_open_as_they_are() -> None:
    training = attnviz.train("one-hop", heads=1, steps=2)
    facts, course = table(course_csv(training))
    assert course["step"].tolist() == [point.step for point in training.history]
    assert course["loss"].tolist() == [point.loss for point in training.history]
    looks = training.run.task.target_names
    _, shares = table(target_shares_csv(training, np.full((1, 1, len(looks)), 0.25)))
    assert shares["look"].tolist() == list(looks)
    assert shares["share"].tolist() == [0.25] * len(looks)
    made = run(facts["again"])
    assert made["model"].card.revision == training.model.card.revision


def test_the_recipe_of_given_weights_runs() -> None:
    drawn = np.random.default_rng(0).dirichlet(np.ones(30), size=(2, 3, 30))
    tokens = ["#", "it's", "<s>", "\n", "nan", "\u202e"] * 5
    trace = attnviz.Trace.from_weights(tokens, drawn, special=[2], title="my 'model'")
    maps = shown(trace, [(1, 2)], Lens(at_least=0.1))
    for facts in (table(as_csv(maps))[0], json.loads(as_json(maps))):
        again = run(facts["again"])["trace"]
        for head in trace.heads:
            np.testing.assert_array_equal(again.weights(head), trace.weights(head))
        assert (again.tokens, again.model) == (trace.tokens, trace.model)


@pytest.mark.parametrize("heads", ["alike", "each its own"])
def test_the_recipe_of_given_weights_holds_their_mask(heads: str) -> None:
    may = np.broadcast_to(np.tril(np.ones((4, 4))), (2, 3, 4, 4)).copy()
    if heads == "each its own":
        may[1, 2] = np.eye(4)
    weights = may / may.sum(axis=-1, keepdims=True)
    trace = attnviz.Trace.from_weights(list("abcd"), weights, allowed=may)
    maps = shown(trace, [(1, 2)], Lens())
    for facts in (table(as_csv(maps))[0], json.loads(as_json(maps))):
        again = shown(run(facts["again"])["trace"], [(1, 2)])[0]
        np.testing.assert_array_equal(again.map.shown, maps[0].map.shown)
        assert again.notes("en") == maps[0].notes("en")
    assert "allowed=allowed" in trace.lines([(1, 2)]).to_html()


@pytest.mark.parametrize("change", [attnviz.HeadOff(1, 8), attnviz.TokenMasked(2)])
def test_the_recipe_of_a_changed_trace_runs(minilm: Model, change: Any) -> None:
    trace = attnviz.trace("it's a cat", minilm, 'a "pair"', [change])
    facts, _ = table(as_csv(shown(trace, [(2, 1)], Lens(unit="word"), "mean")))
    made = run(facts["again"])
    np.testing.assert_array_equal(made["trace"].weights((2, 1)), trace.weights((2, 1)))
    assert made["trace"].interventions == trace.interventions


def test_json_holds_every_weight_and_what_is_hidden(note: attnviz.Trace) -> None:
    maps = shown(note, HEADS, Lens(hide_special=True, at_least=0.1))
    whole = json.loads(as_json(maps))
    assert whole["text"] == note.text
    assert whole["model"] == "all-MiniLM-L6-v2"
    for one, read in zip(maps, whole["maps"], strict=True):
        weights = np.array(read["weights"], dtype=np.float32)
        np.testing.assert_array_equal(weights, one.map.values)
        drawn = one.map.shown & (one.map.values >= 1 / 255)
        np.testing.assert_array_equal(np.array(read["drawn"]), drawn)
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


def weights_in(stored: Any, layer: int, head: int, kind: str = "") -> np.ndarray:
    """The weights of a head from an npz file alone: softmax, written out."""

    def of(name: str) -> Any:
        names = (f"{kind}{name}_{layer}", f"{kind}{name}")
        found = next((stored[one] for one in names if one in stored.files), None)
        return found if found is None else found[min(head, len(found) - 1)]

    if f"{kind}weights_{layer}_{head}" in stored.files:
        return np.asarray(stored[f"{kind}weights_{layer}_{head}"])
    q, k = stored[f"{kind}queries"][layer], stored[f"{kind}keys"][layer]
    scores = q[head] @ k[head * len(k) // len(q)].T * stored[f"{kind}scaling"][layer]
    if f"{kind}softcap" in stored.files:
        cap = stored[f"{kind}softcap"][layer]
        scores = cap * np.tanh(scores / cap)
    if (added := of("added")) is not None:
        scores = scores + added
    if (allowed := of("allowed")) is not None:
        scores = np.where(allowed, scores, -np.inf)
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    total = exponents.sum(axis=1, keepdims=True)
    if f"{kind}sinks" in stored.files:
        sink = stored[f"{kind}sinks"][layer][head]
        total = total + np.exp(sink - scores.max(axis=1, keepdims=True))
    return np.asarray(exponents / total)


@pytest.mark.parametrize("family", ["llama", "mistral", "gemma2", "gpt_oss", "modernbert"])
def test_an_npz_holds_all_that_weights_come_from(family: str, tmp_path: Path) -> None:
    model = opened(saved_family(tmp_path / family, family))
    changes = [attnviz.WeightsUniform(0, 1), attnviz.PairKnockedOut(1, 2, 6, 5)]
    for changed in ([], changes):
        trace = attnviz.trace("the cat sat on the mat", model, interventions=changed)
        stored = np.load(io.BytesIO(as_npz(trace)))
        for head in trace.heads:
            found = weights_in(stored, head.layer, head.head)
            np.testing.assert_allclose(found, trace.weights(head), atol=1e-5)


def test_an_npz_of_an_encoder_decoder_holds_its_biases(tmp_path: Path) -> None:
    model = opened(saved_family(tmp_path / "t5", "t5"))
    trace = attnviz.trace("the cat sat", model, target="the mat sat on")
    stored = np.load(io.BytesIO(as_npz(trace)))
    for head in trace.heads:
        found = weights_in(stored, head.layer, head.head, f"{head.kind}_")
        np.testing.assert_allclose(found, trace.weights(head), atol=1e-5)


def test_no_cell_of_a_csv_is_run_by_a_spreadsheet(minilm: Model) -> None:
    text = "=HYPERLINK(1) +cmd -1 @SUM plain"
    maps = shown(attnviz.trace(text, minilm), [(0, 0)])
    text = as_csv(maps)
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    facts, found = table(text)
    assert "'=" in found["query"].tolist()
    count = sum(cell.startswith("'") for name in ("query", "key") for cell in found[name])
    assert f"{count} cells begin with an apostrophe" in facts["apostrophes"]


def test_a_csv_without_such_cells_says_nothing_of_them(minilm: Model) -> None:
    facts, _ = table(as_csv(shown(attnviz.trace("the cat sat", minilm), [(0, 0)])))
    assert "apostrophes" not in facts
