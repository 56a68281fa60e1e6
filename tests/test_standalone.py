"""Files of their own: the shell, the notebook, and what every file says."""

import re
import subprocess
import sys
import zlib
from base64 import b64decode
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.__main__ import main
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens
from attnviz.models.load import Model
from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.packet import unpack
from attnviz.pictures.quantised import FIRST_DRAWN, HIDDEN, STEPS, steps_of
from attnviz.pictures.shown import shown
from tests.conftest import NOTE

HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> ' \" `x` $(rm)"
ONE_STEP = 1.0001 / STEPS
LONG = "one two three four five six seven eight nine ten " * 60
LENS = Lens(unit="word", hide_special=True, renormalise=True, at_least=0.05, strongest=0.75)


def packet_of(page: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    (packed,) = re.findall(r'data-packet="(.*?)"', page)
    return unpack(zlib.decompress(b64decode(packed)))


def weights_in(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """The weights of an explorer's packet; not a number where they are hidden."""
    steps = 256 * arrays["high"].astype(int) + arrays["low"]
    return np.where(steps == HIDDEN, np.nan, steps / STEPS)


def recipe_in(page: str) -> str:
    """The lines of Python at the end of a file."""
    return unescape(re.findall(r"(import attnviz\n.*?)</pre>", page, re.DOTALL)[-1])


def run(recipe: str) -> Any:
    """What the last line of a recipe makes."""
    *before, last = recipe.split("\n")
    names: dict[str, Any] = {}
    exec("\n".join(before), names)  # noqa: S102 (our own file's own words)
    return eval(last, names)  # noqa: S307


# ---- the explorer: all heads in one file


def test_a_file_holds_every_weight_of_every_head(note: attnviz.Trace) -> None:
    meta, arrays = packet_of(attnviz.explore(note).to_html())
    found = weights_in(arrays)
    expected = np.stack([note.weights(head) for head in note.heads])
    assert found.shape == expected.shape == (72, 27, 27)
    assert np.abs(found - expected).max() < ONE_STEP
    assert [tuple(one["place"]) for one in meta["maps"]] == [tuple(head) for head in note.heads]
    assert [note.heads[index] for index in meta["chosen"]] == [(0, 2), (1, 8)]


def test_which_lines_are_drawn_does_not_depend_on_the_file(note: attnviz.Trace) -> None:
    for one in (shown(note, [head])[0] for head in note.heads):
        drawn = steps_of(one) >= FIRST_DRAWN
        np.testing.assert_array_equal(drawn, one.map.values >= FAINTEST)


def test_the_lens_hides_in_the_file_what_it_hides_on_the_page(note: attnviz.Trace) -> None:
    meta, arrays = packet_of(attnviz.explore(note, [(2, 1)], LENS).to_html())
    found = weights_in(arrays)
    for index, head in enumerate(note.heads):
        view = shown(note, [head], LENS)[0].map
        np.testing.assert_array_equal(np.isnan(found[index]), ~view.shown)
        assert np.nanmax(np.abs(found[index] - view.values), initial=0) < ONE_STEP
    notes = " ".join(meta["maps"][meta["chosen"][0]]["map_notes"])
    assert "2 special tokens hidden" in notes
    assert "weights hidden" in notes


@pytest.mark.parametrize("combination", ["mean", "maximum"])
def test_combined_heads_are_a_map_of_their_own(note: attnviz.Trace, combination: Any) -> None:
    drawn = attnviz.explore(note, [(0, 2), (1, 8)], combination=combination)
    meta, arrays = packet_of(drawn.to_html())
    assert meta["chosen"] == [72]
    assert meta["maps"][72]["place"] is None
    both = np.stack([note.weights((0, 2)), note.weights((1, 8))])
    expected = both.mean(axis=0) if combination == "mean" else both.max(axis=0)
    assert np.abs(weights_in(arrays)[72] - expected).max() < ONE_STEP


def test_all_heads_at_64_tokens_stay_below_one_megabyte(minilm: Model) -> None:
    text = "the quick brown fox jumps over a lazy dog and runs far away from here because "
    trace = attnviz.trace(text * 4 + "it", minilm)
    assert len(trace.tokens) >= 64
    assert len(attnviz.explore(trace).to_html()) < 1_000_000


def test_a_long_text_keeps_the_chosen_heads_and_says_so(minilm: Model) -> None:
    trace = attnviz.trace(LONG, minilm)
    page = attnviz.explore(trace, [(0, 2), (1, 8)]).to_html()
    meta, arrays = packet_of(page)
    assert len(meta["maps"]) == 2
    assert np.abs(weights_in(arrays)[1] - trace.weights((1, 8))).max() < ONE_STEP
    assert arrays["tiles"].shape == (6, 12, 64, 64)
    assert "not in this file" in meta["not_here"]
    assert len(page) < 2_000_000


# ---- what every file says


def everything_said(page: str, note: attnviz.Trace) -> None:
    page = unescape(page)
    for fact in (NOTE, "all-MiniLM-L6-v2", note.model.revision[:12], attnviz.__version__):
        assert fact in page
    assert "transformers 5" in page
    assert "torch 2" in page


def test_a_file_says_where_it_is_from(note: attnviz.Trace) -> None:
    for picture in (
        note.lines([(0, 2), (5, 1)]),
        note.overview(),
        note.heatmap((0, 2)),
        note.explore([(0, 2)]),
    ):
        everything_said(picture.to_html(), note)
        everything_said(picture.to_svg(), note)
    assert "all-MiniLM-L6-v2 · L0·H2, L5·H1" in note.lines([(0, 2), (5, 1)]).to_html()


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"lens": LENS, "direction": "vertical", "arrangement": "overlaid"},
        {"combination": "mean"},
    ],
)
@pytest.mark.parametrize("make", ["lines", "explore"])
def test_a_file_says_how_to_make_it_again_and_that_works(
    minilm: Model, make: str, chosen: dict[str, Any]
) -> None:
    changes = (attnviz.HeadOff(5, 10), attnviz.TokenMasked(2))
    trace = attnviz.trace(HOSTILE, minilm, pair="it's a pair", interventions=changes)
    drawn = getattr(attnviz, make)(trace, [(1, 1), (2, 3)], **chosen)
    again = run(recipe_in(drawn.to_html()))
    assert again.to_html() == drawn.to_html()
    assert again.to_svg() == drawn.to_svg()
    assert "HeadOff(layer=5, head=10)" in unescape(drawn.to_html())


def test_heatmap_and_overview_are_made_again_too(note: attnviz.Trace) -> None:
    drawn = attnviz.heatmap(note, (2, 1), LENS)
    about = re.findall(r"<metadata>(.*?)</metadata>", drawn.to_svg())[0]
    assert "attnviz.heatmap(trace, (2, 1), attnviz.Lens(unit='word'" in about
    assert run(recipe_in(attnviz.overview(note).to_html())).to_html() == (
        attnviz.overview(note).to_html()
    )


def test_a_page_with_some_parts_is_made_again_with_those(note: attnviz.Trace) -> None:
    for drawn in (
        attnviz.heatmap(note, (2, 1), LENS),
        attnviz.explore(note, [(2, 1)], parts=["lines", "maps"]),
        attnviz.explore(note, [(2, 1), (0, 3)], parts=("overview",), combination="mean"),
    ):
        assert run(recipe_in(drawn.to_html())).to_html() == drawn.to_html()


def test_a_trained_encoder_says_how_it_was_trained(tiny_training: attnviz.Training) -> None:
    first = tiny_training.snapshots[0]
    trace = attnviz.trace("31415026", tiny_training.model_at(first))
    again = run(recipe_in(attnviz.lines(trace, [(0, 0)]).to_html()))
    assert again.trace.model.revision == trace.model.revision
    with pytest.raises(attnviz.TrainingError, match="No snapshot was taken after step 999"):
        tiny_training.at_step(999)


@pytest.fixture(scope="module")
def tiny_training() -> attnviz.Training:
    return attnviz.train("one-hop", heads=1, steps=10)


def test_text_is_data_in_every_file_and_in_a_notebook(minilm: Model) -> None:
    trace = attnviz.trace(HOSTILE, minilm)
    for picture in (trace.lines([(0, 0)]), trace.overview(), trace.heatmap((0, 0))):
        page = picture.to_html()
        assert page.count("<script>") == page.count("</script>") == 1
        assert "<img" not in page
        frame = picture._repr_html_()
        assert frame.count("<") == 2, "one frame, and all of the page inside its attribute"
        assert 'sandbox="allow-scripts"' in frame
        assert "<script" not in picture.to_svg()


def test_a_file_of_twelve_heads_at_64_tokens_is_small(minilm: Model) -> None:
    trace = attnviz.trace("word and other words are here " * 12, minilm)
    page = attnviz.lines(trace, [(3, head) for head in range(12)]).to_html()
    assert len(trace.tokens) >= 64
    assert len(page) < 1_000_000


def test_a_trace_draws_itself_with_the_public_functions(note: attnviz.Trace) -> None:
    assert (
        note.lines([(0, 2)], lens=LENS).to_html() == attnviz.lines(note, [(0, 2)], LENS).to_html()
    )
    assert note.heatmap((0, 2)).to_svg() == attnviz.heatmap(note, (0, 2)).to_svg()
    assert note.explore().to_html() == note.overview().to_html()


def test_heads_that_are_not_there_get_a_sentence(note: attnviz.Trace) -> None:
    with pytest.raises(attnviz.InterventionError, match="There is no head L9·H9"):
        attnviz.explore(note, [(9, 9)])
    with pytest.raises(attnviz.InterventionError, match="at most 12 can be told apart"):
        attnviz.explore(note, note.heads[:13])


# ---- the shell


def test_the_shell_writes_all_heads_with_those_it_is_given_chosen(
    tmp_path: Path, note: attnviz.Trace
) -> None:
    file = tmp_path / "heads.html"
    arguments = [NOTE, "--head", "0.2", "--head", "1.8", "-o", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(file)
    meta, arrays = packet_of(file.read_text(encoding="utf-8"))
    assert [meta["maps"][index]["name"] for index in meta["chosen"]] == ["L0·H2", "L1·H8"]
    for index, head in zip(meta["chosen"], [(0, 2), (1, 8)], strict=True):
        assert np.abs(weights_in(arrays)[index] - note.weights(head)).max() < ONE_STEP
    assert file.stat().st_size < 250_000


def test_without_heads_the_shell_draws_the_two_most_different(
    tmp_path: Path, note: attnviz.Trace
) -> None:
    file = tmp_path / "attention.html"
    assert main([NOTE, "-o", str(file), "--language", "zh"]) == 0
    page = file.read_text(encoding="utf-8")
    meta, _ = packet_of(page)
    assert [note.heads[index] for index in meta["chosen"]] == list(most_different(note)[:2])
    assert "重新生成" in page


def test_the_shell_writes_svg_where_the_name_says_so(tmp_path: Path, note: attnviz.Trace) -> None:
    file = tmp_path / "heads.svg"
    assert main([NOTE, "--head", "0.2", "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == attnviz.lines(note, [(0, 2)]).to_svg()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "There is no text"),
        (["a", "--head", "9.9"], "There is no head L9·H9"),
        (["a", "--model", "/no/such/folder"], "There is no folder"),
        (["a", "--head", "-1.0"], "“-1.0” is no head"),
        (["a", "--head", "2"], "“2” is no head. Give layer and head"),
        (["a", "--head", "x"], "“x” is no head"),
        (["a", "--head", ""], "“” is no head"),
        (["a", "--head", "L0"], "“L0” is no head"),
        (["a", "--head", "02"], "“02” is no head"),
        (["a", "--head", "L1·H12"], "There is no head L1·H12"),
        (["a", "--model", ""], "is no model name"),
        (["a", "--model", "a/b/c"], "There is no folder"),
        (["a", "--pair", " "], "There is no text"),
        (["a", "-o", "/no/such/folder/x.html"], "there is no folder “/no/such/folder”"),
        (["a", "-o", "a.png"], "there are .html, .svg"),
        (["a", "-o", "a.PNG"], "“a.PNG” cannot be written"),
        (["a", "-o", "a.html.gz"], "there are .html, .svg"),
        (["a", "-o", "heads"], "there are .html, .svg"),
        (["a", "-o", ".svg"], "there are .html, .svg"),
        (["a", "-o", ""], "there are .html, .svg"),
        (["a", "-o", "/proc/a.html"], "“/proc/a.html” cannot be written: "),
        (["a", "-o", "a\0.html"], "cannot be written"),
        (["serve", "--port", "65536"], "65536 is no port"),
        (["serve", "--port", "0"], "0 is no port"),
    ],
)
def test_what_cannot_be_gets_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    problem = capsys.readouterr().err
    assert said in problem
    assert "Traceback" not in problem


def test_what_cannot_be_is_said_in_the_language_of_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["a", "--head", "2", "--language", "zh"]) == 2
    assert "“2”不是头" in capsys.readouterr().err


@pytest.mark.parametrize("head", ["0.2", "L0H2", "L0·H2", "l0h2", "L0.H2", "0·2"])
def test_a_head_is_read_in_every_form_that_is_clear(
    head: str, tmp_path: Path, note: attnviz.Trace
) -> None:
    file = tmp_path / "heads.svg"
    assert main([NOTE, "--head", head, "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == attnviz.lines(note, [(0, 2)]).to_svg()


@pytest.mark.parametrize(
    ("ending", "start"), [("SVG", "<svg"), ("Svg", "<svg"), ("HTML", "<!doctype html>")]
)
def test_the_shell_writes_what_the_ending_says_in_capitals_too(
    ending: str, start: str, tmp_path: Path
) -> None:
    file = tmp_path / f"heads.{ending}"
    assert main(["the cat", "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith(start)


def test_the_shell_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"attnviz {attnviz.__version__}\n"
