"""The attention map: what every picture of attention is drawn from, and nothing else.

Rows are queries and columns are keys; the two may differ in number and meaning. A map comes
from a head, from several, from a difference of two traces, or from anywhere else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.core.arrays import real_numbers
from attnviz.core.characters import check_whole, visible
from attnviz.core.tokens import Token
from attnviz.errors import CaptureError
from attnviz.texts import Message

Scale = Literal["share", "signed"]  # 0 to 1, or −1 to 1
_LEAST: dict[Scale, float] = {"share": 0.0, "signed": -1.0}
MOST_PAIRS = 2_048**2  # of a query and a key in one map that is computed or drawn as a whole
_ROUNDING = 1e-6  # what float32 may put a value beyond its scale


@dataclass(frozen=True, slots=True)
class Place:
    """One row or column of a map: a token, or a word of several."""

    text: str
    positions: tuple[int, ...]  # of the tokens that it stands for
    is_special: bool = False
    is_unknown: bool = False
    segment: int = 0  # the text that it is of: 1 for the second of a pair
    mark: str = ""  # of a piece that goes on with a word, as its tokenizer writes it: ##
    source: str = ""  # of an unknown token: the characters that it hides

    @property
    def label(self) -> str:
        """The text with what its tokenizer marks, or with the characters that it hides."""
        return f"{self.text} {self.source}" if self.source else self.mark + self.text

    @property
    def name(self) -> str:
        """The text and where it stands: duplicates stay distinct."""
        first, last = self.positions[0], self.positions[-1]
        return f"{self.text} ({first})" if first == last else f"{self.text} ({first}–{last})"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a lens took away, to be said on the picture."""

    pieces_merged: int = 0  # tokens that went into words of several
    no_words: int = 0  # places of a script without spaces, which are no words
    segmented: int = 0  # words of such a script that a segmenter found
    special_hidden: int = 0
    special_share: float = 0.0  # mean over heads and shown queries of what they gave to those
    renormalised: bool = False
    rows_empty: int = 0  # rows with nothing left to renormalise
    weak_hidden: int = 0  # weights below the thresholds
    weak_share: float = 0.0  # of a whole row, mean over the rows that `Lens.between` asks for
    between_hidden: int = 0  # weights between other texts of a pair than those that are asked for
    between_share: float = 0.0  # of a whole row, mean over the rows that it asks for
    not_allowed: int = 0  # pairs that a mask does not allow
    span: tuple[int, int] | None = None  # the first and the last token that is shown
    tokens: int = 0  # of the whole text
    outside_share: float = 0.0  # of a whole row on keys beyond the span, mean over shown queries


@dataclass(frozen=True, slots=True, eq=False)
class AttentionMap:
    """A value for each row (query) and column (key), with what is allowed and what is shown.

    Values are shares from 0 to 1, or of either sign from −1 to 1, such as a difference.
    Where a pair is not allowed there is no value: the 0 that stands there counts nowhere.
    """

    rows: tuple[Place, ...]
    columns: tuple[Place, ...]
    values: Float[np.ndarray, "row column"]
    shown: Bool[np.ndarray, "row column"]  # allowed, and above the thresholds
    whole: Float[np.ndarray, " row"]  # what each row sums to, hidden columns included
    allowed: Bool[np.ndarray, "row column"] | None = None  # None: every pair
    scale: Scale = "share"
    withheld: Withheld = Withheld()
    formula: Message | None = None  # how the values came about
    title: Message | None = None
    # of a map that is computed from weights: the share of those on special tokens
    special_before: float | None = None
    # of a difference of two heads: the Jensen–Shannon divergence of their rows, in bits
    # and no number where `Lens.between` leaves a row empty
    divergence: Float[np.ndarray, " row"] | None = None

    @classmethod
    def from_values(
        cls,
        values: Any,
        rows: Any,
        columns: Any = None,
        *,
        allowed: Any = None,
        scale: Scale = "share",
        title: str = "",
        formula: str = "",
    ) -> "AttentionMap":
        """A map of values that come from anywhere.

        `values` are "row column", an array or tensor of any framework. `rows` and `columns` are
        the texts of queries and keys; without `columns` the keys are the queries. `allowed` is
        1 where a query may look at a key and 0 where not; `title` and `formula` are texts.

        Raises:
            ArgumentError: if there is no such scale, or title or formula are no texts.
            CaptureError: if shapes do not fit, a value is beyond its scale, or there is one
                where nothing is allowed.
        """
        checks.one_of("scale", scale, get_args(Scale))
        for name, text in (("title", title), ("formula", formula)):
            checks.text(name, text)
        queries = _places(rows)
        keys = queries if columns is None else _places(columns)
        array = real_numbers(values)
        may = ~np.ma.getmaskarray(array)
        if array.shape != (len(queries), len(keys)) or not array.size:
            raise CaptureError("map_shape", shape=array.shape, rows=len(queries), columns=len(keys))
        if allowed is not None:
            may = may & _mask(allowed, array.shape)
        kept = _checked(np.ma.filled(array, 0), may, scale)
        check_whole(title, formula)
        return cls(
            rows=queries,
            columns=keys,
            values=kept,
            shown=may,
            whole=kept.sum(axis=1, dtype=float),
            allowed=None if may.all() else may,
            scale=scale,
            withheld=Withheld(not_allowed=int((~may).sum())),
            formula=_named(formula),
            title=_named(title),
        )

    def __repr__(self) -> str:
        name = "" if self.title is None else f"{self.title.text()}, "
        return f"<AttentionMap: {name}{len(self.rows)} × {len(self.columns)}, {self.scale}>"

    @property
    def is_signed(self) -> bool:
        """Whether values have a sign."""
        return self.scale == "signed"

    @property
    def denied(self) -> Bool[np.ndarray, "row column"]:
        """The pairs that are not allowed."""
        return np.zeros(self.values.shape, bool) if self.allowed is None else ~self.allowed

    @property
    def special_share(self) -> float | None:
        """How much of a whole row is on special tokens, mean over the rows that hold something.

        None of values of either sign, which are no shares.
        """
        if self.is_signed:
            return None
        holds = self.whole > 0
        special = np.array([place.is_special for place in self.columns])
        return share_of(
            self.values[holds],
            np.broadcast_to(special, self.values[holds].shape),
            self.whole[holds],
        )

    def share(
        self, cells: Bool[np.ndarray, "row column"], rows: Bool[np.ndarray, " row"] | None = None
    ) -> float:
        """How much of a whole row is in `cells`, mean over `rows`, or over all."""
        of = slice(None) if rows is None else rows
        return share_of(self.values[of], cells[of], self.whole[of])


def second_text(places: Sequence[Place | Token]) -> int | None:
    """Where the second text of a pair begins among these places; None where there is none."""
    return next((n for n, one in enumerate(places) if one.segment != places[0].segment), None)


def share_of(
    values: Float[np.ndarray, "row column"],
    cells: Bool[np.ndarray, "row column"],
    whole: Float[np.ndarray, " row"],
) -> float:
    """How much of each whole row is in `cells`, mean over the rows; rows of 0 hold 0."""
    if not values.size:
        return 0.0
    sums = np.where(cells, values, 0).sum(axis=1, dtype=float)
    shares: np.ndarray = np.divide(sums, whole, where=whole > 0, out=np.zeros_like(sums))
    return float(shares.mean())


def _places(given: Any) -> tuple[Place, ...]:
    """Texts as places, counted from 0; places as they are."""
    parts = list(given) if isinstance(given, Iterable) else [given]
    strange = [repr(part) for part in parts if not isinstance(part, str | Place)]
    if strange:
        raise CaptureError("not_texts", found=", ".join(strange[:3]))
    check_whole(*(part for part in parts if isinstance(part, str)))
    return tuple(
        part if isinstance(part, Place) else Place(visible(part.strip(" ") or "␣"), (position,))
        for position, part in enumerate(parts)
    )


def _named(text: str) -> Message | None:
    return Message("map.named", {"name": text}) if text else None


def _mask(allowed: Any, shape: tuple[int, ...]) -> Bool[np.ndarray, "row column"]:
    mask = np.ma.filled(real_numbers(allowed), 0)
    if mask.shape != shape:
        raise CaptureError("map_mask_shape", shape=mask.shape, rows=shape[0], columns=shape[1])
    if not ((mask == 0) | (mask == 1)).all():
        raise CaptureError("mask_values")
    return np.asarray(mask == 1)


def _checked(array: np.ndarray, may: np.ndarray, scale: Scale) -> Float[np.ndarray, "row column"]:
    """The values within their scale and read only; 0 where nothing is allowed."""
    behind = ~may & (np.abs(array) > _ROUNDING)  # false for what is no number
    if behind.any():
        raise CaptureError("weights_behind_mask", count=f"{int(behind.sum()):,}")
    least = _LEAST[scale]
    within = ~may | ((array >= least - _ROUNDING) & (array <= 1 + _ROUNDING))
    if not within.all():
        count = f"{int((~within).sum()):,}"
        raise CaptureError("map_values", count=count, least=f"{least:g}".replace("-", "−"))
    kind = array.dtype if array.dtype.kind == "f" else np.float64
    kept: np.ndarray = np.where(may, np.clip(array, least, 1), 0).astype(kind)
    kept.flags.writeable = False
    return kept
