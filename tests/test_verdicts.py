"""Verdicts: each can come out, its words follow from it, and it says what random weights do."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import attnviz
from attnviz.analysis.own_weight import self_over_others
from attnviz.core.attention import Stream
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError
from attnviz.experiments.control import control
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    Verdict,
    claims,
    looking,
    many_heads,
    training,
    try_claim,
)
from attnviz.lessons.handout import handout
from attnviz.lessons.verdict_sheet import beside, judged, spoken
from attnviz.models.load import Model, control_of
from attnviz.texts import LANGUAGES, say
from attnviz.training import checkpoint
from attnviz.training.record import Training
from tests.conftest import NOTE, save_tiny
from tests.traces import with_records

CLAIMS = {claim.name: claim for claim in claims()}
OF_HEADS: set[Verdict] = {"every", "average", "fails"}
OF_ONE: set[Verdict] = {"holds", "fails"}
SHORT = ("the", "the cat", "cat sat on", "the cat on mat")
TOO_SHORT = [{"C14", "C19", "C20"}, *[{"C14", "C20"}] * 2, {"C20"}]  # for 1, 2, 3, 4 words
NOTHING = {"en": "tells nothing of training", "zh": "训练"}


def tried(name: str, trace: Trace, hide_special: bool = False) -> Trial:
    return try_claim(CLAIMS[name], Case(trace, hide_special))


# ---- every verdict has words of its own


@pytest.mark.parametrize("claim", claims(), ids=lambda c: c.name)
def test_a_claim_says_what_follows_from_every_verdict_that_its_rule_can_give(claim: Claim) -> None:
    assert set(claim.then) in (OF_HEADS, OF_ONE)
    for language in LANGUAGES:
        said = [text[language] for text in claim.then.values()]
        assert all(said)
        assert len(set(said)) == len(said), "the words of one verdict are not those of another"
        assert claim.says[language]


def test_the_words_are_those_of_the_verdict(note: Trace) -> None:
    for claim in claims():
        trial = tried(claim.name, note)
        for language in LANGUAGES:
            said = judged(claim, trial, language)
            for verdict, text in claim.then.items():
                found = text.filled(language, trial.numbers) in said
                assert found == (verdict == trial.verdict), (claim.name, verdict)


# ---- beside random weights


def test_what_random_weights_do_too_tells_nothing_of_training(note: Trace) -> None:
    learned = {n for n in CLAIMS if NOTHING["en"] not in beside(CLAIMS[n], tried(n, note), "en")}
    of_a_task = {"C4", "C10", "C17"}
    assert learned == {"C3", "C14", "C16", "C20"} | of_a_task
    for name in of_a_task:
        assert "trained for a task" in spoken(CLAIMS[name], tried(name, note), "en")
    c23 = tried("C23", note)
    assert c23.control is not None
    assert (c23.verdict, c23.control.verdict) == ("holds", "holds")
    assert "the verdict tells nothing of training" in spoken(CLAIMS["C23"], c23, "en")


def test_the_control_of_a_trial_is_the_same_claim_on_random_weights(note: Trace) -> None:
    for name in set(CLAIMS) - {"C4", "C10", "C17"}:
        alone = tried(name, control(note))
        on_control = tried(name, note).control
        assert on_control is not None
        assert (on_control.verdict, on_control.value) == (alone.verdict, alone.value)


def test_a_random_model_is_told_so_in_every_claim_of_models(note: Trace) -> None:
    for name in set(CLAIMS) - {"C4", "C10", "C17"}:
        trial = tried(name, control(note))
        for language in LANGUAGES:
            sentence = say("walk.beside_random", language)
            assert sentence in spoken(CLAIMS[name], trial, language)


@pytest.mark.parametrize(
    ("said", "control", "expected"),
    [
        ("every", "every", "same"),
        ("fails", "fails", "same"),
        ("average", "every", "more"),
        ("every", "average", "other"),
        ("every", "fails", "other"),
        ("fails", "every", "other"),
        ("fails", "average", "other"),
        ("holds", "holds", "same"),
        ("holds", "fails", "other"),
        ("fails", "holds", "other"),
    ],
)
def test_beside(said: Verdict, control: Verdict, expected: str) -> None:
    trial = Trial(said, control=Trial(control))
    for language in LANGUAGES:
        verdict = say(f"verdict.{control}", language)
        sentence = say(f"walk.beside_{expected}", language, verdict=verdict)
        assert beside(CLAIMS["C1"], trial, language) == sentence
    assert beside(CLAIMS["C1"], Trial(said), "en") == "", "no control, no word of it"


def test_the_handout_says_it_too(note: Trace) -> None:
    assert handout(note).count(NOTHING["en"]) == 16
    assert handout(control(note)).count(NOTHING["en"]) == 20


# ---- small models, short sentences, random weights


@pytest.fixture(scope="module", params=[(1, 1), (1, 4), (3, 1)], ids=["1x1", "1x4", "3x1"])
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    layers, heads = request.param
    sizes = {"num_hidden_layers": layers, "num_attention_heads": heads}
    return attnviz.load(str(save_tiny(tmp_path_factory.mktemp("small"), "bert", None, **sizes)))


@pytest.mark.parametrize("random", [False, True], ids=["trained", "random"])
@pytest.mark.parametrize("hide_special", [False, True])
def test_one_head_one_layer_and_a_few_words(small: Model, random: bool, hide_special: bool) -> None:
    one = {"C11", "C15", "C16"} if small.card.heads == 1 else set()
    one |= {"C18", "C23"} if small.card.layers == 1 else set()
    for text, short in zip(SHORT, TOO_SHORT, strict=True):
        trace = attnviz.trace(text, control_of(small) if random else small)
        alone = {"C13", "C16"} if hide_special and text == "the" else set()
        trials = {name: tried(name, trace, hide_special) for name in CLAIMS}
        cannot = {name for name, trial in trials.items() if trial.verdict == "cannot"}
        assert cannot == one | short | alone
        for name, trial in trials.items():
            assert trial.verdict in {*CLAIMS[name].then, "cannot"}
            for language in LANGUAGES:
                assert spoken(CLAIMS[name], trial, language)
                assert judged(CLAIMS[name], trial, language)
            if random and trial.problem is None and CLAIMS[name].of_model:
                assert NOTHING["en"] in spoken(CLAIMS[name], trial, "en")


@pytest.mark.parametrize("name", ["C11", "C15", "C16", "C18", "C23"])
def test_nothing_is_compared_with_itself(name: str, tmp_path: Path) -> None:
    sizes = {"num_hidden_layers": 1, "num_attention_heads": 1}
    model = attnviz.load(str(save_tiny(tmp_path / "small", "bert", None, **sizes)))
    problem = tried(name, attnviz.trace("the cat sat", model)).problem
    assert problem is not None
    assert problem.key == ("one_head" if name in {"C11", "C15", "C16"} else "one_layer")


def test_c20_is_not_asked_where_chance_alone_could_reach_it() -> None:
    """The share of pairs is the mean over words of a uniform rank among n keys."""

    def twice_the_deviation(words: int) -> float:
        return 2 * math.sqrt((words + 1) / (12 * (words - 1) * words))

    assert 0.5 + twice_the_deviation(looking.ENOUGH_WORDS) < looking.CLEARLY
    assert 0.5 + twice_the_deviation(looking.ENOUGH_WORDS - 1) > looking.CLEARLY


def test_random_weights_pass_c20_with_few_words_and_never_with_enough() -> None:
    random, words = np.random.default_rng(1), NOTE.split()[:20]

    def shares(count: int) -> Iterator[float]:
        for _ in range(12):
            text = " ".join(random.choice(words, size=count))
            seen = looking.word_weights(attnviz.trace(text, "minilm-random"), hide_special=False)
            yield float(self_over_others(seen.layer(0).mean(axis=0), seen.apart))

    assert max(shares(2)) >= looking.CLEARLY
    assert max(shares(looking.ENOUGH_WORDS)) < looking.CLEARLY


def test_given_weights_are_told_what_they_lack() -> None:
    weights = np.full((2, 3, 4, 4), 0.25, np.float32)
    given = Trace.from_weights(["a", "b", "c", "d"], weights)
    for name in ("C1", "C13", "C16", "C23"):
        problem = tried(name, given).problem
        assert isinstance(problem, CaptureError)
        assert problem.key == "only_weights"


@pytest.mark.parametrize("queries", [2, 3])
@pytest.mark.parametrize("claim", claims(), ids=lambda c: c.name)
def test_cross_attention_is_no_text_that_looks_at_itself(claim: Claim, queries: int) -> None:
    """With texts of one length too, where nothing breaks and every number would be another's."""
    weights = np.full((2, 2, queries, 3), 1 / 3, np.float32)
    given = Trace.from_weights(list("ab" if queries == 2 else "abc"), weights, keys=list("xyz"))
    trial = tried(claim.name, given)
    assert (trial.verdict == "cannot") == claim.of_model
    if claim.of_model:
        assert trial.problem is not None
        assert trial.problem.key == "two_texts_tried"


# ---- each rule can give each verdict


@pytest.mark.parametrize(
    ("one", "many", "other", "expected"),
    [
        (0.3, 1.0, 1.0, {"C4": "fails", "C10": "holds", "C17": "fails"}),
        (0.3, 0.9, 0.8, {"C4": "holds", "C10": "holds", "C17": "holds"}),
        (0.9, 0.9, 0.8, {"C4": "fails", "C10": "fails", "C17": "holds"}),
        (0.1, 0.2, 0.8, {"C4": "holds", "C10": "fails", "C17": "holds"}),
    ],
)
def test_accuracies_decide_what_only_a_task_can(
    note: Trace,
    monkeypatch: pytest.MonkeyPatch,
    one: float,
    many: float,
    other: float,
    expected: dict[str, Verdict],
) -> None:
    real = checkpoint.load_shipped
    changed = {training.ONE_HEAD: one, training.MANY_HEADS: many, training.ONE_HEAD_A_LAYER: other}

    def fake(name: str) -> Training:
        return replace(real(name), accuracy=changed[name])

    monkeypatch.setattr(checkpoint, "load_shipped", fake)
    assert {name: tried(name, note).verdict for name in expected} == expected


def test_c6_holds_where_a_layer_has_as_many_heads_as_the_list(tmp_path: Path) -> None:
    sizes = {"hidden_size": 28, "num_attention_heads": len(many_heads.NOTE_SETS)}
    model = attnviz.load(str(save_tiny(tmp_path / "seven", "bert", None, **sizes)))
    assert tried("C6", attnviz.trace("the cat", model)).verdict == "holds"


def test_c7_holds_for_one_word_one_head_and_nothing_after_it() -> None:
    model = attnviz.train("eight-looks", heads=1, steps=1).model
    whole = attnviz.trace("314159265358", model)
    stream = whole.streams["text"]
    one = replace(
        whole,
        sequences={"text": whole.tokens[:1]},
        hidden={
            "text": Stream(
                tuple(r[:1] for r in stream.residual),
                tuple(whole.record(n).concat[:1] for n in range(whole.model.layers)),
            )
        },
    )
    word = with_records(
        one,
        lambda _, record: {
            **{name: getattr(record, name)[:, :1] for name in ("queries", "keys", "values")},
            "concat": record.concat[:1],
        },
    )
    assert (tried("C7", word).verdict, tried("C7", word).value) == ("holds", 1)
    assert tried("C7", whole).verdict == "fails"


def test_c12_fails_where_keys_are_shared(note: Trace) -> None:
    key = note.learned[2].key
    fewer = replace(key, weight=key.weight[:, :192], bias=key.bias[:192])
    shared = with_records(
        note,
        lambda n, record: {"learned": replace(record.learned, key=fewer)} if n == 2 else {},
    )
    assert tried("C12", shared).verdict == "fails"
    halved = with_records(note, lambda _, record: {"concat": record.concat[:, :192]})
    assert tried("C12", halved).verdict == "fails"


def test_without_attention_nothing_is_mixed(minilm: Model) -> None:
    text = "the law will never be perfect"
    every_head = [attnviz.HeadOff(*head) for head in attnviz.trace(text, minilm).heads]
    trace = attnviz.trace(text, minilm, interventions=every_head)
    for name in ("C19", "C23"):
        trial = tried(name, trace)
        assert trial.verdict == "fails"
        assert trial.value == pytest.approx(0, abs=1e-4)
    assert tried("C23", trace).numbers["first"] == "1.000"


def test_all_verdicts_are_known() -> None:
    assert {*OF_HEADS, *OF_ONE, "cannot"} == set(get_args(Verdict))
