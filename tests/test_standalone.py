"""Files of their own: the shell, the notebook, and what every file says."""

import re
import shlex
import subprocess
import sys
from base64 import b64decode
from html import unescape
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.__main__ import main
from attnviz.figures.packet import unpack
from attnviz.models.load import Model
from tests.conftest import NOTE

HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(2)> ' \" `x` $(rm)"


def packet_of(page: str) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    (packed,) = re.findall(r'data-packet="(.*?)"', page)
    return unpack(b64decode(packed))


def test_the_shell_writes_the_lines_of_the_heads_it_is_given(
    tmp_path: Path, note: attnviz.Trace
) -> None:
    file = tmp_path / "heads.html"
    arguments = [NOTE, "--head", "0.2", "--head", "1.8", "-o", str(file)]
    done = subprocess.run(
        [sys.executable, "-m", "attnviz", *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(file)
    meta, arrays = packet_of(file.read_text(encoding="utf-8"))
    assert [head["name"] for head in meta["heads"]] == ["L0·H2", "L1·H8"]  # type: ignore[attr-defined]
    for index, head in enumerate([(0, 2), (1, 8)]):
        mine = arrays["head"] == index
        expected = note.weights(head)[arrays["query"][mine], arrays["key"][mine]]
        np.testing.assert_array_equal(arrays["weight"][mine], expected)
    assert file.stat().st_size < 200_000


def test_without_heads_the_shell_draws_the_two_most_different(tmp_path: Path) -> None:
    file = tmp_path / "attention.html"
    assert main([NOTE, "-o", str(file), "--language", "zh"]) == 0
    page = file.read_text(encoding="utf-8")
    meta, _ = packet_of(page)
    assert [head["name"] for head in meta["heads"]] == ["L0·H2", "L1·H8"]  # type: ignore[attr-defined]
    assert "重新生成" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([""], "There is no text"),
        (["a", "--head", "9.9"], "There is no head L9·H9"),
        (["a", "--model", "/no/such/folder"], "There is no folder"),
        (["a", "-o", "/no/such/folder/x.html"], "No such file or directory"),
    ],
)
def test_what_cannot_be_gets_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    problem = capsys.readouterr().err
    assert said in problem
    assert "Traceback" not in problem


@pytest.mark.parametrize("heads", [["x"], ["0.0"] * 13])
def test_heads_that_are_none_or_too_many_get_a_line(
    heads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["a", *(word for head in heads for word in ("--head", head))])
    assert "error:" in capsys.readouterr().err


def test_a_file_says_where_it_is_from_and_how_to_make_it_again(note: attnviz.Trace) -> None:
    page = unescape(attnviz.lines(note, [(0, 2), (5, 1)]).to_html())
    for fact in (NOTE, "all-MiniLM-L6-v2", note.model.revision[:12], attnviz.__version__):
        assert fact in page
    assert "all-MiniLM-L6-v2 · L0·H2, L5·H1" in page
    command = page.partition("Make it again: ")[2].partition("</p>")[0]
    assert shlex.split(command)[3:] == [NOTE, "--model", "minilm", "--head", "0.2", "--head", "5.1"]


def test_the_command_makes_the_same_file_again(minilm: Model, tmp_path: Path) -> None:
    trace = attnviz.trace(HOSTILE, minilm, pair="it's a pair")
    page = attnviz.lines(trace, [(1, 1)]).to_html()
    command = unescape(page.partition("Make it again: ")[2].partition("</p>")[0])
    file = tmp_path / "again.html"
    assert main([*shlex.split(command)[3:], "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == page


def test_text_is_data_in_a_file_and_in_a_notebook(minilm: Model) -> None:
    lines = attnviz.lines(attnviz.trace(HOSTILE, minilm), [(0, 0)])
    page = lines.to_html()
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<img" not in page
    frame = lines._repr_html_()
    assert frame.count("<") == 2, "one frame, and all of the page inside its attribute"
    assert 'sandbox="allow-scripts"' in frame


def test_a_file_of_twelve_heads_at_64_tokens_is_small(minilm: Model) -> None:
    trace = attnviz.trace("word and other words are here " * 12, minilm)
    page = attnviz.lines(trace, [(3, head) for head in range(12)]).to_html()
    assert len(trace.tokens) >= 64
    assert len(page) < 1_000_000
