"""What a picture shows: an attention map, its colour code, and where it is from if that is known.

A map of a trace comes from one head, or several combined, through a lens; a picture of it says
so and how it is made again. A map that comes from anywhere else is drawn as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isqrt
from typing import get_args

import numpy as np
from jaxtyping import Bool, Float

from attnviz import checks
from attnviz.analysis.combine import Combination
from attnviz.analysis.computed import computed_map
from attnviz.analysis.describe import ROUNDING, Description, describe
from attnviz.analysis.distribution import check_distribution, sum_to_one
from attnviz.analysis.formula import formula as formula_of
from attnviz.analysis.lens import Lens, look_at
from attnviz.core.heads import AnyHead, HeadId
from attnviz.core.maps import MOST_PAIRS, AttentionMap, Place
from attnviz.core.trace import Trace
from attnviz.digits import at_least, at_most
from attnviz.errors import ArgumentError, CaptureError, InterventionError
from attnviz.pictures import style
from attnviz.pictures.arguments import check_drawn, lens_of
from attnviz.pictures.picture import percent, reading, sentence, title, withheld_notes
from attnviz.pictures.provenance import given_weights_notes, intervention_notes, with_interventions
from attnviz.pictures.style import HeadCode
from attnviz.texts import Language, Message, say


@dataclass(frozen=True)
class Source:
    """Where a map is from: one head of a trace, or all that `combination` puts together."""

    trace: Trace
    heads: tuple[HeadId, ...]
    lens: Lens
    combination: Combination | None = None

    @property
    def is_given(self) -> bool:
        """Whether the weights were computed elsewhere."""
        return self.trace.model.source == "given"

    def attention_map(self) -> AttentionMap:
        """The weights, or what is computed from them, through the lens."""
        trace, kind = self.trace, self.heads[0].kind
        queries, keys = trace.query_tokens(kind), trace.key_tokens(kind)
        part, raw = self.lens.part(queries), self.lens.map == "raw"
        check_drawable(len(queries[part]), len(keys[self.lens.part(keys)]))
        reached = None if raw else self._reached
        seen = look_at(
            (trace.weights(head, part) for head in self.heads)
            if raw
            else (one.values[part] for one in self.computed),
            queries,
            self.lens,
            self.combination or "mean",
            trace.allowed_in(self.heads, part)
            if raw
            else (None if reached is None else reached[part]),
            columns=keys,
        )
        return replace(seen, title=self.title, formula=self._formula(seen))

    @cached_property
    def computed(self) -> tuple[AttentionMap, ...]:
        """The map of each head that the lens names, between all tokens; none of the weights.

        Raises:
            CaptureError: if maps of layers are to be combined, or one cannot be computed.
        """
        lens = self.lens
        if lens.map == "raw":
            return ()
        if lens.is_of_layers and self.combination is not None:
            raise CaptureError("layers_combined")
        return tuple(computed_map(self.trace, head, lens) for head in self.heads)

    @property
    def _reached(self) -> Bool[np.ndarray, "query key"] | None:
        """The pairs that have a value in one of the computed maps; None: all."""
        parts = [one.allowed for one in self.computed]
        known = [part for part in parts if part is not None]
        return np.logical_or.reduce(known) if len(known) == len(parts) else None

    @property
    def title(self) -> Message:
        """L0·H2, or "mean of L0·H2, L1·H8"; with the map that is computed of it."""
        if self.lens.is_of_layers:
            return Message(f"derived.{self.lens.map}", {"layer": self.heads[0].layer})
        heads = ", ".join(str(head) for head in self.heads)
        named = Message("map.named", {"name": heads})
        if self.combination is not None:
            named = Message(f"picture.{self.combination}_of", {"heads": heads})
        return named if self.lens.map == "raw" else Message("derived.norm", {"head": named})

    def _formula(self, seen: AttentionMap) -> Message:
        """How the drawn numbers come from q and k and what rows sum to, or that they were given."""
        if self.computed:
            formula = self.computed[0].formula or Message("map.untitled")
            if self.combination is not None:
                formula = Message(f"picture.formula_{self.combination}", {"softmax": formula})
            return formula if self.lens.map == "flow" else self._with_rows(formula, seen)
        how = self.combination or "weights"
        if self.is_given:
            whole = seen.whole
            sums = (float(whole.min()), float(whole.max())) if whole.size else (1.0, 1.0)
            return _with_sums(Message(f"picture.given_{how}"), sums)
        softmax = {"softmax": formula_of(self.trace, self.heads)}
        formula = with_interventions(
            Message(f"picture.formula_{how}", softmax), self.trace, self.heads
        )
        return self._with_rows(formula, seen)

    def _with_rows(self, formula: Message, seen: AttentionMap) -> Message:
        """A formula, and what the drawn rows sum to where that is whole."""
        sums_drawn = drawn_values(seen).sum(axis=1)
        if not sums_drawn.size or sums_drawn.min() < 1 - ROUNDING:
            return formula  # the lens hides a part of each row
        more = self.combination == "maximum" or sums_drawn.max() > 1 + ROUNDING
        return Message(f"picture.rows_{'more' if more else 'one'}", {"formula": formula})


@dataclass(frozen=True)
class Shown:
    """One attention map to be drawn, with its words."""

    drawn: Source | AttentionMap  # a map of a trace is computed when it is first needed
    code: HeadCode

    @cached_property
    def map(self) -> AttentionMap:
        """What is drawn."""
        return self.drawn.attention_map() if isinstance(self.drawn, Source) else self.drawn

    @property
    def source(self) -> Source | None:
        """Where the map is from; None where that is not known."""
        return self.drawn if isinstance(self.drawn, Source) else None

    @property
    def trace(self) -> Trace | None:
        """The trace that the map is from, if any."""
        return None if self.source is None else self.source.trace

    @property
    def heads(self) -> tuple[HeadId, ...]:
        """The heads that the map is from; none for one that is from elsewhere."""
        return () if self.source is None else self.source.heads

    @property
    def lens(self) -> Lens:
        """The lens that the map was seen through."""
        return Lens() if self.source is None else self.source.lens

    @property
    def combination(self) -> Combination | None:
        """How several heads became one map, if they did."""
        return None if self.source is None else self.source.combination

    @property
    def minus(self) -> style.Paint | None:
        """The colour of values below 0; None where there are none."""
        return style.MINUS if self.map.is_signed else None

    def name(self, language: Language) -> str:
        """L0·H2, "mean of L0·H2, L1·H8", or what a map from elsewhere is called."""
        called = self.map.title if self.source is None else self.source.title
        return (called or Message("map.untitled")).text(language)

    def title(self, language: Language) -> str:
        """Model and head: the first line of every picture."""
        return title(self.trace, self.name(language), language)

    def model(self, language: Language) -> str:
        """What is drawn by name: the model, or a map from elsewhere."""
        return self.name(language) if self.trace is None else self.trace.model.called(language)

    def formula(self, language: Language) -> str:
        """How the values came about; empty where that is not known."""
        return "" if self.map.formula is None else self.map.formula.text(language)

    def says(self, language: Language) -> str:
        """What is shown does here, by the weights that are shown.

        Nothing for a maximum, which is no attention of any head: its rows sum to more than 1;
        nothing for flow, whose rows sum to anything; and nothing for values of either sign.
        """
        try:
            description = self._description()
        except CaptureError as error:
            return error.text(language)
        return "" if description is None else sentence(description, self._unit, language)

    def reading(self, language: Language) -> str:
        """The same with its name: "L1·H8 looks at the next token (71.0 %)"."""
        name = self.name(language)
        try:
            description = self._description()
        except CaptureError as error:
            return f"{name}: {error.text(language)}"
        return name if description is None else reading(name, description, self._unit, language)

    @property
    def _unit(self) -> str:
        return "place" if self.map.withheld.no_words else self.lens.unit

    def _description(self) -> Description | None:
        """What is shown does, in numbers; None of what is no attention.

        Raises:
            CaptureError: if rows of given weights are no distributions.
        """
        attention, drawn = self.map, drawn_values(self.map)
        if attention.is_signed or self.combination == "maximum" or not drawn.any():
            return None
        if self.lens.map == "flow":
            return None  # each pair by itself: its rows are no shares of anything
        self._check_distribution()
        return describe(
            drawn,
            attention.columns,
            attention.allowed,
            queries_are_keys=attention.rows == attention.columns,
        )

    def _check_distribution(self) -> None:
        if self.source is None:
            check_distribution(self.map.values[~self.map.denied.all(axis=1)])
        elif self.source.is_given and self.lens.map == "raw":
            for head in self.source.heads:
                check_distribution(self.source.trace.weights(head))

    def notes(self, language: Language) -> list[str]:
        """What was changed in the model, and what is hidden, merged or renormalised."""
        withheld = self.map.withheld
        if self.source is None:
            cells = f"{withheld.not_allowed:,}"
            return [say("map.no_value", language, cells=cells)] if withheld.not_allowed else []
        hidden = withheld_notes(
            withheld, self.lens, self.combination, language, is_given=self.source.is_given
        )
        changed = intervention_notes(self.source.trace, language)
        return [*changed, *self._special_shares(self.source, language), *hidden]

    def _special_shares(self, source: Source, language: Language) -> list[str]:
        """What special tokens get of the weights, and of the map that is computed from them."""
        maps = source.computed
        if not maps or self.map.is_signed or not any(place.is_special for place in maps[0].columns):
            return []
        before, after = (
            percent(float(np.mean([getattr(one, name) for one in maps])))
            for name in ("special_before", "special_share")
        )
        of = "layer" if self.lens.is_of_layers else "norm"
        return [say(f"derived.special_{of}", language, before=before, after=after)]

    def about(self, language: Language) -> list[str]:
        """What given weights are that softmax over all tokens would not do."""
        return [] if self.trace is None else given_weights_notes(self.trace, language)

    def alt(self, language: Language) -> str:
        """What it does here and its notes, as text alternatives say them."""
        return " ".join(text for text in [self.says(language), *self.notes(language)] if text)


def check_drawable(rows: int, columns: int) -> None:
    """Make sure that a map of so many queries and keys can be drawn.

    Raises:
        ArgumentError: if there are too many.
    """
    if rows * columns > MOST_PAIRS:
        most = isqrt(MOST_PAIRS)
        raise ArgumentError(
            "span_wanted", rows=f"{rows:,}", columns=f"{columns:,}", most=f"{most:,}"
        )


def drawn_values(seen: AttentionMap) -> Float[np.ndarray, "row column"]:
    """The values that are shown; what is hidden or not allowed is 0."""
    return np.where(seen.shown, seen.values, 0)


def side(places: Sequence[Place]) -> dict[str, list[str]]:
    """The rows or the columns of a map, as packets hold them."""
    return {
        "labels": [place.text for place in places],
        "names": [place.name for place in places],
    }


def _with_sums(formula: Message, sums: tuple[float, float]) -> Message:
    """A formula with the range of row sums, rounded outward, where they are not all 1."""
    if sum_to_one(*sums):
        return formula
    low, high = at_least(sums[0], 4), at_most(sums[1], 4)
    return Message("picture.row_sums", {"formula": formula, "low": low, "high": high})


def shown(
    drawn: Trace | AttentionMap,
    heads: Sequence[AnyHead] = (),
    lens: Lens | None = None,
    combination: Combination | None = None,
) -> tuple[Shown, ...]:
    """Each head in its own colour code, or all of them combined into one; or a map as it is.

    Raises:
        ArgumentError: if there are no heads, or something else is not what it should be.
        InterventionError: if the model has no such head, or there are more than colour codes.
    """
    check_drawn(drawn)
    if isinstance(drawn, AttentionMap):
        check_alone(heads, lens, combination)
        return (Shown(drawn, style.HEAD_CODES[0]),)
    lens, ids = lens_of(lens), drawn.check_heads(heads)
    if combination is not None:
        checks.one_of("combination", combination, get_args(Combination))
        return (Shown(Source(drawn, ids, lens, combination), style.HEAD_CODES[0]),)
    if len(ids) > style.MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=style.MOST_HEADS)
    coded = dict(zip(ids, style.HEAD_CODES, strict=False))
    seen = first_of_layers(ids) if lens.is_of_layers else ids
    return tuple(Shown(Source(drawn, (head,), lens), coded[head]) for head in seen)


def first_of_layers(heads: Sequence[HeadId]) -> tuple[HeadId, ...]:
    """The first head of each layer, which stands for that layer's map."""
    found: dict[int, HeadId] = {}
    for head in heads:
        found.setdefault(head.layer, head)
    return tuple(found.values())


def check_alone(heads: object, lens: Lens | None, combination: object) -> None:
    """Make sure that nothing is asked of a map that only a trace can do.

    Raises:
        ArgumentError: if something is.
    """
    if heads or lens is not None or combination is not None:
        raise ArgumentError("map_alone")
