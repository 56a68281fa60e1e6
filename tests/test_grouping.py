"""Words: which tokens are one, what they are called, and where nobody knows."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors

import attnviz
from attnviz.analysis.lens import Lens, apply_lens
from attnviz.capture.grouping import Piece, is_unspaced, words
from attnviz.capture.reading import read
from attnviz.core.maps import AttentionMap
from attnviz.models.load import Model
from attnviz.pictures.shown import shown
from tests.tokenizers_of_all_kinds import byte_level, saved, sentence_piece, with_tokenizer

BYTES, BYTES_PREFIXED = byte_level(), byte_level(add_prefix_space=True)


def seen_as_words(model: Model, text: str, pair: str | None = None) -> AttentionMap:
    tokens = read(text, pair, model).tokens
    even = np.full((len(tokens), len(tokens)), 1 / len(tokens), dtype=np.float32)
    return apply_lens(even, tokens, Lens(unit="word", hide_special=True))


def words_of(model: Model, text: str, pair: str | None = None) -> list[str]:
    return [place.text for place in seen_as_words(model, text, pair).rows]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("我爱猫", ["我", "爱", "猫"]),
        ("the 我爱 mat", ["the", "␣", "我", "爱", "mat"]),
        ("cat猫", ["cat", "猫"]),
        ("ไทยดี", ["ไ", "ท", "ย", "ดี"]),
        ("naïve café", ["naïve", "␣", "café"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("हिन्दी", ["हिन्दी"]),
        ("한국어", ["한국어"]),
        ("👍🏽", ["👍🏽"]),
        ("the cat's", ["the", "cat", "'s"]),
        ("hat\tsat", ["hat", "⟨U+0009⟩", "sat"]),
    ],
)
def test_words_of_bytes(bytes_model: Model, text: str, words: list[str]) -> None:
    assert words_of(bytes_model, text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the cat", ["the", "cat"]),
        ("the mat", ["the", "mat"]),
        ("我爱猫", ["␣", "我", "爱猫"]),
        ("taat sat", ["␣", "taat", "sat"]),
    ],
)
def test_a_space_of_its_own_is_no_part_of_a_word(
    pieces_model: Model,
    text: str,
    words: list[str],
) -> None:
    assert words_of(pieces_model, text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Unbelievably, the SEISMOLOGIST", ["Unbelievably", ",", "the", "SEISMOLOGIST"]),
        ("Crème brûlées", ["Crème", "brûlées"]),
        ("co\u00adoperate", ["co⟨U+00AD⟩operate"]),
        ("こんにちは", ["こ", "ん", "に", "ち", "は"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("한국어", ["한국어"]),
        ("एक हिन्दी", ["एक", "हिन्दी"]),
        ("ab🙂cd wonderfully", ["[UNK]", "wonderfully"]),
    ],
)
def test_words_of_word_pieces(minilm: Model, text: str, words: list[str]) -> None:
    assert words_of(minilm, text) == words


@pytest.mark.parametrize("before", [None, pre_tokenizers.Metaspace(split=False)], ids=str)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the cat sat", ["the", "cat", "sat"]),
        ("the mat cat", ["the", "mat", "cat"]),
        ("the 我爱猫 cat", ["the", "␣", "我", "爱猫", "cat"]),
    ],
)
def test_a_space_ends_a_word_where_a_tokenizer_takes_the_text_for_one(
    minilm: Model, before: pre_tokenizers.PreTokenizer | None, text: str, words: list[str]
) -> None:
    """Llama's kind: no step before the model parts a text at its spaces."""
    tokenizer = sentence_piece()
    if before is None:
        start, spaces = normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")
        tokenizer.normalizer = normalizers.Sequence([start, spaces])
    tokenizer.pre_tokenizer = before
    assert {word for word in tokenizer.encode(text).word_ids if word is not None} == {0}
    assert words_of(with_tokenizer(minilm, tokenizer), text) == words


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cat，sat。ok", ["cat", "，", "sat", "。", "ok"]),
        ("「cat」", ["「", "cat", "」"]),
        ("ok……ok", ["ok……ok"]),  # of no width of its own
        ("１２３a", ["１２３a"]),
        ("don't", ["don't"]),
    ],
)
def test_punctuation_of_full_width_ends_a_word_as_a_space_does(text: str, parts: list[str]) -> None:
    """Where the tokenizer takes the whole text for one word, and each character is a token."""
    numbers = words([Piece(0, (n, n + 1), 0) for n in range(len(text))], [text])
    found: dict[int | None, str] = {}
    for number, character in zip(numbers, text, strict=True):
        found[number] = found.get(number, "") + character
    assert list(found.values()) == parts


def test_words_of_a_pair_stay_apart(bytes_model: Model) -> None:
    assert words_of(bytes_model, "the mat", "mat 猫猫") == ["the", "mat", "mat", "␣", "猫", "猫"]


def test_a_word_with_a_masked_piece_is_called_by_its_tokens(minilm: Model) -> None:
    trace = attnviz.trace("unbelievably so", minilm, interventions=[attnviz.TokenMasked(2)])
    first = apply_lens(trace.weights((0, 0)), trace.tokens, Lens(unit="word")).rows[1]
    assert first.text == "un[MASK]ievably"


def test_that_words_are_not_known_is_said(bytes_model: Model, minilm: Model) -> None:
    for model in (bytes_model, minilm):
        view = seen_as_words(model, "the 我爱猫")
        assert view.withheld.no_words == 3
        (one,) = shown(attnviz.trace("the 我爱猫", model), [(0, 0)], Lens(unit="word"))
        assert any(note.startswith("3 places are of a script without") for note in one.notes("en"))
        assert any(note.startswith("有 3 处属于不用空格") for note in one.notes("zh"))
    assert seen_as_words(minilm, "한국어 и हिन्दी plain").withheld.no_words == 0


@pytest.mark.parametrize("letter", "我々〇あアｱㄅกກកကཀꦏꀀ")
def test_scripts_without_spaces(letter: str) -> None:
    assert is_unspaced(letter)


@pytest.mark.parametrize("letter", ["a", "é", "한", "ह", "ע", "ع", "ა", "。", "5", "๑", "🙂", ""])
def test_what_is_written_with_spaces_or_no_letter(letter: str) -> None:
    assert not is_unspaced(letter)


@pytest.mark.parametrize("text", [" of work a", "the cat sat", "I don't  know", "hat\tsat \n a"])
@pytest.mark.parametrize("tokenizer", [BYTES, BYTES_PREFIXED])
def test_the_source_of_a_token_is_its_own_letters(
    minilm: Model, text: str, tokenizer: Tokenizer
) -> None:
    model = with_tokenizer(minilm, tokenizer)
    for reading in (read(text, None, model), read("the mat", text, model)):
        tokens = [t for t in reading.tokens if not t.is_special]
        for token in tokens:
            letters = token.piece.replace("Ġ", "").replace("ĉ", "\t").replace("Ċ", "\n")
            assert token.source == letters or not (letters or token.source.strip())
        assert "".join(t.source for t in tokens).replace(" ", "").endswith(text.replace(" ", ""))


def test_a_loaded_tokenizer_takes_no_letters_away(bytes_model: Model) -> None:
    tokens = read("the work of a cat", None, bytes_model).tokens[1:-1]
    assert "".join(token.source for token in tokens).replace(" ", "") == "theworkofacat"
    assert [token.source for token in tokens if token.piece == "Ġcat"] == ["cat"]


@given(text=st.text("ab 我猫กีé\u0301한🙂'.\u00a0", min_size=1, max_size=30).filter(str.strip))
@settings(max_examples=150, deadline=None)
def test_words_cover_a_text_in_order(text: str) -> None:
    model = with_tokenizer(attnviz.load(), BYTES)
    tokens = [t for t in read(text, None, model).tokens if not t.is_special]
    numbers = [token.word for token in tokens if token.word is not None]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(set(numbers))))
    named = {token.word: token.word_text for token in tokens if token.word is not None}
    written = "".join(named.values()).replace("⟨U+00A0⟩", "\u00a0")
    assert written == text.replace(" ", ""), "each letter is in one word, and in no second one"


def test_normalised_letters_keep_the_words_of_the_text(pieces_model: Model) -> None:
    tokenizer = pieces_model.tokenizer.from_str(pieces_model.tokenizer.to_str())
    tokenizer.normalizer = normalizers.Lowercase()
    assert words_of(with_tokenizer(pieces_model, tokenizer), "THE Cat") == ["THE", "Cat"]


def test_a_sequence_of_processors_takes_no_letters_away_either(tmp_path: Path) -> None:
    tokenizer = byte_level(trim=True)
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=True),
            processors.TemplateProcessing(
                single="<s> $A </s>",
                pair="<s> $A </s> $B </s>",
                special_tokens=[("<s>", 0), ("</s>", 2)],
            ),
        ]
    )
    model = attnviz.load(str(saved(tmp_path / "sequence", tokenizer)))
    tokens = read("the cat", "the cat", model).tokens
    assert [token.source for token in tokens] == ["", "the", "cat", "", "the", "cat", ""]


def test_a_composed_letter_keeps_its_mark(pieces_model: Model) -> None:
    """Normalisers that compose place the letter at its first character alone."""
    tokenizer = Tokenizer.from_str(pieces_model.tokenizer.to_str())
    tokenizer.normalizer = normalizers.NFC()
    model = with_tokenizer(pieces_model, tokenizer)
    blank = read("the e\u0301 mat", None, model)
    assert [one.signs for one in blank.unknown] == [("\u00e9",)], "e is no sign of this text"
    assert [token.source for token in blank.tokens if token.is_unknown] == ["e\u0301"]
    assert words_of(model, "the ma\u0301t", "sa\u0301t")[0] == "the"
    assert read("a\u0301", "a\u0308", model).tokens[-2].source == "a\u0308"
