"""From a text to tokens: what is read, what is left out, what is refused."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.lens import Lens, apply_lens
from attnviz.capture.display import Marks, byte_alphabet, token_text
from attnviz.capture.reading import _beginning, read
from attnviz.core.characters import visible
from attnviz.errors import TextError
from attnviz.models.load import Model
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


def test_byte_level_pieces_are_shown_as_characters(bytes_model: Model) -> None:
    tokens = read("the cat é 你", None, bytes_model).tokens[1:-1]
    assert not any("Ġ" in t.text or "Ã" in t.text for t in tokens)
    chinese = [t for t in tokens if "你" in t.source]
    assert len(chinese) >= 3, "three bytes, three pieces"
    assert {t.text for t in chinese if len(t.piece) == 1} <= {"你", "␣"}
    assert tokens[0].text in {"the", "t"}


@pytest.mark.parametrize(
    "blank",
    "\u00a0\u00ad\u034f\u115f\u1160\u1680\u17b4\u180b\u180e\u2000\u2007\u200a\u200b\u202f\u205f"
    "\u2060\u2800\u3000\u3164\ufe00\ufe0f\uffa0\U000e0100",
)
def test_what_leaves_no_ink_gets_a_name(blank: str, bytes_model: Model) -> None:
    name = f"⟨U+{ord(blank):04X}⟩"
    assert visible(blank) == name
    assert visible(f"a{blank}b") == f"a{name}b"
    shown = {t.text for t in read(f"cat {blank}", None, bytes_model).tokens[2:-1]} - {"␣"}
    assert shown == {name}, "whole or in bytes, never an empty label"


def test_marks_of_another_tokenizer_are_text() -> None:
    word_piece = Marks(continuation="##")
    sentence_piece = Marks(word_start="▁")
    of_bytes = Marks(byte_level=True)
    assert token_text("##ing", "ing", word_piece) == "ing"
    assert token_text("##ing", "##ing", sentence_piece) == "##ing"
    assert token_text("##", "##", of_bytes) == "##"
    assert token_text("▁cat", " cat", sentence_piece) == "cat"
    assert token_text("▁cat", "▁cat", word_piece) == "▁cat"
    assert token_text("cat</w>", "cat", Marks(word_end="</w>")) == "cat"
    assert token_text("<0xE4>", "你", sentence_piece) == "你", "one byte of three"
    assert token_text("<0xE4>", "<0xE4>", word_piece) == "<0xE4>"
    assert token_text("▁▁▁", "   ", sentence_piece) == "␣␣␣"
    assert token_text("ĠĠ", "  ", of_bytes) == "␣␣"


@pytest.mark.parametrize("name", ["minilm", "bytes_model", "pieces_model"])
def test_a_typed_special_token_is_one(name: str, request: pytest.FixtureRequest) -> None:
    model: Model = request.getfixturevalue(name)
    added = model.tokenizer.get_added_tokens_decoder().values()
    for special in {token.content for token in added if token.special} - {model.unknown_token}:
        trace = attnviz.trace(f"the {special} cat", model, pair=f"mat {special}")
        typed = [t for t in trace.tokens if t.source == special]
        assert [t.is_special for t in typed] == [True, True], special
        assert [t.text for t in typed] == [special, special]
        assert [t.word for t in typed] == [None, None]
        view = apply_lens(trace.weights((0, 0)), trace.tokens, Lens(hide_special=True))
        assert special not in [place.text for place in view.rows]
        assert view.withheld.special_hidden == sum(t.is_special for t in trace.tokens)
        assert view.withheld.special_hidden >= 4


def test_special_tokens_alone_are_refused(minilm: Model) -> None:
    with pytest.raises(TextError, match=r"special tokens alone \(\[SEP\] \[CLS\]\)"):
        attnviz.trace("[SEP] [CLS]", minilm)
    with pytest.raises(TextError, match="special tokens alone"):
        attnviz.trace("[MASK]", minilm, pair="[PAD]")


@pytest.mark.parametrize("kind", ["minilm", "tiny", "bytes_model", "pieces_model"])
def test_what_is_beyond_the_maximum_is_not_carried_along(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """The tokens that are read are the first of the whole text's, and cost no more than those."""
    model: Model = request.getfixturevalue(kind)
    text = "the cat sat on the mat, 我爱猫 singing " * 400
    reading = read(text, None, model)
    whole = model.tokenizer.encode(text, add_special_tokens=False)
    added = model.tokenizer.num_special_tokens_to_add(False)
    keep = model.limits.tokens - added
    assert [i for i in reading.ids if i in whole.ids][-3:] == whole.ids[keep - 3 : keep]
    assert reading.left_out[0].tokens == len(whole) - keep
    short = _beginning(whole, keep, text, model.tokenizer)
    assert short.ids == model.tokenizer.encode(text, add_special_tokens=False).ids[:keep]
    assert sum(len(rest) for rest in short.overflowing) < 20
