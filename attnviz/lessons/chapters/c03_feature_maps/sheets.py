"""What the opening figure draws, and where it stands."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.digits import printed
from attnviz.lessons.chapters.c03_feature_maps.looking import REACH
from attnviz.lessons.engine import Scene
from attnviz.pictures.elements import Area, Number
from attnviz.pictures.elements.sentence_words import nearby

MOST = 32  # tokens of a sheet; of a longer sentence those around the word


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things stand in one form of the figure."""

    width: int
    height: int
    photo: Area
    writing: Number  # size of the sentence
    front: Area  # of the pile
    spread: tuple[Number, Number]  # from the front of the pile to its back
    fan: Area
    looking: Area
    small: Number  # size of labels


WIDE = Plan(
    width=1200,
    height=620,
    photo=Area(16, 240, 300, 300),
    writing=23,
    front=Area(430, 235, 310, 310),
    spread=(430, -180),
    fan=Area(360, 10, 830, 600),
    looking=Area(360, 20, 830, 580),
    small=22.6,
)
NARROW = Plan(
    width=390,
    height=760,
    photo=Area(6, 8, 378, 170),
    writing=15,
    front=Area(76, 356, 208, 208),
    spread=(98, -125),
    fan=Area(8, 195, 374, 555),
    looking=Area(4, 200, 382, 540),
    small=12,
)


@dataclass(frozen=True, slots=True)
class Maps:
    """What is drawn: the weights of each head of a layer, among the tokens that are shown."""

    tokens: tuple[Token, ...]
    order: tuple[HeadId, ...]  # the head that is followed first
    sheets: dict[HeadId, Float[np.ndarray, "query key"]]
    denied: dict[HeadId, Bool[np.ndarray, "query key"]]  # of heads that may not look everywhere
    focus: Token
    key: Token  # the strongest one shown of the focus
    weight: float
    largest: float

    @property
    def head(self) -> HeadId:
        """The head that is followed."""
        return self.order[0]

    def place(self, token: Token) -> int:
        """Which row and column of a sheet a token has."""
        return token.position - self.tokens[0].position


def maps_of(scene: Scene) -> Maps:
    """The maps of the layer of the head that is followed."""
    head, focus = scene.head("head"), scene.number("word")
    all_tokens = scene.trace.tokens
    tokens = tuple(all_tokens[at] for at in nearby(len(all_tokens), focus, MOST))
    shown = slice(tokens[0].position, tokens[-1].position + 1)
    weights = scene.trace.layer_weights(head.layer)[:, shown, shown]
    sheets = {HeadId(head.layer, n): np.ascontiguousarray(sheet) for n, sheet in enumerate(weights)}
    allowed = allowed_in_layer(scene.trace, head.layer)
    denied = {} if allowed is None else {h: ~allowed[h.head, shown, shown] for h in sheets}
    row = sheets[head][focus - shown.start]
    at = int(row.argmax())
    return Maps(
        tokens=tokens,
        order=(head, *(one for one in sheets if one != head)),
        sheets=sheets,
        denied=denied,
        focus=all_tokens[focus],
        key=tokens[at],
        weight=float(row[at]),
        largest=float(weights.max()),
    )


def said_of(maps: Maps) -> dict[str, object]:
    """What its texts are filled with."""
    return {
        "head": maps.head,
        "layer": maps.head.layer,
        "focus": maps.focus.text,
        "key": maps.key.text,
        "weight": printed(maps.weight, 2),
        "shown": len(maps.tokens),
        "width": len(REACH),
    }
