"""A pair of texts as a map shows it: how much of each text's rows is on either text."""

from typing import get_args

import numpy as np

from attnviz.analysis.lens import Between, runs_between
from attnviz.core.maps import AttentionMap, second_text


def between_texts(seen: AttentionMap) -> dict[Between, float]:
    """The share of a whole row of each text on either text, mean over the rows of that text.

    Special tokens are of the text that `Token.segment` says. Hidden special tokens and a span
    leave a part of a row on neither text; thresholds and `Lens.between` change nothing here.
    Nothing where rows and columns are not those of one pair, and of values of either sign.
    """
    if seen.is_signed or seen.rows != seen.columns or second_text(seen.rows) is None:
        return {}
    mean_shares: dict[Between, float] = {}
    sums = seen.whole
    for between in get_args(Between)[1:]:  # all but "all"
        cells = runs_between(seen.rows, seen.columns, between)
        held = np.where(cells, seen.values, 0).sum(axis=1, dtype=float)
        shares = np.divide(held, sums, where=sums > 0, out=np.zeros_like(held))
        mean_shares[between] = float(shares[cells.any(axis=1)].mean())  # the rows of the first text
    return mean_shares
