"""Models whose attention would be drawn wrong are refused, each with a true sentence."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    BertTokenizer,
)

import attnviz
from attnviz.errors import AttnvizError, CaptureError, ModelError, TextError
from attnviz.models import opening
from attnviz.models.catalogue import find
from attnviz.models.families import families
from tests.conftest import TINY_VOCABULARY, save_tiny, tiny_tokenizer
from tests.tiny_families import SIZES, opened, saved_family
from tests.tokenizers_of_all_kinds import byte_level, named

WEIGHTS = "model.safetensors"
NAMES = {  # what DistilBERT calls them
    "hidden_size": "dim",
    "num_attention_heads": "n_heads",
    "num_hidden_layers": "n_layers",
}


def configured(folder: Path, kind: str = "bert", **values: object) -> Path:
    """A saved model with other settings than it was made with."""
    save_tiny(folder, kind)
    config = json.loads((folder / "config.json").read_text())
    if kind == "distilbert":
        values = {NAMES.get(name, name): value for name, value in values.items()}
    (folder / "config.json").write_text(json.dumps({**config, **values}))
    return folder


def with_tensors(folder: Path, **tensors: torch.Tensor) -> Path:
    weights = load_file(folder / WEIGHTS)
    save_file({**weights, **tensors}, folder / WEIGHTS, {"format": "pt"})
    return folder


def refused(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        attnviz.load(str(folder))
    assert str(folder.parent) not in str(caught.value)
    assert "{" not in caught.value.text("zh")
    return caught.value


@pytest.mark.parametrize("kind", sorted(families()))
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"is_decoder": True}, "decoder"),
        ({"is_decoder": True, "add_cross_attention": True}, "decoder"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"position_embedding_type": "relative_key_query"}, "relative_key_query"),
        ({"pruned_heads": {"0": [1, 2]}}, "pruned"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "quantised"),
        ({"auto_map": {"AutoModel": "modeling_own.OwnModel"}}, "code of its own"),
        ({"hidden_size": 25}, "4 heads would share a width of 25"),
        ({"num_attention_heads": 5}, "5 heads would share a width of 24"),
        ({"num_attention_heads": 0}, "num_attention_heads = 0|n_heads = 0"),
        ({"num_attention_heads": -4}, "num_attention_heads = -4|n_heads = -4"),
        ({"num_hidden_layers": 0}, "num_hidden_layers = 0"),
        ({"num_hidden_layers": 2}, "layer.2.*does not use"),
        ({"hidden_size": "wide"}, "transformers says"),
        ({"hidden_size": 48}, "by config.json|lacks a weight"),
        ({"vocab_size": 10}, "65 × 24 in model.safetensors and 10 × 24 by config.json"),
        ({"max_position_embeddings": 2}, "2 positions"),
    ],
    ids=str,
)
def test_a_configuration_that_is_not_computed_as_it_says(
    kind: str, settings: dict[str, object], says: str, tmp_path: Path
) -> None:
    assert refused(configured(tmp_path / "model", kind, **settings)).args
    with pytest.raises(ModelError, match=says):
        attnviz.load(str(tmp_path / "model"))


def test_a_roberta_without_a_padding_token(tmp_path: Path) -> None:
    said = refused(configured(tmp_path / "model", "roberta", pad_token_id=None))
    assert "pad_token_id = null" in str(said)


def test_weights_that_are_no_numbers_name_their_layer(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    for value in (float("nan"), float("inf"), float("-inf")):
        damaged = load_file(folder / WEIGHTS)["encoder.layer.2.output.dense.weight"]
        damaged[3, 5] = value
        with_tensors(folder, **{"encoder.layer.2.output.dense.weight": damaged})
        assert "Layer 2 of “model” holds weights that are no finite numbers" in str(refused(folder))


def test_embeddings_that_are_no_numbers(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    rows = load_file(folder / WEIGHTS)["embeddings.word_embeddings.weight"]
    rows[7, 0] = float("nan")
    with_tensors(folder, **{"embeddings.word_embeddings.weight": rows})
    assert "The embeddings of “model”" in str(refused(folder))


def test_a_pooler_that_is_no_number_is_not_used_and_does_not_matter(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    with_tensors(folder, **{"pooler.dense.bias": torch.full((24,), float("nan"))})
    assert len(attnviz.trace("the cat", str(folder)).tokens) == 4


def test_finite_weights_that_overflow_are_not_drawn(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    name = "encoder.layer.1.output.LayerNorm.weight"
    with_tensors(folder, **{name: torch.full((24,), 3e38)})
    with pytest.raises(CaptureError, match="no finite number"):
        attnviz.trace("the cat", str(folder))


@pytest.mark.parametrize(
    "name",
    [
        "encoder.layer.0.attention.self.distance_embedding.weight",
        "encoder.layer.9.attention.self.query.weight",
        "encoder.rel_pos_bias.weight",
        "embeddings.rotary.weight",
        "relative_attention_bias.weight",
        "bert.encoder.layer.1.gate.weight",
    ],
)
def test_a_tensor_that_the_model_does_not_use_is_named(name: str, tmp_path: Path) -> None:
    folder = with_tensors(save_tiny(tmp_path / "model"), **{name: torch.ones(6, 6)})
    assert name in str(refused(folder))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (torch.int8, "I8"),
        (torch.int32, "I32"),
        (torch.bool, "BOOL"),
    ],
    ids=str,
)
def test_a_weight_that_is_no_floating_point_number(
    kind: torch.dtype, said: str, tmp_path: Path
) -> None:
    folder, name = save_tiny(tmp_path / "model"), "encoder.layer.1.attention.self.query.weight"
    with_tensors(folder, **{name: (9 * load_file(folder / WEIGHTS)[name]).to(kind)})
    assert f"{name} is saved as {said}" in str(refused(folder))


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("encoder.layer.0.output.LayerNorm.weight", "encoder.layer.0.output.LayerNorm.gamma"),
        ("encoder.layer.0.output.LayerNorm.bias", "encoder.layer.0.output.LayerNorm.beta"),
        ("embeddings.word_embeddings.weight", "bert.embeddings.word_embeddings.weight"),
    ],
)
def test_a_weight_that_stands_in_the_file_twice(name: str, twin: str, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    with_tensors(folder, **{twin: load_file(folder / WEIGHTS)[name] * 3})
    said = str(refused(folder))
    assert name in said
    assert twin in said


def test_the_old_names_of_layer_norms_are_taken(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    expected = attnviz.trace("the cat", opened(folder)).weights((2, 1))
    names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    weights = load_file(folder / WEIGHTS)
    for name in [name for name in weights if "LayerNorm" in name]:
        new, old = next(pair for pair in names.items() if name.endswith(pair[0]))
        weights[name.replace(new, old)] = weights.pop(name)
    save_file(weights, folder / WEIGHTS, {"format": "pt"})
    assert (attnviz.trace("the cat", opened(folder)).weights((2, 1)) == expected).all()


def test_a_revision_is_of_all_files_that_hold_weights(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    module = AutoModel.from_pretrained(folder)
    (folder / WEIGHTS).unlink()
    module.save_pretrained(folder, max_shard_size="20KB")
    before = find(str(folder)).revision
    assert find(str(folder)).revision == before
    (*_, shard) = sorted(folder.glob("model-*.safetensors"))
    save_file({n: 2 * t for n, t in load_file(shard).items()}, shard, {"format": "pt"})
    assert find(str(folder)).revision != before


@pytest.mark.parametrize(
    "name", ["cls.predictions.bias", "classifier.weight", "qa_outputs.bias", "pooler.own.weight"]
)
def test_heads_of_tasks_are_no_part_of_the_encoder(name: str, tmp_path: Path) -> None:
    folder = with_tensors(save_tiny(tmp_path / "model"), **{name: torch.ones(6)})
    assert len(attnviz.trace("the cat", str(folder)).tokens) == 4


@pytest.mark.parametrize("kind", sorted(families()))
@pytest.mark.parametrize("task", [AutoModelForMaskedLM, AutoModelForSequenceClassification])
def test_a_model_saved_with_its_task_head_is_the_same_encoder(
    kind: str, task: Any, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / "task", kind)
    whole = task.from_config(AutoConfig.from_pretrained(folder))
    whole.save_pretrained(folder)
    own_head = {"my_head.weight": torch.ones(2, 24)}  # a head that only its author knows
    with_tensors(folder, **own_head)
    weights = attnviz.trace("the cat sat", str(folder)).layer_weights(2)
    ids = torch.tensor([[2, 57, 58, 59, 3]])
    whole.set_attn_implementation("eager")
    with torch.inference_mode():
        expected = whole.eval()(ids, output_attentions=True).attentions[2][0]
    torch.testing.assert_close(torch.tensor(weights), expected, atol=1e-5, rtol=0)
    inside = f"{whole.base_model_prefix}.own.weight"
    with_tensors(folder, **{inside: torch.ones(2)})

    with pytest.raises(ModelError, match=inside):
        opening.open_model(find(str(folder)))


@pytest.mark.parametrize(
    "config",
    [
        {"model_type": "clip", "text_config": {}, "vision_config": {}},
        {"model_type": "siglip"},
        {"model_type": "blip"},
        {"model_type": "vision-encoder-decoder"}
        | {"encoder": {"model_type": "vit"}, "decoder": {"model_type": "gpt2"}},
        {"model_type": "whisper"},
        {"model_type": "gemma3"},
        {"model_type": "swin"},
        {"model_type": "perceiver"},
    ],
    ids=lambda config: str(config["model_type"]),
)
def test_a_family_that_is_no_text_model(config: Any, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps(config))
    assert f"family “{config['model_type']}”" in str(refused(folder))


@pytest.mark.parametrize("kind", ["resnet", "fnet", "mamba"])
def test_a_family_without_heads(kind: str, tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    labels = {"label2id": {"head": 0, "foot": 1}, "id2label": {"0": "head", "1": "foot"}}
    (folder / "config.json").write_text(json.dumps({"model_type": kind, **labels}))
    assert "has no attention heads" in str(refused(folder))


@pytest.mark.parametrize("kind", ["roberta", "xlm-roberta", "camembert"])
@pytest.mark.parametrize("padding", [0, 1, 3, 7])
def test_the_longest_text_follows_the_padding_token(
    kind: str, padding: int, tmp_path: Path
) -> None:
    model = attnviz.load(str(save_tiny(tmp_path / "model", kind, pad_token_id=padding)))
    assert model.limits.tokens == 50 - padding - 1
    trace = attnviz.trace("a " * 100, model)
    assert len(trace.tokens) == model.limits.tokens


def test_sparse_blocks_are_read_as_far_as_they_are_full_attention(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond (5 + 2 · random blocks) · block size tokens BigBird would attend in sparse blocks."""
    sparse = {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 1}
    monkeypatch.setitem(SIZES, "big_bird", {**SIZES["big_bird"], **sparse})
    trace = attnviz.trace("the cat sat on the mat " * 3, opened(saved_family(tmp_path, "big_bird")))
    assert len(trace.tokens) == (5 + 2 * 1) * 2
    assert trace.left_out[0].tokens == 18 + 2 - 14


@pytest.mark.parametrize("is_quantised", [False, True])
def test_an_embedding_of_its_own_kind_gets_a_sentence(
    is_quantised: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, "ibert", {**SIZES["roberta"], "quant_mode": is_quantised})
    with pytest.raises(AttnvizError):
        opened(saved_family(tmp_path, "ibert"))


def test_a_token_beyond_the_embedding_is_named(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.add_tokens(["foo"])
    tokenizer.add_special_tokens({"mask_token": "[HIDDEN]"})
    model = attnviz.load(str(save_tiny(tmp_path / "model", tokenizer=tokenizer)))
    assert len(attnviz.trace("the cat", model).tokens) == 4
    with pytest.raises(TextError, match=r"“foo” as number 65.*only 65 rows"):
        attnviz.trace("the foo", model)
    with pytest.raises(TextError, match="“foo”"):
        attnviz.trace("the cat", model, pair="foo")
    with pytest.raises(AttnvizError, match="no mask token"):
        attnviz.trace("the cat", model, interventions=[attnviz.TokenMasked(1)])


def test_a_segment_beyond_the_embedding(tmp_path: Path) -> None:
    """BERT's own tokenizer marks second sentences; RoBERTa's weights know one segment."""
    vocabulary = {piece: index for index, piece in enumerate(TINY_VOCABULARY)}
    marking = BertTokenizer(vocab=vocabulary)
    folder = save_tiny(tmp_path / "model", "roberta", marking, type_vocab_size=1)
    model = attnviz.load(str(folder))
    assert len(attnviz.trace("the cat", model).tokens) == 4
    with pytest.raises(TextError, match="only 1 kind of segment"):
        attnviz.trace("the cat", model, pair="sat")
    for name, tokenizer in (("bytes", named(byte_level())), ("silent", tiny_tokenizer())):
        folder = save_tiny(tmp_path / name, "roberta", tokenizer, type_vocab_size=1, vocab_size=400)
        assert len(attnviz.trace("the cat", str(folder), pair="sat").tokens) >= 6
