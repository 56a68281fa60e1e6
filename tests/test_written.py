"""Tokens that a model wrote: readable pieces, bytes of one character as one word, never a blank."""

from dataclasses import replace
from typing import Any

import pytest
from tokenizers import Tokenizer, models

import attnviz
from attnviz.capture import target as targets
from attnviz.capture.written import tokens_written
from attnviz.models.load import Model
from tests.tiny_families import opened, saved_family
from tests.tokenizers_of_all_kinds import byte_level, named


@pytest.fixture(scope="module")
def byte_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("bytes") / "bart"
    return opened(saved_family(folder, "bart", named(byte_level())))


def ids_of(model: Model, text: str) -> list[int]:
    return list(model.tokenizer.encode(text, add_special_tokens=False).ids)


def test_pieces_of_one_character_are_that_character_and_one_word(byte_model: Model) -> None:
    ids = ids_of(byte_model, "the 猫猫")
    reading = tokens_written(ids, byte_model)
    texts = [token.text for token in reading.tokens]
    assert texts[-6:] == ["猫"] * 6
    words = [token.word for token in reading.tokens][-6:]
    assert words[0] == words[1] == words[2] != words[3] == words[4] == words[5]
    assert {token.word_text for token in reading.tokens[-6:]} == {"猫"}
    assert not any("\ufffd" in token.text for token in reading.tokens)


def test_bytes_without_a_character_are_named(byte_model: Model) -> None:
    first, second, third = ids_of(byte_model, "猫")  # E7 8C AB
    the = ids_of(byte_model, "the")
    reading = tokens_written([first, second, *the, third, first], byte_model)
    texts = [token.text for token in reading.tokens]
    assert texts == ["<0xE7>", "<0x8C>", "the", "<0xAB>", "<0xE7>"]
    assert len({token.word for token in reading.tokens}) == 5


def test_a_number_without_a_piece_is_said_as_a_number(byte_model: Model) -> None:
    beyond = byte_model.tokenizer.get_vocab_size() + 3
    (token,) = tokens_written([beyond], byte_model).tokens
    assert (token.text, token.piece) == (f"#{beyond}", f"#{beyond}")


def test_bytes_of_sentencepiece_are_grouped_too(byte_model: Model) -> None:
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁the"]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
    model = replace(byte_model, tokenizer=tokenizer, byte_level=False)
    numbers = [vocabulary[one] for one in ("▁the", "<0xE7>", "<0x8C>", "<0xAB>", "<0xE7>")]
    tokens = tokens_written(numbers, model).tokens
    assert [token.text for token in tokens] == ["the", "猫", "猫", "猫", "<0xE7>"]
    assert len({token.word for token in tokens[1:4]}) == 1


def test_what_the_tokenizer_reads_alike_has_its_words(
    byte_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text of several pieces a word: as it is read, words are those of the tokenizer."""
    typed = attnviz.trace("the cat", byte_model, target="a cathedral")
    ids = list(targets.read_target("a cathedral", {}, byte_model).ids)

    def generated(*_: Any) -> list[int]:
        return ids

    monkeypatch.setattr(targets, "_generated", generated)
    written = attnviz.trace("the cat", byte_model)
    assert written.sequences["target"] == typed.sequences["target"]
    words = [token.word for token in written.sequences["target"] if token.word is not None]
    assert len(set(words)) == 2 < len(words)


def test_a_typed_character_of_three_pieces_is_read_on_both_sides(byte_model: Model) -> None:
    trace = attnviz.trace("the 猫", byte_model, target="猫 the")
    for tokens in trace.sequences.values():
        assert [token.text for token in tokens].count("猫") == 3
