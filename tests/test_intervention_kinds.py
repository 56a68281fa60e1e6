"""Interventions: what every kind must do, and each edit point against an oracle."""

import copy
from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from transformers.models.bert import modeling_bert

import attnviz
from attnviz.capture.interventions import Change, HeadChange, example, interventions
from attnviz.capture.reading import read
from attnviz.capture.variants import Edits, inputs, residuals
from attnviz.core.intervention import EditPoint, Intervention
from attnviz.core.partial import partial
from attnviz.errors import CaptureError, InterventionError
from attnviz.models import hooks, masked
from attnviz.models.load import Model
from attnviz.models.recorder import Recorder
from attnviz.pictures.overview.tiles import tiles_of
from attnviz.pictures.overview.words import overview_words
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import shown
from attnviz.share.interventions import interventions_text, read_interventions
from attnviz.texts import LANGUAGES, Language
from tests.conftest import NOTE, Eager
from tests.test_capture import UNSEEN, attends_unseen

KINDS = list(interventions().values())
POINTS: tuple[EditPoint, ...] = ("input", "scores", "weights", "z")


def made(kind: type[Change]) -> Any:
    """The example that the kind gives itself."""
    return eval(f"attnviz.{kind.example}", {"attnviz": attnviz})  # noqa: S307


EXAMPLES = [pytest.param(made(kind), id=kind.name) for kind in KINDS]
ALL: list[Intervention] = [made(kind) for kind in KINDS]


def last(trace: attnviz.Trace) -> np.ndarray:
    return trace.residual(trace.model.layers)


def closes(trace: attnviz.Trace) -> float:
    """The largest difference between weights · v, in double precision, and z."""
    off = {head for one in trace.interventions for head in one.heads_off}
    return max(
        float(np.abs(trace.weights(h).astype(float) @ trace.values(h.layer)[h.head] - z).max())
        for h in trace.heads
        if h not in off
        for z in [trace.head_output(h.layer)[h.head]]
    )


# ---- the contract


def test_every_edit_point_has_a_kind() -> None:
    assert {kind.point for kind in KINDS} == set(POINTS)
    assert [kind.name for kind in KINDS] == sorted({kind.name for kind in KINDS})


@pytest.mark.parametrize("change", EXAMPLES)
def test_each_kind_is_a_public_frozen_value_of_whole_numbers(change: Change) -> None:
    kind = type(change)
    assert getattr(attnviz, kind.__name__) is kind
    assert repr(change).startswith(f"{kind.__name__}(")
    assert eval(f"attnviz.{change!r}", {"attnviz": attnviz}) == change  # noqa: S307
    assert {change: 1}[made(kind)] == 1
    with pytest.raises(AttributeError):
        setattr(change, fields(change)[0].name, 3)


@pytest.mark.parametrize("change", EXAMPLES)
def test_each_kind_changes_the_output_and_not_the_model(
    change: Change, minilm: Model, note: attnviz.Trace
) -> None:
    found = attnviz.trace(NOTE, minilm, interventions=[change])
    assert found.interventions == (change,)
    assert np.abs(last(found) - last(note)).max() > 1e-4
    if isinstance(change, HeadChange):
        np.testing.assert_array_equal(found.residual(change.layer), note.residual(change.layer))
        others = [h for h in note.heads if h.layer == change.layer and h != change.head_changed]
        for head in others:
            np.testing.assert_array_equal(found.weights(head), note.weights(head))
            z, before = (t.head_output(head.layer)[head.head] for t in (found, note))
            np.testing.assert_allclose(z, before, atol=1e-6)
    np.testing.assert_array_equal(last(attnviz.trace(NOTE, minilm)), last(note))


@pytest.mark.parametrize("change", [*EXAMPLES, pytest.param(None, id="all")])
def test_what_is_drawn_is_what_the_model_used(change: Change | None, minilm: Model) -> None:
    found = attnviz.trace(NOTE, minilm, interventions=ALL if change is None else [change])
    assert closes(found) < 2e-6
    for layer in range(6):
        by_head = np.stack([found.weights((layer, head)) for head in range(12)])
        np.testing.assert_allclose(found.layer_weights(layer), by_head, atol=1e-7)
        np.testing.assert_allclose(by_head.sum(axis=-1), 1, atol=1e-6)
        written = sum(found.contribution((layer, head)) for head in range(12))
        whole = written + found.learned[layer].output.bias
        np.testing.assert_allclose(whole, found.attention_output(layer), atol=1e-5)


@pytest.mark.parametrize("change", EXAMPLES)
def test_a_partial_trace_is_changed_too(change: Change, minilm: Model) -> None:
    whole = attnviz.trace(NOTE, minilm, interventions=[change])
    part = partial(whole, pytest.fail)
    for head in whole.heads[:6]:
        np.testing.assert_array_equal(part.weights(head), whole.weights(head))
        np.testing.assert_array_equal(part.scores(head), whole.scores(head))
    np.testing.assert_array_equal(part.layer_weights(0), whole.layer_weights(0))


def test_variants_of_every_kind_are_the_traces_one_by_one(minilm: Model) -> None:
    variants = [[], *([one] for one in ALL), ALL, ALL[::-1]]
    together = residuals(read(NOTE, None, minilm), minilm, variants)
    for changes, found in zip(variants, together, strict=True):
        alone = attnviz.trace(NOTE, minilm, interventions=changes)
        np.testing.assert_allclose(found[-1], last(alone), atol=1e-5)


@pytest.mark.parametrize("change", EXAMPLES)
def test_its_recipe_runs(change: Change, minilm: Model) -> None:
    trace = attnviz.trace("the cat sat", minilm, interventions=[change])
    namespace: dict[str, Any] = {}
    exec(Recipe("heatmap", trace, trace.heads[2]).text, namespace)  # noqa: S102
    assert namespace["trace"].interventions == (change,)
    np.testing.assert_array_equal(last(namespace["trace"]), last(trace))


@pytest.mark.parametrize("change", EXAMPLES)
def test_its_link_is_read_back(change: Change) -> None:
    text = interventions_text([change])
    assert text.isascii()
    assert text.startswith(type(change).name)
    assert read_interventions(text) == (change,)
    assert read_interventions(interventions_text(ALL)) == tuple(ALL)
    for broken in (f"{text}.1", text.rpartition(".")[0], text.replace(".", ".-", 1), f"x{text}"):
        with pytest.raises(ValueError, match=r".*"):
            read_interventions(broken)


def test_no_change_is_no_text() -> None:
    assert interventions_text([]) == ""
    assert read_interventions("") == ()


@pytest.mark.parametrize("change", EXAMPLES)
def test_every_picture_says_it_in_both_languages(change: Change, minilm: Model) -> None:
    trace = attnviz.trace(NOTE, minilm, interventions=[change])
    english, chinese = (change.label(language) for language in LANGUAGES)
    assert english != chinese
    for number in change.numbers.values():
        assert str(number) in english
        assert str(number) in chinese
    for language in LANGUAGES:
        label = change.label(language)
        pages = (
            trace.heatmap((0, 2), language=language).to_html(),
            trace.lines([(0, 2)], language=language).to_html(),
            trace.explore([(0, 2)], language=language).to_html(),
            attnviz.overview(trace).to_html(language),
        )
        assert [label in page for page in pages] == [True] * 4


def test_no_picture_says_a_formula_that_is_not_true(minilm: Model) -> None:
    changes: list[Intervention] = [attnviz.WeightsUniform(0, 2), attnviz.HeadOff(2, 1)]
    changes += [attnviz.PairKnockedOut(1, 8, 3, 2)]
    trace = attnviz.trace(NOTE, minilm, interventions=changes)
    sentences: tuple[tuple[Language, str], ...] = (
        ("en", "except for {}, where this run changed scores or weights"),
        ("zh", "但 {} 的得分或权重在这次运行中被改动"),
    )
    for language, said in sentences:
        formulas = {h: shown(trace, [h])[0].formula(language) for h in trace.heads}
        odd = {h: formula for h, formula in formulas.items() if said.partition("{")[0] in formula}
        assert list(odd) == [(0, 2), (1, 8)]
        assert all(said.format(head) in formula for head, formula in odd.items())
        whole = overview_words(trace, ["a"] * 27, ["a"] * 27, tiles_of(trace), language)["note"]
        assert said.format("L0·H2, L1·H8") in whole


@pytest.mark.parametrize("change", EXAMPLES)
def test_what_is_not_there_gets_a_sentence(change: Change, minilm: Model) -> None:
    for name, number in product(change.numbers, (-1, 10_000)):
        with pytest.raises(InterventionError) as caught:
            attnviz.trace("the cat sat", minilm, interventions=[replace(change, **{name: number})])
        english, chinese = map(caught.value.text, LANGUAGES)
        assert str(number) in english
        assert str(number) in chinese


def test_the_sentence_on_interventions_shows_one_of_each_kind() -> None:
    assert all(f"attnviz.{kind.example}" in example() for kind in KINDS)


# ---- each point against an oracle


@pytest.mark.parametrize("head", [(0, 2), (3, 7), (5, 10)])
def test_weights_uniform_is_a_head_without_queries(
    minilm: Model, eager: Eager, head: tuple[int, int]
) -> None:
    """With its slice of W_Q at zero, all scores are 0, and softmax of equal scores is even."""
    layer, index = head
    module: Any = copy.deepcopy(eager(minilm))
    with torch.no_grad():
        query = module.encoder.layer[layer].attention.self.query
        query.weight[32 * index : 32 * (index + 1)] = 0
        query.bias[32 * index : 32 * (index + 1)] = 0
        expected = module(**inputs([read(NOTE, None, minilm)], minilm), output_attentions=True)
    found = attnviz.trace(NOTE, minilm, interventions=[attnviz.WeightsUniform(*head)])
    np.testing.assert_allclose(last(found), expected.last_hidden_state[0].numpy(), atol=1e-5)
    for n in range(6):
        np.testing.assert_allclose(
            found.layer_weights(n), expected.attentions[n][0].numpy(), atol=1e-5
        )
    np.testing.assert_allclose(found.weights(head), 1 / 27, rtol=1e-6)


PAIRS = [(0, 2, 3, 2), (3, 7, 26, 0), (0, 2, 3, 4)]


@pytest.mark.parametrize("pairs", [PAIRS[:1], PAIRS[1:2], PAIRS])
def test_a_pair_knocked_out_is_one_cell_of_the_mask(
    minilm: Model, eager: Eager, pairs: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """transformers' own eager attention, given a mask of its own for that head."""
    plain = modeling_bert.eager_attention_forward

    def attend(module: Any, q: Any, k: Any, v: Any, mask: Any, **more: Any) -> Any:
        own = torch.zeros(1, 12, q.shape[2], k.shape[2])
        for layer, head, query, key in pairs:
            if module.layer_idx == layer:
                own[0, head, query, key] = -torch.inf
        return plain(module, q, k, v, own if mask is None else own + mask, **more)

    monkeypatch.setattr(modeling_bert, "eager_attention_forward", attend)
    with torch.inference_mode():
        given = inputs([read(NOTE, None, minilm)], minilm)
        expected = eager(minilm)(**given, output_attentions=True)
    changes = [attnviz.PairKnockedOut(*pair) for pair in pairs]
    found = attnviz.trace(NOTE, minilm, interventions=changes)
    np.testing.assert_allclose(last(found), expected.last_hidden_state[0].numpy(), atol=1e-5)
    for n in range(6):
        np.testing.assert_allclose(
            found.layer_weights(n), expected.attentions[n][0].numpy(), atol=1e-5
        )
    for layer, head, query, key in pairs:
        assert found.weights((layer, head))[query, key] == 0
        assert found.scores((layer, head))[query, key] == -np.inf


def test_the_other_keys_share_what_the_pair_had(minilm: Model, note: attnviz.Trace) -> None:
    found = attnviz.trace(NOTE, minilm, interventions=[attnviz.PairKnockedOut(0, 2, 3, 2)])
    expected = note.weights((0, 2)).astype(float)
    expected[3, 2] = 0
    expected[3] /= expected[3].sum()
    np.testing.assert_allclose(found.weights((0, 2)), expected, atol=1e-6)


def test_evenly_over_what_is_left(minilm: Model) -> None:
    changes = [attnviz.WeightsUniform(1, 4), attnviz.PairKnockedOut(1, 4, 2, 0)]
    for order in (changes, changes[::-1]):
        weights = attnviz.trace("the cat sat", minilm, interventions=order).weights((1, 4))
        expected = np.full((5, 5), 1 / 5)
        expected[2] = 0, 1 / 4, 1 / 4, 1 / 4, 1 / 4
        np.testing.assert_allclose(weights, expected, rtol=1e-6)


def test_padding_gets_no_even_share(minilm: Model) -> None:
    given = inputs([read("the cat sat", None, minilm)], minilm)
    padded = {name: torch.nn.functional.pad(value, (0, 3)) for name, value in given.items()}
    recorder = Recorder(minilm, Edits([[attnviz.WeightsUniform(2, 3)]]))
    with torch.inference_mode(), hooks.recording(recorder):
        minilm.module(**padded)
    weights = recorder.attention()["self", 2].weights(3)
    np.testing.assert_allclose(weights[:, :5], 1 / 5, rtol=1e-6)
    assert (weights[:, 5:] == 0).all()


def test_a_query_that_is_left_nothing_gets_a_sentence(minilm: Model) -> None:
    cut = [attnviz.PairKnockedOut(0, 2, 1, key) for key in range(5)]
    assert attnviz.trace("the cat sat", minilm, interventions=cut[:4]).weights((0, 2))[1, 4] == 1
    with pytest.raises(InterventionError, match="L0·H2 the token at position 1") as caught:
        attnviz.trace("the cat sat", minilm, interventions=cut)
    assert "L0·H2" in caught.value.text("zh")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.point != "input"])
def test_our_own_encoder_can_be_changed_so(kind: type[Change]) -> None:
    training = attnviz.train("eight-looks", heads=4, steps=1)
    text = "314159265358"
    found = attnviz.trace(text, training.model, interventions=[made(kind)])
    plain = attnviz.trace(text, training.model)
    assert np.abs(last(found) - last(plain)).max() > 1e-4
    assert closes(found) < 2e-6


# ---- what cannot be shown exactly is not shown


EVERYWHERE: dict[str, list[Intervention]] = {
    "scores": [attnviz.PairKnockedOut(n, 0, 1, 2) for n in range(3)],
    "weights": [attnviz.WeightsUniform(n, 0) for n in range(3)],
    "z": [attnviz.HeadOff(n, 0) for n in range(3)],
}


@pytest.mark.parametrize("point", EVERYWHERE)
@pytest.mark.parametrize("how", UNSEEN)
def test_attention_that_is_not_seen_is_refused_where_it_is_changed_too(
    point: str, how: str, tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every layer computed step by step, nothing but torch's own answer can tell."""
    text = "the cat sat on the mat"
    assert len(attnviz.trace(text, tiny, interventions=EVERYWHERE[point]).tokens) == 8
    monkeypatch.setattr(masked, "sdpa_attention_forward", attends_unseen(how))
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        attnviz.trace(text, tiny, interventions=EVERYWHERE[point])


@pytest.mark.parametrize("point", [None, *EVERYWHERE])
@pytest.mark.parametrize("what", ["weights", "scores", "concat"])
def test_what_was_kept_is_held_against_what_went_on(
    point: str | None, what: str, tiny: Model
) -> None:
    changes: Sequence[Intervention] = EVERYWHERE[point] if point else ()
    recorder = Recorder(tiny, Edits([changes]))
    with torch.inference_mode(), hooks.recording(recorder):
        tiny.module(**inputs([read("the cat sat on the mat", None, tiny)], tiny))
    seen = recorder.seen["self", 1]
    kept = seen["concat"] if what == "concat" else seen[f"changed_{what}"].get(0)
    if kept is None:
        recorder.attention()
        return
    other = kept * 0.99
    seen |= {"concat": other} if what == "concat" else {f"changed_{what}": {0: other}}
    with pytest.raises(CaptureError, match="cannot be shown exactly"):
        recorder.attention()
