"""Encoder–decoders: three kinds of heads, unequal depths, a target that is typed or written."""

import html
import io
import json
import re
import zlib
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForSeq2SeqLM

import attnviz
from attnviz.analysis.difference import most_different
from attnviz.analysis.lens import Lens, MapKind
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.core.heads import HeadId, Kind
from attnviz.core.tokens import MOST_GENERATED
from attnviz.errors import ArgumentError, CaptureError, InterventionError, TextError
from attnviz.export.numbers import as_npz
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.overview.tiles import tiles_of
from attnviz.pictures.packet import unpack
from attnviz.pictures.quantised import HIDDEN, SLACK, STEPS
from attnviz.pictures.shown import shown
from tests.conftest import reads_here
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
    own = reads_here(
        AutoModelForSeq2SeqLM.from_pretrained(folder, attn_implementation="eager").eval()
    )
    given = inputs([read(TEXT, None, model)], model)
    ids = [own.config.decoder_start_token_id]
    with torch.inference_mode():
        for _ in range(MOST_GENERATED):
            logits = own(**given, decoder_input_ids=torch.tensor([ids])).logits
            ids.append(int(logits[0, -1].argmax()))
            if len(ids) == model.limits.tokens or ids[-1] == own.config.eos_token_id:
                break
    ids = ids[:-1] if ids[-1] == own.config.eos_token_id else ids
    pieces = [str(model.tokenizer.id_to_token(number)) for number in ids]
    assert [token.piece for token in written.sequences["target"]] == pieces
    assert len(pieces) <= MOST_GENERATED + 1
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
        lambda: attnviz.contrast(trace),
        lambda: attnviz.rollout(trace),
        lambda: trace.queries(0),
        lambda: trace.residual(0),
    ):
        with pytest.raises(ArgumentError, match="several kinds"):
            ask()
    with pytest.raises(InterventionError, match="three kinds"):
        attnviz.heatmap(trace, (0, 1))
    assert set(attnviz.measure(trace)["kind"]) == {"encoder", "decoder", "cross"}


SIDES: dict[Kind, tuple[int, int, int]] = {
    "encoder": (9, 9, 3),
    "decoder": (5, 5, 2),
    "cross": (5, 9, 2),
}  # queries, keys, layers


@pytest.mark.parametrize("kind", SIDES)
def test_one_kind_is_a_trace_of_its_own(trace: attnviz.Trace, kind: Kind) -> None:
    one = trace.of_kind(kind)
    queries, keys, layers = SIDES[kind]
    assert one.kinds == (kind,)
    assert (one.model.layers, one.model.heads) == (layers, 4)
    for layer in range(layers):
        np.testing.assert_array_equal(one.layer_weights(layer), trace.layer_weights(layer, kind))
    np.testing.assert_array_equal(one.weights((1, 3)), trace.weights((1, 3, kind)))
    assert one.check_head((1, 3)) == attnviz.HeadId(1, 3, kind)
    tiles = tiles_of(one)
    assert tiles.levels.shape == (layers, 4, queries, keys)
    for layer in range(layers):
        expected = style.level(trace.layer_weights(layer, kind))
        np.testing.assert_array_equal(tiles.levels[layer], expected)
    assert set(attnviz.measure(one)["kind"]) == {kind}
    assert {found.head.kind for found in attnviz.find(one, "first")} == {kind}
    assert most_different(one)[0].kind == kind


@pytest.mark.parametrize("kind", SIDES)
def test_all_heads_of_a_kind_are_drawn_and_made_again(trace: attnviz.Trace, kind: Kind) -> None:
    named = {"encoder": "encoder", "decoder": "decoder", "cross": "cross-attention"}
    overview = attnviz.overview(trace.of_kind(kind))
    assert f"{named[kind]}, all {SIDES[kind][2]} × 4 heads" in overview.to_svg()
    for drawn in (overview, attnviz.explore(trace, [(0, 1, kind)])):
        assert f".of_kind({kind!r})" in html.unescape(drawn.to_html())


def test_an_overview_holds_the_heads_of_all_three_kinds(trace: attnviz.Trace) -> None:
    """Read back from the file, kind by kind: every weight of every head."""
    page = attnviz.overview(trace).to_html(language="zh")
    packets = re.findall(r'data-kind="explorer" data-packet="([^"]*)"', page)
    assert len(packets) == len(SIDES)
    for kind, packed in zip(SIDES, packets, strict=True):
        meta, arrays = unpack(zlib.decompress(b64decode(packed)))
        queries, keys, layers = SIDES[kind]
        steps = arrays["high"] * 256.0 + arrays["low"]
        drawn = steps.reshape(layers, 4, queries, keys)
        for layer in range(layers):
            may = trace.allowed((layer, 0, kind))
            seen = np.ones((queries, keys), bool) if may is None else may
            expected = trace.layer_weights(layer, kind)[:, seen]
            np.testing.assert_allclose(drawn[layer][:, seen] / STEPS, expected, atol=SLACK)
            assert (drawn[layer][:, ~seen] == HIDDEN).all()
        assert (len(meta["rows"]["labels"]), len(meta["columns"]["labels"])) == (queries, keys)
    assert "attnviz.overview(trace, language='zh')" in html.unescape(page)
    assert "of_kind" not in page


def test_its_paper_holds_the_tiles_of_all_three_kinds(trace: attnviz.Trace) -> None:
    """Those that stand on the paper of each kind alone, which is read back elsewhere."""

    def tiles(drawn: str) -> list[str]:
        return re.findall(r'class="cells">(.*?)</g>', drawn, re.DOTALL)

    svg = attnviz.overview(trace).to_svg()
    each = [attnviz.overview(trace.of_kind(kind)).to_svg() for kind in SIDES]
    assert tiles(svg) == [part for one in each for part in tiles(one)]
    assert len(tiles(svg)) == 3
    for kind in ("encoder", "decoder", "cross-attention"):
        assert f"{kind}, all" in svg


def test_without_a_kind_cross_attention_is_explored(trace: attnviz.Trace) -> None:
    assert {head.kind for head in attnviz.explore(trace).heads} == {"cross"}


def test_depths_and_streams_of_one_kind(trace: attnviz.Trace) -> None:
    for kind, name, layers in (("encoder", "source", 3), ("decoder", "target", 2)):
        one = trace.of_kind(kind)
        assert tuple(one.sequences) == (name,)
        for depth in range(layers + 1):
            expected = trace.streams[name].residual[depth]
            np.testing.assert_array_equal(one.residual(depth), expected)


def test_texts_of_two_sides_are_never_taken_for_one(trace: attnviz.Trace) -> None:
    cross = trace.of_kind("cross")
    for ask in (attnviz.rollout, attnviz.flow):
        with pytest.raises(CaptureError, match="from one text to another"):
            ask(cross)
    with pytest.raises(ArgumentError, match="not of one kind"):
        attnviz.lines(trace, [(0, 1, "cross"), (1, 2, "encoder")])
    with pytest.raises(ArgumentError, match="not of one kind"):
        attnviz.explore(trace, [(0, 1, "cross"), (1, 2, "encoder")])


def test_the_file_of_all_numbers_holds_every_kind(trace: attnviz.Trace) -> None:
    with np.load(io.BytesIO(as_npz(trace))) as file:
        for kind, (queries, keys, layers) in SIDES.items():
            assert file[f"{kind}_queries"].shape == (layers, 4, queries, 8)
            assert file[f"{kind}_keys"].shape == (layers, 4, keys, 8)
            np.testing.assert_array_equal(file[f"{kind}_values"][1], trace.values(1, kind))
        np.testing.assert_array_equal(
            file["encoder_residual"][3], trace.streams["source"].residual[3]
        )
        assert file["cross_tokens"].tolist() == [t.text for t in trace.sequences["target"]]
        assert "cross_residual" not in file
        facts = json.loads(str(file["facts"]))
    assert (facts["target"], facts["source_tokens"], facts["target_tokens"]) == (TARGET, 9, 5)


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


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
@pytest.mark.parametrize("of", ["norm_weighted", "rollout", "flow"])
def test_computed_maps_stand_between_the_tokens_of_their_kind(
    trace: attnviz.Trace, kind: Kind, of: MapKind
) -> None:
    one, head = trace.of_kind(kind), HeadId(1, 2, kind)
    if kind == "cross" and of != "norm_weighted":
        for drawn in (
            lambda: attnviz.overview(one, map=of),
            lambda: shown(one, [head], Lens(map=of))[0].map,
        ):
            with pytest.raises(CaptureError, match="one text to another"):
                drawn()
        return
    of_head = of == "norm_weighted"
    expected = attnviz.norm_weighted(trace, head) if of_head else getattr(attnviz, of)(one, 1)
    (seen,) = shown(trace, [head], Lens(map=of))
    np.testing.assert_array_equal(seen.map.values, expected.values)
    tiles = attnviz.overview(one, map=of).tiles
    assert tiles.levels.shape[2:] == (len(one.query_tokens()), len(one.key_tokens()))
    place = (1, 2) if of_head else (0, 1)
    np.testing.assert_array_equal(tiles.levels[place], style.level(expected.values))
    named = str(head) if of_head else f"({kind})"
    assert named in seen.name("en")
