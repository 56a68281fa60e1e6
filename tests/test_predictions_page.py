"""What a model predicts at the pinned token, on the pages."""

from collections.abc import Callable
from pathlib import Path

import pytest
import transformers
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.models.load import load
from attnviz.pictures.picture import percent
from attnviz.training import checkpoint
from tests.test_page import MAIN, at_folder, said
from tests.test_train_page import script
from tests.tiny_families import saved_with_head
from tests.waiting import CEILING

TEXT = "the cat sat on the mat"

Saved = Callable[[str, str], Path]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """The folder of a tiny random model with a head."""
    return lambda kind, name: saved_with_head(tmp_path / name, kind, getattr(transformers, name))


def opened(folder: Path, text: str = TEXT, **link: str) -> AppTest:
    """Explore with a text in the model of a folder."""
    return at_folder(AppTest.from_file(str(MAIN), default_timeout=CEILING), folder, text, **link)


def explored(folder: Path, text: str = TEXT, **link: str) -> str:
    """What Explore says of it."""
    app = opened(folder, text, **link)
    assert not app.error
    return said(app)


def row(folder: Path, at: int, text: str = TEXT) -> str:
    """The five likeliest at a token, as a page writes them."""
    found = attnviz.trace(text, load(str(folder))).predictions.of(at)
    assert len(found) == 5
    return " · ".join(f"**{one.text}** {percent(one.probability)}" for one in found)


def test_a_decoder_says_what_comes_after_the_pinned_token(saved: Saved) -> None:
    folder = saved("gpt2", "GPT2LMHeadModel")
    words = explored(folder, pin="q3")
    assert f"The model says that after “sat (3)” comes: {row(folder, 3)}" in words
    assert f"after “[SEP] (7)” comes: {row(folder, 7)}" in explored(folder), "none is pinned"


def test_a_pinned_word_is_its_token_whatever_is_hidden(saved: Saved) -> None:
    """Without special tokens the second place is the third token; a word ends with its last."""
    folder = saved("gpt2", "GPT2LMHeadModel")
    assert f"after “cat (2)” comes: {row(folder, 2)}" in explored(folder, pin="k1", nosp="1")
    text = "the cats sat"  # cat, ##s or letters: one word
    tokens = attnviz.trace(text, load(str(folder))).tokens
    last = max(token.position for token in tokens if token.word == 1)
    assert last > 2
    words = explored(folder, text, pin="q2", unit="word")
    assert f"after “{tokens[last].name}” comes: {row(folder, last, text)}" in words


def test_a_pin_of_a_span_is_counted_from_its_first_token(saved: Saved) -> None:
    """And stays in the link: what is predicted at is what the lines begin with."""
    folder, text = saved("bloom", "BloomForCausalLM"), "the cat " * 80
    app = opened(folder, text, pin="q3", span="100-150")
    assert f"after “the (103)” comes: {row(folder, 103, text)}" in said(app)
    assert app.session_state["values"]["pins"] == ("q3",)


def test_a_masked_model_says_what_stands_at_a_mask(saved: Saved) -> None:
    folder = saved("bert", "BertForMaskedLM")
    text = "the cat [MASK] on the mat"
    words = explored(folder, text)
    assert f"The model says that at “[MASK] (3)” stands: {row(folder, 3, text)}" in words
    assert f"at “cat (2)” stands: {row(folder, 2)}" in explored(folder, pin="q2")


def test_a_class_is_of_the_whole_text(saved: Saved) -> None:
    folder = saved("bert", "BertForSequenceClassification")
    (found,) = attnviz.trace(TEXT, load(str(folder))).predictions.top
    listed = " · ".join(f"**{one.text}** {percent(one.probability)}" for one in found)
    assert f"The model says of the whole text: {listed}" in explored(folder, pin="q3")


def test_an_answer_starts_or_ends_at_a_token(saved: Saved) -> None:
    folder = saved("distilbert", "DistilBertForQuestionAnswering")
    found = attnviz.trace(TEXT, load(str(folder))).predictions.of(2)
    names = {"start": "starts", "end": "ends"}
    listed = " · ".join(f"**{names[one.text]}** {percent(one.probability)}" for one in found)
    words = f"Of all tokens, “cat (2)” is where the answer {listed}"
    assert words in explored(folder, pin="q2")


def test_a_model_that_predicts_nothing_says_nothing_of_it(saved: Saved) -> None:
    assert "The model says" not in explored(saved("bert", "BertModel"))


def test_our_decoder_says_what_comes_next() -> None:
    app = AppTest.from_function(script, default_timeout=CEILING)
    app.query_params.update({"task": "induction", "heads": "1", "pin": "q9"})
    app.run()
    assert not app.exception
    trace = attnviz.trace("magpiefoxmagpie", checkpoint.load_shipped("induction-2x1").model)
    listed = " · ".join(
        f"**{one.text}** {percent(one.probability)}" for one in trace.predictions.of(9)
    )
    assert f"The model says that after “m (9)” comes: {listed}" in said(app)
