"""What a picture shows: an attention map, its colour code, and where it is from if that is known.

A map of a trace comes from one head, or several combined, through a lens; a picture of it says
so and how it is made again. A map that comes from anywhere else is drawn as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, get_args

import numpy as np
from jaxtyping import Bool

from attnviz import checks
from attnviz.analysis.between_texts import between_texts
from attnviz.analysis.combine import Combination
from attnviz.analysis.describe import Description, describe
from attnviz.analysis.distribution import check_distribution
from attnviz.analysis.lens import Lens, runs_between
from attnviz.core.attention import Scored
from attnviz.core.heads import AnyHead, HeadId, as_head
from attnviz.core.maps import AttentionMap, Place, second_text
from attnviz.core.one_kind import of_kind
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError, CaptureError, InterventionError
from attnviz.pictures import style
from attnviz.pictures.arguments import check_drawn, lens_of
from attnviz.pictures.picture import (
    percent,
    reading,
    sentence,
    title,
    withheld_counts,
    withheld_notes,
)
from attnviz.pictures.provenance import given_weights_notes, intervention_notes
from attnviz.pictures.source import Source as Source
from attnviz.pictures.source import drawn_values
from attnviz.pictures.style import HeadCode
from attnviz.texts import Language, Message, enumerated, running, say


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
        cells = self._asked
        rows, columns = (np.flatnonzero(cells.any(axis=axis)).tolist() for axis in (1, 0))
        description = describe(
            drawn[np.ix_(rows, columns)],
            [attention.columns[n] for n in columns],
            None if attention.allowed is None else attention.allowed[np.ix_(rows, columns)],
            queries_are_keys=[attention.rows[n] for n in rows]
            == [attention.columns[n] for n in columns],
        )
        if self.lens.map == "raw" or description.strongest != "first":
            return description
        pattern = "token" if description.pattern == "first" else description.pattern
        return replace(description, strongest="token", pattern=pattern)  # a sink is one of weights

    @property
    def rows_asked(self) -> Bool[np.ndarray, " row"]:
        """The rows of which a lens on a pair of texts shows something; all of others."""
        return np.asarray(self._asked.any(axis=1))

    @property
    def _asked(self) -> Bool[np.ndarray, "row column"]:
        """The cells between which a lens on a pair of texts looks; all of others."""
        return runs_between(self.map.rows, self.map.columns, self.lens.between)

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
        source = self.source
        hidden = withheld_notes(
            withheld, self.lens, self.combination, language, is_given=source.is_given
        )
        before = "_before" if withheld.renormalised else ""
        sink = _sink_notes(f"picture.sink_takes{before}", source, language)
        of_heads = [*sink, *_shared_notes(source, language)]
        computed = self._special_shares(source, language)
        changed = intervention_notes(source.trace, language)
        return [*changed, *of_heads, *computed, *self._pair_notes(language), *hidden]

    def _pair_notes(self, language: Language) -> list[str]:
        """Of a pair of texts: how much of a row is on either, and whose special tokens are."""
        attention = self.map
        if all(second_text(places) is None for places in (attention.rows, attention.columns)):
            return []
        of_rows = self.combination != "maximum" and self.lens.map != "flow"
        shares = between_texts(attention) if of_rows else {}
        if not shares:  # values of either sign, and rows that are no shares of anything
            return [say("picture.pair_line", language)]
        written = {name: percent(share) for name, share in shares.items()}
        special = [
            [r.name for r in attention.rows if r.is_special and r.segment == n] for n in (0, 1)
        ]
        notes = [say("picture.pair_shares", language, **written)]
        if any(special):
            a, b = (enumerated(names, language) or "–" for names in special)
            notes.append(say("picture.pair_special", language, a=a, b=b))
        return notes

    def counts(self, language: Language, *, hatched: bool = True) -> list[str]:
        """What is hidden, merged or not allowed, as short as a figure alone has room for."""
        counts = withheld_counts(self.map.withheld, self.lens, language, hatched=hatched)
        if self.source is None:
            return counts
        return [*_sink_notes("hidden.sink", self.source, language), *counts]

    def _special_shares(self, source: Source, language: Language) -> list[str]:
        """What special tokens get of the weights, and of the map that is computed from them."""
        maps = source.computed
        if not maps or self.map.is_signed or not any(place.is_special for place in maps[0].columns):
            return []
        before, after = (
            percent(float(np.mean([getattr(computed, name) for computed in maps])))
            for name in ("special_before", "special_share")
        )
        of = "layer" if self.lens.is_of_layers else "norm"
        return [say(f"derived.special_{of}", language, before=before, after=after)]

    def about(self, language: Language) -> list[str]:
        """What given weights are that softmax over all tokens would not do."""
        return [] if self.trace is None else given_weights_notes(self.trace, language)

    def alt(self, language: Language) -> str:
        """What it does here and its notes, as text alternatives say them."""
        return running([self.says(language), *self.notes(language)])


def _sink_notes(key: str, source: Source, language: Language) -> list[str]:
    """How much a learned sink takes, which is one more key of softmax and no token (gpt-oss)."""
    if not source.has_sink:
        return []
    sums = [source.trace.weights(head).sum(axis=1, dtype=float).mean() for head in source.heads]
    sink = max(0.0, 1 - float(np.mean(sums)))
    return [say(key, language, share=percent(sink))]


def _shared_notes(source: Source, language: Language) -> list[str]:
    """Which heads read the same keys and values as the only one that is shown."""
    head = source.heads[0]
    record = source.trace.attention[head.kind, head.layer]
    if len(source.heads) > 1 or source.lens.is_of_layers or not isinstance(record, Scored):
        return []
    group = record.heads // len(record.keys)
    first = head.head // group * group
    heads = {"first": f"H{first}", "last": f"H{first + group - 1}"}
    return [say("picture.shared_keys", language, **heads)] if group > 1 else []


def side(places: Sequence[Place]) -> dict[str, Any]:
    """The rows or the columns of a map, as packets hold them, with the tokens behind each place."""
    second = second_text(places)
    return {
        "labels": [place.text for place in places],
        "names": [place.name for place in places],
        "positions": [list(place.positions) for place in places],
        **{name: texts for name, texts in _written_with(places).items() if texts},
        **({} if second is None else {"second": second}),
    }


def _written_with(places: Sequence[Place]) -> dict[str, dict[int, str]]:
    """What stands before names: marks of pieces; of unknown tokens what they hide follows."""
    return {
        "marks": {at: place.mark for at, place in enumerate(places) if place.mark},
        "unknown": {at: place.source for at, place in enumerate(places) if place.source},
    }


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
    check_one_kind(ids)
    drawn = of_kind(drawn, ids[0].kind)
    if combination is not None:
        checks.one_of("combination", combination, get_args(Combination))
        return (Shown(Source(drawn, ids, lens, combination), style.HEAD_CODES[0]),)
    if len(ids) > style.MOST_HEADS:
        raise InterventionError("too_many_heads", heads=len(ids), most=style.MOST_HEADS)
    coded = dict(zip(ids, style.HEAD_CODES, strict=False))
    drawn_heads = first_of_layers(ids) if lens.is_of_layers else ids
    return tuple(Shown(Source(drawn, (head,), lens), coded[head]) for head in drawn_heads)


def first_of_layers(heads: Sequence[HeadId]) -> tuple[HeadId, ...]:
    """The first head of each layer, which stands for that layer's map."""
    firsts: dict[int, HeadId] = {}
    for head in heads:
        firsts.setdefault(head.layer, head)
    return tuple(firsts.values())


def one_shown(drawn: Trace | AttentionMap, head: AnyHead | None, lens: Lens | None) -> Shown:
    """One head, or a map as it is.

    Raises:
        ArgumentError: if there is no head, or something else is not what it should be.
        InterventionError: if the model has no such head.
    """
    check_drawn(drawn)
    alone = isinstance(drawn, AttentionMap) and head is None
    return shown(drawn, [] if alone else [as_head(head)], lens)[0]


def check_one_kind(heads: Sequence[HeadId]) -> None:
    """Make sure that heads run between the same tokens.

    Raises:
        ArgumentError: if not.
    """
    other = next((head for head in heads if head.kind != heads[0].kind), None)
    if other is not None:
        raise ArgumentError("two_kinds", a=str(heads[0]), b=str(other))


def check_alone(heads: object, lens: Lens | None, combination: object) -> None:
    """Make sure that nothing is asked of a map that only a trace can do.

    Raises:
        ArgumentError: if something is.
    """
    if heads or lens is not None or combination is not None:
        raise ArgumentError("map_alone")
