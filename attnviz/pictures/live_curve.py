"""The learning curve while it grows: a small SVG that can be replaced several times a second.

A Plotly chart is destroyed and rebuilt at every change, so it would only flicker. The full
chart (`learning.py`) takes this one's place when the training ends.
"""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from attnviz.digits import at_most
from attnviz.pictures import style
from attnviz.pictures.learning import Measured
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say

WIDTH, HEIGHT = 720, 230
LEFT, BOTTOM, TOP, RIGHT = 40, 26, 22, 12


def live_curve(
    course: Sequence[Measured],
    steps: int,
    theory: float | None,
    mode: Mode,
    language: Language,
) -> str:
    """Accuracy (0 to 1) and loss (÷ its largest) over the steps, as SVG."""
    top_loss = max((point.loss for point in course), default=1.0)
    a, b = (getattr(code, mode) for code in style.HEAD_CODES[:2])
    parts = [_level(level, f"{level:.1f}", style.RULE[mode], mode) for level in (0.0, 0.5, 1.0)]
    if theory is not None:
        label = say("train.theory", language, accuracy=at_most(theory, 4))
        parts.append(_level(theory, "", style.FAINT_INK[mode], mode, dash="5 4", said=label))
    parts.append(_curve([(p.step / steps, p.accuracy) for p in course], a, "none"))
    parts.append(_curve([(p.step / steps, p.loss / top_loss) for p in course], b, "2 4"))
    loss = f"{say('train.loss', language)} ÷ {top_loss:.2f}"
    names = ((a, say("train.accuracy", language), 0), (b, loss, 90))
    parts += [
        f'<text x="{LEFT + x}" y="12" fill="{colour}">{escape(name)}</text>'
        for colour, name, x in names
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="font:11px {escape(style.SANS)}">' + "".join(parts) + "</svg>"
    )


def place(done: float, level: float) -> tuple[float, float]:
    """Where a share of the steps and a level between 0 and 1 stand, in pixels."""
    x = LEFT + done * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - level * (HEIGHT - BOTTOM - TOP)
    return round(x, 1), round(y, 1)


def _curve(points: Sequence[tuple[float, float]], colour: str, dash: str) -> str:
    path = " ".join("{},{}".format(*place(*point)) for point in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>'
    )


def _level(
    level: float, name: str, colour: str, mode: Mode, dash: str = "none", said: str = ""
) -> str:
    (left, y), (right, _) = place(0.0, level), place(1.0, level)
    ink = style.FAINT_INK[mode]
    return (
        f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke="{colour}" '
        f'stroke-dasharray="{dash}"/>'
        f'<text x="4" y="{y + 4}" fill="{ink}">{escape(name)}</text>'
        f'<text x="{right}" y="{y - 4}" text-anchor="end" fill="{ink}">{escape(said)}</text>'
    )
