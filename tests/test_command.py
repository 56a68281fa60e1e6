"""The command with a lens, an arrangement and tables; the numbers as files."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attnviz
from attnviz import Lens
from attnviz.__main__ import main
from attnviz.analysis.measures import measures
from attnviz.core.trace import Trace
from attnviz.export.measures import measures_csv, measures_json, measures_npz, measures_parquet
from attnviz.export.numbers import as_csv, as_parquet
from attnviz.pictures.kinds import kinds
from attnviz.pictures.shown import shown
from attnviz.texts import LANGUAGES, Language
from tests.tiny_families import saved_family


@pytest.fixture
def no_model(note: Trace, monkeypatch: pytest.MonkeyPatch) -> Trace:
    """The command is given the note's trace, whatever the text."""
    monkeypatch.setattr(attnviz, "trace", lambda *_, **__: note)
    return note


def same_numbers(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    for name in expected.columns:
        np.testing.assert_array_equal(found[name].to_numpy(float), expected[name].to_numpy(float))


def test_the_table_of_measures_is_what_was_measured(
    no_model: Trace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = attnviz.measure(no_model, tokens=True)
    read: dict[str, Callable[[Any], pd.DataFrame]] = {
        ".csv": pd.read_csv,
        ".parquet": pd.read_parquet,
        ".json": lambda file: pd.DataFrame(json.loads(file.read_text())["table"]),
        ".npz": lambda file: pd.DataFrame({k: v for k, v in np.load(file).items() if k != "facts"}),
    }
    for ending, reader in read.items():
        file = tmp_path / f"table{ending}"
        assert main(["it", "--measure", str(file)]) == 0
        assert capsys.readouterr().out.strip() == str(file), "and no picture"
        same_numbers(reader(file), expected)


def test_what_no_measure_can_say_is_an_empty_cell() -> None:
    trace = attnviz.Trace.from_weights("ab", np.full((1, 2, 2, 2), 0.5))
    found = pd.read_csv(io.StringIO(measures_csv(trace)))
    assert found["same_word"].isna().all()
    assert found["same_word_tokens"].tolist() == [0, 0]
    heads = json.loads(measures_json(trace))["table"]
    assert heads[0]["same_word"] is None
    assert heads[1]["previous"] == 0.5
    with np.load(io.BytesIO(measures_npz(trace)), allow_pickle=False) as file:
        assert np.isnan(file["same_word"]).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_says_formula_unit_and_source_of_each_measure(
    note: Trace, language: Language
) -> None:
    facts = json.loads(measures_json(note, language))
    assert facts["model"] == "all-MiniLM-L6-v2"
    assert facts["revision"] == note.model.revision
    for one in measures():
        said = facts["measures"][one.name]
        assert said["formula"] == one.formula(language)
        assert said["source"] == one.source
        assert said["unit"] == one.unit_name(language)
    parquet = pd.read_parquet(io.BytesIO(measures_parquet(note, language)))
    assert parquet.attrs["facts"] == {k: v for k, v in facts.items() if k != "table"}


def test_the_numbers_of_heads_as_parquet_are_those_of_the_table(note: Trace) -> None:
    maps = shown(note, [(0, 2), (1, 8)])
    found = pd.read_parquet(io.BytesIO(as_parquet(maps)))
    expected = pd.read_csv(io.StringIO(as_csv(maps)))
    assert list(found.columns) == list(expected.columns)[:-1]
    np.testing.assert_array_equal(found.weight, expected.weight)
    weights = found.weight.to_numpy().reshape(2, 27, 27)
    np.testing.assert_array_equal(weights[1].astype(np.float32), note.weights((1, 8)))
    assert found.attrs["facts"]["model"] == "all-MiniLM-L6-v2"


def test_without_pyarrow_it_is_said(note: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnviz.export.parquet.find_spec", lambda _: None)
    with pytest.raises(attnviz.ArgumentError, match="pyarrow, which is not installed") as problem:
        measures_parquet(note)
    assert "没有安装" in problem.value.text("zh")


def test_a_lens_and_an_arrangement_are_those_of_python(no_model: Trace, tmp_path: Path) -> None:
    file = tmp_path / "heads.svg"
    lens = "unit=word, hide_special, renormalise=true,at_least=0.05,strongest=0.7"
    heads = ["--head", "0.2", "--head", "1.8"]
    asked = ["it", "--lens", lens, "--arrange", "overlaid", "--picture", "lines", *heads]
    assert main([*asked, "-o", str(file)]) == 0
    expected = attnviz.lines(
        no_model,
        [(0, 2), (1, 8)],
        Lens("word", hide_special=True, renormalise=True, at_least=0.05, strongest=0.7),
        arrangement="overlaid",
    )
    assert file.read_text("utf-8") == expected.to_svg()


def test_a_table_and_a_picture_at_once(no_model: Trace, tmp_path: Path) -> None:
    table, picture = tmp_path / "t.csv", tmp_path / "p.svg"
    assert main(["it", "--measure", str(table), "-o", str(picture), "--head", "0.2"]) == 0
    assert table.exists()
    assert picture.read_text("utf-8") == attnviz.lines(no_model, [(0, 2)]).to_svg()


@pytest.mark.parametrize("ending", [".csv", ".json", ".npz", ".parquet"])
def test_the_numbers_of_heads_are_written_where_the_name_says_so(
    no_model: Trace, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"numbers{ending}"
    assert main(["it", "--head", "0.2", "-o", str(file)]) == 0
    if ending == ".csv":
        assert file.read_text("utf-8") == as_csv(shown(no_model, [(0, 2)])).replace("\r\n", "\n")
    assert file.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lens", "colour"], "The lens cannot hold “colour”"),
        (["--lens", ""], "The lens cannot hold “”"),
        (["--lens", "unit=word,unit=piece"], "“unit=piece”"),
        (["--lens", "strongest=2"], "It is a number from 0 to 1"),
        (["--measure", "table.txt"], "there are .csv, .json, .npz, .parquet"),
        (["--measure", "/no/such/folder/t.csv"], "there is no folder"),
        (["--measure", ""], "there are .csv"),
        (["--measure", "one.csv", "-o", "./one.csv"], "“./one.csv” cannot hold both"),
    ],
)
def test_what_cannot_be_gets_one_line(
    arguments: list[str], said: str, no_model: Trace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["it", *arguments]) == 2
    problem = capsys.readouterr().err
    assert said in problem
    assert "Traceback" not in problem
    assert main(["it", *arguments, "--language", "zh"]) == 2
    assert capsys.readouterr().err != problem


# ---- encoder–decoders


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_one_kind_of_an_encoder_decoder_is_drawn(kind: Any, tmp_path: Path) -> None:
    folder, file = saved_family(tmp_path / "t5", "t5"), tmp_path / "numbers.csv"
    asked = ["the cat sat", "--model", str(folder), "--target", "the mat", "--head", "1.2"]
    assert main([*asked, "--kind", kind, "-o", str(file)]) == 0
    found = pd.read_csv(file)
    trace = attnviz.trace("the cat sat", str(folder), target="the mat")
    expected = trace.weights((1, 2, kind))
    may = trace.allowed((1, 2, kind))
    drawn = expected.ravel() if may is None else np.where(may, expected, np.nan).ravel()
    np.testing.assert_allclose(found["weight"].to_numpy(float), drawn, rtol=1e-6)
    assert main([*asked, "-o", str(tmp_path / "one.html")]) == 0, "cross-attention"
    assert main([*asked[:-2], "-o", str(tmp_path / "all.html")]) == 0
    pages = [(tmp_path / name).read_text("utf-8") for name in ("one.html", "all.html")]
    assert [page.count('data-kind="explorer" data-packet') for page in pages] == [1, 3]
    overview = [*asked[:-2], "--picture", "overview", "-o", str(tmp_path / "all.svg")]
    assert main(overview) == 0
    assert (tmp_path / "all.svg").read_text("utf-8").count('class="cells"') == 3
    assert main([*asked[:-2], "--measure", str(tmp_path / "measures.csv")]) == 0
    table = pd.read_csv(tmp_path / "measures.csv")
    assert set(table["kind"].dropna()) == {"encoder", "decoder", "cross"}


LENS = ["--lens", "hide_special"]
ARRANGE = ["--arrange", "overlaid"]
ARCS = ["--picture", "arcs"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--measure", "T.csv", *LENS], "leave --lens out, or add -o"),
        (["--measure", "T.csv", "--head", "0.2", *ARCS], "leave --head, --picture out"),
        (["--measure", "T.csv", "--kind", "cross"], "leave --kind out, or add -o"),
        (["-o", "T.csv", *ARCS], "numbers, which are the same however they are drawn"),
        (["-o", "T.json", *ARRANGE], "leave --arrange out"),
        (["-o", "T.npz", *LENS], "the whole trace, as it is: leave --lens out"),
        (
            ["-o", "T.svg", "--picture", "heatmap", *ARRANGE],
            "“heatmap” does nothing with --arrange",
        ),
        (["-o", "T.svg", "--head", "0.2", *ARCS, *ARRANGE], "“arcs” does nothing with --arrange"),
        (["-o", "T.html", "--picture", "overview", *LENS], "“overview” does nothing with --lens"),
        (["-o", "T.pdf"], "PDF and PNG are drawn by a browser"),
        (["-o", "T.png"], "there are .html, .svg"),
    ],
)
def test_what_would_change_nothing_is_not_taken_in_silence(
    arguments: list[str],
    said: str,
    no_model: Trace,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [str(tmp_path / one) if one.startswith("T.") else one for one in arguments]
    assert main(["it", *given]) == 2
    problem = capsys.readouterr().err
    assert said in problem
    assert main(["it", *given, "--language", "zh"]) == 2
    assert capsys.readouterr().err != problem
    assert not list(tmp_path.iterdir()), "and nothing is written"


@pytest.mark.parametrize("ending", [".svg", ".html", ".csv", ".json", ".parquet"])
@pytest.mark.parametrize("picture", [None, *kinds()])
@pytest.mark.parametrize("option", [LENS, ARRANGE, ["--head", "2.1", "--head", "3.3"]], ids=str)
def test_each_option_changes_the_file_or_is_refused(
    option: list[str], picture: str | None, ending: str, note: Trace, tmp_path: Path
) -> None:
    """The kind of fault: an option that is taken and does nothing."""
    if picture == "overview" and "--head" in option:
        pytest.skip("a head is chosen in its page; its print shows all")
    made: list[bytes | None] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attnviz, "trace", lambda *_, **__: note)
        for more in ([], option):
            file = tmp_path / f"{len(made)}{ending}"
            named = [] if picture is None else ["--picture", picture]
            code = main(["it", *named, *more, "-o", str(file)])
            made.append(file.read_bytes() if code == 0 else None)
    plain, other = made
    assert other is None or other != plain
    assert picture is not None or plain is not None
