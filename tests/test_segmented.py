"""Words of Chinese: as a segmenter parts them where there is one, else character by character.

The segmenter is an extra that tests do without: a stand-in with the same function takes its place.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.capture.chinese import word_at
from attnviz.models.load import Model
from attnviz.pictures.shown import shown
from tests.tiny_families import opened
from tests.tokenizers_of_all_kinds import byte_level, saved

WORDS = ("小猫", "坐", "在", "垫子", "上", "看雨")
TEXT = "小猫坐在垫子上。看雨 the cat"


class StandIn(ModuleType):
    """jieba.tokenize, with a few words of its own; every other character stands alone."""

    def tokenize(self, text: str) -> Iterator[tuple[str, int, int]]:
        at = 0
        while at < len(text):
            word = next((one for one in WORDS if text.startswith(one, at)), text[at])
            yield word, at, at + len(word)
            at += len(word)


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """One that reads bytes: a character is three tokens."""
    return opened(saved(tmp_path / "bytes", byte_level()))


@pytest.fixture
def segmenter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jieba", StandIn("jieba"))


@pytest.fixture
def without_segmenter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jieba", None)  # as if missing


def places(trace: attnviz.Trace) -> list[str]:
    (one,) = shown(trace, [(0, 0)], Lens(unit="word"))
    return [place.text for place in one.map.rows]


def test_words_are_those_of_the_segmenter(segmenter: None, model: Model) -> None:
    trace = attnviz.trace(TEXT, model)
    expected = ["小猫", "坐", "在", "垫子", "上", "。", "看雨", "the", "cat"]
    assert places(trace) == ["<s>", *expected, "</s>"]
    (one,) = shown(trace, [(0, 0)], Lens(unit="word"))
    assert "6 words of Chinese, which writes no spaces, end where jieba says" in one.alt("en")
    assert "这里的 6 个词由 jieba 切分" in one.alt("zh")
    assert "without spaces: where its words end" not in one.alt("en")
    assert "jieba" not in shown(trace, [(0, 0)])[0].alt("en"), "word pieces are the model's own"


def test_a_word_gets_what_its_characters_get(segmenter: None, model: Model) -> None:
    trace = attnviz.trace("小猫坐", model)
    (one,) = shown(trace, [(1, 1)], Lens(unit="word"))
    weights = trace.weights((1, 1))
    of_word = [token.position for token in trace.tokens if token.word_text == "小猫"]
    assert len(of_word) == 6
    expected = weights[of_word][:, of_word].sum(axis=1).mean()
    np.testing.assert_allclose(one.map.values[1, 1], expected, rtol=1e-5)


def test_without_a_segmenter_each_character_stands_alone_and_the_page_says_so(
    without_segmenter: None, model: Model
) -> None:
    trace = attnviz.trace(TEXT, model)
    assert places(trace) == ["<s>", *"小猫坐在垫子上。看雨", "the", "cat", "</s>"]
    (one,) = shown(trace, [(0, 0)], Lens(unit="word"))
    assert "9 places are of a script without spaces" in one.alt("en")
    assert "jieba" not in one.alt("en")


@pytest.mark.parametrize("text", ["猫を見る小猫", "the cat", "", "แมว", "。，、"])
def test_other_scripts_are_left_alone(text: str, segmenter: None) -> None:
    assert word_at(text) == {}


def test_a_pair_is_parted_sentence_by_sentence(segmenter: None, model: Model) -> None:
    trace = attnviz.trace("看小猫", model, pair="猫小猫")
    assert [place for place in places(trace) if "猫" in place] == ["小猫", "猫", "小猫"]
    words = [token.word for token in trace.tokens if token.word_text == "小猫"]
    assert len(set(words)) == 2
