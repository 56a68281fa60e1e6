"""Where lines of text end: in English, in Chinese, and in lists with · between their parts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import attnviz
from attnviz.pictures import svg
from attnviz.pictures.breaking import pieces, units
from attnviz.pictures.widths import room_of
from attnviz.texts import LANGUAGES, say

ROOMS = range(120, 720, 20)
BAD_BEGIN = tuple("·，。：；！？、）】》」』”’/→×")
BAD_END = tuple("·（【《「『“‘/→×")
LISTS = (
    "27 × 27 · query ↓ / → key · 每 2 个 query / key 标一个 · 数字取 2 位小数",
    "64 × 64 · query ↓ / → key · one in 2 named · numbers rounded to 2 decimals",
    "（见上文“说明”），每行的和为 1。 · ▨：不允许",
)


def test_what_closes_stays_with_what_is_before_it_and_what_opens_with_what_follows() -> None:
    assert pieces("a “中文”。b（中，d）") == ["a ", "“中", "文”。", "b", "（中，", "d）"]
    assert pieces("well, 3 (or 4).") == ["well, ", "3 ", "(or ", "4)."]


def test_a_sign_between_two_words_and_a_number_of_something_are_not_parted() -> None:
    assert units("每 2 个 query / key 标") == ["每 ", "2 个 ", "query / key ", "标"]
    assert units("27 × 27 cells") == ["27 × 27 ", "cells"]


@pytest.mark.parametrize("width", ROOMS)
@pytest.mark.parametrize("said", LISTS)
def test_no_line_of_a_list_begins_or_ends_badly(said: str, width: int) -> None:
    lines = svg.listed(said, width, 10.5)
    assert not any(line.startswith(BAD_BEGIN[:-3]) for line in lines)
    assert not any(line.endswith(BAD_END[:-3]) for line in lines)
    whole = "".join(lines).replace(" ", "").replace("·", "")
    assert whole == said.replace(" ", "").replace("·", "")
    if width >= 240:  # “query ↓ / → key” then has room in a line
        assert not any(line.startswith(BAD_BEGIN) or line.endswith(BAD_END) for line in lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_heatmaps_lines_begin_and_end_with_words(note: attnviz.Trace, language: str) -> None:
    for columns in (note, attnviz.trace("word " * 70)):
        figure = attnviz.heatmap(columns, (0, 2), language=language).figure  # type: ignore[arg-type]
        lines = figure.layout.title.subtitle.text.split("<br>")
        assert len(lines) > 1
        assert not any(line.startswith(BAD_BEGIN) or line.endswith(BAD_END) for line in lines)
        (directions,) = [line for line in lines if say("picture.direction", language) in line]  # type: ignore[arg-type]
        assert re.match(r"\d+ × \d+", directions)


@given(st.text("ab 中文（）。，“”/", max_size=60), st.integers(80, 400))
def test_lines_keep_every_letter_in_order(said: str, width: int) -> None:
    assert "".join(pieces(said)) == "".join(units(said)) == said
    lines = svg.wrapped(said, width)
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert all(room_of(line) * 10 <= width - 16 for line in lines)
