"""Targets: the text that an encoder–decoder writes, as its decoder reads it.

A decoder reads what it has written so far: a token that starts the text, and then the text. The
text is typed, or written by the model itself, each token the likeliest one.
"""

from dataclasses import replace
from typing import Any

from torch import Tensor

from attnviz.capture.reading import Reading, read
from attnviz.capture.written import tokens_written
from attnviz.core.characters import visible
from attnviz.core.tokens import MOST_GENERATED, Token
from attnviz.errors import TextError
from attnviz.models import precision
from attnviz.models.load import Model
from attnviz.models.model import Target


def read_target(text: str | None, source: dict[str, Tensor], model: Model) -> Reading:
    """What the decoder reads: `text`, or without one what the model makes of the source.

    Raises:
        TextError: if the text cannot be read, or the model cannot write one by itself.
    """
    assert model.target is not None  # noqa: S101  # the caller has seen it
    if text is not None:
        shorter = replace(model.limits, tokens=model.limits.tokens - 1)
        return _started(read(text, None, replace(model, limits=shorter)), model, model.target)
    if not model.target.generates:
        raise TextError("target_needed", model=model.card)
    ids = _generated(source, model, model.target)
    return _read_again(ids, model, model.target) or tokens_written(ids, model)


def _read_again(ids: list[int], model: Model, target: Target) -> Reading | None:
    """The text that a model wrote, as its tokenizer reads it; None if it reads other tokens."""
    text = model.tokenizer.decode(ids, skip_special_tokens=True)
    try:
        again = _started(read(text, None, model), model, target)
    except TextError:
        return None
    return replace(again, dropped="") if again.ids == tuple(ids) else None


def _started(reading: Reading, model: Model, target: Target) -> Reading:
    """A text after the token that starts it, without the one that ends it."""
    ids, tokens = list(reading.ids), list(reading.tokens)
    if target.start is None:  # the last token, which names the language, is moved to the front
        ids, tokens = [ids[-1], *ids[:-1]], [tokens[-1], *tokens[:-1]]
    else:
        if ids[-1] in target.ends and tokens[-1].is_special:
            ids, tokens = ids[:-1], tokens[:-1]
        ids, tokens = [target.start, *ids], [_special(target.start, model), *tokens]
    places = {token.position: place for place, token in enumerate(tokens) if token.source}
    return replace(
        reading,
        ids=tuple(ids),
        types=(0,) * len(ids),
        left_out=tuple(replace(one, segment=2) for one in reading.left_out),
        tokens=tuple(replace(token, position=place) for place, token in enumerate(tokens)),
        unknown=tuple(
            replace(one, position=places[one.position])
            for one in reading.unknown
            if one.position in places
        ),
    )


def _generated(source: dict[str, Tensor], model: Model, target: Target) -> list[int]:
    """The tokens that the model writes, the likeliest one at a time."""
    module: Any = model.module
    most = min(MOST_GENERATED, model.limits.tokens - 1)
    options = {"max_new_tokens": most, "do_sample": False, "num_beams": 1, "use_cache": True}
    arguments = {name: value for name, value in source.items() if name != "token_type_ids"}
    with precision.inference(module):
        ids: list[int] = module.generate(**arguments, **options)[0].tolist()
    return ids[:-1] if len(ids) > 1 and ids[-1] in target.ends else ids


def _special(number: int, model: Model) -> Token:
    piece = model.tokenizer.id_to_token(number) or f"#{number}"
    return Token(visible(piece), piece, 0, None, 0, True, False, "")
