"""What a model predicts at the pinned token, on the pages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from streamlit.testing.v1 import AppTest
from transformers import AutoTokenizer

import attnviz
from attnviz.models.load import load
from attnviz.pictures.picture import percent
from attnviz.training import checkpoint
from tests.tiny_families import saved_family
from tests.waiting import CEILING

MAIN = Path(__file__).parents[1] / "attnviz" / "ui" / "server" / "main.py"
TEXT = "the cat sat on the mat"

Saved = Callable[[str, str], str]


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """The folder of a tiny random model with a head."""

    def save(kind: str, name: str) -> str:
        bare, folder = saved_family(tmp_path / "bare", kind), tmp_path / name
        torch.manual_seed(3)
        whole: Any = getattr(transformers, name)
        whole.from_pretrained(bare).save_pretrained(folder)
        AutoTokenizer.from_pretrained(bare).save_pretrained(folder)
        return str(folder)

    return save


def explored(folder: str, text: str = TEXT, **link: str) -> str:
    """What Explore says of a text in the model of a folder."""
    app = AppTest.from_file(str(MAIN), default_timeout=CEILING)
    app.query_params.update({"s": text, "m": folder, **link})
    app.run()
    app.button(key="other_load").click().run()
    assert not app.exception
    assert not app.error
    return "\n".join(block.value for block in app.markdown).replace("\\", "")


def row(folder: str, at: int, text: str = TEXT) -> str:
    """The five likeliest at a token, as a page writes them."""
    found = attnviz.trace(text, load(folder)).predictions.of(at)
    assert len(found) == 5
    return " · ".join(f"**{one.text}** {percent(one.probability)}" for one in found)


def test_a_decoder_says_what_comes_after_the_pinned_token(saved: Saved) -> None:
    folder = saved("gpt2", "GPT2LMHeadModel")
    said = explored(folder, pin="q3")
    assert f"The model says that after “sat (3)” comes: {row(folder, 3)}" in said
    assert f"after “[SEP] (7)” comes: {row(folder, 7)}" in explored(folder), "none is pinned"


def test_a_pinned_word_is_its_token_whatever_is_hidden(saved: Saved) -> None:
    """Without special tokens the second place is the third token; a word ends with its last."""
    folder = saved("gpt2", "GPT2LMHeadModel")
    assert f"after “cat (2)” comes: {row(folder, 2)}" in explored(folder, pin="k1", nosp="1")
    text = "the cats sat"  # cat, ##s or letters: one word
    tokens = attnviz.trace(text, load(folder)).tokens
    last = max(token.position for token in tokens if token.word == 1)
    assert last > 2
    said = explored(folder, text, pin="q2", unit="word")
    assert f"after “{tokens[last].name}” comes: {row(folder, last, text)}" in said


def test_a_masked_model_says_what_stands_at_a_mask(saved: Saved) -> None:
    folder = saved("bert", "BertForMaskedLM")
    text = "the cat [MASK] on the mat"
    said = explored(folder, text)
    assert f"The model says that at “[MASK] (3)” stands: {row(folder, 3, text)}" in said
    assert f"at “cat (2)” stands: {row(folder, 2)}" in explored(folder, pin="q2")


def test_a_class_is_of_the_whole_text(saved: Saved) -> None:
    folder = saved("bert", "BertForSequenceClassification")
    (found,) = attnviz.trace(TEXT, load(folder)).predictions.top
    listed = " · ".join(f"**{one.text}** {percent(one.probability)}" for one in found)
    assert f"The model says of the whole text: {listed}" in explored(folder, pin="q3")


def test_an_answer_starts_or_ends_at_a_token(saved: Saved) -> None:
    folder = saved("distilbert", "DistilBertForQuestionAnswering")
    found = attnviz.trace(TEXT, load(folder)).predictions.of(2)
    names = {"start": "starts", "end": "ends"}
    listed = " · ".join(f"**{names[one.text]}** {percent(one.probability)}" for one in found)
    said = f"Of all tokens, “cat (2)” is where the answer {listed}"
    assert said in explored(folder, pin="q2")


def test_a_model_that_predicts_nothing_says_nothing_of_it(saved: Saved) -> None:
    assert "The model says" not in explored(saved("bert", "BertModel"))


def script() -> None:
    from attnviz.ui.pages.train import train_page

    train_page()


def test_our_decoder_says_what_comes_next() -> None:
    app = AppTest.from_function(script, default_timeout=CEILING)
    app.query_params.update({"task": "induction", "heads": "1", "pin": "q9"})
    app.run()
    assert not app.exception
    trace = attnviz.trace("magpiefoxmagpie", checkpoint.load_shipped("induction-2x1").model)
    listed = " · ".join(
        f"**{one.text}** {percent(one.probability)}" for one in trace.predictions.of(9)
    )
    said = "\n".join(block.value for block in app.markdown).replace("\\", "")
    assert f"The model says that after “m (9)” comes: {listed}" in said
