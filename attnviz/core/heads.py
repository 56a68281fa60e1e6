"""The name of a head."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, get_args

from attnviz import checks
from attnviz.errors import ArgumentError

Kind = Literal["self", "encoder", "decoder", "cross"]

# the tokens that look, and those that are looked at
SEQUENCES: dict[Kind, tuple[str, str]] = {
    "self": ("text", "text"),
    "encoder": ("source", "source"),
    "decoder": ("target", "target"),
    "cross": ("target", "source"),
}
PREFIXES: dict[Kind, str] = {"self": "", "encoder": "enc ", "decoder": "dec ", "cross": "cross "}


if TYPE_CHECKING:
    _Pair = tuple[int, int]
else:
    _Pair = tuple  # of other kinds it holds three


class HeadId(_Pair):
    """A head, counted from 0, written L0·H2.

    It is the pair that callers write, (0, 2), and equal to it. Heads of an encoder–decoder are
    the three (0, 2, "cross"): what reads a pair refuses them, and never takes one for another.
    """

    __slots__ = ()

    def __new__(cls, layer: int, head: int, kind: Kind = "self") -> "HeadId":
        """The head of a layer of one kind of attention."""
        parts: Any = (layer, head) if kind == "self" else (layer, head, kind)
        return super().__new__(cls, parts)

    def __getnewargs__(self) -> tuple[int, int, Kind]:
        return self.layer, self.head, self.kind

    @property
    def layer(self) -> int:
        """Its layer, among those of its kind."""
        return self[0]

    @property
    def head(self) -> int:
        """Its place in the layer."""
        return self[1]

    @property
    def kind(self) -> Kind:
        """Which attention of the model it is of."""
        parts: tuple[Any, ...] = self
        kind: Kind = "self" if len(parts) == 2 else parts[2]
        return kind

    def of_kind(self, kind: Kind) -> "HeadId":
        """This head; one of "self" is that of a model with another kind alone."""
        return HeadId(self.layer, self.head, kind) if self.kind == "self" else self

    def __str__(self) -> str:
        return f"{PREFIXES[self.kind]}L{self.layer}·H{self.head}"

    def __repr__(self) -> str:
        kind = "" if self.kind == "self" else f", kind={self.kind!r}"
        return f"HeadId(layer={self.layer!r}, head={self.head!r}{kind})"


AnyHead = HeadId | tuple[int, int] | tuple[int, int, Kind]


def as_head(given: object) -> HeadId:
    """A head from any pair of whole numbers, or from such a pair and the kind of attention.

    Raises:
        ArgumentError: if it is none.
    """
    parts = _parts(given)
    match [checks.number(one) for one in parts[:2]], parts[2:]:
        case [int(layer), int(head)], []:
            return HeadId(layer, head)
        case [int(layer), int(head)], [str(kind)] if kind in get_args(Kind):
            return HeadId(layer, head, kind)  # type: ignore[arg-type]  # one of them, as seen
    raise ArgumentError("no_head", value=checks.quoted(given))


def _parts(given: object) -> list[Any]:
    """The members of what may be a pair; none of text, and of what cannot be gone through."""
    try:
        return [] if isinstance(given, str) else list(given)  # type: ignore[call-overload]
    except TypeError:  # a tensor of one number says that it can be
        return []


def as_heads(given: object) -> tuple[HeadId, ...]:
    """Heads from any list of such pairs.

    Raises:
        ArgumentError: if it is none, or empty.
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise ArgumentError("no_head", value=checks.quoted(given))
    heads = tuple(map(as_head, given))
    if not heads:
        raise ArgumentError("no_heads")
    return heads
