"""The lens: what of a head's attention is shown, and a count of all that is not.

In this order: pieces are merged to words, special tokens are hidden, what is left is
renormalised, heads are combined, weak weights are hidden, a span of the text is cut out, and of a
pair of texts what runs between others than those asked for is hidden. Each step is asked for, and
each is counted. Heads are combined once each has been merged and
renormalised: a cell of their maximum is the largest of the cells that their own pictures show,
and no weight passes 1.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Literal, get_args

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.analysis.combine import Combination, combined
from attnviz.capture.grouping import is_unspaced
from attnviz.core.characters import visible
from attnviz.core.maps import AttentionMap, Place, Withheld, share_of
from attnviz.core.tokens import Token
from attnviz.errors import CaptureError

Unit = Literal["piece", "word"]
MapKind = Literal["raw", "norm_weighted", "rollout", "flow"]  # of weights, or computed from them
Between = Literal["all", "a_to_a", "a_to_b", "b_to_a", "b_to_b"]  # the texts of a pair
CONTINUED = "##"  # before a piece that goes on with a word
_TEXTS = "ab"  # by segment
_ROUNDING = 1e-5  # of a sum of weights


@dataclass(frozen=True, slots=True)
class Lens:
    """What the viewer asks for.

    Raises:
        ArgumentError: if something is asked for that there is not.
    """

    unit: Unit = "piece"
    hide_special: bool = False
    renormalise: bool = False  # what is left of each row, to a sum of 1
    at_least: float = 0.0  # hide weights below this
    strongest: float = 1.0  # of each row, show the strongest until this share is reached
    span: tuple[int, int] | None = None  # the first and the last token shown; of two texts, key
    map: MapKind = "raw"  # which map of a head or, of rollout and flow, of its layer
    between: Between = "all"  # of a pair of texts: from which to which, special tokens included

    def __post_init__(self) -> None:
        checks.one_of("unit", self.unit, get_args(Unit))
        checks.one_of("map", self.map, get_args(MapKind))
        checks.one_of("between", self.between, get_args(Between))
        for names, check in (
            (("hide_special", "renormalise"), checks.flag),
            (("at_least", "strongest"), checks.share),
        ):
            for name in names:
                object.__setattr__(self, name, check(name, getattr(self, name)))
        if self.span is not None:
            object.__setattr__(self, "span", checks.span("span", self.span))

    def part(self, tokens: Sequence[Token]) -> slice:
        """The tokens that the span holds; with `unit="word"`, to the ends of its words."""
        if self.span is None:
            return slice(0, len(tokens))
        first, last = (min(position, len(tokens) - 1) for position in self.span)
        while self.unit == "word" and _are_one_word(tokens, first - 1):
            first -= 1
        while self.unit == "word" and _are_one_word(tokens, last):
            last += 1
        return slice(first, last + 1)

    @property
    def is_of_layers(self) -> bool:
        """Whether a map is of a whole layer, and of no head."""
        return self.map in ("rollout", "flow")

    def parts(self, queries: Sequence[Token], keys: Sequence[Token]) -> tuple[slice, slice]:
        """The queries and the keys that are shown: where these are two texts, all queries."""
        of_keys = self.part(keys)
        return (of_keys if queries is keys else slice(0, len(queries))), of_keys


def apply_lens(
    weights: Float[np.ndarray, "query key"],
    tokens: Sequence[Token],
    lens: Lens,
    allowed: Bool[np.ndarray, "query key"] | None = None,
    columns: Sequence[Token] | None = None,
) -> AttentionMap:
    """One head's weights through the lens. Pairs that are not allowed are not shown.

    The weights are those that are given, whatever map the lens names.

    `tokens` are the queries, `columns` the keys; without `columns`, and where they are the same,
    the keys are the queries.
    """
    part, _ = lens.parts(tokens, tokens if columns is None else columns)
    may = None if allowed is None else allowed[part]
    return look_at([weights[part]], tokens, lens, "mean", may, columns)


def look_at(
    heads: Iterable[Float[np.ndarray, "query key"]],
    tokens: Sequence[Token],
    lens: Lens,
    how: Combination,
    allowed: Bool[np.ndarray, "query key"] | None = None,
    columns: Sequence[Token] | None = None,
    *,
    has_sink: bool = False,
) -> AttentionMap:
    """Several heads' weights through the lens, combined to one.

    What is hidden is a share of a whole row: if it `has_sink`, with what a learned sink takes.

    `heads` and `allowed` have the queries of `lens.parts(tokens, columns)`, and all keys.

    Raises:
        CaptureError: if the lens asks for one text of a pair, and there is no pair.
    """
    columns = tokens if columns is None else columns
    check_between(lens, tokens, columns)
    of_queries, of_keys = lens.parts(tokens, columns)
    queries = _side(tokens[of_queries], lens)
    keys = queries if columns is tokens and lens.span is None else _side(columns, lens)
    is_near = keys.within(of_keys)[keys.stays]  # of the keys that are left
    renormalised = lens.renormalise and lens.hide_special
    special_shares: list[float] = []

    def rows(weights: np.ndarray) -> np.ndarray:
        """What is left of a head's rows; hidden columns are kept where nothing follows them."""
        merged = merge(weights, queries.places, keys.places)[queries.stays]
        hidden = np.broadcast_to(~keys.stays, merged.shape)
        of = np.ones(len(merged)) if has_sink else merged.sum(axis=1)
        special_shares.append(share_of(merged, hidden, of))
        return renormalise(merged[:, keys.stays]) if renormalised else merged

    left = combined(map(rows, heads), how)
    is_part = has_sink and not renormalised
    whole = np.ones(len(left)) if is_part else left.sum(axis=1, dtype=float)
    if not renormalised:
        left = left[:, keys.stays]
    may = None
    if allowed is not None:
        between = merge(allowed.astype(np.float32), queries.places, keys.places)
        may = between[np.ix_(queries.stays, keys.stays)][:, is_near] > 0
    strongest = strong(left, lens)[:, is_near]
    outside = share_of(left, np.broadcast_to(~is_near, left.shape), whole)
    left = left[:, is_near]
    near = tuple(key for key, stays in zip(keys.shown, is_near, strict=True) if stays)
    asked = runs_between(queries.shown, near, lens.between)
    rows_asked = asked.any(axis=1)  # of the other text no row is shown, nor does one count
    shown = (strongest if may is None else strongest & may) & asked
    weak = (~strongest if may is None else may & ~strongest) & asked
    other = ~asked if may is None else may & ~asked
    sides = (keys,) if columns is tokens else (queries, keys)  # each side is counted once
    apart = (queries,) if columns is tokens else (queries, _side(columns[of_keys], lens))
    return AttentionMap(
        rows=queries.shown,
        columns=near,
        values=left,
        shown=shown,
        whole=whole,
        allowed=None if may is None or may.all() else may,
        withheld=Withheld(
            pieces_merged=sum(side.pieces_merged for side in apart),
            no_words=sum(side.no_words for side in apart) if lens.unit == "word" else 0,
            segmented=sum(side.segmented for side in apart) if lens.unit == "word" else 0,
            special_hidden=sum(int((~side.stays).sum()) for side in sides),
            special_share=float(np.mean(special_shares)),
            renormalised=renormalised,
            rows_empty=int((whole == 0).sum()) if renormalised else 0,
            weak_hidden=int(weak.sum()),
            weak_share=share_of(left[rows_asked], weak[rows_asked], whole[rows_asked]),
            between_hidden=int(other.sum()),
            between_share=share_of(left[rows_asked], other[rows_asked], whole[rows_asked]),
            not_allowed=0 if may is None else int((~may).sum()),
            span=None if lens.span is None else (of_keys.start, of_keys.stop - 1),
            tokens=len(columns),
            outside_share=outside,
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The queries or the keys of a map through the lens."""

    tokens: Sequence[Token]
    places: tuple[Place, ...]
    stays: Bool[np.ndarray, " place"]  # false where the lens hides a place

    @property
    def shown(self) -> tuple[Place, ...]:
        return tuple(place for place, stays in zip(self.places, self.stays, strict=True) if stays)

    def within(self, part: slice) -> Bool[np.ndarray, " place"]:
        """Which places stand in a part of the text."""
        first = np.array([place.positions[0] for place in self.places], int)
        return np.asarray((first >= part.start) & (first < part.stop))

    @property
    def pieces_merged(self) -> int:
        return sum(len(p.positions) for p in self.places if len(p.positions) > 1)

    @property
    def no_words(self) -> int:
        return self._holding(lambda t: is_unspaced(t.source) and not t.is_segmented)

    @property
    def segmented(self) -> int:
        return self._holding(lambda token: token.is_segmented)

    def _holding(self, wanted: Callable[[Token], bool]) -> int:
        """How many places hold such a token."""
        positions = {token.position for token in self.tokens if wanted(token)}
        return sum(not positions.isdisjoint(place.positions) for place in self.places)


def _side(tokens: Sequence[Token], lens: Lens) -> _Side:
    places = _places(tokens, lens.unit)
    stays = [not (lens.hide_special and place.is_special) for place in places]
    return _Side(tokens, places, np.array(stays, bool))


def rows_shown(
    weights: Float[np.ndarray, "query key"],
    tokens: Sequence[Token],
    columns: Sequence[Token],
    lens: Lens,
) -> Float[np.ndarray, "row column"]:
    """The rows that a lens shows, with all their columns; `weights` as of `look_at`."""
    part, _ = lens.parts(tokens, columns)
    queries, keys = _side(tokens[part], lens), _side(columns, lens)
    rows: np.ndarray = merge(weights, queries.places, keys.places)[queries.stays]
    return rows


def places_shown(
    queries: Sequence[Token], keys: Sequence[Token], lens: Lens
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """The places that a lens shows, as rows and as columns."""
    of_queries, of_keys = lens.parts(queries, keys)
    return _side(queries[of_queries], lens).shown, _side(keys[of_keys], lens).shown


def are_two_texts(queries: Sequence[Token], keys: Sequence[Token]) -> bool:
    """Whether these are the tokens of a pair of texts, which look at each other."""
    return queries is keys and len({token.segment for token in queries}) > 1


def check_between(lens: Lens, queries: Sequence[Token], keys: Sequence[Token]) -> None:
    """Make sure that there are the two texts between which the lens asks to look.

    Raises:
        CaptureError: if not.
    """
    if lens.between != "all" and not are_two_texts(queries, keys):
        raise CaptureError("no_pair_to_filter", value=lens.between)


def runs_between(
    rows: Sequence[Place], columns: Sequence[Place], between: Between
) -> Bool[np.ndarray, "row column"]:
    """Which cells run from the text that is asked for to the other, or to itself."""
    if between == "all":
        return np.ones((len(rows), len(columns)), bool)
    of_queries, of_keys = (_TEXTS.index(text) for text in between.split("_to_"))
    looks = np.array([row.segment == of_queries for row in rows], bool)
    is_seen = np.array([column.segment == of_keys for column in columns], bool)
    asked: np.ndarray = looks[:, None] & is_seen
    return asked


def _are_one_word(tokens: Sequence[Token], position: int) -> bool:
    """Whether the token at a position and the one after it are of one word."""
    if not 0 <= position < len(tokens) - 1:
        return False
    word = tokens[position].word
    return word is not None and word == tokens[position + 1].word


def merge(
    weights: Float[np.ndarray, "query key"], rows: Sequence[Place], columns: Sequence[Place]
) -> Float[np.ndarray, "row column"]:
    """Weights between places: summed over keys, averaged over queries.

    A word is looked at as much as all its pieces, and looks as its pieces do on average,
    so rows still sum to 1 (Clark et al. 2019, §4.1).
    """
    if (len(rows), len(columns)) == weights.shape:
        return weights
    over_keys = np.add.reduceat(weights, _firsts(columns), axis=1)
    sizes = np.array([[len(place.positions)] for place in rows], dtype=weights.dtype)
    merged: np.ndarray = np.add.reduceat(over_keys, _firsts(rows), axis=0) / sizes
    beyond = (merged > 1) & (merged < 1 + _ROUNDING)
    merged[beyond] = 1  # float32 sums of shares pass their own sum of 1
    return merged


def _firsts(places: Sequence[Place]) -> list[int]:
    """Where the tokens of each place begin."""
    return [0, *accumulate(len(place.positions) for place in places[:-1])]


def renormalise(weights: Float[np.ndarray, "query key"]) -> Float[np.ndarray, "query key"]:
    """Each row divided by its sum. A row of zeros stays as it is."""
    sums = weights.sum(axis=1, keepdims=True)
    shares: np.ndarray = np.divide(weights, sums, where=sums > 0, out=weights.copy())
    return shares


def strong(weights: Float[np.ndarray, "query key"], lens: Lens) -> Bool[np.ndarray, "query key"]:
    """Which weights pass both thresholds of the lens."""
    shown = weights >= lens.at_least
    if lens.strongest < 1:
        order = np.argsort(-weights, axis=1, kind="stable")
        ordered = np.take_along_axis(weights, order, axis=1)
        before = np.cumsum(ordered, axis=1) - ordered  # what stronger weights already reach
        needed = before < lens.strongest * ordered.sum(axis=1, keepdims=True)
        among = np.empty_like(shown)
        np.put_along_axis(among, order, needed, axis=1)
        shown &= among
    return shown


def _places(tokens: Sequence[Token], unit: Unit) -> tuple[Place, ...]:
    def group_of(token: Token) -> tuple[int, int]:
        apart = unit == "piece" or token.word is None
        return (token.position, -1) if apart else (-1, token.word or 0)

    return tuple(_place(list(group), unit) for _, group in groupby(tokens, key=group_of))


def _place(tokens: list[Token], unit: Unit) -> Place:
    whole = tokens[0].word_text if unit == "word" else ""
    first, is_alone = tokens[0], len(tokens) == 1 and not whole
    return Place(
        text=whole or "".join(token.text for token in tokens),
        positions=tuple(token.position for token in tokens),
        is_special=tokens[0].is_special,
        is_unknown=any(token.is_unknown for token in tokens),
        segment=first.segment,
        mark=CONTINUED if is_alone and first.piece == CONTINUED + first.text else "",
        source=visible(first.source.strip()) if is_alone and first.is_unknown else "",
    )
