"""A text of 8,192 tokens: what is kept grows with its length, what is seen is what is computed."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from transformers import AutoModel

import attnviz
from attnviz.analysis import difference, measure, targets
from attnviz.analysis.head_map import head_map
from attnviz.analysis.measures import Attention, Measure, Measured, measures
from attnviz.core import attention, tiles
from attnviz.core.tiles import causal, compact, from_diagonals
from attnviz.errors import ArgumentError, AttnvizError, CaptureError
from attnviz.models.model import Model
from attnviz.pictures.highlights import highlights
from attnviz.pictures.overview import tiles as overview_tiles
from attnviz.pictures.overview.tiles import tiles_of
from attnviz.pictures.packet import unpack
from attnviz.pictures.shown import shown
from attnviz.runtime.sizes import size_of
from tests.long_models import MOST, long_model, long_text
from tests.tokens import token

KINDS = ("modernbert", "llama")
CLOSE = 2e-6
ROWS = (0, 1, 63, 64, 65, 500, 4_095, 4_096, 8_000, MOST - 1)


@pytest.fixture(scope="module", params=KINDS)
def long(request: pytest.FixtureRequest) -> tuple[Any, attnviz.Trace]:
    """A model, and its trace of 8,192 tokens."""
    module, tokenizer = long_model(request.param)
    return module, attnviz.trace(long_text(MOST), module, tokenizer=tokenizer)


def eager_rows(module: Any, trace: attnviz.Trace, layer: int) -> np.ndarray:
    """Some rows of all heads of a layer: softmax by hand in double precision, as the paper has it.

    q and k are those that the layer's own code makes of its input, which transformers' hidden
    states are; the mask is written here from what the configuration says.
    """
    config, kept = module.config, trace.record(layer)
    queries = kept.queries[:, list(ROWS)].astype(float)
    group = len(kept.queries) // len(kept.keys)
    keys = np.repeat(kept.keys.astype(float), group, axis=0)
    scores = queries @ keys.transpose(0, 2, 1) / np.sqrt(queries.shape[-1])
    query, key = np.array(ROWS)[:, None], np.arange(MOST)
    if config.model_type == "llama":
        may = key <= query
    elif config.layer_types[layer] == "full_attention":
        may = np.ones((len(ROWS), MOST), bool)
    else:
        may = np.abs(query - key) <= config.local_attention // 2
    scores = np.where(may, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return weights


def test_rows_at_8192_tokens_are_those_of_the_formula(long: tuple[Any, attnviz.Trace]) -> None:
    module, trace = long
    for layer in range(trace.model.layers):
        expected = eager_rows(module, trace, layer)
        for head in range(trace.model.heads):
            for number, query in enumerate(ROWS):
                row = trace.row((layer, head), query)
                np.testing.assert_allclose(row, expected[head, number], atol=CLOSE)
                some = trace.weights((layer, head), slice(query, query + 1))
                np.testing.assert_array_equal(some[0], row)


def test_z_at_8192_tokens_is_what_the_model_went_on_with(
    long: tuple[Any, attnviz.Trace],
) -> None:
    """The output of torch's own attention, which nothing here computed."""
    _, trace = long
    for layer in range(trace.model.layers):
        values = trace.values(layer)
        group = trace.model.heads // len(values)
        for head in range(trace.model.heads):
            z = (
                np.stack([trace.row((layer, head), query) for query in ROWS])
                @ values[head // group]
            )
            found = trace.head_output(layer)[head][list(ROWS)]
            np.testing.assert_allclose(z, found, atol=1e-5)


def test_what_is_kept_grows_with_the_length_and_not_with_its_square(
    long: tuple[Any, attnviz.Trace],
) -> None:
    module, trace = long
    record = trace.record(0)
    a_token = (
        sum(
            sum(array.nbytes for array in (kept.queries, kept.keys, kept.values, kept.concat))
            for kept in map(trace.record, range(trace.model.layers))
        )
        + (1 + trace.model.layers) * trace.residual(0).nbytes
    )
    of_tokens = size_of(trace.tokens)
    masks = 2 * len({id(trace.record(n).allowed) for n in range(trace.model.layers)}) * 2 * MOST
    assert size_of(trace) - of_tokens <= 1.05 * a_token + masks
    assert size_of(trace) < MOST * MOST  # of one mask alone, a byte a pair
    assert record.queries.shape[1] == MOST
    assert module.config.max_position_embeddings == MOST


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_text_by_blocks_is_the_whole_map(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, tokenizer = long_model(kind)
    trace = attnviz.trace(long_text(150), module, tokenizer=tokenizer)
    own = AutoModel.from_config(module.config, attn_implementation="eager")
    own.load_state_dict(module.state_dict())
    ids = torch.tensor([tokenizer(long_text(150))["input_ids"]])
    with torch.inference_mode():
        expected = own.eval()(ids, output_attentions=True).attentions
    whole = {head: trace.weights(head) for head in trace.heads}
    table, tiles_whole = attnviz.measure(trace, tokens=True), tiles_of(trace)
    found, apart = attnviz.find(trace, "previous"), head_map(trace).distances
    _many_blocks(monkeypatch)
    for head, weights in whole.items():
        np.testing.assert_allclose(weights, expected[head.layer][0, head.head], atol=1e-5)
        np.testing.assert_allclose(trace.weights(head), weights, atol=CLOSE)
    by_blocks = attnviz.measure(trace, tokens=True)
    np.testing.assert_allclose(by_blocks.to_numpy(), table.to_numpy(), rtol=1e-5, atol=1e-6)
    pooled = tiles_of(trace)
    np.testing.assert_array_equal(pooled.levels, tiles_whole.levels)
    for one, other in zip((pooled.denied,), (tiles_whole.denied,), strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            np.testing.assert_array_equal(one, other)
    again = attnviz.find(trace, "previous")
    assert [one.head for one in again] == [one.head for one in found]
    assert [one.tokens for one in again] == [one.tokens for one in found]
    np.testing.assert_allclose(head_map(trace).distances, apart, atol=1e-4)


def _many_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a few queries, everywhere."""

    def few(queries: int, a_query: int, most: int = 0) -> Iterator[slice]:
        del most
        yield from tiles.blocks(queries, a_query, 13 * a_query)

    for module in (attention, measure, difference, overview_tiles):
        monkeypatch.setattr(module, "blocks", few)
    monkeypatch.setattr("attnviz.analysis.head_map.blocks", few)


def test_the_overview_at_8192_tokens_shows_the_strongest_of_each_block(
    long: tuple[Any, attnviz.Trace],
) -> None:
    _, trace = long
    drawn = attnviz.overview(trace)
    edges = drawn.tiles.row_edges
    assert len(edges) == 65
    assert edges[-1] == MOST
    block = MOST // 64
    for head, row, column in (((0, 0), 0, 0), ((1, 3), 40, 12), ((1, 0), 63, 63)):
        part = trace.weights(head, slice(edges[row], edges[row + 1]))
        strongest = part[:, edges[column] : edges[column + 1]].max()
        level = drawn.tiles.levels[(*head, row, column)]
        assert abs(float(level) - 255 * np.sqrt(strongest)) <= 0.51
    assert f"{block**2:,}" in drawn._words("en")["note"]  # how many weights a cell stands for
    assert f"{block**2:,}" in drawn._words("zh")["note"]


def test_a_span_at_8192_tokens_is_cut_out_of_the_whole_rows(
    long: tuple[Any, attnviz.Trace],
) -> None:
    _, trace = long
    (one,) = shown(trace, [(1, 2)], attnviz.Lens(span=(4_000, 4_099)))
    rows = trace.weights((1, 2), slice(4_000, 4_100))
    np.testing.assert_array_equal(one.map.values, rows[:, 4_000:4_100])
    assert [place.positions for place in one.map.rows] == [(n,) for n in range(4_000, 4_100)]
    assert one.map.columns == one.map.rows
    outside = 1 - rows[:, 4_000:4_100].sum(axis=1, dtype=float).mean()
    assert one.map.withheld.outside_share == pytest.approx(outside, abs=1e-6)
    (note,) = (said for said in one.notes("en") if "Tokens 4,000 to 4,099 of 8,192" in said)
    assert f"{100 * outside:.1f} %" in note
    drawn = attnviz.lines(trace, [(1, 2)], attnviz.Lens(span=(4_000, 4_099)))
    at = list(zip(drawn.query.tolist(), drawn.key.tolist(), strict=True))
    np.testing.assert_array_equal(drawn.weight, [rows[q, 4_000 + k] for q, k in at])


def test_the_file_of_all_heads_begins_with_a_span_and_says_so(
    long: tuple[Any, attnviz.Trace],
) -> None:
    _, trace = long
    seen = attnviz.explore(trace, [(0, 0), (1, 1)])
    assert seen.lens.span == (0, 127)
    chosen = attnviz.explore(trace, [(0, 0)], attnviz.Lens(span=(500, 519)))
    assert chosen.lens.span == (500, 519)
    (one,) = chosen.chosen
    np.testing.assert_array_equal(
        one.map.values, trace.weights((0, 0), slice(500, 520))[:, 500:520]
    )
    meta, arrays = unpack(chosen.packet())
    assert "Tokens 500 to 519 of 8,192" in " ".join(meta["maps"][0]["notes"])
    assert arrays["high"].shape == (1, 20, 20)
    assert len(chosen.to_html()) < 2_000_000


def test_what_cannot_be_done_at_8192_tokens_says_what_is_too_large(
    long: tuple[Any, attnviz.Trace],
) -> None:
    _, trace = long
    big = attnviz.Trace(
        **{
            name: getattr(trace, name)
            for name in ("model", "text", "pair", "sequences", "left_out", "attention", "hidden")
        }
    )
    asked: dict[str, Any] = {
        "a whole map": lambda: attnviz.heatmap(big, (0, 0)),
        "all lines": lambda: attnviz.lines(big, [(0, 0)]),
        "text": lambda: highlights(big, (0, 0)),
        "a table": lambda: big.to_frame([(0, 0)]),
        "rollout": lambda: attnviz.rollout(big),
        "flow": lambda: attnviz.flow(big),
    }
    for name, ask in asked.items():
        with pytest.raises(AttnvizError) as raised:
            ask()
        assert isinstance(raised.value, ArgumentError | CaptureError), name
        assert any(number in str(raised.value) for number in ("8,192", "8192", "67,108,864")), name


def test_weights_of_many_heads_at_once_are_refused_and_some_queries_are_not() -> None:
    module, tokenizer = long_model("llama", layers=1, num_attention_heads=8)
    trace = attnviz.trace(long_text(MOST), module, tokenizer=tokenizer)
    with pytest.raises(CaptureError, match="The weights of 8 heads at 8,192 tokens would take 2"):
        trace.layer_weights(0)
    assert trace.layer_weights(0, queries=slice(0, 64)).shape == (8, 64, MOST)


@pytest.mark.parametrize("kind", ["gemma2", "gptj"])
def test_a_model_that_needs_all_weights_at_once_is_refused_before_it_computes_them(
    kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from tests.tiny_families import opened, saved_family

    model: Model = opened(saved_family(tmp_path / kind, kind))
    assert attnviz.trace("the cat sat", model).heads
    monkeypatch.setattr(tiles, "LARGEST", 40)
    with pytest.raises(CaptureError, match=r"computes all weights of \d+ heads at once"):
        attnviz.trace("the cat sat on the mat", model)


def test_a_changed_head_of_a_long_text_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    monkeypatch.setattr(tiles, "LARGEST", 40)
    with pytest.raises(CaptureError, match="the change asked for"):
        attnviz.trace("the cat sat", tiny, interventions=[attnviz.WeightsUniform(0, 1)])


def test_memory_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, tiny: Model) -> None:
    for problem in (MemoryError(), RuntimeError("[enforce] not enough memory: you tried")):

        def fails(*_: Any, problem: Exception = problem, **__: Any) -> None:
            raise problem

        monkeypatch.setattr(tiny.module, "forward", fails)
        with pytest.raises(CaptureError, match="not enough memory for 5 tokens"):
            attnviz.trace("the cat sat", tiny)


@pytest.mark.parametrize(
    "problem",
    [
        torch.OutOfMemoryError("CUDA ran out"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_memory_that_torch_does_not_find_is_said(
    problem: Exception, monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(tiny.module, "forward", fails)
    with pytest.raises(CaptureError, match="not enough memory for 5 tokens"):
        attnviz.trace("the cat sat", tiny)


def test_a_fault_that_only_speaks_of_memory_is_not_said_to_be_the_lack_of_it(
    monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        torch.zeros(1).expand(3).add_(1)  # "... refers to a single memory location"

    monkeypatch.setattr(tiny.module, "forward", fails)
    with pytest.raises(RuntimeError, match="single memory location"):
        attnviz.trace("the cat sat", tiny)


def test_a_mask_that_is_a_band_is_kept_as_its_diagonals() -> None:
    rng = np.random.default_rng(3)
    for rows, columns in ((7, 7), (3, 9), (9, 3)):
        lines = rng.standard_normal((2, rows + columns - 1)).astype(np.float32)
        made = from_diagonals(lines, rows, columns)
        for query in range(rows):
            for key in range(columns):
                assert (made[:, query, key] == lines[:, rows - 1 + key - query]).all()
        plain = np.array(made)
        found = compact(plain)
        np.testing.assert_array_equal(found, plain)
        assert size_of(found) <= 2 * (rows + columns) * 4 + 200
        assert not found.flags.writeable
        plain[1, rows - 1, columns - 1] += 1
        assert compact(plain) is plain
    np.testing.assert_array_equal(causal(5, 5)[0], np.tril(np.ones((5, 5), bool)))


def test_what_the_whole_text_says_is_asked_once_however_many_blocks(
    monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    trace = attnviz.trace("the cat sat on the mat , singing . the cat", tiny)
    plain = attnviz.measure(trace, tokens=True)
    asked: list[Any] = []

    def counted(one: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def call(given: Any) -> Any:
            asked.append(given)
            return one(given)

        return call

    for name in ("is_punctuation", "_words"):
        monkeypatch.setattr(targets, name, counted(getattr(targets, name)))
    _many_blocks(monkeypatch)
    by_blocks = attnviz.measure(trace, tokens=True)
    np.testing.assert_allclose(by_blocks.to_numpy(), plain.to_numpy(), rtol=1e-5, atol=1e-6)
    assert len(trace.tokens) > 13  # so that there are several blocks
    assert len(asked) <= 2 * len(trace.tokens) + 1  # marks among the keys, and among the words
    assert asked.count(trace.tokens) == 1


def test_a_measure_of_keys_is_computed_once_all_queries_were_seen(
    monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    trace = attnviz.trace("the cat sat on the mat , singing . the cat", tiny)
    seen: list[int] = []

    def counting(one: Measure) -> Measure:
        def compute(attention: Attention) -> Measured:
            seen.append(attention.received.queries)
            return one.compute(attention)

        return replace(one, compute=compute) if one.is_of_keys else one

    known = tuple(map(counting, measures()))
    monkeypatch.setattr(measure, "measures", lambda: known)
    _many_blocks(monkeypatch)
    found = attnviz.measure(trace)["hub"]
    assert seen == [len(trace.tokens)] * trace.model.layers
    monkeypatch.undo()
    np.testing.assert_allclose(found, attnviz.measure(trace)["hub"], atol=1e-6)


def test_a_word_of_another_text_stays_whole_where_a_block_ends_in_it() -> None:
    """ "mat" and "ting" are one word, of which a block holds the first piece alone."""
    queries = [token("mat", 0, 0), token("ting", 1, 0)]
    keys = [token("mat", 0, 0), token("matting", 1, 1)]
    sides = targets.Sides(queries, keys)
    for block in (slice(0, 1), slice(1, 2), slice(0, 2)):
        pairs = targets.same_word(sides.some(block))
        assert pairs.tolist() == [[False, True]] * (block.stop - block.start)


def test_heads_between_two_texts_are_compared_by_all_their_queries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """30 queries and 5 keys: neither count stands for both."""
    rng = np.random.default_rng(11)
    weights = rng.dirichlet(np.ones(5), size=(2, 3, 30))
    names = [f"q{n}" for n in range(30)], [f"k{n}" for n in range(5)]
    trace = attnviz.Trace.from_weights(names[0], weights, keys=names[1])
    flat = weights.reshape(6, 30, 5)
    similar = np.sqrt(flat[:, None] * flat[None]).sum(-1).mean(-1)
    np.fill_diagonal(similar, 1)
    expected = np.sqrt(np.maximum(0, 1 - similar))
    np.testing.assert_allclose(head_map(trace).distances, expected, atol=1e-3)
    monkeypatch.setattr(difference, "MOST_COMPARED", 6 * 30 * 5 // 2)
    assert difference.queries_compared(trace).step == 2


def test_two_heads_of_one_kind_among_several_are_compared(tmp_path: Any) -> None:
    from tests.tiny_families import opened, saved_family

    model = opened(saved_family(tmp_path / "t5", "t5"))
    trace = attnviz.trace("the cat sat on the mat", model, target="the dog")
    one, other = (trace.weights((1, head, "cross")).astype(float) for head in (0, 2))
    expected = np.mean(jensenshannon(one, other, base=2, axis=1) ** 2)
    found = difference.pair_divergence(trace, (1, 0, "cross"), (1, 2, "cross"))
    assert found == pytest.approx(expected, abs=1e-6)
    beside = trace.layer_weights(1, "cross").astype(float)
    apart = [np.sum(jensenshannon(one, of, base=2, axis=1) ** 2) for of in beside]
    found_beside = difference.most_different_beside(trace, (1, 0, "cross"))
    assert found_beside == attnviz.HeadId(1, int(np.argmax(apart)), "cross")
    with pytest.raises(ArgumentError, match="one kind"):
        difference.pair_divergence(trace, (1, 0, "cross"), (1, 2, "decoder"))


def test_a_long_text_is_compared_by_some_queries_and_says_which(
    monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> None:
    trace = attnviz.trace("the cat sat on the mat , singing .", tiny)
    assert difference.queries_compared(trace) == slice(None, None, 1)
    tokens = len(trace.tokens)
    monkeypatch.setattr(difference, "MOST_COMPARED", len(trace.heads) * tokens**2 // 3 - 1)
    step = difference.queries_compared(trace).step
    assert step == 4  # rounded up
    a, b, apart = difference.most_different(trace)
    pairs = {
        (one, other): difference.jensen_shannon(
            trace.weights(one)[::step], trace.weights(other)[::step]
        )
        for one in trace.heads
        for other in trace.heads
        if one < other
    }
    assert apart == pytest.approx(max(pairs.values()), abs=1e-6)
    assert pairs[a, b] == pytest.approx(apart, abs=1e-6)
