"""Which tokens a figure shows where it has no room for all: those around the chosen word."""

MOST = 8  # tokens in a figure


def nearby(count: int, at: int, most: int = MOST) -> range:
    """The positions of at most `most` of `count` tokens, `at` among them and near the middle."""
    first = max(0, min(at - most // 2, count - most))
    return range(first, min(count, first + most))
