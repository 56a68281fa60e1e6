"""From a text to tokens: what is read, what is left out, what is refused."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, PreTrainedTokenizerFast

import attnviz
from attnviz.errors import TextError
from attnviz.models.load import Model
from attnviz.tracing.display import byte_alphabet, visible
from attnviz.tracing.reading import read
from tests.conftest import NOTE


def test_the_notes_sentence_has_its_27_columns(minilm: Model) -> None:
    tokens = read(NOTE, None, minilm).tokens
    assert len(tokens) == 27
    assert [t.text for t in tokens][:4] == ["[CLS]", "the", "law", "will"]
    assert [t.position for t in tokens] == list(range(27))
    assert [t.is_special for t in tokens] == [True, *[False] * 25, True]


def test_word_pieces_are_folded_but_kept(minilm: Model) -> None:
    tokens = read("unbelievably", None, minilm).tokens[1:-1]
    assert "".join(t.text for t in tokens) == "unbelievably"
    assert any(t.piece.startswith("##") for t in tokens)
    assert {t.word for t in tokens} == {0}
    assert "".join(t.source for t in tokens) == "unbelievably"


def test_a_pair_has_two_segments_and_words_of_its_own(minilm: Model) -> None:
    tokens = read("the cat", "the dog", minilm).tokens
    assert [t.text for t in tokens] == ["[CLS]", "the", "cat", "[SEP]", "the", "dog", "[SEP]"]
    assert [t.segment for t in tokens] == [0, 0, 0, 0, 1, 1, 1]
    assert [t.word for t in tokens] == [None, 0, 1, None, 2, 3, None]


def test_unknown_pieces_are_marked_with_what_they_stood_for(minilm: Model) -> None:
    tokens = read("a 🙂 b", None, minilm).tokens
    assert [(t.text, t.source) for t in tokens if t.is_unknown] == [("[UNK]", "🙂")]


def test_what_is_left_out_is_counted_and_placed(minilm: Model) -> None:
    text = " ".join(f"w{n}" for n in range(400))  # "w0" is two pieces
    whole = len(minilm.tokenizer.encode(text, add_special_tokens=False))
    reading = read(text, None, minilm)
    assert len(reading.tokens) == 512
    (cut,) = reading.left_out
    assert cut.tokens == whole - 510
    last_read = text.index(cut.after) + len(cut.after)
    rest = minilm.tokenizer.encode(text[last_read:], add_special_tokens=False)
    assert len(rest) == cut.tokens


@given(first=st.integers(1, 700), second=st.integers(1, 700))
@settings(max_examples=40, deadline=None)
def test_every_token_of_a_pair_is_read_or_counted(first: int, second: int) -> None:
    model = attnviz.load()
    reading = read("a " * first, "b " * second, model)
    texts = [t.text for t in reading.tokens]
    cut = {c.segment: c.tokens for c in reading.left_out}
    assert texts.count("a") + cut.get(0, 0) == first
    assert texts.count("b") + cut.get(1, 0) == second
    assert len(texts) == min(first + second + 3, 512)
    if cut:  # the longer one gives way, never below its fair half
        assert min(texts.count("a"), texts.count("b")) >= min(first, second, 254)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text"),
        (" \t\n ", "There is no text"),
        ("x" * 1_000_000, "1,000,000 characters; at most 20,000"),
        ("half \ud83d", "Character 6 is half of a character"),
        ("\u200e\u200f\u200b", "leaves nothing"),
        ("\x00\x01", "leaves nothing"),
    ],
)
def test_refused_with_a_clear_sentence(minilm: Model, text: str, said: str) -> None:
    with pytest.raises(TextError, match=said):
        attnviz.trace(text, minilm)
    with pytest.raises(TextError, match=said):
        attnviz.trace("a sentence", minilm, pair=text)


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reading = read(text, None, attnviz.load())
    except TextError:
        return
    assert all(visible(token.text) == token.text for token in reading.tokens)


def test_invisible_characters_get_visible_names() -> None:
    assert visible("a\u200fb") == "a⟨U+200F⟩b"
    assert visible("\x07") == "⟨U+0007⟩"
    assert visible("🤷\u200d♀\ufe0f") == "🤷\u200d♀\ufe0f", "joiners inside an emoji stay"
    assert visible("héllo 你好") == "héllo 你好"


def test_the_byte_alphabet_is_the_published_one() -> None:
    alphabet = byte_alphabet()
    assert sorted(alphabet.values()) == list(range(256))
    assert alphabet["Ġ"] == ord(" ")
    assert alphabet["Ċ"] == ord("\n")


def byte_level_folder(folder: Path) -> Path:
    """A tiny RoBERTa whose tokenizer works on bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=alphabet, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(["the cat sat on the mat"] * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
    )
    config = AutoConfig.for_model(
        "roberta",
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=20,
        max_position_embeddings=60,
        pad_token_id=1,
        type_vocab_size=1,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    wrapped.save_pretrained(folder)
    return folder


def test_byte_level_pieces_are_shown_as_characters(tmp_path: Path) -> None:
    model = attnviz.load(str(byte_level_folder(tmp_path / "bytes")))
    tokens = read("the cat é 你", None, model).tokens[1:-1]
    assert not any("Ġ" in t.text or "Ã" in t.text for t in tokens)
    chinese = [t for t in tokens if "你" in t.source]
    assert len(chinese) >= 3, "three bytes, three pieces"
    assert {t.text for t in chinese if len(t.piece) == 1} <= {"你", "␣"}
    assert tokens[0].text in {"the", "t"}
