"""All measures of all heads, some queries at a time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

import numpy as np
from jaxtyping import Float

from attnviz import checks
from attnviz.analysis.distribution import check_distribution, taken_by_sinks
from attnviz.analysis.frame import Table
from attnviz.analysis.measures import Attention, Measure, Measured, measures
from attnviz.analysis.norms import Lengths, Weighting, as_shares, lengths
from attnviz.analysis.received import Received
from attnviz.analysis.targets import Sides, Targets
from attnviz.core.attention import Scored, Weighted
from attnviz.core.heads import Kind
from attnviz.core.tiles import blocks
from attnviz.core.trace import Trace
from attnviz.models.progress import Progress


def measure(
    trace: Trace,
    *,
    weighting: Weighting = "raw",
    tokens: bool = False,
    only: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Table:
    """One row a head: layer, head, and a column for each measure; kind, where not all are self.

    A number that a measure cannot say of a head is missing (NaN): there is no separator, or no
    word stands twice. With `tokens`, a column NAME_tokens says on how many queries each rests.
    `only` names the measures that are wanted; all are, unless said. `weighting` says what is
    measured: attention weights α ("raw"), or the shares in each row of
    ‖α v‖ ("value") or ‖α f(x)‖ ("norm"; Kobayashi et al. 2020, §3).

    Weights are computed a block of queries at a time and forgotten; `progress` is told how far.

    Raises:
        ArgumentError: if something is not what it should be.
        CaptureError: if rows of given weights are no distributions, or the trace holds weights
            alone and others were asked for.

    Example:
        >>> measure(trace).nlargest(3, "previous")
    """
    import pandas as pd

    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")
    checks.one_of("weighting", weighting, get_args(Weighting))
    counted = checks.flag("tokens", tokens)
    wanted = _wanted(only)
    names = [one.name for one in wanted]
    totals = [_Totals(wanted) for _ in trace.attention]
    by_lengths = any(one.is_of_lengths for one in wanted)
    for index, seen in in_blocks(trace, weighting, progress, by_lengths=by_lengths):
        totals[index].add(seen)
    found = np.concatenate([total.found() for total in totals], axis=-1)  # "what measure head"
    table = pd.DataFrame(found[0].T, columns=names)
    if counted:
        rests_on = pd.DataFrame(
            found[1].T.astype(int), columns=[f"{name}_tokens" for name in names]
        )
        table = pd.concat([table, rests_on], axis=1)
    return named(table, trace)


def _wanted(only: Collection[str] | None) -> tuple[Measure, ...]:
    known = {one.name: one for one in measures()}
    if only is None:
        return tuple(known.values())
    names = checks.several("only", only, "['previous']")
    for name in names or [None]:
        checks.one_of("only", name, tuple(known))
    return tuple(one for name, one in known.items() if name in names)


@dataclass(slots=True)
class _Totals:
    """Some measures of one layer, from the blocks of its queries so far."""

    wanted: tuple[Measure, ...]
    blocks: list[list[Measured]] = field(default_factory=list)
    of_keys: list[Measured] = field(default_factory=list)
    received: Received | None = None

    def add(self, seen: Attention) -> None:
        self.received = seen.received if self.received is None else self.received + seen.received
        if self.received.queries == len(seen.sides.whole.queries):  # all have been seen
            whole = replace(seen, received_from_all=self.received)
            self.of_keys = [one.compute(whole) for one in self.wanted if one.is_of_keys]
        self.blocks.append([one.compute(seen) for one in self.wanted if not one.is_of_keys])

    def found(self) -> Float[np.ndarray, "what measure head"]:
        """The values of the measures, and the tokens that they rest on."""
        means = iter([together(parts) for parts in zip(*self.blocks, strict=True)])
        keys = iter(self.of_keys)
        each = [next(keys if one.is_of_keys else means) for one in self.wanted]
        return np.array([[one.values for one in each], [one.tokens for one in each]])


def together(parts: Sequence[Measured]) -> Measured:
    """Means over blocks of queries as the mean over all of them."""
    if len(parts) == 1:
        return parts[0]
    tokens = np.sum([part.tokens for part in parts], axis=0)
    sums = np.sum([np.where(p.tokens > 0, p.values * p.tokens, 0) for p in parts], axis=0)
    none = np.full(len(tokens), np.nan)
    return Measured(np.divide(sums, tokens, where=tokens > 0, out=none), tokens)


def in_blocks(
    trace: Trace,
    weighting: Weighting = "raw",
    progress: Progress | None = None,
    *,
    by_lengths: bool = False,
) -> Iterator[tuple[int, Attention]]:
    """The attention of every layer, some queries after the other: its number, and the block.

    Of a short text all queries are one block. No more than a block is held at a time. With
    `by_lengths` it comes with the lengths of v and f(x), where the trace holds what they are of.

    Raises:
        CaptureError: if rows of given weights are no distributions, or the trace holds weights
            alone and others were asked for.
    """
    of_kind: dict[Kind, list[int]] = {}
    for index, (kind, _) in enumerate(trace.attention):
        of_kind.setdefault(kind, []).append(index)
    keys = list(trace.attention)
    for kind, indices in of_kind.items():
        sides = _sides(trace, kind)
        heads = max(trace.attention[keys[index]].heads for index in indices)
        has_lengths = by_lengths and "projections" in trace.capabilities
        known = {
            i: lengths(trace, keys[i][1], kind) if has_lengths or weighting != "raw" else None
            for i in indices
        }
        for part in blocks(len(sides.queries), heads * len(sides.keys)):
            if progress is not None:
                progress(part.start / len(sides.queries), "measures")
            some = sides.some(part)
            for index in indices:
                record = trace.attention[keys[index]]
                yield index, _attention(record, weighting, some, part, known[index])


def shares_on(trace: Trace, asked: Iterable[Targets]) -> list[list[Measured]]:
    """For each of some targets the mean weight of heads on it, layer by layer."""
    wanted = list(asked)
    parts: list[list[list[Measured]]] = [[[] for _ in trace.attention] for _ in wanted]
    for index, seen in in_blocks(trace):
        for layers, targets in zip(parts, wanted, strict=True):
            layers[index].append(seen.share(targets))
    return [[together(one) for one in layers] for layers in parts]


def named(table: Table, trace: Trace) -> Table:
    """A table of all heads, with the head of each row before it."""
    heads = trace.heads
    table.insert(0, "layer", np.array([head.layer for head in heads]))
    table.insert(1, "head", np.array([head.head for head in heads]))
    kinds = [head.kind for head in heads]
    if set(kinds) != {"self"}:
        table.insert(0, "kind", kinds)
    return table


def _sides(trace: Trace, kind: Kind) -> Sides:
    """The tokens that look and those that are looked at, in attention of one kind."""
    queries, keys = trace.query_tokens(kind), trace.key_tokens(kind)
    return Sides(queries, None if keys is queries else keys)


def _attention(
    record: Weighted,
    weighting: Weighting,
    sides: Sides,
    queries: slice,
    of_key: Lengths | None,
) -> Attention:
    """The attention of every head of a layer, of some queries, as measures are given it.

    `sides` are of these queries, `of_key` of the layer, where they are known.
    """
    every = slice(None)
    weights, allowed = record.weights(every, queries), record.may_look(every, queries)
    sink = taken_by_sinks(record, weights)
    if not isinstance(record, Scored) or record.changed_weights:  # else they are of a softmax
        check_distribution(weights)
    if allowed is not None:
        weights = np.where(allowed, weights, 0)
    if of_key is not None and weighting != "raw":
        weights, sink = as_shares(weights, getattr(of_key, weighting)), None
        takes = weights.any(axis=-1, keepdims=True)  # of a head that is off, no query does
        if not takes.all():
            allowed = takes & (np.ones_like(weights, bool) if allowed is None else allowed)
    both = (None, None) if of_key is None else of_key
    return Attention(weights, sides, allowed, both[0], both[1], sink)
