"""Names of tokens side by side on paper: turned to run upwards; signs that are read upright, not.

A name that has no room is a tick.
"""

from attnviz.pictures.paper import Length, Paper
from attnviz.pictures.svg import text
from attnviz.pictures.widths import SIGN, is_wide

_TICK = 3.0  # units


def place_name(
    x: Length, y: Length, said: str, size: float, paper: Paper, *, ink: str, above: bool
) -> str:
    """The name of a place whose middle is x; `above` its y, or below."""
    if not (paper.is_exact and is_upright(said)):
        anchor = "start" if above else "end"
        return text(x + size / 3, y, said, size, ink=ink, anchor=anchor, turned=True)
    step = SIGN * size
    first = y - 0.15 * size - step * (len(said) - 1) if above else y + 0.85 * size
    return "".join(
        text(x, first + step * n, sign, size, ink=ink, anchor="middle")
        for n, sign in enumerate(said)
    )


def tick(x: Length, y: Length, paper: Paper, *, turned: bool = False) -> str:
    """A place that has no room for its name; `turned` along a row's beginning."""
    end = f"H{x - _TICK:g}" if turned else f"V{y + _TICK:g}"
    return f'<path class="tick" d="M{x:g} {y:g}{end}" stroke="{paper.faint}" stroke-width="0.5"/>'


def is_upright(said: str) -> bool:
    """Whether a name is read upright: one sign, or Chinese ones."""
    return len(said) == 1 or all(map(is_wide, said))


def between_texts(path: str, paper: Paper, width: float = 0.6) -> str:
    """The thin line where the second text of a pair begins."""
    return (
        f'<path class="between" fill="none" stroke="{paper.faint}" stroke-width="{width:.3g}" '
        f'd="{path}"/>'
    )
