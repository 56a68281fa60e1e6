"""Attention weights as a table: one row a head, query and key."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from attnviz import checks
from attnviz.core.heads import AnyHead, HeadId, as_heads
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError

if TYPE_CHECKING:
    import pandas

Table: TypeAlias = "pandas.DataFrame"  # imported where one is made: it takes a third of a second
MOST_ROWS = 5_000_000  # about 150 MB; all 72 heads of the embedded model up to 263 tokens


def to_frame(trace: Trace, heads: Iterable[AnyHead] | None = None) -> Table:
    """Every weight of these heads, or of all, in a row: layer, head, query, key, weight, allowed.

    `query` and `key` are positions, counted from 0. Where a query may not look at a key there is
    no weight (NaN). `kind` says which attention a head is of, where not all are self. Up to
    5,000,000 rows: of a long text, ask for some heads, or for one layer after the other.

    Raises:
        ArgumentError: if there would be more rows, or something is not what it should be.
        InterventionError: if the model has no such head.

    Example:
        >>> trace.to_frame([(0, 2)]).nlargest(5, "weight")
    """
    import pandas as pd

    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")
    heads_asked = trace.heads if heads is None else trace.check_heads(as_heads(heads))
    rows = sum(len(trace.query_tokens(h.kind)) * len(trace.key_tokens(h.kind)) for h in heads_asked)
    if rows > MOST_ROWS:
        raise ArgumentError("too_many_rows", rows=f"{rows:,}", most=f"{MOST_ROWS:,}")
    table = pd.concat([_of_head(trace, head) for head in heads_asked], ignore_index=True)
    if any(head.kind != "self" for head in heads_asked):
        sizes = [trace.weights(head).size for head in heads_asked]
        table.insert(0, "kind", np.repeat([head.kind for head in heads_asked], sizes))
    return table


def _of_head(trace: Trace, head: HeadId) -> Table:
    import pandas as pd

    weights, allowed = trace.weights(head), trace.allowed(head)
    may = np.ones(weights.shape, bool) if allowed is None else allowed
    queries, keys = np.indices(weights.shape, dtype=np.int32)
    return pd.DataFrame(
        {
            "layer": np.full(weights.size, head.layer, np.int32),
            "head": np.full(weights.size, head.head, np.int32),
            "query": queries.ravel(),
            "key": keys.ravel(),
            "weight": np.where(may, weights, np.nan).astype(weights.dtype).ravel(),
            "allowed": may.ravel(),
        }
    )
