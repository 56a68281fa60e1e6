"""Decoders: what a token may not see is not allowed, and what acts on scores is said."""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import (
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    PreTrainedTokenizerFast,
)

import attnviz
from attnviz.analysis.difference import most_different, row_divergences
from attnviz.analysis.formula import formula
from attnviz.analysis.lens import Lens
from attnviz.capture.reading import read
from attnviz.capture.variants import inputs
from attnviz.errors import CaptureError, InterventionError
from attnviz.models import hooks
from attnviz.models.load import Model
from attnviz.models.watch import WeightRecorder, watching
from attnviz.pictures.differences import pair_shown
from attnviz.pictures.provenance import provenance_note
from attnviz.pictures.shown import shown
from tests.tiny_families import opened, saved_family

TEXT = "the cat sat on the mat , singing ."
Loaded = Callable[[str], Model]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """Tiny models of a family, each made once."""
    folder = tmp_path_factory.mktemp("decoders")
    return cache(lambda kind: opened(saved_family(folder / kind, kind)))


def formula_of(trace: attnviz.Trace, layer: int) -> str:
    return formula(trace, [attnviz.HeadId(layer, 0)])


# ---- where a token may look


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gpt_neo", "bloom", "openai-gpt"])
def test_later_tokens_are_not_allowed_and_count_nowhere(kind: str, loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded(kind))
    tokens = len(trace.tokens)
    (one,) = shown(trace, [(0, 0)])
    np.testing.assert_array_equal(one.map.denied, ~np.tri(tokens, dtype=bool))
    assert one.map.withheld.not_allowed == tokens * (tokens - 1) // 2
    table = attnviz.measure(trace)
    assert table["next"].isna().all(), "there is no query that may look at the next"
    assert trace.model.architecture == "decoder"


def test_a_window_is_a_band_and_its_layer_says_so(loaded: Loaded) -> None:
    """Gemma 2: every other layer sees the last four tokens alone."""
    trace = attnviz.trace(TEXT, loaded("gemma2"))
    tokens = len(trace.tokens)
    back = np.arange(tokens)[:, None] - np.arange(tokens)
    np.testing.assert_array_equal(trace.allowed((0, 0)), (back >= 0) & (back < 4))
    np.testing.assert_array_equal(trace.allowed((1, 0)), back >= 0)


def test_even_weights_are_even_over_what_is_allowed(loaded: Loaded) -> None:
    changes = [attnviz.WeightsUniform(0, 1)]
    for kind, window in (("llama", 99), ("gemma2", 4)):
        trace = attnviz.trace(TEXT, loaded(kind), interventions=changes)
        tokens = len(trace.tokens)
        back = np.arange(tokens)[:, None] - np.arange(tokens)
        may = (back >= 0) & (back < window)
        expected = may / may.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(trace.weights((0, 1)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "layer", "expected"),
    [
        ("bert", 0, "softmax(q·kᵀ / √d_head)"),
        ("esm", 0, "softmax(q·kᵀ)"),
        ("gpt2", 1, "softmax[k ≤ q](q·kᵀ / √d_head)"),
        ("granite", 0, "softmax[k ≤ q](q·kᵀ)"),
        ("gemma2", 0, "softmax[q − 3 ≤ k ≤ q](50·tanh(q·kᵀ / √d_head / 50))"),
        ("gemma2", 1, "softmax[k ≤ q](50·tanh(q·kᵀ / √d_head / 50))"),
        ("gpt_oss", 1, "softmax[k ≤ q](q·kᵀ / √d_head, sink)"),
        ("modernbert", 1, "softmax[|q − k| ≤ 4](q·kᵀ / √d_head)"),
        ("mpnet", 0, "softmax"),
    ],
)
def test_the_formula_is_that_of_the_layer(
    kind: str, layer: int, expected: str, loaded: Loaded
) -> None:
    trace = attnviz.trace(TEXT, loaded(kind))
    assert formula_of(trace, layer) == expected
    (one,) = shown(trace, [(layer, 0)])
    assert expected in one.formula("en")
    assert expected in one.formula("zh")


# ---- changes


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2", "gpt_oss", "eurobert", "albert"])
def test_a_head_that_is_off_is_its_slice_of_w_o_at_0(kind: str, loaded: Loaded) -> None:
    model, head = loaded(kind), (1, 2)
    off = attnviz.trace(TEXT, model, interventions=[attnviz.HeadOff(*head)])
    plain = attnviz.trace(TEXT, model)
    gone = plain.attention_output(1) - plain.contribution(head)
    np.testing.assert_allclose(off.attention_output(1), gone, atol=1e-4)
    assert np.abs(off.residual(2) - plain.residual(2)).max() > 1e-3


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2", "gpt_oss", "modernbert"])
def test_computed_step_by_step_it_is_the_same_attention(kind: str, loaded: Loaded) -> None:
    """A pair that is not allowed anyway is knocked out: nothing may move."""
    far = len(read(TEXT, None, loaded(kind)).tokens) - 1
    changes = [attnviz.PairKnockedOut(1, head, 0, far) for head in range(4)]
    plain = attnviz.trace(TEXT, loaded(kind))
    may = plain.allowed((1, 0))
    assert may is not None
    assert not may[0, far]
    again = attnviz.trace(TEXT, loaded(kind), interventions=changes)
    np.testing.assert_allclose(again.layer_weights(1), plain.layer_weights(1), atol=1e-6)
    np.testing.assert_allclose(again.residual(2), plain.residual(2), atol=1e-4, rtol=1e-4)


def test_grouped_heads_share_their_keys(loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded("llama"))
    assert trace.queries(0).shape[0] == 4
    assert trace.keys(0).shape[0] == trace.values(0).shape[0] == 2
    scores = trace.queries(0)[3] @ trace.keys(0)[1].T * 8**-0.5
    seen = np.tri(len(scores), dtype=bool)
    np.testing.assert_allclose(trace.scores((0, 3))[seen], scores[seen], rtol=1e-4)


# ---- what a family does not show


@pytest.mark.parametrize(
    ("kind", "ask", "key"),
    [
        ("gpt2", lambda t: t.input_projection((0, 1), "query").weight, "lacks_projections"),
        ("gpt2", lambda t: t.learned[0].query.weight, "lacks_projections"),
        ("llama", lambda t: t.norm(0), "lacks_norms"),
        ("llama", lambda t: t.after_attention(0), "lacks_norms"),
        ("qwen3_next", lambda t: t.residual(0), "lacks_streams"),
        ("qwen3_next", lambda t: t.contribution((0, 1)), "lacks_output"),
        ("mpnet", lambda t: t.queries(0), "lacks_heads"),
        ("mpnet", lambda t: t.scores((0, 1)), "lacks_heads"),
    ],
)
def test_what_is_not_shown_is_one_error(kind: str, ask: Any, key: str, loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded(kind))
    with pytest.raises(CaptureError) as problem:
        ask(trace)
    assert problem.value.key == key
    assert problem.value.text("zh") != str(problem.value)


def test_layers_without_attention_are_named(loaded: Loaded) -> None:
    card = loaded("qwen3_next").card
    assert (card.layers, card.layers_named) == (2, ("1", "3"))
    assert card.other_layers == ("linear_attention", "linear_attention")
    trace = attnviz.trace(TEXT, loaded("qwen3_next"))
    svg = attnviz.overview(trace).to_svg()
    assert "layers 1, 3;" in svg
    assert "linear_attention" in svg


def test_a_sink_is_one_more_key_where_heads_are_compared(loaded: Loaded) -> None:
    """The divergence by hand, with what the sink takes as a key of its own."""
    trace = attnviz.trace(TEXT, loaded("gpt_oss"))
    one, other, divergence = most_different(trace)
    rows = []
    for head in (one, other):
        weights = trace.weights(head).astype(float)
        assert weights.sum(axis=1).min() < 0.99
        rows.append(np.column_stack([weights, 1 - weights.sum(axis=1)]))
    middle = (rows[0] + rows[1]) / 2
    tiny = 1e-300
    kl = [(p * np.log2(np.maximum(p, tiny) / np.maximum(middle, tiny))).sum(axis=1) for p in rows]
    assert divergence == pytest.approx((kl[0] + kl[1]).mean() / 2, abs=1e-4)


# ---- attention of a family's own code


def test_what_is_watched_is_seen_by_its_own_thread_alone(loaded: Loaded) -> None:
    model = loaded("mpnet")
    expected = attnviz.trace(TEXT, model)
    found: list[attnviz.Trace] = []

    def trace() -> None:
        found.extend(attnviz.trace(TEXT, model) for _ in range(5))

    threads = [threading.Thread(target=trace) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 15
    for seen in found:
        np.testing.assert_array_equal(seen.layer_weights(1), expected.layer_weights(1))


def test_weights_with_which_the_model_does_not_go_on_are_refused(loaded: Loaded) -> None:
    model = loaded("mpnet")
    watcher = WeightRecorder(model)
    module: Any = model.places[0].attention
    hook = module.dropout.register_forward_hook(lambda _, __, weights: weights * 0.5)
    try:
        with torch.inference_mode(), watching(watcher), hooks.recording(watcher):
            model.module(**inputs([read(TEXT, None, model)], model))
        with pytest.raises(CaptureError, match="cannot be shown exactly"):
            watcher.attention()
    finally:
        hook.remove()


def test_heads_of_own_code_cannot_be_changed_and_say_so(loaded: Loaded) -> None:
    with pytest.raises(InterventionError, match="Nothing can be changed inside"):
        attnviz.trace(TEXT, loaded("mpnet"), interventions=[attnviz.HeadOff(0, 1)])
    masked = attnviz.trace(TEXT, loaded("mpnet"), interventions=[attnviz.TokenMasked(2)])
    assert masked.tokens[2].piece == "[MASK]"


# ---- what a decoder reads


def with_tokenizer(folder: Path, kind: str, tokenizer: Tokenizer, **names: str) -> Model:
    config = AutoConfig.for_model(
        kind,
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
    )
    AutoModel.from_config(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return opened(folder)


def test_bytes_of_one_character_are_one_word_and_read_as_it(tmp_path: Path) -> None:
    """GPT-2's kind: no token at the start, pieces of bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    trainer = trainers.BpeTrainer(
        vocab_size=280,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the cat sat on the mat"] * 3, trainer)
    end = "<|endoftext|>"
    model = with_tokenizer(tmp_path / "m", "gpt2", tokenizer, unk_token=end, bos_token=end)
    tokens = attnviz.trace("the 猫 sat", model).tokens
    assert not any(token.is_special for token in tokens)
    assert [token.text for token in tokens if token.word == 1] == ["猫"] * 3
    assert {token.word_text for token in tokens if token.word == 1} == {"猫"}
    assert not any("\ufffd" in token.text for token in tokens)


def test_a_beginning_is_added_as_the_models_tokenizer_adds_it(tmp_path: Path) -> None:
    """Llama's kind: ▁ for spaces, bytes where the vocabulary has nothing, <s> at the start."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *"▁thecason"]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
    )
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    model = with_tokenizer(tmp_path / "m", "llama", tokenizer, **names)
    tokens = attnviz.trace("the 猫", model).tokens
    assert (tokens[0].text, tokens[0].is_special) == ("<s>", True)
    assert not any(token.is_special for token in tokens[1:])
    assert [token.text for token in tokens[-3:]] == ["猫"] * 3
    assert len({token.word for token in tokens[-3:]}) == 1


@pytest.mark.parametrize("kind", ["gpt2", "opt", "mpnet", "xlm-roberta-xl", "gpt_neo"])
def test_a_family_reads_up_to_the_last_position_that_it_has(kind: str, loaded: Loaded) -> None:
    """Where positions begin after the padding token, its embedding has fewer for tokens."""
    model = loaded(kind)
    trace = attnviz.trace("a " * 100, model)
    assert len(trace.tokens) == model.limits.tokens
    assert model.limits.tokens == {"mpnet": 62, "xlm-roberta-xl": 63}.get(kind, 64)
    assert trace.left_out[0].tokens == 102 - model.limits.tokens


@pytest.mark.parametrize("kind", ["gpt2", "llama", "gemma2", "bloom", "opt", "xlnet"])
def test_a_model_saved_with_the_head_of_its_task_is_the_same(kind: str, tmp_path: Path) -> None:
    folder = saved_family(tmp_path / kind, kind)
    expected = attnviz.trace(TEXT, opened(folder))
    whole = AutoModelForCausalLM.from_pretrained(folder)
    whole.save_pretrained(folder)
    seen = attnviz.trace(TEXT, opened(folder))
    for layer in range(2):
        np.testing.assert_array_equal(seen.layer_weights(layer), expected.layer_weights(layer))


# ---- what is said of a decoder's heads


def test_the_first_token_is_named_as_a_sink_where_all_look_at_it() -> None:
    """Rows by hand: 1, then 0.8 on the first token and the rest on their own."""
    weights = 0.2 * np.eye(5)
    weights[:, 0] = [1, *[0.8] * 4]
    weights[0] = [1, 0, 0, 0, 0]
    mask = np.tri(5)
    causal = attnviz.Trace.from_weights(list("abcde"), weights[None, None], allowed=mask)
    (one,) = shown(causal, [(0, 0)])
    assert one.says("en").startswith("Here: 84.0 % on the first token, “a”, where attention goes")
    assert "汇点" in one.says("zh")
    (free,) = shown(attnviz.Trace.from_weights(list("abcde"), weights[None, None]), [(0, 0)])
    assert free.says("en") == "Here: 84.0 % on “a”.", "a token of an encoder is no such sink"
    other = np.tril(np.full((5, 5), 0.1), -1)
    other[:, 1] = [0, 1, 0.7, 0.7, 0.7]
    other[0, 0] = 1
    other[np.arange(2, 5), np.arange(2, 5)] = 1 - other[2:, :].sum(axis=1)
    other[1] = [0, 1, 0, 0, 0]
    (second,) = shown(
        attnviz.Trace.from_weights(list("abcde"), other[None, None], allowed=mask), [(0, 0)]
    )
    assert "sink" not in second.says("en")


def test_what_a_learned_sink_takes_is_said(loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded("gpt_oss"))
    taken = 1 - trace.weights((0, 0)).astype(float).sum(axis=1).mean()
    (one,) = shown(trace, [(0, 0)])
    assert f"{100 * taken:.1f} % of each row on average goes to a learned sink" in one.alt("en")
    (plain,) = shown(attnviz.trace(TEXT, loaded("gpt2")), [(0, 0)])
    assert "sink, which is no token" not in plain.alt("en")


@pytest.mark.parametrize("heads", [[(0, 1)], [(0, 1), (0, 2)], [(0, 1), (1, 2)]])
@pytest.mark.parametrize("lens", [Lens(hide_special=True), Lens(at_least=0.2), Lens(span=(2, 4))])
def test_what_is_hidden_and_what_a_sink_takes_are_of_one_row(
    heads: list[tuple[int, int]], lens: Lens, loaded: Loaded
) -> None:
    """Drawn, hidden and taken are the row: 1 and no more, also of a mean of heads."""
    trace = attnviz.trace(TEXT, loaded("gpt_oss"))
    one = shown(trace, heads, lens, "mean" if len(heads) > 1 else None)[0]
    mean = np.mean([trace.weights(head) for head in heads], axis=0)
    places = [place.positions[0] for place in one.map.rows]
    taken = 1 - mean.sum(axis=1).mean()
    withheld = one.map.withheld
    hidden = withheld.special_share + withheld.weak_share + withheld.outside_share
    drawn = np.where(one.map.shown, one.map.values, 0).sum(axis=1).mean()
    of_rows = 1 - mean[places].sum(axis=1).mean()
    assert drawn + hidden + of_rows == pytest.approx(1, abs=1e-5)
    assert taken > 0.05
    assert f"{100 * taken:.1f} % of each row" in one.alt("en")


def test_rows_renormalised_beside_a_sink_say_which_came_first(loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded("gpt_oss"))
    one = shown(trace, [(0, 1)], Lens(hide_special=True, renormalise=True))[0]
    assert "Before rows were renormalised, " in one.alt("en")
    assert "重新归一化之前" in one.alt("zh")
    np.testing.assert_allclose(one.map.whole, 1, atol=1e-6)


def test_measures_count_a_learned_sink_as_one_more_key(loaded: Loaded) -> None:
    """By hand, row by row; the shares of attention are of the whole row."""
    trace = attnviz.trace(TEXT, loaded("gpt_oss"))
    table = attnviz.measure(trace).to_dict("records")
    for head, said in zip(trace.heads, table, strict=True):
        weights = trace.weights(head).astype(float)
        entropies, spreads, distances = [], [], []
        may = trace.attention["self", head.layer].may_look(head.head)
        assert may is not None
        for query, row in enumerate(weights):
            whole = [*row[may[query]], 1 - row.sum()]
            entropies.append(-sum(w * np.log(w) for w in whole if w > 0))
            spreads.append(entropies[-1] / np.log(len(whole)))
            far = sum(w * (query - key) for key, w in enumerate(row))
            distances.append(far / row.sum())
        assert said["entropy"] == pytest.approx(np.mean(entropies), abs=1e-4)
        assert said["entropy_share"] == pytest.approx(np.mean(spreads), abs=1e-4)
        assert said["distance"] == pytest.approx(np.mean(distances), abs=1e-3)
        assert said["previous"] == pytest.approx(np.diag(weights, -1).mean(), abs=1e-5)
    assert attnviz.find(trace, "previous")
    assert attnviz.contrast(trace).divergence > 0
    one, other = (
        np.column_stack([w, 1 - w.sum(axis=1)]) for w in map(trace.weights, [(0, 0), (0, 1)])
    )
    (pair,) = pair_shown(trace, [attnviz.HeadId(0, 0), attnviz.HeadId(0, 1)])
    assert pair.map.divergence is not None
    np.testing.assert_allclose(pair.map.divergence, row_divergences(one, other), atol=1e-5)


def test_heads_that_share_keys_say_so(loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded("llama"))
    notes = [one.alt("en") for one in shown(trace, [(0, 1), (0, 2)])]
    assert "In this layer, heads H0 to H1 read the same keys and values" in notes[0]
    assert "In this layer, heads H2 to H3 read the same keys and values" in notes[1]
    np.testing.assert_array_equal(trace.keys(0)[1], trace.record(0).shared(trace.keys(0), 2))
    (plain,) = shown(attnviz.trace(TEXT, loaded("gpt2")), [(0, 0)])
    assert "same keys and values" not in plain.alt("en")


def test_a_models_own_mask_is_not_called_given(loaded: Loaded) -> None:
    (one,) = shown(attnviz.trace(TEXT, loaded("gpt2")), [(0, 0)])
    assert "the model's mask does not allow them" in one.alt("en")
    assert "given" not in one.alt("en")


def test_what_the_tokenizer_adds_before_the_text_is_said(loaded: Loaded) -> None:
    trace = attnviz.trace(TEXT, loaded("llama"))
    assert "The tokenizer puts [CLS] before the text" in provenance_note(trace, "en")
    typed = attnviz.trace(TEXT, replace(loaded("llama"), tokenizer=without_added(loaded("llama"))))
    assert "adds no token before the text" in provenance_note(typed, "en")
    encoder = attnviz.trace(TEXT, loaded("bert"))
    assert "before the text" not in provenance_note(encoder, "en")


def without_added(model: Model) -> Tokenizer:
    tokenizer = Tokenizer.from_str(model.tokenizer.to_str())
    tokenizer.post_processor = processors.TemplateProcessing(single="$A", pair="$A $B")
    return tokenizer
