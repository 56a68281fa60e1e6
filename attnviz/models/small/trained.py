"""An encoder of our own as a `Model`: what `attnviz.trace` is given."""

import hashlib
from collections.abc import Mapping

import torch
from torch import Tensor

from attnviz.core.card import ModelCard
from attnviz.models.layout import layer_weights, shown, watch
from attnviz.models.model import Limits, Model
from attnviz.models.places import Place
from attnviz.models.small.alphabet import UNKNOWN, Alphabet
from attnviz.models.small.encoder import FAMILY, Encoder
from attnviz.models.small.shape import EncoderShape
from attnviz.models.task_head import TaskHead, watch_answer
from attnviz.runtime.limits import limits

Weights = Mapping[str, Tensor]


def traceable(
    shape: EncoderShape,
    weights: Weights,
    alphabet: Alphabet,
    name: str,
    title: str,
    made_by: str = "",
    title_zh: str = "",
    choices: tuple[str, ...] = (),
) -> Model:
    """A read-only model with a copy of `weights`, hooked for capture like any other.

    `made_by` is Python that makes it again; `choices` are the names of its classes.
    """
    with torch.device("meta"):
        encoder = Encoder(shape)
    encoder.to_empty(device="cpu")
    encoder.load_state_dict(weights)
    encoder.train(False).requires_grad_(False)
    places = tuple(
        Place(
            key=("self", index),
            attention=layer.attention,
            learned=layer_weights(
                layer.attention.w_q,
                layer.attention.w_k,
                layer.attention.w_v,
                layer.attention.w_o,
                layer.after_attention,
            ),
            output=layer.attention.w_o,
            block=layer,
            after_attention=layer.after_attention,
        )
        for index, layer in enumerate(encoder.blocks())
    )
    watch(places)
    head = _head(shape, alphabet, choices)
    if head is not None:
        watch_answer(encoder)
    return Model(
        name=name,
        card=_card(shape, name, title, fingerprint(weights), made_by, title_zh),
        limits=Limits(shape.tokens, limits().characters),
        tokenizer=alphabet.tokenizer(),
        unknown_token=UNKNOWN,
        mask_token=None,  # our alphabets have no such symbol
        byte_level=False,
        gives_types=False,
        segments=0,
        module=encoder,
        places=places,
        capabilities=shown(places) | ({"predictions"} if head else set()),
        alphabet=alphabet,
        task_head=head,
    )


def _head(shape: EncoderShape, alphabet: Alphabet, choices: tuple[str, ...]) -> TaskHead | None:
    """What a model of ours says at each token, if it is asked one question about it."""
    if shape.questions > 1 or len(choices) != shape.classes:
        return None
    is_language_model = shape.is_causal and choices == alphabet.symbols
    return TaskHead("causal-lm" if is_language_model else "token-classification", choices)


def fingerprint(weights: Weights) -> str:
    """SHA-256 of the numbers, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].numpy().tobytes())
    return digest.hexdigest()


def _card(
    shape: EncoderShape, name: str, title: str, revision: str, made_by: str, title_zh: str
) -> ModelCard:
    return ModelCard(
        name=name,
        title=title,
        source="trained",
        family=FAMILY,
        revision=revision,
        layers=shape.layers,
        heads=shape.heads,
        d_model=shape.d_model,
        d_head=shape.d_head,
        max_tokens=shape.tokens,
        vocabulary=shape.symbols,
        made_by=made_by,
        title_zh=title_zh,
        architecture="decoder" if shape.is_causal else "encoder",
    )
