"""All measures of all heads, one layer at a time."""

import numpy as np
import pandas as pd

from attnviz import checks
from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.distribution import check_distribution
from attnviz.analysis.measures import measures
from attnviz.core.trace import Trace


def measure(trace: Trace) -> pd.DataFrame:
    """One row a head: layer, head, and a column for each measure.

    Weights are computed a layer at a time and forgotten.

    Raises:
        CaptureError: if rows of given weights are no distributions.

    Example:
        >>> measure(trace).nlargest(3, "previous")
    """
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")
    tables = []
    for layer in range(trace.model.layers):
        weights = trace.layer_weights(layer)
        check_distribution(weights)
        allowed = allowed_in_layer(trace, layer)
        columns = {m.name: m.compute(weights, trace.tokens, allowed) for m in measures()}
        heads = np.arange(trace.model.heads)
        tables.append(pd.DataFrame({"layer": layer, "head": heads, **columns}))
    return pd.concat(tables, ignore_index=True)
