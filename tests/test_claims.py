"""Claims on trial: every claim stands, says no number of its own, and can come out otherwise."""

import string
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from scipy.optimize import linprog
from scipy.spatial.distance import jensenshannon
from torch.nn import functional

import attnviz
from attnviz.analysis.own_weight import self_over_others, self_wins
from attnviz.analysis.rank import rank
from attnviz.core.trace import Trace
from attnviz.errors import LessonError
from attnviz.experiments.control import control
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    Verdict,
    claims,
    joined,
    layers,
    looking,
    many_heads,
    one_head,
    over_heads,
    try_claim,
)
from attnviz.lessons.text import Text
from attnviz.lessons.verdict_sheet import judged, spoken
from attnviz.models.families import families
from attnviz.models.load import Model, control_of
from attnviz.texts import LANGUAGES
from tests.conftest import NOTE, Eager, save_tiny
from tests.traces import with_after_attention, with_records

CLAIMS = {claim.name: claim for claim in claims()}
LONG = " ".join((NOTE.split() * 3)[:60])
CHINESE = "小猫坐在垫子上，看着窗外的雨。"
DIGITS = "314159265358"
NEED_A_RUN = {"C3", "C8", "C13", "C14", "C16", "C19", "C20", "C23"}
NEED_LAYERS = {"C18", "C23"}
NEED_HEADS = {"C11", "C15", "C16"}
OF_A_TASK = {"C4", "C10", "C17"}


@cache
def sentence(name: str) -> Trace:
    """One of the sentences on which every claim must stand."""
    if name == "trained":
        return attnviz.trace(DIGITS, attnviz.train("eight-looks", heads=2, steps=1).model)
    if name == "eight heads":
        return attnviz.trace(DIGITS, attnviz.train("eight-looks", heads=8, steps=1).model)
    if name == "one head":
        return attnviz.trace(DIGITS, attnviz.train("eight-looks", heads=1, steps=1).model)
    if name == "control":
        return attnviz.trace(NOTE, "minilm-random")
    texts = {"note": NOTE, "one word": "Machines", "long": LONG, "chinese": CHINESE}
    return attnviz.trace(texts[name], "minilm")


SENTENCES = ("note", "one word", "long", "chinese", "control", "trained", "eight heads", "one head")


def tried(name: str, trace: Trace, hide_special: bool = False) -> Trial:
    return try_claim(CLAIMS[name], Case(trace, hide_special))


def placeholders(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


def literal(template: str) -> str:
    return "".join(text for text, _, _, _ in string.Formatter().parse(template))


def texts(claim: Claim) -> list[Text]:
    return [claim.claim, claim.statistic, claim.rule, claim.says, *claim.then.values()]


# ---- the texts


def test_all_claims_in_order() -> None:
    assert [claim.name for claim in claims()] == [f"C{n}" for n in range(1, 24)]
    assert all(1 <= claim.chapter <= 8 for claim in claims())


@pytest.mark.parametrize("claim", claims(), ids=lambda c: c.name)
def test_no_text_holds_a_number(claim: Claim) -> None:
    for text in texts(claim):
        assert placeholders(text["en"]) == placeholders(text["zh"])
        for template in (text["en"], text["zh"]):
            assert not set(literal(template)) & set(string.digits)
            assert not template.count("  ")
        assert not [half for half in (", ", "; ", ": ", "? ") if half in text["zh"]]
    assert not placeholders(claim.claim["en"])
    assert placeholders(claim.rule["en"]) <= set(claim.rule_numbers)


# ---- every claim stands


@pytest.mark.parametrize("hide_special", [False, True])
@pytest.mark.parametrize("name", SENTENCES)
def test_every_claim_stands(name: str, hide_special: bool) -> None:
    for claim in claims():
        trial = tried(claim.name, sentence(name), hide_special)
        assert trial.verdict in get_args(Verdict)
        if trial.problem is not None:
            assert trial.verdict == "cannot"
            assert all(trial.problem.text(language) for language in LANGUAGES)
            assert (trial.value, trial.control, dict(trial.numbers)) == (None, None, {})
            continue
        assert trial.value is not None
        assert np.isfinite(trial.value)
        assert placeholders(claim.statistic["en"]) <= set(trial.numbers)
        assert "value" in placeholders(claim.statistic["en"])
        assert trial.control is not None or not claim.compares
        for language in LANGUAGES:
            assert claim.then[trial.verdict][language].split("{")[0] in judged(
                claim, trial, language
            )
            assert claim.statistic.filled(language, trial.numbers) in spoken(claim, trial, language)


@pytest.mark.parametrize("name", ["trained", "eight heads", "one head"])
def test_what_needs_another_run_cannot_be_tried_on_an_encoder_of_our_own(name: str) -> None:
    trials = {claim.name: tried(claim.name, sentence(name)) for claim in claims()}
    cannot = NEED_A_RUN | NEED_LAYERS | (NEED_HEADS if name == "one head" else set())
    assert {n for n, trial in trials.items() if trial.verdict == "cannot"} == cannot
    assert all(isinstance(trials[n].problem, LessonError) for n in cannot)


def test_one_word_has_no_other() -> None:
    trace = sentence("one word")
    assert {n for n in CLAIMS if tried(n, trace).verdict == "cannot"} == {"C14", "C19", "C20"}
    hidden = {n for n in CLAIMS if tried(n, trace, hide_special=True).verdict == "cannot"}
    assert hidden == {"C13", "C14", "C16", "C19", "C20"}
    problem = tried("C14", trace).problem
    assert problem is not None
    assert problem.values == {"least": looking.NEAR + 2, "words": 1}


def test_the_control_is_its_own_control() -> None:
    for claim in claims():
        trial = tried(claim.name, sentence("control"))
        assert trial.is_random == (claim.name not in OF_A_TASK)
        if trial.is_random:
            assert trial.control is not None
            assert trial.value == trial.control.value


def test_a_claim_that_was_tried_is_judged_again_without_the_model(
    minilm: Model, note: Trace
) -> None:
    for claim in claims():
        try_claim(claim, Case(note))
    passes: list[object] = []
    models = [minilm.module, control_of(minilm).module]
    hooks = [module.register_forward_pre_hook(lambda *_: passes.append(1)) for module in models]
    try:
        for claim in claims():
            try_claim(claim, Case(note))
            assert not passes, claim.name
        attnviz.trace("one pass", minilm)
        assert passes, "a pass is seen"
    finally:
        for hook in hooks:
            hook.remove()


@pytest.mark.parametrize("kind", sorted(families()))
def test_the_formula_is_that_of_every_family(kind: str, tmp_path: Path) -> None:
    trace = attnviz.trace("the cat sat .", attnviz.load(str(save_tiny(tmp_path / kind, kind))))
    verdicts = [tried(name, trace).verdict for name in ("C1", "C2", "C9", "C15", "C18")]
    assert verdicts == ["holds", "holds", "holds", "fails", "holds"]


# ---- the verdicts on the note's sentence


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("C1", "holds"),
        ("C2", "holds"),
        ("C3", "fails"),
        ("C4", "fails"),
        ("C5", "fails"),
        ("C6", "fails"),
        ("C7", "fails"),
        ("C8", "fails"),
        ("C9", "holds"),
        ("C10", "holds"),
        ("C11", "every"),
        ("C12", "holds"),
        ("C14", "average"),
        ("C15", "fails"),
        ("C16", "every"),
        ("C17", "fails"),
        ("C18", "holds"),
        ("C19", "holds"),
        ("C20", "average"),
        ("C21", "fails"),
        ("C22", "fails"),
        ("C23", "holds"),
    ],
)
def test_the_verdict_on_the_note(note: Trace, name: str, verdict: Verdict) -> None:
    assert tried(name, note).verdict == verdict


def test_one_tick_changes_the_verdict_on_self(note: Trace) -> None:
    shown, hidden = tried("C13", note), tried("C13", note, hide_special=True)
    assert (shown.verdict, hidden.verdict) == ("fails", "average")
    assert shown.value == 0
    assert hidden.value is not None
    assert hidden.value > 0


@pytest.mark.parametrize("name", ["C13", "C14", "C16", "C20"])
def test_hiding_special_tokens_changes_numbers(note: Trace, name: str) -> None:
    shown, hidden = tried(name, note), tried(name, note, hide_special=True)
    assert shown.value != hidden.value
    assert shown.numbers != hidden.numbers


@pytest.mark.parametrize("name", sorted(set(CLAIMS) - {"C13", "C14", "C16", "C20"}))
def test_the_others_do_not_depend_on_it(note: Trace, name: str) -> None:
    assert tried(name, note).numbers == tried(name, note, hide_special=True).numbers


def test_training_is_not_in_the_random_control(note: Trace) -> None:
    for name in ("C13", "C14", "C16", "C20"):
        assert tried(name, control(note)).verdict == "fails", name
        assert tried(name, control(note), hide_special=True).verdict == "fails", name


# ---- a verdict can come out otherwise


def test_over_heads() -> None:
    assert over_heads(np.array([True, True]), on_average=False) == "every"
    assert over_heads(np.array([True, False]), on_average=True) == "average"
    assert over_heads(np.array([True, False]), on_average=False) == "fails"


def looking_at_itself(trace: Trace) -> Trace:
    heads, tokens, width = trace.queries(0).shape
    code = np.tile(20 * np.eye(tokens, width, dtype=np.float32), (heads, 1, 1))
    return with_records(trace, lambda *_: {"queries": code, "keys": code})


@pytest.mark.parametrize("hide_special", [False, True])
def test_where_all_look_at_themselves(note: Trace, hide_special: bool) -> None:
    trace = looking_at_itself(note)
    assert tried("C13", trace, hide_special).verdict == "every"
    assert tried("C13", trace, hide_special).value == 72
    assert tried("C20", trace, hide_special).verdict == "every"
    assert tried("C16", trace, hide_special).verdict == "fails"
    assert tried("C14", trace, hide_special).verdict == "fails"
    assert tried("C3", trace, hide_special).verdict == "every"


def test_the_verdict_on_self_from_weights_alone() -> None:
    apart = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    own, previous = np.eye(4), np.roll(np.eye(4), -1, axis=1)
    np.testing.assert_allclose(self_wins(np.stack([own, previous]), apart), [1, 0])
    assert self_wins(np.full((4, 4), 0.25), apart) == 0  # a tie is no win
    assert looking.on_itself(np.array([1.0, 1.0]), 4.0) == "every"
    assert looking.on_itself(np.array([1.0, 0.0]), 2.0) == "average"
    assert looking.on_itself(np.array([1.0, 0.5]), 1.0) == "fails"


def test_the_verdict_on_near_words_from_lifts_alone() -> None:
    assert looking.nearby(np.array([2.0, 1.5]), np.array([0.5, 0.9])) == "every"
    assert looking.nearby(np.array([2.0, 0.5]), np.array([0.5, 0.9])) == "average"
    assert looking.nearby(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == "fails"
    assert looking.nearby(np.array([0.5, 0.5]), np.array([2.0, 2.0])) == "fails"


def test_the_verdict_on_differences_alone() -> None:
    assert looking.all_different(np.array([0.2, 0.3])) == "every"
    assert looking.all_different(np.array([0.2, 0.0])) == "average"
    assert looking.all_different(np.array([0.0, 0.0])) == "fails"


def test_z1_looks_more_at_x1() -> None:
    apart = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    weights = np.array([[0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.1, 0.1, 0.8]])
    assert self_over_others(weights, apart) == pytest.approx(4 / 6)
    assert looking.more_on_itself(np.array([1.0, 0.8]), 1.0) == "every"
    assert looking.more_on_itself(np.array([1.0, 0.2]), 0.9) == "average"
    assert looking.more_on_itself(np.array([0.5, 0.5]), 0.5) == "fails"


def test_a_narrow_w_o_reduces(note: Trace) -> None:
    generator = np.random.default_rng(0)
    thin = (generator.normal(size=(384, 10)) @ generator.normal(size=(10, 384))).astype(np.float32)
    output = replace(note.learned[0].output, weight=thin)
    changed = with_records(
        note, lambda _, record: {"learned": replace(record.learned, output=output)}
    )
    trial = tried("C8", changed)
    assert trial.control is not None
    assert (trial.verdict, trial.value, trial.control.value) == ("holds", 10, 384)
    assert tried("C9", changed).verdict == "fails", "the model's z came from another W_O"
    assert tried("C18", changed).verdict == "fails"


def test_a_foreign_z_is_noticed(note: Trace) -> None:
    changed = with_records(note, lambda _, record: {"concat": record.concat * np.float32(3)})
    assert tried("C1", changed).verdict == "fails"
    assert tried("C2", changed).verdict == "fails"
    assert tried("C15", changed).verdict == "every"
    concat = note.record(0).concat.copy()
    concat[:, :32] += 1  # one head of the first layer goes its own way
    one = with_records(note, lambda n, record: {"concat": record.concat if n else concat})
    assert (tried("C15", one).verdict, tried("C15", one).value) == ("fails", 1)


def test_a_blend_stays_inside() -> None:
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert one_head.outside(np.array([[1.0, 2.0], [2.0, 1.0]]), values) == 0
    assert one_head.outside(np.array([[2.1, 2.0], [2.0, 0.9]]), values) == 2


def test_without_residual_and_norm(note: Trace) -> None:
    changed = with_after_attention(note, note.attention_output)
    assert (tried("C22", changed).verdict, tried("C22", changed).value) == ("holds", 0)

    def added(layer: int) -> np.ndarray:
        total: np.ndarray = note.attention_output(layer) + note.residual(layer)
        return total

    trial = tried("C22", with_after_attention(note, added))
    assert trial.verdict == "fails", "x was added, whatever the cosine"
    assert float(str(trial.numbers["added"])) < 1e-6


def test_a_feed_forward_network_that_reduces() -> None:
    assert layers.narrower(np.zeros((3, 4)), np.zeros((3, 8)))
    assert not layers.narrower(np.zeros((3, 8)), np.zeros((3, 8)))


def test_models_of_eight_heads_and_of_one() -> None:
    assert tried("C5", sentence("eight heads")).verdict == "holds"
    assert tried("C5", sentence("one head")).verdict == "fails"
    assert tried("C12", sentence("eight heads")).value == 8
    assert tried("C6", sentence("eight heads")).numbers["listed"] == 7, "the note's own slip"


def test_shared_matrices_are_noticed() -> None:
    matrices = np.random.default_rng(0).normal(size=(3, 4, 2))
    assert many_heads.own_matrices(matrices).all()
    matrices[2] = matrices[0]
    assert many_heads.own_matrices(matrices).tolist() == [False, True, False]
    assert many_heads.own_matrices(matrices[:1]).all()


def test_one_name_for_one_thing() -> None:
    one = np.ones(3)
    assert many_heads.different((one, one.copy(), one + 1)) == 2
    assert many_heads.different((one, one.copy())) == 1
    assert many_heads.different((one, np.ones((1, 3)))) == 1, "the same numbers"
    assert many_heads.different((one, np.ones(4))) == 2


def test_masks_that_change_nothing() -> None:
    pairs, lengths = np.zeros((3, 3), bool), np.ones(3)
    pairs[1, 2] = pairs[2, 1] = True
    moved = np.eye(3)
    assert layers.others_change(moved, lengths, pairs) == 0
    moved[1, 2] = 0.1
    assert layers.others_change(moved, lengths, pairs) == 0.5


def test_rank() -> None:
    assert rank(np.diag([1.0, 0.5, 1e-9]), joined.LOST) == 2


# ---- a second implementation


def test_c1_equals_torch(note: Trace) -> None:
    largest = 0.0
    for layer in range(6):
        record = note.record(layer)
        q, k, v = (torch.tensor(a).double() for a in (record.queries, record.keys, record.values))
        z = functional.scaled_dot_product_attention(q, k, v).numpy()
        found = note.head_output(layer)
        largest = max(largest, np.abs(found - z).max() / np.abs(found).max())
    assert tried("C1", note).value == pytest.approx(largest, rel=1e-4)


def test_c2_equals_a_search_for_the_shares(note: Trace) -> None:
    assert tried("C2", note).value == 0
    v = note.values(3)[7].astype(float)
    z = note.head_output(3)[7, 5].astype(float)
    slack = 1e-5 * np.abs(v).max()
    rows = np.vstack([v.T, -v.T])
    found = linprog(
        np.zeros(len(v)),
        A_ub=rows,
        b_ub=np.concatenate([z + slack, slack - z]),
        A_eq=np.ones((1, len(v))),
        b_eq=[1],
        bounds=(0, 1),
    )
    assert found.success, "z is a mix of the v's with shares of at least 0 and a sum of 1"
    first, second = torch.softmax(torch.tensor([112.0, 96.0]).double() / 8, 0).tolist()
    numbers = tried("C2", note).numbers
    assert (numbers["first"], numbers["second"]) == (f"{first:.6f}", f"{second:.6f}")


def test_c8_equals_torch(note: Trace, eager: Eager, minilm: Model) -> None:
    ranks = [
        int(torch.linalg.matrix_rank(weight.double(), rtol=joined.LOST))
        for name, weight in eager(minilm).state_dict().items()
        if name.endswith("attention.output.dense.weight")
    ]
    trial = tried("C8", note)
    assert (trial.value, trial.numbers["least"]) == (max(ranks), min(ranks))


def test_c9_equals_the_model_itself(note: Trace, eager: Eager, minilm: Model) -> None:
    learned = {name: weight.double() for name, weight in eager(minilm).state_dict().items()}
    largest = 0.0
    for layer in range(6):
        part = f"encoder.layer.{layer}.attention.output."
        total = torch.tensor(note.residual(layer)).double() + learned[part + "dense.bias"]
        for head, z in enumerate(torch.tensor(note.head_output(layer)).double()):
            total = total + z @ learned[part + "dense.weight"][:, head * 32 : head * 32 + 32].T
        gain, bias = learned[part + "LayerNorm.weight"], learned[part + "LayerNorm.bias"]
        expected = functional.layer_norm(total, (384,), gain, bias, 1e-12)
        found = torch.tensor(note.after_attention(layer))
        largest = max(largest, float((found - expected).abs().max() / found.abs().max()))
    assert tried("C9", note).value == pytest.approx(largest, rel=1e-3)


def rows(trace: Trace, layer: int, head: int, hide_special: bool) -> dict[int, dict[int, float]]:
    """What each word gives to each token, one number after the other."""
    weights = trace.weights((layer, head)).astype(float)
    special = [token.is_special for token in trace.tokens]
    found = {}
    for q in range(len(special)):
        if special[q]:
            continue
        keys = [k for k in range(len(special)) if not (hide_special and special[k])]
        total = sum(weights[q, k] for k in keys) if hide_special else 1.0
        found[q] = {k: float(weights[q, k] / total) for k in keys}
    return found


@pytest.mark.parametrize("hide_special", [False, True])
def test_c13_equals_a_loop(note: Trace, hide_special: bool) -> None:
    heads, gains = 0, []
    for layer, head in note.heads:
        words = rows(note, layer, head, hide_special)
        first = [max(given, key=lambda k: given[k]) == q for q, given in words.items()]
        heads += sum(first) > len(first) / 2
        gains += [given[q] * len(given) for q, given in words.items()]
    trial = tried("C13", note, hide_special)
    assert trial.value == heads
    assert trial.numbers["lift"] == f"{sum(gains) / len(gains):.2f}"


@pytest.mark.parametrize("hide_special", [False, True])
def test_c14_equals_a_loop(note: Trace, hide_special: bool) -> None:
    near: list[float] = []
    far: list[float] = []
    for layer, head in note.heads:
        for q, given in rows(note, layer, head, hide_special).items():
            for k, weight in given.items():
                if q != k:
                    (near if abs(q - k) <= looking.NEAR else far).append(weight * len(given))
    expected = sum(near) / len(near) - sum(far) / len(far)
    assert tried("C14", note, hide_special).value == pytest.approx(expected)


@pytest.mark.parametrize("hide_special", [False, True])
def test_c16_equals_scipy(note: Trace, hide_special: bool) -> None:
    divergences = []
    for layer in range(6):
        heads = [
            np.array([[*given.values()] for given in rows(note, layer, h, hide_special).values()])
            for h in range(12)
        ]
        for one, other in combinations(heads, 2):
            divergences.append(np.mean(jensenshannon(one, other, base=2, axis=1) ** 2))
    trial = tried("C16", note, hide_special)
    assert trial.value == pytest.approx(np.mean(divergences), abs=1e-6)
    assert trial.numbers["least"] == f"{min(divergences):.3f}"
    assert trial.numbers["most"] == f"{max(divergences):.3f}"


def test_c18_names_how_far_w_q_are_apart(note: Trace) -> None:
    w = [torch.tensor(learned.query.weight).double() for learned in note.learned]
    apart = min(
        float((a - b).norm() / ((a.norm() ** 2 + b.norm() ** 2) / 2).sqrt())
        for a, b in combinations(w, 2)
    )
    assert tried("C18", note).numbers["apart"] == f"{apart:.0%}"


@pytest.fixture(scope="module")
def masked(eager: Eager, minilm: Model) -> torch.Tensor:
    """Hidden states "masked depth token d_model" from transformers: first nothing, then each."""
    ids = torch.tensor(minilm.tokenizer.encode(NOTE).ids)
    batch = ids.repeat(len(ids) + 1, 1)
    for position in range(len(ids)):
        batch[position + 1, position] = int(minilm.tokenizer.token_to_id("[MASK]") or 0)
    with torch.inference_mode():
        return torch.stack(eager(minilm)(batch, output_hidden_states=True).hidden_states, 1)


def test_c19_equals_transformers(note: Trace, masked: torch.Tensor) -> None:
    moved = (masked[1:] - masked[0]).norm(dim=-1)  # "masked depth token"
    changed = [
        bool(moved[j, 1, i] > layers.CHANGED * masked[0, 1, i].norm())
        for i in range(1, 26)
        for j in range(1, 26)
        if i != j
    ]
    trial = tried("C19", note)
    assert trial.value == sum(changed) / len(changed)
    assert trial.numbers["pairs"] == len(changed)
    assert trial.numbers["before"] == "0.0%"


@pytest.mark.parametrize("hide_special", [False, True])
def test_c20_equals_a_loop(note: Trace, hide_special: bool) -> None:
    heads = [rows(note, 0, h, hide_special) for h in range(12)]
    more = [
        sum(given[q][q] for given in heads) > sum(given[q][k] for given in heads)
        for q in heads[0]
        for k in heads[0][q]
        if k != q
    ]
    assert tried("C20", note, hide_special).value == pytest.approx(sum(more) / len(more))


def test_c20_names_what_the_residual_keeps(note: Trace) -> None:
    """The vectors themselves, token by token, instead of the lengths from inner products."""
    x = torch.tensor(note.residual(0)).double()
    gain = torch.tensor(note.norm(0).gain).double()
    shares = []
    for i in range(1, 26):
        lengths = []
        for j in range(len(x)):
            part = x[i].clone() if i == j else torch.zeros(384, dtype=torch.float64)
            for h in range(12):
                weight = float(note.weights((0, h))[i, j])
                value = torch.tensor(note.values(0)[h, j]).double()
                part += weight * value @ torch.tensor(note.output_projection((0, h))).double()
            lengths.append(((part - part.mean()) * gain).norm())
        shares.append(float(lengths[i] / sum(lengths)))
    assert tried("C20", note).numbers["kept"] == f"{np.mean(shares):.1%}"


def test_c22_equals_torch(note: Trace, eager: Eager, minilm: Model) -> None:
    learned = {name: weight.double() for name, weight in eager(minilm).state_dict().items()}
    alone, added = 0.0, 0.0
    for layer in range(6):
        part = f"encoder.layer.{layer}.attention.output."
        concat = torch.tensor(note.record(layer).concat).double()
        wrote = concat @ learned[part + "dense.weight"].T + learned[part + "dense.bias"]
        z = torch.tensor(note.after_attention(layer)).double()
        total = wrote + torch.tensor(note.residual(layer)).double()
        largest = z.abs().max()
        alone = max(alone, float((z - wrote).abs().max() / largest))
        added = max(added, float((z - total).abs().max() / largest))
        gain, bias = learned[part + "LayerNorm.weight"], learned[part + "LayerNorm.bias"]
        assert torch.allclose(functional.layer_norm(total, (384,), gain, bias, 1e-12), z, atol=1e-4)
    trial = tried("C22", note)
    assert trial.value == pytest.approx(alone, abs=1e-6)
    assert trial.numbers["added"] == f"{added:.0%}"
    assert float(str(trial.numbers["normalised"])) < 1e-5


def test_c23_equals_transformers(note: Trace, masked: torch.Tensor) -> None:
    moved = (masked[1:] - masked[0]).double().norm(dim=-1)
    own = [
        float(np.mean([float(moved[i, depth, i] / moved[:, depth, i].sum()) for i in range(1, 26)]))
        for depth in (1, 6)
    ]
    trial = tried("C23", note)
    assert trial.value == pytest.approx(own[0] - own[1], abs=1e-4)
    assert trial.numbers["last"] == f"{own[1]:.3f}"
