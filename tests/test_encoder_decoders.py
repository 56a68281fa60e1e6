"""Encoder–decoders: three kinds of heads, unequal depths, a target that is typed or written."""

import html
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForSeq2SeqLM

import attnviz
from attnviz.capture import target as targets
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.errors import ArgumentError, InterventionError, TextError
from attnviz.models.load import Model
from tests.tiny_families import opened, saved_family

TEXT, TARGET = "the cat sat on the mat .", "the mat sat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved_family(tmp_path_factory.mktemp("both") / "bart", "bart")


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return opened(folder)


@pytest.fixture(scope="module")
def trace(model: Model) -> attnviz.Trace:
    return attnviz.trace(TEXT, model, target=TARGET)


def test_three_kinds_of_unequal_depth(trace: attnviz.Trace) -> None:
    layers = [key for key, _ in trace.attention.items()]
    assert layers == [
        *(("encoder", n) for n in range(3)),
        *((kind, n) for n in range(2) for kind in ("decoder", "cross")),
    ]
    source, target = (len(one) for one in trace.sequences.values())
    assert trace.weights(attnviz.HeadId(0, 2, "cross")).shape == (target, source)
    assert trace.weights((2, 2, "encoder")).shape == (source, source)
    assert trace.weights((1, 2, "decoder")).shape == (target, target)
    assert trace.allowed((0, 0, "cross")) is None
    np.testing.assert_array_equal(trace.allowed((0, 0, "decoder")), np.tri(target, dtype=bool))
    assert trace.model.architecture == "encoder-decoder"
    assert len(trace.streams["source"].residual) == 4
    assert len(trace.streams["target"].residual) == 3


def test_a_typed_target_is_read_after_the_token_that_starts_it(trace: attnviz.Trace) -> None:
    tokens = trace.sequences["target"]
    # what the tokenizer makes of it is [CLS] the mat sat [SEP]; the end is never read
    assert [token.piece for token in tokens] == ["[CLS]", "[CLS]", "the", "mat", "sat"]
    assert [token.position for token in tokens] == list(range(5))
    assert tokens[0].is_special


def test_without_a_target_the_model_writes_the_likeliest(model: Model, folder: Path) -> None:
    written = attnviz.trace(TEXT, model)
    own = AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation="eager").eval()
    given = inputs([read(TEXT, None, model)], model)
    ids = [own.config.decoder_start_token_id]
    with torch.inference_mode():
        for _ in range(targets.MOST_GENERATED):
            logits = own(**given, decoder_input_ids=torch.tensor([ids])).logits
            ids.append(int(logits[0, -1].argmax()))
            if len(ids) == model.limits.tokens or ids[-1] == own.config.eos_token_id:
                break
    ids = ids[:-1] if ids[-1] == own.config.eos_token_id else ids
    pieces = [str(model.tokenizer.id_to_token(number)) for number in ids]
    assert [token.piece for token in written.sequences["target"]] == pieces
    assert len(pieces) <= targets.MOST_GENERATED + 1
    assert written.target is None


def test_a_model_without_a_head_says_that_it_cannot_write(folder: Path, tmp_path: Path) -> None:
    bare = AutoModel.from_pretrained(folder)
    bare.save_pretrained(tmp_path / "bare")
    for file in folder.glob("*token*"):
        (tmp_path / "bare" / file.name).write_bytes(file.read_bytes())
    loaded = opened(tmp_path / "bare")
    assert len(attnviz.trace(TEXT, loaded, target=TARGET).heads) == (3 + 2 + 2) * 4
    with pytest.raises(TextError, match="Type the target") as problem:
        attnviz.trace(TEXT, loaded)
    assert "请自己输入" in problem.value.text("zh")


def test_a_target_is_for_an_encoder_decoder(tiny: Model, model: Model) -> None:
    with pytest.raises(TextError, match="leave it out"):
        attnviz.trace("the cat", tiny, target="the mat")
    with pytest.raises(TextError, match="There is no text"):
        attnviz.trace("the cat", model, target=" ")


def test_a_long_target_is_cut_at_the_models_maximum(model: Model) -> None:
    trace = attnviz.trace("the cat", model, target="a " * 200)
    assert len(trace.sequences["target"]) <= model.limits.tokens


def test_what_is_for_one_kind_says_so(trace: attnviz.Trace) -> None:
    for ask in (
        lambda: attnviz.overview(trace),
        lambda: attnviz.explore(trace, [(0, 1, "encoder")]),
        lambda: trace.queries(0),
        lambda: trace.residual(0),
    ):
        with pytest.raises(ArgumentError, match="several kinds"):
            ask()
    with pytest.raises(InterventionError, match="three kinds"):
        attnviz.heatmap(trace, (0, 1))
    assert set(attnviz.measure(trace)["kind"]) == {"encoder", "decoder", "cross"}


def test_heads_of_an_encoder_decoder_cannot_be_changed(model: Model) -> None:
    with pytest.raises(InterventionError, match="Nothing can be changed"):
        attnviz.trace(TEXT, model, target=TARGET, interventions=[attnviz.HeadOff(0, 1)])


def test_cross_attention_is_drawn_between_two_texts_and_made_again(trace: attnviz.Trace) -> None:
    picture = attnviz.heatmap(trace, (0, 2, "cross"))
    svg = picture.to_svg()
    assert "cross L0·H2" in svg
    again = html.unescape(svg)
    assert f"target={TARGET!r}" in again
    assert "(0, 2, 'cross')" in again
    lines = attnviz.lines(trace, [(0, 2, "cross"), (1, 0, "cross")])
    assert "5 queries, 9 keys" in repr(lines)
