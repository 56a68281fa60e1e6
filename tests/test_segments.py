"""Ids and type ids are the tokenizer's own, whatever model it stands beside."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoModel, AutoTokenizer, PreTrainedTokenizerFast

import attnviz
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.models import catalogue
from attnviz.models.families import families
from attnviz.models.load import Model
from tests.conftest import TINY_VOCABULARY, save_tiny, tiny_tokenizer
from tests.tokenizers_of_all_kinds import byte_level, named, sentence_piece

TEXTS = [("the cat sat on the mat .", None), ("the cat", "sat on the mat"), ("a", "b")]
TEXTS += [(" the  cat\u00a0sat ", "Zoë, naïve 我爱猫 🙂"), ("the cat " * 60, "sat " * 60)]


def accented() -> PreTrainedTokenizerFast:
    """A word-piece tokenizer that keeps capitals and accents, with types 0 and 1."""
    vocabulary = {piece: index for index, piece in enumerate(TINY_VOCABULARY)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", mask_token="[MASK]"
    )


TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "word pieces": tiny_tokenizer,
    "word pieces with capitals": accented,
    "sentence pieces": lambda: named(sentence_piece()),  # both sentences are of type 0
    "bytes": lambda: named(byte_level()),
}


def theirs(model: Model, text: str, pair: str | None) -> dict[str, torch.Tensor]:
    tokenizer = AutoTokenizer.from_pretrained(catalogue.find(model.name).folder)
    encoding = tokenizer(
        text,
        pair,
        return_tensors="pt",
        truncation=True,
        max_length=model.limits.tokens,
    )
    nothing = torch.zeros_like(encoding["input_ids"])  # what a model takes where it is given none
    return {"token_type_ids": nothing, **encoding}


def _same(given: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert given.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.equal(given[name].cpu(), tensor), name


@pytest.mark.parametrize("kind", sorted(families()))
@pytest.mark.parametrize("tokenizer", sorted(TOKENIZERS))
def test_ids_types_and_weights_are_those_of_transformers(
    kind: str, tokenizer: str, tmp_path: Path
) -> None:
    folder = save_tiny(
        tmp_path / "model", kind, TOKENIZERS[tokenizer](), vocab_size=400, pad_token_id=1
    )
    model = attnviz.load(str(folder))
    eager = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    for text, pair in TEXTS:
        given, expected = inputs([read(text, pair, model)], model), theirs(model, text, pair)
        if kind == "distilbert":  # which knows no segments
            del expected["token_type_ids"]
        _same(given, expected)
        with torch.inference_mode():
            attentions = eager(**expected, output_attentions=True).attentions
        trace = attnviz.trace(text, model, pair=pair)
        for layer, attention in enumerate(attentions):
            np.testing.assert_allclose(trace.layer_weights(layer), attention[0].numpy(), atol=1e-4)


def test_the_embedded_models_ids_are_those_of_transformers(minilm: Model) -> None:
    for text, pair in TEXTS:
        given, expected = inputs([read(text, pair, minilm)], minilm), theirs(minilm, text, pair)
        _same(given, expected)


def test_types_that_a_tokenizer_keeps_to_itself_reach_no_model(tmp_path: Path) -> None:
    """As transformers calls the model on a pair: without them, all tokens are of segment 0."""
    tokenizer = tiny_tokenizer()
    tokenizer.model_input_names = ["input_ids", "attention_mask"]
    folder = save_tiny(tmp_path / "model", "bert", tokenizer)
    model = attnviz.load(str(folder))
    own = AutoTokenizer.from_pretrained(folder)("the cat", "a mat", return_tensors="pt")
    assert "token_type_ids" not in own
    eager = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    with torch.inference_mode():
        expected = eager(**own, output_attentions=True).attentions
    trace = attnviz.trace("the cat", model, pair="a mat")
    for layer, attention in enumerate(expected):
        np.testing.assert_allclose(trace.layer_weights(layer), attention[0].numpy(), atol=1e-5)
    assert {token.segment for token in trace.tokens} == {0, 1}, "two texts all the same"
