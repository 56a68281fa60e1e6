"""Experiments on a trace that was changed already: what was off or masked there stays so."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import attnviz
from attnviz import HeadOff, PairKnockedOut, TokenMasked, WeightsUniform
from attnviz.core.intervention import Intervention
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.experiments import rerun
from attnviz.experiments.control import control
from attnviz.experiments.each_head_off import each_head_off
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.experiments.heads_off_in_order import Order, heads_off_in_order
from attnviz.experiments.sentence_vector import moved
from attnviz.lessons.claims import Case, Trial, claims, try_claim
from attnviz.lessons.engine import Chapter
from attnviz.lessons.questions import Question
from attnviz.lessons.trace_values import heads_on, question_head, question_layer
from attnviz.lessons.verdict_sheet import spoken
from attnviz.models import load as loading
from attnviz.models.load import Model, control_of
from attnviz.pictures.drawing import Drawing
from attnviz.texts import LANGUAGES, Language
from tests.conftest import save_tiny
from tests.lesson_readers import READERS, elements, figure_of

TEXT = "the cat sat on the mat ."
CHAPTERS = attnviz.chapters()
LIVE = [(c, q) for c in CHAPTERS for q in c.questions if not q.is_law]
CLAIMS = {claim.name: claim for claim in claims()}
CHANGES: dict[str, tuple[Intervention, ...]] = {
    "a head off": (HeadOff(1, 2),),
    "a layer off": tuple(HeadOff(0, head) for head in range(4)),
    "every other head off": tuple(
        HeadOff(layer, head) for layer in range(3) for head in range(4) if (layer + head) % 2
    ),
    "a token masked": (TokenMasked(2),),
    "a pair knocked out": (PairKnockedOut(0, 1, 3, 2), PairKnockedOut(2, 0, 1, 1)),
    "heads that attend evenly": (WeightsUniform(0, 2), WeightsUniform(2, 3)),
    "every kind": (
        WeightsUniform(1, 1),
        PairKnockedOut(1, 1, 2, 5),
        PairKnockedOut(0, 0, 4, 0),
        HeadOff(2, 0),
        TokenMasked(4),
    ),
    "both": (TokenMasked(3), HeadOff(0, 0), HeadOff(2, 1), TokenMasked(6)),
}


@pytest.fixture(scope="module", params=list(CHANGES))
def changed(request: pytest.FixtureRequest, tiny: Model) -> Trace:
    """A trace with interventions of its own."""
    return attnviz.trace(TEXT, tiny, interventions=CHANGES[request.param])


def again(trace: Trace, model: Model, more: Sequence[Intervention]) -> Trace:
    """One run of the model with what was changed and more, without any experiment's code."""
    return attnviz.trace(trace.text, model, interventions=[*trace.interventions, *more])


def move(trace: Trace, model: Model, off: Sequence[tuple[int, int]]) -> float:
    """1 − cosine of the two sentence vectors."""
    after = again(trace, model, [HeadOff(*head) for head in off])
    one, other = (t.residual(3).astype(float).mean(axis=0) for t in (trace, after))
    return 1 - float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_each_head_off_besides_those_that_are(changed: Trace, tiny: Model) -> None:
    moves = each_head_off(changed)
    for head in changed.heads:
        if HeadOff(*head) in changed.interventions:
            assert moves[head] == 0, "it is off already: nothing moves, not even by rounding"
        else:
            assert moves[head] == pytest.approx(move(changed, tiny, [head]), abs=1e-6)
            assert moves[head] > 1e-5


@pytest.mark.parametrize("order", get_args(Order))
def test_heads_off_one_after_the_other(changed: Trace, tiny: Model, order: Order) -> None:
    each = each_head_off(changed)
    index = {
        "least": np.argsort(each, axis=None, kind="stable"),
        "most": np.argsort(-each, axis=None, kind="stable"),
        "random": np.random.default_rng(0).permutation(each.size),
    }[order]
    found = heads_off_in_order(changed, order)
    heads = [changed.heads[i] for i in index]
    for count in (1, 3, 7, 12):
        assert found[count - 1] == pytest.approx(move(changed, tiny, heads[:count]), abs=1e-6)
    if order == "least":
        off = sum(isinstance(one, HeadOff) for one in changed.interventions)
        assert (found[:off] == 0).all()


def test_each_token_masked_besides_those_that_are(changed: Trace, tiny: Model) -> None:
    moved = each_token_masked(changed)
    for token in changed.tokens:
        masked = TokenMasked(token.position)
        if masked in changed.interventions:
            assert (moved[..., token.position] == 0).all()
            continue
        after = again(changed, tiny, [masked])
        for depth in range(4):
            expected = np.linalg.norm(after.residual(depth) - changed.residual(depth), axis=-1)
            np.testing.assert_allclose(moved[depth, :, token.position], expected, atol=1e-4)


def test_the_control_is_changed_in_the_same_way(changed: Trace, tiny: Model) -> None:
    found = control(changed)
    expected = attnviz.trace(TEXT, control_of(tiny), interventions=changed.interventions)
    assert found.interventions == changed.interventions
    np.testing.assert_array_equal(found.residual(3), expected.residual(3))
    plain = attnviz.trace(TEXT, control_of(tiny))
    assert np.abs(found.residual(3) - plain.residual(3)).max() > 1e-4


def test_more_changes_come_to_those_that_are(changed: Trace, tiny: Model) -> None:
    more: list[Intervention] = [HeadOff(2, 3), TokenMasked(1)]
    found, expected = rerun.changed(changed, more), again(changed, tiny, more)
    np.testing.assert_array_equal(found.residual(3), expected.residual(3))
    assert rerun.changed(changed, changed.interventions) is changed


def test_answers_are_kept_apart_by_what_was_changed(changed: Trace, tiny: Model) -> None:
    plain = attnviz.trace(TEXT, tiny)
    for ask in (each_head_off, heads_off_in_order, each_token_masked):
        assert np.abs(ask(plain) - ask(changed)).max() > 1e-4
        np.testing.assert_array_equal(ask(plain), ask(attnviz.trace(TEXT, tiny)))


def test_other_weights_by_the_same_name_are_noticed(tmp_path: Path) -> None:
    folder = str(save_tiny(tmp_path / "mine"))
    trace = attnviz.trace("the cat", attnviz.load(folder))
    save_tiny(tmp_path / "mine", num_hidden_layers=2)
    loading._models.drop(folder)
    for ask in (each_head_off, each_token_masked, control):
        with pytest.raises(LessonError, match="Other weights"):
            ask(trace)


def test_given_weights_cannot_be_run_again() -> None:
    given = Trace.from_weights(["a", "b"], np.full((1, 2, 2, 2), 0.5, np.float32))
    with pytest.raises(CaptureError, match="weights"):
        control(given)


def test_a_direction_that_is_kept_moves_by_nothing() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 7))
    for vector in vectors:
        assert moved(vector, vector) == 0
    assert moved(vectors[3], vectors)[3] == 0
    one, other = vectors[:2]
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert moved(one, vectors)[1] == pytest.approx(1 - cosine)
    assert moved(one, -one) == pytest.approx(2)


# ---- chapters


def can_answer(question: Question, trace: Trace) -> bool:
    """Whether a question is about the head itself: not where the weights asked for are replaced."""
    about_weights = question.name in {"most", "most-seen", "self"}
    if about_weights and WeightsUniform(*question_head(trace)) in trace.interventions:
        with pytest.raises(LessonError, match="were replaced in this run"):
            question.answer(trace)
        return False
    layer = question_layer(trace)
    if question.name in {"largest", "which-z"} and not heads_on(trace, layer):
        with pytest.raises(LessonError, match="switched off"):
            question.answer(trace)
        return False
    return True


@pytest.mark.parametrize(
    ("chapter", "question"), LIVE, ids=[f"{c.number}.{q.name}" for c, q in LIVE]
)
def test_checker_and_figure_agree(changed: Trace, chapter: Chapter, question: Question) -> None:
    if not can_answer(question, changed):
        return
    answer = question.answer(changed)
    seen = READERS[f"{chapter.number}.{question.name}"](chapter, changed)
    if isinstance(answer, str):
        assert seen == answer
    else:
        assert float(seen) == pytest.approx(answer, abs=1e-4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_chapter_stands(changed: Trace, language: Language) -> None:
    for chapter in CHAPTERS:
        scene = chapter.scene(changed, language=language)
        panels = chapter.figure(changed, scene).panels.values()
        assert not [p for p in panels if isinstance(p, Drawing) and "cannot" in p.values]
        assert all(chapter.note(part, scene) for part in chapter.parts)
        answered = [question for question in chapter.questions if can_answer(question, changed)]
        assert all(question.explains(changed, language) for question in answered)


def test_a_layer_that_writes_nothing_has_no_largest_head(tiny: Model) -> None:
    all_off = [HeadOff(layer, head) for layer in range(3) for head in range(4)]
    trace = attnviz.trace(TEXT, tiny, interventions=all_off)
    for question in CHAPTERS[3].questions:
        if question.name in {"largest", "which-z"}:
            with pytest.raises(LessonError, match="switched off"):
                question.answer(trace)


def test_chapter_2_says_that_a_head_is_off(tiny: Model) -> None:
    trace = attnviz.trace(TEXT, tiny, interventions=[HeadOff(1, 2)])
    for head, said in (((1, 2), True), ((1, 1), False)):
        figure, _ = figure_of(CHAPTERS[1], trace, head=attnviz.HeadId(*head), word=2)
        panel = figure.panels["live"]
        assert ("is off in this run" in panel.root.text) == said


def test_chapter_5_draws_nothing_for_a_head_that_is_off(tiny: Model) -> None:
    trace = attnviz.trace(TEXT, tiny, interventions=[HeadOff(1, 2), HeadOff(0, 3)])
    figure, _ = figure_of(CHAPTERS[4], trace, off=(attnviz.HeadId(1, 2), attnviz.HeadId(2, 0)))
    cells = elements(figure.panels["each"], "td")
    drawn = np.array([float(cell.attributes["data-value"]) for cell in cells]).reshape(3, 4)
    assert drawn[1, 2] == drawn[0, 3] == 0
    assert (drawn == 0).sum() == 2
    many = figure.panels["many"]
    assert many.values["chosen"] == pytest.approx(move(trace, tiny, [(2, 0)]), abs=1e-6)


def test_chapter_4_takes_away_one_head_more(tiny: Model) -> None:
    trace = attnviz.trace(TEXT, tiny, interventions=[HeadOff(0, 0), TokenMasked(2)])
    figure, _ = figure_of(
        CHAPTERS[3], trace, head=attnviz.HeadId(1, 0), word=3, off=(attnviz.HeadId(1, 1),)
    )
    expected = again(trace, tiny, [HeadOff(1, 1)]).attention_output(1)[3]
    np.testing.assert_allclose(figure.panels["sum"].values["y"], expected, atol=1e-6)


# ---- claims


def tried(name: str, trace: Trace) -> Trial:
    return try_claim(CLAIMS[name], Case(trace))


def test_what_is_true_of_the_formula_stays_true(changed: Trace) -> None:
    expected = {"C1": "holds", "C2": "holds", "C9": "holds", "C15": "fails", "C18": "holds"}
    expected |= {"C22": "fails", "C12": "holds", "C11": "every"}
    assert {name: tried(name, changed).verdict for name in expected} == expected
    on = 12 - sum(isinstance(one, HeadOff) for one in changed.interventions)
    for name in ("C1", "C2", "C15"):
        assert tried(name, changed).numbers["all_heads"] == on


def test_every_claim_says_what_was_changed_and_so_does_its_control(changed: Trace) -> None:
    for claim in claims():
        trial = tried(claim.name, changed)
        if not claim.of_model or trial.problem is not None:
            continue
        assert trial.control is not None
        alone = tried(claim.name, control(changed))
        assert (trial.control.verdict, trial.control.value) == (alone.verdict, alone.value)
        for language in LANGUAGES:
            said = spoken(claim, trial, language)
            assert all(repr(one) in said for one in changed.interventions)


def test_masked_words_are_left_out_where_masking_is_the_question(tiny: Model) -> None:
    trace = attnviz.trace(TEXT, tiny, interventions=[TokenMasked(2), TokenMasked(5)])
    words = [token.position for token in trace.tokens if not token.is_special]
    to_mask = [position for position in words if position not in (2, 5)]
    trial = tried("C19", trace)
    assert trial.numbers["pairs"] == len(words) * len(to_mask) - len(to_mask)
    assert trial.verdict == "holds"
    shares = []
    for position in to_mask:
        moved = [
            np.linalg.norm(again(trace, tiny, [TokenMasked(p.position)]).residual(1) - r, axis=-1)
            for p in trace.tokens
            if p.position not in (2, 5)
            for r in [trace.residual(1)]
        ]
        own = np.linalg.norm(
            again(trace, tiny, [TokenMasked(position)]).residual(1) - trace.residual(1), axis=-1
        )
        shares.append(own[position] / sum(one[position] for one in moved))
    assert tried("C23", trace).numbers["first"] == f"{np.mean(shares):.3f}"


def test_where_all_words_are_masked_there_is_nothing_to_mask(tiny: Model) -> None:
    plain = attnviz.trace("the cat", tiny)
    trace = attnviz.trace("the cat", tiny, interventions=[TokenMasked(1), TokenMasked(2)])
    assert len(plain.tokens) == 4
    for name in ("C19", "C23"):
        problem = tried(name, trace).problem
        assert isinstance(problem, LessonError)
        assert problem.key == "all_words_masked"


def test_where_all_heads_are_off_there_is_no_head_to_judge(tiny: Model) -> None:
    all_off = [HeadOff(layer, head) for layer in range(3) for head in range(4)]
    trace = attnviz.trace(TEXT, tiny, interventions=all_off)
    for name in ("C1", "C2", "C15"):
        problem = tried(name, trace).problem
        assert isinstance(problem, LessonError)
        assert problem.key == "all_heads_off"
    assert tried("C9", trace).verdict == tried("C18", trace).verdict == "holds"
