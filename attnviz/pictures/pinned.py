"""What is pinned, on paper: framed, or all that is drawn; the figure says which tokens it is."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Integer

from attnviz.core.maps import AttentionMap
from attnviz.texts import Language, enumerated, say


def pins_of_map(pins: Sequence[str], seen: AttentionMap) -> tuple[str, ...]:
    """The pins of places that are shown: q3 of a row, k0 of a column."""
    sizes = {"q": len(seen.rows), "k": len(seen.columns)}
    return tuple(pin for pin in pins if int(pin[1:]) < sizes[pin[0]])


def are_pinned(
    query: Integer[np.ndarray, " line"], key: Integer[np.ndarray, " line"], pins: Sequence[str]
) -> Bool[np.ndarray, " line"]:
    """Which lines leave a query or end at a key that is pinned."""
    queries, keys = ([int(pin[1:]) for pin in pins if pin[0] == side] for side in "qk")
    return np.asarray(np.isin(query, queries) | np.isin(key, keys))


def mark(pins: Sequence[str], name: str) -> str:
    """Which of several pins a token is, as #2; nothing for one alone."""
    return f"#{list(pins).index(name) + 1} " if len(pins) > 1 and name in pins else ""


def pinned_note(
    key: str, pins: Sequence[str], seen: AttentionMap, language: Language, *, marked: bool = True
) -> list[str]:
    """In the words of `key`, what is pinned, `marked` where it is drawn so; nothing of none."""
    kinds = {"q": say("picture.query", language), "k": say("picture.key", language)}
    places = {"q": seen.rows, "k": seen.columns}
    named = [
        f"{mark(pins, pin) if marked else ''}{places[pin[0]][int(pin[1:])].name} ({kinds[pin[0]]})"
        for pin in pins
    ]
    return [say(key, language, tokens=enumerated(named, language))] if named else []
