"""Weights from elsewhere: drawn and measured like our own, and nothing more is claimed."""

import contextlib
import io
import json
import string
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
import torch
from jaxtyping import Float

import attnviz
from attnviz.analysis.describe import describe
from attnviz.analysis.difference import jensen_shannon, most_different, most_different_beside
from attnviz.analysis.divergences import divergences
from attnviz.analysis.fixed import variation
from attnviz.analysis.head_map import head_map
from attnviz.analysis.lens import Lens
from attnviz.analysis.mixing import raw, rollout
from attnviz.core.given import given_trace
from attnviz.digits import at_least, at_most
from attnviz.errors import AttnvizError
from attnviz.export.numbers import as_csv, as_json, as_npz
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.engine import Chapter
from attnviz.pictures.packet import unpack
from attnviz.pictures.provenance import provenance
from attnviz.pictures.quantised import HIDDEN
from attnviz.pictures.shown import shown
from attnviz.pictures.standalone import origin
from attnviz.texts import LANGUAGES, Language

TOKENS = ["<s>", "a", "<b>cat</b>", "sat", "\u202e", "."]


@pytest.fixture
def weights() -> np.ndarray:
    drawn = np.random.default_rng(0).random((2, 3, 6, 6))
    return np.asarray(drawn / drawn.sum(axis=-1, keepdims=True))


def test_given_weights_are_what_is_drawn_and_measured(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights, special=[0], title="my model")
    assert trace.heads == tuple((layer, head) for layer in range(2) for head in range(3))
    np.testing.assert_array_equal(trace.weights((1, 2)), weights[1, 2].astype(np.float32))
    table = attnviz.measure(trace)
    assert len(table) == 6
    entropy = -(weights * np.log(weights)).sum(axis=-1).mean(axis=-1)
    np.testing.assert_allclose(table["entropy"], entropy.ravel(), atol=1e-5)
    for picture in (trace.lines([(0, 1)]), trace.heatmap((0, 1)), trace.overview()):
        page = picture.to_html()
        assert "my model" in page
        assert "&lt;b&gt;cat&lt;/b&gt;" in page
        assert "<b>cat" not in page
        assert picture.to_svg().count("softmax") == 0, "nothing is claimed about their origin"
    assert "weights as they were given" in shown(trace, [(0, 1)])[0].formula("en")
    assert "⟨U+202E⟩" in [token.text for token in trace.tokens]
    assert trace.tokens[0].is_special
    assert "revision" in origin(trace, "en")


def test_transformers_own_stacked_attentions_are_taken_as_they_are(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights[:, None])
    np.testing.assert_array_equal(trace.weights((0, 0)), weights[0, 0].astype(np.float32))


def test_given_weights_are_a_copy_that_nobody_changes(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights)
    before = trace.weights((0, 0)).copy()
    weights[:] = 0
    np.testing.assert_array_equal(trace.weights((0, 0)), before)
    with pytest.raises(ValueError, match="read-only"):
        trace.weights((0, 0))[0, 0] = 1


def test_a_picture_of_which_nothing_is_left_is_drawn_and_says_so() -> None:
    trace = attnviz.Trace.from_weights(["[CLS]", "[SEP]"], np.full((1, 1, 2, 2), 0.25), [0, 1])
    lens = attnviz.Lens(hide_special=True)
    (one,) = shown(trace, [(0, 0)], lens)
    assert one.map.rows == ()
    assert one.formula("en") == "weights as they were given", "rows that are not there have no sum"
    assert one.says("en") == ""
    assert "2 special tokens hidden" in " ".join(one.notes("en"))
    lines = attnviz.lines(trace, [(0, 0)], lens)
    assert len(lines.weight) == 0
    for picture in (lines, trace.heatmap((0, 0), lens), trace.explore(lens=lens)):
        assert picture.to_svg()
        assert picture.to_html()


@pytest.mark.parametrize(
    ("shape", "value", "special", "said"),
    [
        ((2, 3, 6, 5), 0.1, [], "with as many queries and keys as there are tokens \\(6\\)"),
        ((6, 6), 0.1, [], "must have the axes layer, head, query, key"),
        ((1, 1, 6, 6), 1.5, [], "36 of the weights are not numbers from 0 to 1"),
        ((1, 1, 6, 6), -0.5, [], "36 of the weights"),
        ((1, 1, 6, 6), np.nan, [], "36 of the weights"),
        ((1, 0, 6, 6), 0.1, [], "must have the axes"),
        ((1, 1, 6, 6), 0.1, [6], "no tokens at the positions \\[6\\]"),
    ],
)
def test_what_are_no_weights_gets_a_sentence(
    shape: tuple[int, ...], value: float, special: list[int], said: str
) -> None:
    with pytest.raises(attnviz.CaptureError, match=said):
        attnviz.Trace.from_weights(TOKENS, np.full(shape, value), special)


def test_what_weights_do_not_hold_is_refused_in_a_sentence(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights)
    for ask in (
        lambda: trace.queries(0),
        lambda: trace.scores((0, 0)),
        lambda: trace.contribution((0, 0)),
        lambda: trace.residual(0),
        lambda: trace.input_projection((0, 0), "query"),
        lambda: trace.head_output(0),
        lambda: trace.record(0),
        lambda: trace.streams,
        lambda: trace.norm(0),
        lambda: list(trace.learned),
        lambda: as_npz(trace),
    ):
        with pytest.raises(attnviz.CaptureError, match="holds attention weights alone"):
            ask()


@pytest.mark.parametrize("claim", [claim.name for claim in claims()])
def test_a_claim_is_tried_on_weights_alone_or_says_why_not(claim: str) -> None:
    """Where a rule reads q, k or z, an empty loop over what is not there decides nothing."""
    count = len(string.ascii_lowercase)  # words enough for every rule
    even = np.full((2, 2, count, count), 1 / count)
    trace = attnviz.Trace.from_weights(string.ascii_lowercase, even, [0, count - 1])
    found = try_claim(next(one for one in claims() if one.name == claim), Case(trace))
    assert (found.problem is None) == (found.verdict != "cannot")
    assert found.problem is None or found.problem.key == "only_weights"


# ---- whatever holds the numbers


class Elsewhere:
    """An array of a framework that NumPy reads by its protocol alone."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.array, dtype)


class OnDevice:
    """A tensor of another device: NumPy cannot have it before it is moved."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def detach(self) -> "OnDevice":
        return self

    def cpu(self) -> np.ndarray:
        return self.array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


EIGHTHS = np.array([[4, 2, 2], [0, 8, 0], [1, 1, 6]]) / 8  # exact in every format
MANY: Float[np.ndarray, "layer head query key"] = np.stack(
    [np.stack([EIGHTHS, EIGHTHS[::-1]]), np.stack([np.eye(3), EIGHTHS])]
)

HOLDERS: dict[str, Callable[[], Any]] = {
    "nested lists": lambda: MANY.tolist(),
    "tuples of arrays": lambda: tuple(tuple(layer) for layer in MANY),
    "float16": lambda: MANY.astype(np.float16),
    "longdouble": lambda: MANY.astype(np.longdouble),
    "reversed axes": lambda: np.ascontiguousarray(MANY.transpose(3, 2, 1, 0)).transpose(3, 2, 1, 0),
    "__array__ alone": lambda: Elsewhere(MANY),
    "a list of __array__": lambda: [Elsewhere(layer) for layer in MANY],
    "on a device": lambda: OnDevice(MANY),
    "a list on a device": lambda: [OnDevice(layer) for layer in MANY],
    "torch float64": lambda: torch.tensor(MANY),
    "torch float32": lambda: torch.tensor(MANY).float(),
    "torch float16": lambda: torch.tensor(MANY).half(),
    "torch bfloat16": lambda: torch.tensor(MANY).bfloat16(),
    "torch float8": lambda: torch.tensor(MANY).to(torch.float8_e4m3fn),
    "with a gradient": lambda: torch.tensor(MANY, requires_grad=True) * 1,
    "bfloat16 with a gradient": lambda: torch.tensor(
        MANY, dtype=torch.bfloat16, requires_grad=True
    ),
    "transformers' attentions": lambda: tuple(
        torch.tensor(layer[None], dtype=torch.bfloat16, requires_grad=True) for layer in MANY
    ),
    "single tensors": lambda: [
        [[[torch.tensor(w, requires_grad=True) for w in q] for q in h] for h in layer]
        for layer in MANY
    ],
    "sparse": lambda: torch.tensor(MANY).to_sparse(),
    "negated lazily": lambda: torch._neg_view(torch.tensor(-MANY)),
    "masked by nothing": lambda: np.ma.array(MANY),
}


@pytest.mark.parametrize("name", HOLDERS)
def test_the_same_numbers_are_taken_from_whatever_holds_them(name: str) -> None:
    trace = attnviz.Trace.from_weights("abc", HOLDERS[name]())
    for layer in range(2):
        np.testing.assert_array_equal(trace.layer_weights(layer), MANY[layer].astype(np.float32))
    assert trace.weights((0, 0)).dtype == np.float32


def test_whole_numbers_and_truth_are_weights_too() -> None:
    own = np.eye(3)[None, None]
    for given in (own.astype(int), own.astype(bool), own.astype(np.uint8)):
        trace = attnviz.Trace.from_weights("abc", given)
        np.testing.assert_array_equal(trace.weights((0, 0)), np.eye(3))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[[[1.0, 0.0], [1.0]]]], "parts of an array differ in size"),
        ([np.ones((1, 2, 2)), np.ones((2, 2, 2))], "parts of an array differ in size"),
        ([torch.ones(1, 2, 2), torch.ones(2, 2, 2)], "parts of an array differ in size"),
        (np.full((1, 1, 2, 2), 0.5 + 0j), "holds complex128 instead"),
        (torch.full((1, 1, 2, 2), 0.5 + 0j), "holds complex64 instead"),
        (torch.full((1, 1, 2, 2), 0.5 + 0j).conj(), "holds torch.complex64 instead"),
        ([[[[0.5, 0.5j], [0, 1]]]], "holds complex128 instead"),
        ([[[["1", "0"], ["0", "1"]]]], "holds str32 instead"),
        ([[[[b"1", b"0"], [b"0", b"1"]]]], "holds bytes8 instead"),
        (np.full((1, 1, 2, 2), 0.5, object), "holds object instead"),
        ((None, None), "attn_implementation"),
        ((), "attn_implementation"),
        (None, "holds object instead"),
        ("weights", "instead of real numbers"),
        ({"attentions": 1}, "holds object instead"),
        (np.zeros((1, 1, 2, 2), "datetime64[s]"), "holds datetime64"),
        (np.zeros((1, 1, 2, 2), [("a", "f4")]), "instead of real numbers"),
        (torch.ones(1, 1, 2, 2, device="meta"), "holds torch.float32 instead"),
        ([], "must have the axes"),
        (0.5, "must have the axes"),
        (np.zeros((1, 1, 0, 0)), "must have the axes"),
        (np.ones((1, 1, 2)), "must have the axes"),
        (np.ones((2, 2, 1, 2, 2)), "must have the axes"),  # two texts
        ([[[[np.nan, 1], [0, 1]]]], "1 of the weights"),
        ([[[[np.inf, 1], [-np.inf, 1]]]], "2 of the weights"),
        ([[[[1e300, 1], [0, 1]]]], "1 of the weights"),
        ([[[[1.00001, 0], [0, 1]]]], "1 of the weights"),
        ([[[[-0.00001, 1], [0, 1]]]], "1 of the weights"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_are_no_weights_at_all_gets_a_sentence(
    given: Any, said: str, language: Language
) -> None:
    with pytest.raises(attnviz.CaptureError, match=said) as caught:
        attnviz.Trace.from_weights(["a", "b"], given)
    assert caught.value.text(language)


def test_rounding_beyond_the_range_is_taken_back_to_it() -> None:
    trace = attnviz.Trace.from_weights("ab", [[[[1 + 1e-7, -1e-7], [0, 1]]]])
    np.testing.assert_array_equal(trace.weights((0, 0)), np.eye(2))


@pytest.mark.parametrize(
    ("tokens", "special", "title", "said"),
    [
        ([1, 2], [], "t", "These are not: 1, 2"),
        (np.array([1, 2]), [], "t", "These are not: np.int64\\(1\\)"),
        ([b"a", "b"], [], "t", "These are not: b'a'"),
        ([None, "b"], [], "t", "These are not: None"),
        (None, [], "t", "These are not: None"),
        (7, [], "t", "These are not: 7"),
        (["a", "b"], [], None, "These are not: None"),
        (["a", "b"], ["a"], "t", "given by their positions"),
        (["a", "b"], [0.0], "t", "given by their positions"),
        (["a", "b"], 0, "t", "given by their positions"),
        (["a", "b"], [True, False], "t", "given by their positions"),
        (["a", "b"], np.array([True, False]), "t", "given by their positions"),
        (["a", "b"], [1, 1], "t", "given by their positions"),
        (["a", "b"], [-1], "t", "no tokens at the positions \\[-1\\]"),
    ],
)
def test_names_that_are_no_names_get_a_sentence(
    tokens: Any, special: Any, title: Any, said: str
) -> None:
    with pytest.raises(attnviz.CaptureError, match=said):
        attnviz.Trace.from_weights(tokens, np.eye(2)[None, None], special, title)


def test_names_come_from_whatever_holds_them() -> None:
    for tokens in (("a", "b"), np.array(["a", "b"]), iter(["a", "b"]), "ab"):
        special = torch.tensor([1])
        trace = attnviz.Trace.from_weights(tokens, np.eye(2)[None, None], cast(Any, special))
        assert [token.text for token in trace.tokens] == ["a", "b"]
        assert [token.is_special for token in trace.tokens] == [False, True]


def test_heads_that_were_not_given_are_none(weights: np.ndarray) -> None:
    trace = attnviz.Trace.from_weights(TOKENS, weights)
    for ask in (
        lambda: trace.weights((2, 0)),
        lambda: trace.weights((-1, 0)),
        lambda: trace.weights((0, 3)),
        lambda: trace.layer_weights(2),
        lambda: trace.layer_weights(-1),
    ):
        with pytest.raises(attnviz.InterventionError, match="2 layers"):
            ask()


# ---- masks

CAUSAL = np.tril(np.ones((4, 4)))
CAUSAL_WEIGHTS = np.array([CAUSAL / CAUSAL.sum(axis=1, keepdims=True)] * 2)[None]


def _padded(junk: float) -> np.ndarray:
    """Three tokens and two of padding, which no token looks at."""
    padded = np.zeros((2, 2, 5, 5))
    padded[:, :, :3, :3] = MANY
    padded[:, :, 3:] = junk  # what a model computes for padding is of no meaning
    return padded


@pytest.mark.parametrize(
    "mask",
    [
        [1, 1, 1, 0, 0],
        torch.tensor([[1, 1, 1, 0, 0]]),  # as a tokenizer gives it
        np.array([True, True, True, False, False]),
        np.outer([1, 1, 1, 0, 0], [1, 1, 1, 0, 0]),
        np.broadcast_to(np.outer([1, 1, 1, 0, 0], [1, 1, 1, 0, 0]), (2, 2, 5, 5)),
        [[[np.outer([1, 1, 1, 0, 0], [1, 1, 1, 0, 0])]]],
    ],
)
@pytest.mark.parametrize("junk", [0, 0.2, np.nan])
def test_padding_is_left_out_and_said(mask: Any, junk: float) -> None:
    tokens = ["a", "b", "</s>", "<pad>", "<pad>"]
    trace = attnviz.Trace.from_weights(tokens, _padded(junk), [2, 4], allowed=mask)
    assert trace.given is not None
    assert [token.text for token in trace.tokens] == ["a", "b", "</s>"]
    assert [token.is_special for token in trace.tokens] == [False, False, True]
    assert trace.text == "a b </s>"
    for layer in range(2):
        np.testing.assert_array_equal(trace.layer_weights(layer), MANY[layer].astype(np.float32))
    assert (trace.given.padding, trace.given.allowed) == (2, None)
    for page in _files(trace).values():
        assert "2 tokens are left out as padding" in page
    assert provenance(trace)["padding"] == 2
    assert len(attnviz.measure(trace)) == 4


def test_padding_before_the_sentence_moves_special_tokens_with_it() -> None:
    given = np.zeros((1, 1, 4, 4))
    given[:, :, 1:, 1:] = EIGHTHS
    trace = attnviz.Trace.from_weights("pabc", given, [1, 3], allowed=[0, 1, 1, 1])
    assert [token.position for token in trace.tokens if token.is_special] == [0, 2]
    np.testing.assert_array_equal(trace.weights((0, 0)), EIGHTHS)


@pytest.mark.parametrize("mask", [CAUSAL, CAUSAL.astype(bool), CAUSAL[None, None], "numpy"])
def test_pairs_that_a_mask_does_not_allow_are_hidden_and_counted(mask: Any) -> None:
    given: Any = CAUSAL_WEIGHTS
    if isinstance(mask, str):
        beyond = np.broadcast_to(CAUSAL == 0, given.shape)
        given, mask = np.ma.array(np.where(beyond, 7.0, given), mask=beyond), None
    trace = attnviz.Trace.from_weights("abcd", given, allowed=mask)
    one = shown(trace, [(0, 1)])[0]
    np.testing.assert_array_equal(one.map.shown, CAUSAL == 1)
    np.testing.assert_array_equal(one.map.values, CAUSAL_WEIGHTS[0, 1].astype(np.float32))
    assert one.notes("en") == [
        "6 pairs are not drawn, because the mask of the given weights does not allow them."
    ]
    assert "6 对" in one.notes("zh")[0]
    assert provenance(trace)["not_allowed"] == 12
    drawn = attnviz.heatmap(trace, (0, 1)).figure.data[0].z
    np.testing.assert_array_equal(np.isnan(drawn), CAUSAL == 0)
    meta, arrays = unpack(attnviz.explore(trace, [(0, 0)]).packet())
    steps = arrays["high"].astype(int) * 256 + arrays["low"]
    np.testing.assert_array_equal(steps == HIDDEN, np.array([CAUSAL == 0] * 2))
    assert "12 pairs" in meta["overview"]["note"]
    assert (~pd.read_csv(io.StringIO(as_csv([one])))["drawn"]).sum() == 6
    for page in _files(trace).values():
        assert "does not allow 12 pairs" in page
    # one key of n is looked at: the entropy of row n is ln n
    entropy = np.log([1, 2, 3, 4]).mean()
    np.testing.assert_allclose(attnviz.measure(trace)["entropy"], entropy, atol=1e-6)


def test_a_mask_and_a_lens_are_counted_apart() -> None:
    trace = attnviz.Trace.from_weights("abcd", CAUSAL_WEIGHTS, [0], allowed=CAUSAL)
    lens = Lens(hide_special=True, at_least=0.3)
    view = shown(trace, [(0, 0)], lens)[0].map
    assert view.withheld.not_allowed == 3  # of the 3 × 3 that are left
    assert view.withheld.weak_hidden == 3  # row 4 has quarters
    assert view.withheld.weak_share == pytest.approx(0.75 / 3)
    assert view.withheld.special_share == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 3)
    np.testing.assert_array_equal(view.shown, [[1, 0, 0], [1, 1, 0], [0, 0, 0]])


def test_each_head_has_its_own_mask_and_a_combination_what_one_of_them_allows() -> None:
    own, all_ = np.eye(2), np.full((2, 2), 0.5)
    mask = np.stack([own, np.ones((2, 2))])
    trace = attnviz.Trace.from_weights("ab", np.stack([own, all_])[None], allowed=mask)
    views = [one.map for one in shown(trace, [(0, 0), (0, 1)])]
    np.testing.assert_array_equal(views[0].shown, own == 1)
    assert views[1].shown.all()
    both = shown(trace, [(0, 0), (0, 1)], combination="mean")[0].map
    assert both.shown.all()
    np.testing.assert_allclose(both.values, [[0.75, 0.25], [0.25, 0.75]])


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (CAUSAL.T, "12 weights are not 0 although the mask does not allow them"),
        ([1, 1, 0, 1], "2 weights are not 0"),  # the last token looks at it, in two heads
        ([0, 0, 0, 0], "allows nothing"),
        (np.zeros((4, 4)), "allows nothing"),
        ([1, 1, 1], "This one has the shape \\(3,\\)"),
        (np.ones((3, 4, 4)), "This one has the shape \\(3, 4, 4\\)"),
        (np.ones((2, 1, 2, 4, 4)), "This one has the shape"),
        (1, "This one has the shape \\(\\)"),
        (np.where(CAUSAL, 0, -np.inf), "must hold 0 and 1 alone"),
        ([1, 1, 1, 0.5], "must hold 0 and 1 alone"),
        ([1, 1, 1, np.nan], "must hold 0 and 1 alone"),
        (["1", "1", "1", "1"], "instead of real numbers"),
        ([[1, 1], [1]], "differ in size"),
    ],
)
def test_a_mask_that_does_not_fit_gets_a_sentence(mask: Any, said: str) -> None:
    with pytest.raises(attnviz.CaptureError, match=said):
        attnviz.Trace.from_weights("abcd", CAUSAL_WEIGHTS, allowed=mask)


def test_a_token_that_looks_nowhere_but_is_looked_at_is_no_padding() -> None:
    weights = np.array([[[[0.5, 0.25, 0.25], [0, 0, 0], [0, 0.5, 0.5]]]])
    mask = [[1, 1, 1], [0, 0, 0], [0, 1, 1]]
    trace = given_trace(["a", "b", "c"], weights, [0], "mine", mask)
    assert trace.given is not None
    assert ([token.piece for token in trace.tokens], trace.given.padding) == (["a", "b", "c"], 0)
    assert [token.word for token in trace.tokens] == [None, 1, 2]
    np.testing.assert_array_equal(trace.weights((0, 0)), weights[0, 0])


def test_a_mask_that_allows_all_changes_nothing() -> None:
    plain = attnviz.Trace.from_weights("abcd", CAUSAL_WEIGHTS)
    masked = attnviz.Trace.from_weights("abcd", CAUSAL_WEIGHTS, allowed=[1, 1, 1, 1])
    assert _files(plain) == _files(masked)
    assert "mask" not in _files(plain)["overview.html"].split("<script>")[0]


# ---- row sums


def _files(trace: attnviz.Trace, language: Language = "en") -> dict[str, str]:
    """Every file and text that is made of a trace: each has to say what its rows are."""
    heads = [(0, 0), (0, 1)]
    lines = attnviz.lines(trace, heads, language=language)
    heatmap = attnviz.heatmap(trace, (0, 0), language=language)
    overview = attnviz.overview(trace)
    explorer = attnviz.explore(trace, heads, language=language)
    found = {
        "lines.html": lines.to_html(),
        "lines.svg": lines.to_svg(),
        "lines alt": lines.alt,
        "heatmap.html": heatmap.to_html(),
        "heatmap.svg": heatmap.to_svg(),
        "heatmap alt": heatmap.alt,
        "overview.html": overview.to_html(language),
        "overview.svg": overview.to_svg(language),
        "overview alt": unpack(overview.packet(language=language))[0]["alt"],
        "overview note": unpack(overview.packet(language=language))[0]["note"],
        "explorer.html": explorer.to_html(),
        "explorer.svg": explorer.to_svg(),
        "explorer alt": explorer.alt,
        "explorer note": unpack(explorer.packet())[0]["overview"]["note"],
        "origin": origin(trace, language),
    }
    return {name: " ".join(page.split()) for name, page in found.items()}


UNEVEN = np.array([[[[0.5, 0.25], [0.5, 0.5]], [[0.75, 0.5], [0, 0.125]]]])  # sums ¾ 1 1¼ ⅛


@pytest.mark.parametrize("language", LANGUAGES)
def test_row_sums_that_are_not_1_are_stated_on_every_picture(language: Language) -> None:
    trace = attnviz.Trace.from_weights("ab", UNEVEN)
    said = {
        "en": "do not all sum to 1: their sums run from 0.1250 to 1.2500.",
        "zh": "各行之和并非都是 1：从 0.1250 到 1.2500。",
    }
    for name, page in _files(trace, language).items():
        if name.endswith("svg"):  # where long lines are broken
            page = "".join(page.replace("</text>", " ").split("<text")[1:])
            page = page.replace(" ", "")
            assert "0.1250" in page, name
            assert "1.2500" in page, name
        else:
            assert said[language] in page, name


def test_each_head_states_its_own_row_sums() -> None:
    trace = attnviz.Trace.from_weights("ab", UNEVEN)
    first, second = shown(trace, [(0, 0), (0, 1)])
    assert first.formula("en").endswith("as they were given, row sums 0.7500 to 1.0000, not all 1")
    assert second.formula("en").endswith("row sums 0.1250 to 1.2500, not all 1")
    assert "，各行之和为 0.1250 到 1.2500" in second.formula("zh")
    mean = shown(trace, [(0, 0), (0, 1)], combination="mean")[0]  # 1 and 0.5625
    assert mean.formula("en").endswith("row sums 0.5625 to 1.0000, not all 1")
    most = shown(trace, [(0, 0), (0, 1)], combination="maximum")[0]  # 1¼ and 1
    assert most.formula("en").endswith("row sums 1.0000 to 1.2500, not all 1")
    title = attnviz.heatmap(trace, (0, 1)).figure.layout.title.subtitle.text.replace("<br>", " ")
    assert "row sums 0.1250 to 1.2500" in title
    for one in json.loads(as_json([second]))["maps"]:
        assert "row sums 0.1250 to 1.2500" in one["formula"]
    assert "row sums 0.1250 to 1.2500" in as_csv([second])
    assert json.loads(as_json([first]))["row_sums"] == [0.125, 1.25]
    assert "[0.125, 1.25]" in as_csv([first])


def test_a_picture_of_rows_that_sum_to_1_says_nothing_of_it() -> None:
    trace = attnviz.Trace.from_weights("abc", MANY)
    for name, page in _files(trace).items():
        assert "not all" not in page.split("<script>")[0], name
    assert provenance(trace)["row_sums"] == [1.0, 1.0]


def test_the_range_of_row_sums_contains_every_sum() -> None:
    given = np.random.default_rng(3).random((2, 2, 7, 7)).astype(np.float32)
    trace = attnviz.Trace.from_weights("abcdefg", given)
    sums = given.sum(axis=-1, dtype=np.longdouble)
    low, high = cast(list[float], provenance(trace)["row_sums"])
    assert low <= sums.min() < low + 1e-4
    assert high - 1e-4 < sums.max() <= high
    assert (at_least(0.99999, 4), at_most(1.00001, 4)) == ("0.9999", "1.0001")
    assert (at_least(0.5, 4), at_most(0.5, 4)) == ("0.5000", "0.5000")


def test_bfloat16_rows_are_stated_and_measured() -> None:
    drawn = torch.softmax(torch.randn(2, 2, 40, 40, generator=torch.manual_seed(1)), -1)
    given = drawn.to(torch.bfloat16)
    trace = attnviz.Trace.from_weights([f"t{n}" for n in range(40)], given)
    sums = given.double().sum(-1)
    low, high = cast(list[float], provenance(trace)["row_sums"])
    assert low <= float(sums.min()) < float(sums.max()) <= high
    assert 0.99 < low < 1 < high < 1.01
    assert f"from {low:.4f} to {high:.4f}" in _files(trace)["lines alt"]
    table = attnviz.measure(trace)
    exact = given.double().numpy()
    far = np.abs(np.subtract.outer(np.arange(40), np.arange(40)))
    distance = (exact * far).sum(-1).mean(-1)
    np.testing.assert_allclose(table["distance"], distance.ravel(), rtol=1e-5)
    most_different(trace)


def test_shares_of_rows_are_shares_of_what_they_sum_to() -> None:
    given = np.array([[0.1, 0.3], [0.2, 0.2]])[None, None]  # sums 0.4
    trace = attnviz.Trace.from_weights("ab", given, [0])
    weak = shown(trace, [(0, 0)], Lens(at_least=0.15))[0].map.withheld
    assert weak.weak_share == pytest.approx((1 / 4 + 0) / 2)
    hidden = shown(trace, [(0, 0)], Lens(hide_special=True))[0].map.withheld
    assert hidden.special_share == pytest.approx(1 / 2)
    faint = np.array([[0.001, 0.003], [0.2, 0.2]])[None, None]
    notes = unpack(attnviz.lines(attnviz.Trace.from_weights("ab", faint), [(0, 0)]).packet)[0][
        "heads"
    ][0]
    assert "2 lines are fainter than 1/255 and not drawn, together 50.0 %" in notes["notes"][0]


def test_rows_with_nothing_left_are_not_said_to_sum_to_1() -> None:
    given = np.array([[1, 0, 0], [0.5, 0.25, 0.25], [1, 0, 0]])[None, None]
    trace = attnviz.Trace.from_weights("abc", given, [0])
    one = shown(trace, [(0, 0)], Lens(hide_special=True, renormalise=True))[0]
    np.testing.assert_array_equal(one.map.values, [[0.5, 0.5], [0, 0]])
    assert "1 row holds nothing that is shown here, and stays 0." in one.notes("en")
    full = shown(trace, [(0, 0)])[0]
    assert full.map.withheld.rows_empty == 0


# ---- what is no distribution

HALF = np.full((2, 2, 3, 3), 0.5)  # sums of 1½


@pytest.mark.parametrize(
    "ask",
    [
        attnviz.measure,
        most_different,
        head_map,
        raw,
        rollout,
        lambda trace: most_different_beside(trace, (0, 0)),
        lambda trace: jensen_shannon(trace.weights((0, 0)), trace.weights((0, 1))),
        lambda trace: jensen_shannon(np.eye(3), trace.weights((0, 1))),
        lambda trace: jensen_shannon(trace.weights((0, 1)), np.eye(3)),
        lambda trace: divergences(trace.layer_weights(0)),
        lambda trace: variation(trace.layer_weights(0)),
    ],
)
def test_what_needs_distributions_refuses_other_rows(ask: Callable[[Any], object]) -> None:
    trace = attnviz.Trace.from_weights("abc", HALF)
    with pytest.raises(AttnvizError, match=r"row sums are 1\.5000 to 1\.5000") as caught:
        ask(trace)
    assert isinstance(caught.value, attnviz.CaptureError)
    assert "各行之和为 1.5000 到 1.5000" in caught.value.text("zh")
    ask(attnviz.Trace.from_weights("abc", MANY))


def test_one_row_is_enough_to_refuse() -> None:
    for total in (0.0, 0.99, 1.01):
        given = MANY.copy()
        given[1, 1, 2] = [0, 0, total] if total <= 1 else [0.01, 0, 1]
        trace = attnviz.Trace.from_weights("abc", given)
        for ask in (attnviz.measure, most_different, rollout):
            with pytest.raises(attnviz.CaptureError, match="not all 1"):
                ask(trace)
        describe(trace.weights((0, 0)), trace.tokens)  # whose rows are whole


def test_one_head_alone_is_refused_too() -> None:
    trace = attnviz.Trace.from_weights("abc", HALF[:1, :1])
    with pytest.raises(attnviz.CaptureError, match="not all 1"):
        most_different(trace)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pictures_of_other_rows_say_the_sentence_and_are_drawn(language: Language) -> None:
    trace = attnviz.Trace.from_weights("abc", HALF)
    one = shown(trace, [(0, 1)])[0]
    said = {"en": "so the rows are no distributions", "zh": "不是概率分布"}[language]
    assert said in one.says(language)
    assert "%" not in one.says(language)
    for name, page in _files(trace, language).items():
        if name in ("lines alt", "heatmap alt"):
            assert said in page
    chosen = attnviz.explore(trace, language=language)  # which would choose by divergence
    assert chosen.heads == ((0, 0), (0, 1))
    for words in unpack(chosen.packet())[0]["maps"]:
        assert said in words["says"]
    assert attnviz.overview(trace).to_html(language)
    np.testing.assert_array_equal(one.map.values, HALF[0, 1])


@pytest.mark.parametrize("sum_to", [0.5, 1 + 2e-5, 0.3])
def test_a_picture_states_one_range_of_row_sums(sum_to: float) -> None:
    drawn = np.random.default_rng(0).dirichlet(np.ones(4), size=(1, 1, 4)) * sum_to
    trace = attnviz.Trace.from_weights(list("abcd"), drawn)
    sums = trace.weights((0, 0)).sum(axis=-1, dtype=float)
    said = f"row sums {at_least(sums.min(), 4)} to {at_most(sums.max(), 4)}"
    assert said in shown(trace, [(0, 0)])[0].formula("en")


def test_special_tokens_alone_are_measured(weights: np.ndarray) -> None:
    table = attnviz.measure(attnviz.Trace.from_weights(TOKENS, weights, special=range(6)))
    assert table["hub"].isna().all(), "there is no other token"
    np.testing.assert_allclose(table["special"], 1, atol=1e-5)


@pytest.mark.parametrize("claim", [claim.name for claim in claims() if claim.of_model])
def test_a_claim_on_special_tokens_alone_says_why_not(claim: str) -> None:
    trace = attnviz.Trace.from_weights("abc", np.full((2, 2, 3, 3), 1 / 3), range(3))
    found = try_claim(next(one for one in claims() if one.name == claim), Case(trace))
    assert found.problem is not None or claim == "C5", "which counts heads"


@pytest.mark.parametrize("chapter", attnviz.chapters(), ids=lambda chapter: chapter.name)
def test_a_chapter_on_special_tokens_alone_says_why_not(chapter: Chapter) -> None:
    trace = attnviz.Trace.from_weights("abc", np.full((2, 2, 3, 3), 1 / 3), range(3))
    asks: list[Callable[[attnviz.Trace], object]] = [chapter.figure]
    for ask in [*asks, *(question.answer for question in chapter.questions)]:
        with contextlib.suppress(AttnvizError):
            ask(trace)
