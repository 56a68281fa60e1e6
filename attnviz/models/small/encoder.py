"""Our own small encoder and decoder, written to be read beside a note on multi-head attention.

    x    the embedding of each token, plus that of its place
    q k v   x W_Q, x W_K, x W_V, for each head
    z    of each head: softmax(q kᵀ / √d_head) v
    z    of the layer: LayerNorm(x + concat(z of all heads) W_O)      Add & Norm
    r    of the layer: LayerNorm(z + FFN(z)) with a feed-forward network, else z

Vaswani et al. 2017, "Attention Is All You Need", §3.1–3.3. W_Q, W_K, W_V and W_O have no
bias and LayerNorm has no gain, as in the note, so that every parameter is one of the
note's matrices. However many heads share d_model, the parameters are the same.

A decoder (as in GPT) is the same code with a causal mask: a token sees no later one.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from attnviz.models import hooks
from attnviz.models.small.shape import EncoderShape

FAMILY = "attnviz"


class MultiHeadAttention(nn.Module):
    """Several heads look at once; W_O mixes what they saw.

    Head h reads the outputs h·d_head … (h+1)·d_head of W_Q, W_K and W_V: side by side in
    one matrix they are the note's W_Q^h, W_K^h, W_V^h of all heads.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        d = shape.d_model
        self.heads = shape.heads
        self.is_causal = shape.is_causal  # read by the attention function, where no mask is given
        self.w_q = nn.Linear(d, d, bias=False)
        self.w_k = nn.Linear(d, d, bias=False)
        self.w_v = nn.Linear(d, d, bias=False)
        self.w_o = nn.Linear(d, d, bias=False)

    def forward(
        self,
        x: Float[Tensor, "batch token d_model"],
        may_look: Bool[Tensor, "batch 1 #token token"] | None = None,
    ) -> Float[Tensor, "batch token d_model"]:
        """Concat(softmax(q kᵀ / √d_head) v) W_O."""
        q, k, v = self._split(self.w_q(x)), self._split(self.w_k(x)), self._split(self.w_v(x))
        z, _ = hooks.attention(self, q, k, v, may_look, scaling=q.shape[-1] ** -0.5)
        mixed: Tensor = self.w_o(z.flatten(start_dim=2))  # z arrives as "batch token head d_head"
        return mixed

    def _split(
        self, side_by_side: Float[Tensor, "batch token d_model"]
    ) -> Float[Tensor, "batch {self.heads} token d_head"]:
        return side_by_side.view(*side_by_side.shape[:2], self.heads, -1).transpose(1, 2)


class EncoderLayer(nn.Module):
    """Attention with Add & Norm, then, where there is one, feed-forward with Add & Norm."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        d = shape.d_model
        self.attention = MultiHeadAttention(shape)
        self.after_attention = nn.LayerNorm(d, elementwise_affine=False)
        self.feed_forward = (
            nn.Sequential(nn.Linear(d, shape.d_ff), nn.ReLU(), nn.Linear(shape.d_ff, d))
            if shape.d_ff
            else None
        )
        self.after_feed_forward = nn.LayerNorm(d, elementwise_affine=False)

    def forward(
        self,
        x: Float[Tensor, "batch token d_model"],
        may_look: Bool[Tensor, "batch 1 #token token"] | None = None,
    ) -> Float[Tensor, "batch token d_model"]:
        """From x to r."""
        z: Tensor = self.after_attention(x + self.attention(x, may_look))
        if self.feed_forward is None:
            return z
        r: Tensor = self.after_feed_forward(z + self.feed_forward(z))
        return r


class Encoder(nn.Module):
    """Embeddings, a stack of layers, and a linear read-out of the answers.

    With a shape that is causal it is a decoder.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.config = shape
        self.symbols = nn.Embedding(shape.symbols, shape.d_model)
        self.places = (
            nn.Embedding(shape.tokens, shape.d_model) if shape.positions == "learned" else None
        )
        self.layers = nn.ModuleList(EncoderLayer(shape) for _ in range(shape.layers))
        self.answers = nn.Linear(shape.d_model, shape.questions * shape.classes)

    def blocks(self) -> list[EncoderLayer]:
        """The layers, by their own type."""
        return [layer for layer in self.layers if isinstance(layer, EncoderLayer)]

    def forward(
        self,
        input_ids: Int[Tensor, "batch token"],
        attention_mask: Int[Tensor, "batch token"] | None = None,
    ) -> Float[Tensor, "batch token question class"]:
        """A score for every answer to every question about every token."""
        x = self.symbols(input_ids)
        if self.places is not None:
            x = x + self.places.weight[: input_ids.shape[1]]
        may_look = None if attention_mask is None else self._may_look(attention_mask)
        for layer in self.layers:
            x = layer(x, may_look)
        scores: Tensor = self.answers(x)  # "batch token question·class"
        return scores.view(*input_ids.shape, self.config.questions, self.config.classes)

    def _may_look(
        self, attention_mask: Int[Tensor, "batch token"]
    ) -> Bool[Tensor, "batch 1 #token token"]:
        """Which token may look at which: at those of the text, in a decoder at no later one."""
        may_look = attention_mask.bool()[:, None, None]  # "batch 1 1 token"
        if self.config.is_causal:
            tokens = attention_mask.shape[1]
            square = torch.ones(tokens, tokens, dtype=torch.bool, device=may_look.device)
            may_look = may_look & square.tril()  # "batch 1 token token"
        return may_look


def new_encoder(shape: EncoderShape, generator: torch.Generator) -> Encoder:
    """An encoder with random weights, drawn from `generator` alone.

    Embeddings are normal; matrices and biases uniform in ± 1 / √(inputs), as torch does.
    """
    with torch.device("meta"):  # torch's own initialisation would draw from the global generator
        encoder = Encoder(shape)
    encoder.to_empty(device="cpu")
    with torch.no_grad():
        for module in encoder.modules():
            if isinstance(module, nn.Embedding):
                module.weight.normal_(generator=generator)
            elif isinstance(module, nn.Linear):
                bound = module.in_features**-0.5
                for parameter in module.parameters():
                    parameter.uniform_(-bound, bound, generator=generator)
    return encoder
