"""Predictions against transformers' own models with heads, and against our decoder's own answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
)
from transformers.models.auto import modeling_auto

import attnviz
from attnviz.capture.display import byte_alphabet
from attnviz.capture.written import Vocabulary
from attnviz.core.predictions import Predicts
from attnviz.errors import CaptureError
from attnviz.models import accelerator, task_head
from attnviz.models.model import Model
from attnviz.training import checkpoint
from attnviz.training.train import train
from tests.tiny_families import opened, saved_family, saved_with_head

TEXT = "the cat sat on the mat"
TASKS: dict[Predicts, str] = {
    "masked-lm": "MASKED_LM",
    "causal-lm": "CAUSAL_LM",
    "sequence-classification": "SEQUENCE_CLASSIFICATION",
    "token-classification": "TOKEN_CLASSIFICATION",
    "question-answering": "QUESTION_ANSWERING",
}
LABELS = {0: "bad", 1: "fair", 2: "good", 3: "great", 4: "superb", 5: "perfect"}

Saved = Callable[..., tuple[Path, Any]]


def class_of(kind: str, predicts: Predicts) -> Any:
    mapping = getattr(modeling_auto, f"MODEL_FOR_{TASKS[predicts]}_MAPPING")
    found = mapping[type(AutoConfig.for_model(kind))]
    return found[0] if isinstance(found, tuple) else found


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """A tiny random model with a head, saved to a folder, and transformers' own loading of it."""

    def save(kind: str, predicts: Predicts, **settings: Any) -> tuple[Path, Any]:
        if "classification" in predicts:
            settings = {"id2label": LABELS, "num_labels": len(LABELS), **settings}
        built = class_of(kind, predicts)
        folder = saved_with_head(tmp_path, kind, built, **settings)
        return folder, built.from_pretrained(folder).eval()

    return save


def own_answer(whole: Any, model: Model, text: str = TEXT) -> Any:
    ids = torch.tensor([model.tokenizer.encode(text).ids])
    with torch.no_grad():
        return whole(input_ids=ids, attention_mask=torch.ones_like(ids))


def expected(scores: np.ndarray, names: Callable[[int], str]) -> list[list[tuple[str, float]]]:
    """The five largest of each row's softmax, in float64."""
    powers = np.exp(scores - scores.max(-1, keepdims=True))
    shares = powers / powers.sum(-1, keepdims=True)
    order = np.argsort(-shares, axis=-1, kind="stable")[:, :5]
    return [
        [(names(int(n)), float(share[n])) for n in line]
        for share, line in zip(shares, order, strict=True)
    ]


def agree(found: Any, wanted: list[list[tuple[str, float]]]) -> None:
    assert len(found) == len(wanted)
    for row, line in zip(found, wanted, strict=True):
        np.testing.assert_allclose(
            [one.probability for one in row], [share for _, share in line], atol=1e-5
        )
        assert [one.piece for one in row] == [name for name, _ in line]


@pytest.mark.parametrize(
    ("kind", "predicts"),
    [
        *((k, "masked-lm") for k in ("bert", "roberta", "distilbert", "albert", "electra")),
        *((k, "masked-lm") for k in ("mpnet", "deberta-v2", "modernbert", "nomic_bert")),
        *((k, "causal-lm") for k in ("gpt2", "llama", "opt", "bloom", "gemma2", "granite")),
        *((k, "causal-lm") for k in ("cohere", "gpt_neo", "xlnet", "gpt_oss", "openai-gpt")),
        *((k, "token-classification") for k in ("bert", "gpt2", "llama", "xlnet")),
    ],
)
def test_each_token_has_what_the_whole_model_says(
    kind: str, predicts: Predicts, saved: Saved
) -> None:
    folder, whole = saved(kind, predicts)
    model = opened(folder)
    found = attnviz.trace(TEXT, model).predictions
    scores = own_answer(whole, model).logits[0].double().numpy()
    classes = "classification" in predicts

    def name(number: int) -> str:
        return LABELS[number] if classes else (model.tokenizer.id_to_token(number) or "")

    assert found.head == predicts
    agree(found.top, expected(scores, name))
    assert found.of(2) == found.top[2]


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "gpt2", "llama", "nomic_bert"])
def test_a_text_has_the_classes_that_the_whole_model_says(kind: str, saved: Saved) -> None:
    folder, whole = saved(kind, "sequence-classification")
    model = opened(folder)
    found = attnviz.trace(TEXT, model).predictions
    scores = own_answer(whole, model).logits.double().numpy()
    agree(found.top, expected(scores, LABELS.__getitem__))
    assert found.of(0) == found.of(5) == found.top[0]


@pytest.mark.parametrize("kind", ["bert", "distilbert", "llama", "gpt2"])
def test_an_answer_starts_and_ends_where_the_whole_model_says(kind: str, saved: Saved) -> None:
    folder, whole = saved(kind, "question-answering")
    model = opened(folder)
    found = attnviz.trace(TEXT, model).predictions
    answer = own_answer(whole, model)
    for name in ("start", "end"):
        shares = getattr(answer, f"{name}_logits")[0].double().softmax(-1).numpy()
        drawn = [next(p.probability for p in row if p.text == name) for row in found.top]
        np.testing.assert_allclose(drawn, shares, atol=1e-5)
    assert all(row[0].probability >= row[1].probability for row in found.top)


def test_classes_that_may_be_true_at_once_have_probabilities_of_their_own(saved: Saved) -> None:
    several = {"problem_type": "multi_label_classification"}
    folder, whole = saved("bert", "sequence-classification", **several)
    model = opened(folder)
    (row,) = attnviz.trace(TEXT, model).predictions.top
    shares = own_answer(whole, model).logits[0].sigmoid().numpy()
    np.testing.assert_allclose(
        [one.probability for one in row], np.sort(shares)[::-1][:5], atol=1e-6
    )


@pytest.mark.parametrize(
    "settings",
    [{"num_labels": 1, "id2label": {0: "score"}}, {"problem_type": "regression"}],
)
def test_a_number_is_no_prediction(settings: dict[str, Any], saved: Saved) -> None:
    folder, _ = saved("bert", "sequence-classification", **settings)
    with pytest.raises(CaptureError, match="No head that predicts"):
        _ = attnviz.trace(TEXT, opened(folder)).predictions


def test_a_target_has_what_the_whole_model_says(tmp_path: Path) -> None:
    folder = saved_family(tmp_path / "bart", "bart")
    trace = attnviz.trace(TEXT, opened(folder), target="the dog")
    found = trace.predictions
    assert (found.head, found.sequence) == ("causal-lm", "target")
    assert len(found.top) == len(trace.sequences["target"])
    whole = AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    ids = [opened(folder).tokenizer.token_to_id(t.piece) for t in trace.sequences["target"]]
    source = [opened(folder).tokenizer.token_to_id(t.piece) for t in trace.sequences["source"]]
    with torch.no_grad():
        answer = whole(
            input_ids=torch.tensor([source]), decoder_input_ids=torch.tensor([ids])
        ).logits[0]
    probabilities = answer.softmax(-1).max(-1).values.numpy()
    np.testing.assert_allclose([row[0].probability for row in found.top], probabilities, atol=1e-5)


def test_the_base_runs_once_and_the_head_a_few_tokens_at_a_time(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = saved("gpt2", "causal-lm")
    model = opened(folder)
    whole = attnviz.trace(TEXT, model).predictions
    layers, sizes = [], []
    blocks = [place.block for place in model.places if place.block is not None]
    handles = [block.register_forward_hook(lambda *_: layers.append(1)) for block in blocks]
    assert model.task_head is not None
    assert model.task_head.module is not None
    output: Any = model.task_head.module.get_output_embeddings()  # type: ignore[operator]
    handles.append(output.register_forward_hook(lambda _, __, scores: sizes.append(scores.shape)))
    monkeypatch.setattr(task_head, "_AT_ONCE", 3 * model.card.vocabulary)
    parts = attnviz.trace(TEXT, model).predictions
    for handle in handles:
        handle.remove()
    assert len(layers) == len(blocks)
    assert [size[1] for size in sizes] == [3, 3, 2]
    for row, other in zip(whole.top, parts.top, strict=True):
        assert [one.piece for one in row] == [one.piece for one in other]
        np.testing.assert_allclose(
            [one.probability for one in row], [one.probability for one in other], atol=1e-6
        )


def test_they_are_of_the_run_with_its_interventions(saved: Saved) -> None:
    """A head that is off is its slice of W_O at 0, in transformers' own model too."""
    folder, whole = saved("bert", "masked-lm")
    model = opened(folder)
    off = [attnviz.HeadOff(0, 1), attnviz.HeadOff(1, 3)]
    changed = attnviz.trace(TEXT, model, interventions=off).predictions
    with torch.no_grad():
        for one in off:
            dense = whole.bert.encoder.layer[one.layer].attention.output.dense.weight
            dense[:, 8 * one.head : 8 * (one.head + 1)] = 0
    scores = own_answer(whole, model).logits[0].double().numpy()
    agree(changed.top, expected(scores, lambda n: str(model.tokenizer.id_to_token(n))))
    assert changed.top != attnviz.trace(TEXT, model).predictions.top


def test_a_model_object_has_its_head_too(saved: Saved) -> None:
    folder, whole = saved("gpt2", "causal-lm")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    held = attnviz.trace(TEXT, whole, tokenizer=tokenizer).predictions
    assert held == attnviz.trace(TEXT, opened(folder)).predictions


def test_the_whole_model_goes_where_its_base_goes(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As to an accelerator."""
    folder, _ = saved("gpt2", "causal-lm")
    monkeypatch.setattr(accelerator, "_is_right", lambda _: True)  # there are no numbers there
    monkeypatch.setattr("attnviz.models.precision.device", lambda: torch.device("meta"))
    head = opened(folder).task_head
    assert head is not None
    assert head.module is not None
    assert {tensor.device.type for tensor in head.module.state_dict().values()} == {"meta"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_in_half_precision_it_is_the_whole_models_own_answer(
    dtype: torch.dtype, saved: Saved
) -> None:
    folder, whole = saved("llama", "causal-lm")
    whole.to(dtype).save_pretrained(folder)
    model = opened(folder)
    found = attnviz.trace(TEXT, model).predictions
    scores = own_answer(whole, model).logits[0].double().numpy()
    shares = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    best = [row[0].probability for row in found.top]
    assert model.card.dtype == str(dtype).removeprefix("torch.")
    np.testing.assert_allclose(best, shares.max(-1), rtol=4 * torch.finfo(dtype).eps)


# ---- where there is none


@pytest.mark.parametrize("lacks", ["head", "weights of the head", "weights of its own"])
def test_a_model_without_a_head_says_so(lacks: str, tmp_path: Path) -> None:
    folder = saved_family(tmp_path / "bert", "bert")
    if lacks == "weights of the head":  # config.json names a head that the file does not hold
        config = AutoConfig.from_pretrained(folder)
        config.architectures = ["BertForMaskedLM"]
        config.save_pretrained(folder)
    if lacks == "weights of its own":
        trace = attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5))
        said = "weights"
    else:
        trace = attnviz.trace(TEXT, opened(folder))
        assert "predictions" not in trace.capabilities
        said = "No head that predicts was saved with this model"
    with pytest.raises(CaptureError, match=said) as refused:
        _ = trace.predictions
    assert refused.value.text("zh") != refused.value.text("en")


def test_a_head_that_asks_more_of_its_base_than_an_answer_is_not_offered(saved: Saved) -> None:
    """BigBird's answers change what the base reads, so they are of another run."""
    folder, _ = saved("big_bird", "question-answering")
    assert "predictions" not in attnviz.trace(TEXT, opened(folder)).capabilities


def test_a_part_of_a_character_is_shown_as_its_bytes(tmp_path: Path) -> None:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({piece: n for n, piece in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
    whole = AutoModelForCausalLM.from_config(AutoConfig.for_model("gpt2", vocab_size=260, **sizes))
    whole.save_pretrained(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    found = attnviz.trace("the 猫 sat", opened(tmp_path)).predictions
    said = {one.piece: one.text for row in found.top for one in row}
    bytes_of = byte_alphabet()
    for piece, text in said.items():
        if piece and bytes_of[piece] >= 0x80:
            assert text == f"<0x{bytes_of[piece]:02X}>"
        elif piece and piece.isprintable() and piece.isascii():
            assert text == piece
    assert any(text.startswith("<0x") for text in said.values())
    assert not any("\ufffd" in text for text in said.values())


def test_a_byte_of_sentencepiece_is_said_as_the_byte_that_it_stands_for(tmp_path: Path) -> None:
    pieces = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer = Tokenizer(
        models.BPE({p: n for n, p in enumerate(pieces)}, [], unk_token="<unk>", byte_fallback=True)
    )
    sizes = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
    whole = AutoModelForCausalLM.from_config(AutoConfig.for_model("gpt2", vocab_size=257, **sizes))
    whole.save_pretrained(tmp_path)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>").save_pretrained(tmp_path)
    model = opened(tmp_path)
    vocabulary = Vocabulary.of(model)
    texts = {byte: vocabulary.text(byte + 1) for byte in range(256)}
    assert (texts[0x0A], texts[0x20], texts[ord("a")]) == ("⟨U+000A⟩", "␣", "a")
    assert [texts[byte] for byte in (0x80, 0xE7)] == ["<0x80>", "<0xE7>"]
    found = attnviz.trace("the cat sat on the mat", model).predictions
    said = {one.piece: one.text for row in found.top for one in row}
    assert len(said) > 5
    for piece, text in said.items():
        if piece != "<unk>":
            assert text == texts[int(piece[3:5], 16)]


# ---- our own


def test_our_decoder_says_what_comes_next() -> None:
    training = checkpoint.load_shipped("induction-2x1")
    text, model = "magpiefoxmagpie", training.model
    found = attnviz.trace(text, model).predictions
    assert (found.head, len(found.top)) == ("causal-lm", 15)
    ids = torch.tensor([[model.tokenizer.token_to_id(letter) for letter in text]])
    with torch.no_grad():
        scores = model.module(ids)[0, :, 0].double().numpy()
    agree(found.top, expected(scores, training.run.task.choices.__getitem__))
    assert "".join(row[0].text for row in found.top[9:]) == "agpief"
    off = attnviz.trace(text, model, interventions=[attnviz.HeadOff(0, 0)]).predictions
    assert "".join(row[0].text for row in off.top[9:]) != "agpief"


def test_our_counter_says_a_class_of_each_token() -> None:
    found = attnviz.trace(
        "(()(()))", checkpoint.load_shipped("count-brackets-1x1").model
    ).predictions
    assert found.head == "token-classification"
    assert [row[0].text for row in found.top] == list("12123210")


def test_several_questions_about_a_token_are_no_prediction() -> None:
    model = train("two-looks", heads=1, steps=1).model
    with pytest.raises(CaptureError, match="No head that predicts"):
        _ = attnviz.trace("314159265358", model).predictions
