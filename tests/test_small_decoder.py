"""Our own small decoder: the encoder with a causal mask, against torch and by its effects."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.measure import measure
from attnviz.lessons.chapters import chapters
from attnviz.lessons.engine import panel_of
from attnviz.models.small.encoder import Encoder, new_encoder
from attnviz.models.small.shape import EncoderShape
from attnviz.pictures.shown import shown
from attnviz.training import checkpoint
from attnviz.training.record import Training
from attnviz.training.tasks import task_called
from attnviz.training.train import train
from tests.test_encoder import torch_attention

SHAPE = EncoderShape(symbols=10, tokens=12, classes=10, d_model=16, heads=2, is_causal=True)
TEXT = "magpiefoxmagpie"


def decoder(shape: EncoderShape = SHAPE) -> Encoder:
    return new_encoder(shape, torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def induction() -> Training:
    return checkpoint.load_shipped("induction-2x1")


def test_attention_equals_torch_with_a_triangle() -> None:
    ours = decoder().blocks()[0].attention
    x = torch.randn(3, 12, 16, generator=torch.Generator().manual_seed(1))
    later = torch.ones(12, 12, dtype=torch.bool).triu(1)
    with torch.no_grad():
        theirs, _ = torch_attention(ours)(x, x, x, attn_mask=later)
        torch.testing.assert_close(ours(x), theirs, atol=1e-6, rtol=0)


def test_later_tokens_change_no_earlier_answer() -> None:
    made = decoder(replace(SHAPE, layers=2, d_ff=32))
    texts = torch.tensor([[0, 1, 2, 3, 4], [0, 1, 2, 9, 8]])
    with torch.no_grad():
        one, other = made(texts)
        assert torch.equal(one[:3], other[:3])
        assert not torch.allclose(one[3:], other[3:])
        shorter = made(texts[:1, :3])[0]
    torch.testing.assert_close(one[:3], shorter)


def test_a_mask_of_the_text_leaves_it_a_decoder() -> None:
    """What `attnviz.trace` hands over, and padding, act beside the triangle."""
    made = decoder()
    text = torch.tensor([[3, 1, 4, 1, 5]])
    with torch.no_grad():
        plain = made(text)
        torch.testing.assert_close(made(text, torch.ones_like(text)), plain)
        padded = made(torch.tensor([[3, 1, 4, 9, 9]]), torch.tensor([[1, 1, 1, 0, 0]]))
    torch.testing.assert_close(padded[:, :3], plain[:, :3])


def test_an_encoder_has_as_many_parameters() -> None:
    made = decoder()
    encoder = replace(SHAPE, is_causal=False)
    assert sum(p.numel() for p in made.parameters()) == SHAPE.parameters == encoder.parameters


def test_its_trace_says_what_is_not_allowed(induction: Training) -> None:
    trace = attnviz.trace(TEXT, induction.model)
    later = np.triu(np.ones((15, 15), bool), 1)
    assert trace.model.architecture == "decoder"
    for head in trace.heads:
        allowed, weights = trace.allowed(head), trace.weights(head)
        np.testing.assert_array_equal(allowed, ~later)
        assert (weights[later] == 0).all()
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    table = measure(trace, tokens=True)
    assert table["next"].isna().all(), "no query may look at the next token"
    assert set(table["previous_tokens"]) == {14}


def test_two_layers_form_a_head_of_the_token_before_and_an_induction_head(
    induction: Training,
) -> None:
    trace = attnviz.trace(TEXT, induction.model)
    before, after = attnviz.find(trace, "previous")[0], attnviz.find(trace, "induction")[0]
    assert (before.head.layer, after.head.layer) == (0, 1)
    assert before.share > 0.9
    assert after.share > 0.8
    assert after.tokens == 6, "the letters of magpie that come again"
    replies = [one for one in induction.replies(TEXT) if one.right is not None]
    assert [one.said for one in replies] == [one.right for one in replies] == list("agpief")
    assert induction.accuracy > 0.9


def test_without_the_first_head_the_second_finds_nothing(induction: Training) -> None:
    """Olsson et al. 2022: the second head reads what the first has written."""
    plain = attnviz.trace(TEXT, induction.model)
    off = attnviz.trace(TEXT, induction.model, interventions=[attnviz.HeadOff(0, 0)])
    shares = [float(measure(one)["induction"][1]) for one in (plain, off)]
    assert shares[0] > 0.8
    assert shares[1] < 0.3


def test_one_layer_fails() -> None:
    one = train("induction", heads=2, layers=1, steps=600)
    assert one.accuracy < 0.45


def test_it_is_right_as_soon_as_its_heads_are_there() -> None:
    """Step by step: accuracy and both shares rise together."""
    training = train("induction", heads=1, layers=2)
    first, last = training.snapshots[0], training.snapshots[-1]
    shares = [
        measure(attnviz.trace(TEXT, training.model_at(snapshot)))[["previous", "induction"]]
        for snapshot in (first, last)
    ]
    assert shares[0].to_numpy().max() < 0.5
    assert shares[1]["previous"][0] > 0.8
    assert shares[1]["induction"][1] > 0.8
    assert training.history[0].accuracy < 0.2
    assert training.history[-1].accuracy > 0.9
    assert training.history[-1].loss < training.history[0].loss / 4


def test_a_counting_head_looks_nearly_evenly_at_what_came_before() -> None:
    training = checkpoint.load_shipped("count-brackets-1x1")
    assert training.accuracy > 0.9
    trace = attnviz.trace("(()(()))((", training.model)
    for query in range(5, 10):  # a short text needs no mean: its few places can be told apart
        row = trace.weights((0, 0))[query, : query + 1]
        entropy = -(row * np.log(row)).sum() / np.log(query + 1)
        assert entropy > 0.9
    replies = [one.said for one in training.replies("(()(()))")]
    right = [one.right for one in training.replies("(()(()))")]
    assert right == list("12123210")
    assert replies == right


def test_a_decoder_is_saved_as_one() -> None:
    """Also one of a task that is an encoder's by itself."""
    task = replace(task_called("reverse"), is_causal=True)
    training = train(task, 1, 1, steps=3)
    again = checkpoint.from_bytes(checkpoint.to_bytes(training), "saved")
    assert again.run == training.run
    assert again.model.card.architecture == "decoder"
    text = task.alphabet.example
    np.testing.assert_array_equal(
        attnviz.trace(text, again.model).weights((0, 0)),
        attnviz.trace(text, training.model).weights((0, 0)),
    )


def test_a_picture_says_that_the_mask_is_the_models(induction: Training) -> None:
    """Of given weights it is the mask that was given: `tests/test_given.py`."""
    one = shown(attnviz.trace(TEXT, induction.model), [(0, 0)])[0]
    assert one.notes("en") == [
        "105 pairs are not drawn, because the model's mask does not allow them."
    ]
    assert one.notes("zh") == ["有 105 对未画出：模型的掩码不允许它们。"]


# ---- the walkthrough


@pytest.fixture(scope="module")
def traced() -> attnviz.Trace:
    return attnviz.trace(TEXT, train("induction", heads=2, layers=2, steps=50).model)


def walked(trace: attnviz.Trace, chapter: int, part: str, **given):  # type: ignore[no-untyped-def]
    one = next(one for one in chapters() if one.number == chapter)
    panel = panel_of(next(p for p in one.parts if p.name == part), one.scene(trace, given))
    return panel, [e for e in panel.root.walk() if e.attributes.get("class") == "denied"]


def test_a_pile_of_maps_hatches_what_is_not_allowed(traced: attnviz.Trace) -> None:
    panel, hatches = walked(traced, 3, "stack")
    maps = [one for one in panel.root.walk() if one.tag == "image"]
    assert len(hatches) == len(maps) == 8  # two heads, in a pile and beside each other, twice
    assert "hatched: not allowed" in str(panel.root)
    whole, none = walked(attnviz.trace("Thinking Machines"), 3, "stack")
    assert none == []
    assert "hatched" not in str(whole.root)


def test_the_maps_of_two_heads_are_hatched_and_say_so(traced: attnviz.Trace) -> None:
    panel, hatches = walked(traced, 7, "lines", view="maps")
    assert len(hatches) == 6  # of two heads: wide, narrow and projected
    tiles = [one for one in panel.root.walk() if one.attributes.get("class") == "tile"]
    said = [one.attributes["data-says"].endswith("not allowed") for one in tiles]
    assert said == np.tile(np.triu(np.ones((15, 15), bool), 1).ravel(), 6).tolist()


@pytest.mark.parametrize(
    ("chapter", "part", "given"),
    [(3, "wall", {"map": "weights"}), (5, "machine", {}), (6, "average", {"word": 4})],
)
def test_a_matrix_of_weights_holds_no_number_where_nothing_is_allowed(
    chapter: int, part: str, given: dict[str, object], traced: attnviz.Trace
) -> None:
    panel, _ = walked(traced, chapter, part, **given)
    arrays = [
        one.array
        for one in panel.root.walk()
        if one.array is not None and "data-denied" in one.attributes
    ]
    assert len(arrays) == (1 if part == "average" else 2)
    later = np.triu(np.ones((15, 15), bool), 1)
    for array in arrays:
        expected = later if len(array) == 15 else np.tile(later[4], (2, 1))
        np.testing.assert_array_equal(~np.isfinite(array), expected)


@pytest.mark.parametrize(("shift", "twin"), [(1, False), (-1, True)])
def test_a_decoder_has_learned_no_head_of_the_next_place(
    shift: int, twin: bool, traced: attnviz.Trace
) -> None:
    panel, _ = walked(traced, 2, "handmade", shift=shift)
    said = "no token of this text may look there"
    assert (said in panel.alt) is not twin
    assert ("has learned one like it" in str(panel.root)) is twin
    assert ("twin" in panel.values) is twin


def test_an_average_has_a_bar_for_each_word_that_may_be_looked_at(traced: attnviz.Trace) -> None:
    panel, _ = walked(traced, 6, "average", word=4)
    bars = [one for one in panel.root.walk() if one.attributes.get("class") == "bar"]
    assert len(bars) == 5
    assert sum(float(one.attributes["data-value"]) for one in bars) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("word", "shown", "others"), [(0, 1, 0), (2, 3, 0), (9, 3, 7)])
def test_the_ladder_is_of_words_that_may_be_looked_at(
    word: int, shown: int, others: int, traced: attnviz.Trace
) -> None:
    panel, _ = walked(traced, 2, "live", word=word)
    text = str(panel.root)
    assert "inf" not in text.lower().replace("info", "")
    said = f"may not look at {14 - word} of the 15 tokens"
    assert said in text
    assert "Score as softmax gets it" not in text, "the scores are q · k / √d where allowed"
    columns = {
        part
        for one in panel.root.walk()
        if (part := one.attributes.get("data-part", "")).startswith("S.")
    }
    assert len(columns) == shown
    assert all(int(part.rsplit(".", 1)[1]) <= word for part in columns)
    assert (f"the other {others} together" in text) == bool(others)
