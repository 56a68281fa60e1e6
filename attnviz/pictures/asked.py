"""Asked: what every public picture is asked for, checked before anything is drawn."""

import re
from collections.abc import Sequence

from attnviz import checks
from attnviz.analysis.lens import Lens
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError
from attnviz.texts import LANGUAGES

_PIN = re.compile(r"[qk](\d{1,6})", re.ASCII)


def check_trace(trace: object) -> None:
    """Make sure that there is a trace to be drawn."""
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")


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


def pins_of(pins: Sequence[str], trace: Trace) -> tuple[str, ...]:
    """Pins, each of a token that there is.

    Raises:
        ArgumentError: if one is not.
    """
    found = checks.several("pins", pins, '["q3", "k0"]')
    for pin in found:
        if not can_be_pinned(pin, trace):
            places = len(trace.tokens)
            raise ArgumentError("no_such_pin", value=checks.quoted(pin), places=places)
    return tuple(found)


def can_be_pinned(pin: object, trace: Trace) -> bool:
    """Whether this is a pin of a token of the sentence."""
    match = _PIN.fullmatch(pin) if isinstance(pin, str) else None
    return match is not None and int(match[1]) < len(trace.tokens)
