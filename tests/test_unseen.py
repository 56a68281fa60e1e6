"""What the model does not see: blanks with their true reason, characters that are dropped."""

from dataclasses import replace
from typing import Any

import pytest
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

import attnviz
from attnviz.capture.reading import read
from attnviz.core.tokens import Unknown
from attnviz.models.load import Model
from attnviz.models.skipping import in_place
from attnviz.training.tasks import task_called
from tests.tokenizers_of_all_kinds import with_tokenizer


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("a 🙂 b", [Unknown(2, "sign", ("🙂",))]),
        ("a ab🙂c✌d b", [Unknown(2, "sign", ("🙂", "✌"))]),
        ("[UNK] cat", [Unknown(1, "typed")]),
        ("x" * 100, []),
        ("x" * 101 + " cat", [Unknown(1, "long", most=100)]),
        ("🙂" * 101, [Unknown(1, "long", most=100)]),
        ("e\u0301" * 60, []),
        ("🙂 [UNK] " + "y" * 300, ["sign", "typed", "long"]),
    ],
)
def test_the_reason_of_a_blank(minilm: Model, text: str, reasons: list[Unknown | str]) -> None:
    reading = read(text, None, minilm)
    assert [one.position for one in reading.unknown] == [
        token.position for token in reading.tokens if token.is_unknown
    ]
    found = [
        one.reason if isinstance(wanted, str) else one
        for one, wanted in zip(reading.unknown, reasons, strict=True)
    ]
    assert found == reasons


def test_the_longest_word_is_read_from_the_tokenizer(minilm: Model) -> None:
    tokenizer = Tokenizer.from_str(minilm.tokenizer.to_str())
    tokenizer.model = models.WordPiece(
        tokenizer.get_vocab(), unk_token="[UNK]", max_input_chars_per_word=7
    )
    model = with_tokenizer(minilm, tokenizer, unknown="[UNK]")
    assert read("letters unbelievably", None, model).unknown == (Unknown(2, "long", most=7),)


def test_blanks_of_sentence_piece_are_seen(pieces_model: Model) -> None:
    reading = read("the 🙂🙃 <unk> cat", None, pieces_model)
    assert [one.reason for one in reading.unknown] == ["sign", "typed"]
    assert reading.unknown[0].signs == ("🙂", "🙃")
    assert [t.text for t in reading.tokens if t.is_unknown] == ["<unk>", "<unk>"]


def test_a_vocabulary_of_words_lacks_words_and_no_signs(minilm: Model) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "cat": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    (one,) = read("cat dog", None, with_tokenizer(minilm, tokenizer)).unknown
    assert one == Unknown(1, "sign", ("dog",))


def test_a_masked_blank_is_no_blank_any_more(minilm: Model) -> None:
    trace = attnviz.trace("a 🙂 b", minilm, interventions=[attnviz.TokenMasked(2)])
    assert trace.unknown == ()
    assert not any(token.is_unknown for token in trace.tokens)


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("plain café, naïve!", ""),
        ("cafe\u0301 a\u0302\u0323", ""),
        ("a\x00b c\x07", "\x00\x07"),
        ("co\u00adoperate wo\u200brds \u202egnorts\u202c", "\u00ad\u200b\u202e\u202c"),
        ("a\x0bb c\x85d", "\x0b\x85"),
        ("a\tb\nc\u00a0d\u3000e\u2028f", ""),
        ("हिन्दी", "\u094d"),
        ("\ufffd cat", "\ufffd"),
        ("我爱猫 🙂", ""),
        ("the [SEP] cat", ""),
    ],
)
def test_characters_that_are_dropped(minilm: Model, text: str, dropped: str) -> None:
    assert read(text, None, minilm).dropped == dropped
    assert read("a plain one", text, minilm).dropped == dropped


def test_bytes_drop_nothing(bytes_model: Model) -> None:
    assert read("a\x00b co\u00adop \u200b 我 cafe\u0301", None, bytes_model).dropped == ""


def test_what_parts_words_and_is_thrown_away_is_dropped(minilm: Model) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "cat": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("|", "removed")
    assert read("cat|cat", None, with_tokenizer(minilm, tokenizer)).dropped == "|"


def test_what_a_rule_takes_away_inside_a_word_is_dropped(minilm: Model) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "cat": 1}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace(Regex(r"[.,]"), "")
    assert read("c.at,", None, with_tokenizer(minilm, tokenizer)).dropped == ".,"


def test_an_encoder_of_our_own_counts_what_its_alphabet_leaves_out(minilm: Model) -> None:
    tokenizer = task_called("it").alphabet.tokenizer()
    text = "The animal was tired."
    assert read(text, None, with_tokenizer(minilm, tokenizer, unknown="[UNK]")).dropped == "."


def test_what_is_left_out_is_not_counted_as_dropped(minilm: Model) -> None:
    reading = read("word\x00 " * 600, None, minilm)
    words_read = len(reading.tokens) - 2
    assert len(reading.dropped) == words_read - 1, "what follows the last of them is left out"


# ---- tokenizers without a blank

LETTERS = {"c": 0, "a": 1, "t": 2, "at": 3, "cat": 4, "s": 5}
MERGES = [("a", "t"), ("c", "at")]


def without_blank(model: Model, vocabulary: dict[str, int], step: Any) -> tuple[Model, Tokenizer]:
    """A BPE that skips what it knows nothing of, as a folder brings it and as it is read with."""
    plain = Tokenizer(models.BPE(vocabulary, MERGES))
    plain.pre_tokenizer = step
    plain.add_special_tokens(["[X]"])
    placed = with_tokenizer(model, in_place(plain))
    is_bytes = isinstance(step, pre_tokenizers.ByteLevel)
    return replace(placed, byte_level=is_bytes), plain


@pytest.mark.parametrize(
    ("text", "sources", "dropped"),
    [
        ("c🙂at s", ["c🙂at", "s"], "🙂"),
        ("🙂cats", ["cat", "s"], "🙂"),
        ("ca我我ts a🙂", ["ca我我t", "s", "a"], "我我🙂"),
        ("我 cat", ["cat"], "我"),
        ("c🙂[X]at", ["c", "[X]", "at"], "🙂"),
        ("cat cats", ["cat", "cat", "s"], ""),
    ],
)
def test_what_a_tokenizer_without_a_blank_skips(
    text: str, sources: list[str], dropped: str, minilm: Model
) -> None:
    model, plain = without_blank(minilm, LETTERS, pre_tokenizers.WhitespaceSplit())
    reading = read(text, None, model)
    assert list(reading.ids) == plain.encode(text).ids, "what transformers gives the model"
    assert [token.source for token in reading.tokens] == sources
    assert reading.dropped == dropped


def test_bytes_that_a_tokenizer_lacks_move_nothing(minilm: Model) -> None:
    bytes_of_e = {"Ã": 6, "Ġ": 7}  # é is Ã©, and © is no piece
    step = pre_tokenizers.ByteLevel(add_prefix_space=False)
    model, plain = without_blank(minilm, {**LETTERS, **bytes_of_e}, step)
    reading = read("céat 🙂 cat", None, model)
    assert list(reading.ids) == plain.encode("céat 🙂 cat").ids
    sources = ["c", "é", "at", "", "", "cat"]
    assert [token.source.strip() for token in reading.tokens] == sources
    assert reading.dropped == "🙂"


def test_a_tokenizer_that_skips_nothing_stays_as_it_is(bytes_model: Model) -> None:
    for model in (
        models.BPE(LETTERS, MERGES, unk_token="c"),
        models.BPE(LETTERS, MERGES, byte_fallback=True),
        models.WordLevel({"cat": 0}, unk_token="cat"),
    ):
        tokenizer = Tokenizer(model)
        assert in_place(tokenizer) is tokenizer
    assert in_place(bytes_model.tokenizer) is bytes_model.tokenizer


@pytest.mark.parametrize(
    "model",
    [models.Unigram([("a", -1.0)]), models.WordLevel({"a": 0}), models.WordPiece({"a": 0})],
    ids=lambda model: type(model).__name__,
)
def test_what_has_neither_piece_nor_blank_gets_a_sentence(model: Any, minilm: Model) -> None:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    with pytest.raises(attnviz.TextError, match="no piece for") as problem:
        read("a b a", None, with_tokenizer(minilm, tokenizer))
    assert "没有收录" in problem.value.text("zh")
