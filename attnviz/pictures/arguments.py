"""Asked: what every public picture is asked for, checked before anything is drawn."""

import re
from collections.abc import Sequence

from attnviz import checks
from attnviz.analysis.lens import Lens
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.texts import LANGUAGES

_PIN = re.compile(r"([qk])(\d{1,6})", re.ASCII)


def check_trace(trace: object) -> None:
    """Make sure that there is a trace to be drawn."""
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")


def check_drawn(drawn: object) -> None:
    """Make sure that there is a trace or an attention map to be drawn."""
    checks.kind("trace", drawn, (Trace, AttentionMap), f"attnviz.trace({checks.TEXT!r})")


def check_language(language: object) -> None:
    """Make sure that a picture can speak this language."""
    checks.one_of("language", language, LANGUAGES)


def lens_of(lens: Lens | None) -> Lens:
    """The lens, or a plain one where there is none.

    Raises:
        ArgumentError: if it is no lens.
    """
    if lens is None:
        return Lens()
    checks.kind("lens", lens, Lens, "attnviz.Lens(hide_special=True)")
    return lens


def pins_of(pins: Sequence[str], drawn: Trace | AttentionMap) -> tuple[str, ...]:
    """Pins, each of a token, row or column that there is.

    Raises:
        ArgumentError: if one is not.
    """
    checked = checks.several("pins", pins, '["q3", "k0"]')
    for pin in checked:
        if not can_be_pinned(pin, drawn):
            places = max(_sizes(drawn).values())
            raise ArgumentError("no_such_pin", value=checks.quoted(pin), places=places)
    return tuple(checked)


def can_be_pinned(pin: object, drawn: Trace | AttentionMap) -> bool:
    """Whether this is a pin of a token of the sentence, or of a row or column of the map."""
    match = _PIN.fullmatch(pin) if isinstance(pin, str) else None
    return match is not None and int(match[2]) < _sizes(drawn)[match[1]]


def _sizes(drawn: Trace | AttentionMap) -> dict[str, int]:
    """How many queries and keys can be pinned."""
    if isinstance(drawn, AttentionMap):
        return {"q": len(drawn.rows), "k": len(drawn.columns)}
    if len(drawn.kinds) == 1:
        return {"q": len(drawn.query_tokens()), "k": len(drawn.key_tokens())}
    return dict.fromkeys("qk", max(map(len, drawn.sequences.values())))
