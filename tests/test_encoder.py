"""Our own encoder against torch's attention, hand formulas and its own trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.capture.run import trace
from attnviz.errors import AttnvizError
from attnviz.models.load import Model, control_of
from attnviz.models.small.alphabet import Alphabet
from attnviz.models.small.encoder import Encoder, MultiHeadAttention, new_encoder
from attnviz.models.small.shape import EncoderShape
from attnviz.models.small.trained import traceable

SHAPE = EncoderShape(symbols=10, tokens=12, classes=10, questions=8)
DEEP = EncoderShape(
    symbols=5, tokens=6, classes=3, questions=2, d_model=16, heads=4, layers=2, d_ff=32
)
DIGITS = Alphabet(tuple("01234"), fewest=1, most=6, example="012")


def encoder(shape: EncoderShape, seed: int = 0) -> Encoder:
    return new_encoder(shape, torch.Generator().manual_seed(seed))


def as_model(made: Encoder) -> Model:
    return traceable(made.config, made.state_dict(), DIGITS, "made", "Made")


def torch_attention(ours: MultiHeadAttention) -> nn.MultiheadAttention:
    d_model = ours.w_q.in_features
    theirs = nn.MultiheadAttention(d_model, ours.heads, bias=False, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.w_q.weight, ours.w_k.weight, ours.w_v.weight]))
        theirs.out_proj.weight.copy_(ours.w_o.weight)
    return theirs.eval()


@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_attention_equals_torch(heads: int) -> None:
    ours = encoder(replace(SHAPE, heads=heads)).blocks()[0].attention
    x = torch.randn(3, 12, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        theirs, _ = torch_attention(ours)(x, x, x)
        torch.testing.assert_close(ours(x), theirs, atol=1e-6, rtol=0)


def test_traced_weights_equal_torch() -> None:
    made = encoder(DEEP)
    seen = trace("01234", as_model(made))
    for layer, block in enumerate(made.blocks()):
        x = torch.tensor(seen.residual(layer))[None]
        with torch.no_grad():
            _, weights = torch_attention(block.attention)(x, x, x, average_attn_weights=False)
        np.testing.assert_allclose(seen.layer_weights(layer), weights[0].numpy(), atol=1e-6)


def test_trace_shows_every_arrow_of_the_note() -> None:
    made = encoder(DEEP)
    seen = trace("0 1 2 3 4 0", as_model(made))
    state = {name: weight.numpy().astype(float) for name, weight in made.state_dict().items()}
    ids = [0, 1, 2, 3, 4, 0]
    x = state["symbols.weight"][ids] + state["places.weight"][: len(ids)]
    for layer in range(2):
        part = {
            name.removeprefix(f"layers.{layer}."): weight
            for name, weight in state.items()
            if name.startswith(f"layers.{layer}.")
        }
        np.testing.assert_allclose(seen.residual(layer), x, atol=1e-5)
        zs = []
        for head in range(4):
            own = slice(head * 4, head * 4 + 4)
            q, k, v = (x @ part[f"attention.w_{name}.weight"][own].T for name in "qkv")
            scores = np.exp(q @ k.T / 2)  # √d_head = 2
            weights = scores / scores.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(seen.weights((layer, head)), weights, atol=1e-5)
            zs.append(weights @ v)
            np.testing.assert_allclose(seen.head_output(layer)[head], zs[-1], atol=1e-5)
        attended = np.concatenate(zs, axis=1) @ part["attention.w_o.weight"].T
        np.testing.assert_allclose(seen.attention_output(layer), attended, atol=1e-5)
        z = normalised(x + attended)
        np.testing.assert_allclose(seen.after_attention(layer), z, atol=1e-4)
        hidden = z @ part["feed_forward.0.weight"].T + part["feed_forward.0.bias"]
        out = np.maximum(hidden, 0) @ part["feed_forward.2.weight"].T
        x = normalised(z + out + part["feed_forward.2.bias"])
        np.testing.assert_allclose(seen.residual(layer + 1), x, atol=1e-4)


def normalised(rows: np.ndarray) -> np.ndarray:
    centred = rows - rows.mean(axis=1, keepdims=True)
    scaled: np.ndarray = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return scaled


@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_parameters_do_not_depend_on_heads(heads: int) -> None:
    made = encoder(replace(SHAPE, heads=heads))
    embeddings = 10 * 64 + 12 * 64
    attention = 4 * 64 * 64
    answers = 64 * 80 + 80
    assert sum(p.numel() for p in made.parameters()) == embeddings + attention + answers == 22_992
    assert made.config.parameters == 22_992


def test_parameters_with_feed_forward_and_without_positions() -> None:
    feed_forward = 16 * 32 + 32 + 32 * 16 + 16
    layer = 4 * 16 * 16 + feed_forward
    answers = 16 * 6 + 6
    for shape, places in ((DEEP, 6), (replace(DEEP, positions="none"), 0)):
        made = encoder(shape)
        by_hand = (5 + places) * 16 + 2 * layer + answers
        assert sum(p.numel() for p in made.parameters()) == by_hand == made.config.parameters


def test_gradients_reach_every_parameter() -> None:
    made = encoder(DEEP)
    texts = torch.randint(5, (4, 6), generator=torch.Generator().manual_seed(0))
    made(texts).square().sum().backward()
    for name, parameter in made.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_without_positions_order_cannot_be_seen() -> None:
    texts = torch.tensor([[0, 1, 2, 3, 4]])
    order = [3, 0, 4, 2, 1]
    with torch.no_grad():
        blind = encoder(replace(DEEP, positions="none"))
        torch.testing.assert_close(blind(texts)[:, order], blind(texts[:, order]))
        seeing = encoder(DEEP)
        assert not torch.allclose(seeing(texts)[:, order], seeing(texts[:, order]))


def test_nobody_looks_at_a_masked_token() -> None:
    made = encoder(DEEP)
    mask = torch.tensor([[1, 1, 1, 0]])
    with torch.no_grad():
        one = made(torch.tensor([[0, 1, 2, 3]]), attention_mask=mask)
        other = made(torch.tensor([[0, 1, 2, 4]]), attention_mask=mask)
    torch.testing.assert_close(one[:, :3], other[:, :3])


def test_weights_come_from_the_generator_alone() -> None:
    before = torch.get_rng_state()
    one, same, other = encoder(DEEP, 0), encoder(DEEP, 0), encoder(DEEP, 1)
    assert torch.equal(torch.get_rng_state(), before)
    for name, weight in one.state_dict().items():
        assert torch.equal(weight, same.state_dict()[name])
        assert not torch.equal(weight, other.state_dict()[name])


def test_a_traceable_model_keeps_its_own_weights() -> None:
    made = encoder(DEEP)
    model = as_model(made)
    before = trace("012", model).weights((1, 3))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.zero_()
    np.testing.assert_array_equal(trace("012", model).weights((1, 3)), before)
    assert not any(p.requires_grad for p in model.module.parameters())


def test_a_refusal_names_the_model_in_the_readers_language() -> None:
    made = encoder(SHAPE)
    model = traceable(made.config, made.state_dict(), DIGITS, "made", "Made", title_zh="做的")
    for refused in (lambda: trace("abc", model), lambda: control_of(model)):
        with pytest.raises(AttnvizError) as caught:
            refused()
        assert "Made" in caught.value.text("en")
        assert "做的" in caught.value.text("zh")
        assert "Made" not in caught.value.text("zh")
