"""The look: colours, ramps, fonts. The only place where they are written down."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from jaxtyping import Integer, Real, UInt8

from attnviz.pictures.colour import contrast, encoded, from_oklab, linear, oklab

Mode = Literal["light", "dark"]
MODES: tuple[Mode, ...] = get_args(Mode)

PAPER: dict[Mode, str] = {"light": "#FCFBF9", "dark": "#14171C"}
INK: dict[Mode, str] = {"light": "#22262B", "dark": "#E6E3DC"}
FAINT_INK: dict[Mode, str] = {"light": "#5F6368", "dark": "#A3A39D"}
DIM_INK: dict[Mode, str] = {"light": "#6F7274", "dark": "#818486"}
RULE: dict[Mode, str] = {"light": "#DDD9D0", "dark": "#343A44"}
WASH: dict[Mode, str] = {"light": "#F4F2ED", "dark": "#1C2027"}  # behind what stands out
SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Noto Sans CJK SC', sans-serif"

# The lightness (OKLCH) of a weight of 1, the same for every hue.
DARKEST: dict[Mode, float] = {"light": 0.42, "dark": 0.84}
CHROMA: dict[Mode, float] = {"light": 0.13, "dark": 0.09}  # what a screen can show of every hue
LEVELS = 255
FAINTEST = 1 / LEVELS  # the smallest opacity that a screen shows
THINNEST, THICKER = 0.75, 2.25  # of a line of weight 0, and what a weight of 1 adds
TICKS = {  # of a legend
    "share": (0.01, 0.1, 0.25, 0.5, 1.0),
    "signed": (-1.0, -0.5, -0.25, -0.1, 0.1, 0.25, 0.5, 1.0),
}
FEW_TICKS = {"share": (0.01, 0.25, 1.0), "signed": (-1.0, -0.25, 0.25, 1.0)}  # of a narrow one
STOPS = 33  # of a colour scale


@dataclass(frozen=True, slots=True)
class Paint:
    """One meaning's colour in each mode."""

    light: str
    dark: str


# The note's colours, which mean the same everywhere.
X = Paint("#2F7D32", "#7CC47F")
Q = Paint("#7A3E9D", "#C79BE0")
K = Paint("#B4540A", "#F59F68")
V = Paint("#1F63A8", "#7FB6EE")
Z = Paint("#B02E66", "#F08DB4")
R = Paint("#2B6C8F", "#80BEE1")
SCORE = Paint("#8A6A00", "#DDB94A")
GREY = Paint("#5F6368", "#A3A39D")
RED = Paint("#C22A20", "#F58F84")  # of the second head, below the green one
INK_PAINT = Paint(INK["light"], INK["dark"])


@dataclass(frozen=True, slots=True)
class HeadCode:
    """How one head is drawn: a colour in each mode, of one hue, and a dash.

    Heads that share a dash stay apart under simulated colour blindness, and a head's name can
    be read in its colour.
    """

    light: str
    dark: str
    dash: str  # SVG's stroke-dasharray


SOLID, _DASHED, _DOTTED = "none", "7 4", "2 4"
SOLID_APART = (SOLID, _DASHED)  # of solid heads over each other, by their rank
HEAD_CODES = (
    HeadCode("#0B62B0", "#6FB1F5", SOLID),  # head A
    HeadCode("#C4500A", "#F8956C", SOLID),  # head B
    HeadCode("#3B8211", "#73E930", _DOTTED),
    HeadCode("#702594", "#9F7AB5", _DOTTED),
    HeadCode("#217B7B", "#64DDDD", _DASHED),
    HeadCode("#5B0C38", "#EF53A3", _DASHED),
    HeadCode("#615818", "#DDD17A", _DASHED),
    HeadCode("#AA52A5", "#EB9EE4", _DOTTED),
    HeadCode("#022F7C", "#317BFC", _DASHED),
    HeadCode("#0F4C55", "#418E9C", SOLID),
    HeadCode("#2D0602", "#EB5032", SOLID),
    HeadCode("#002D03", "#03981E", _DOTTED),
)
MOST_HEADS = len(HEAD_CODES)
MOST_OVERLAID = 6  # hues over each other; more heads are small multiples

# Values of either sign: above 0 in the colour of head A, below in that of head B.
MINUS = Paint(HEAD_CODES[1].light, HEAD_CODES[1].dark)
HATCH, HATCH_WIDTH = 4, 0.6  # px between the lines of what is not allowed, and of each


def code(head: int) -> Paint:
    """The colour of a head; after twelve they begin again, and the name tells them apart."""
    code_of_head = HEAD_CODES[head % MOST_HEADS]
    return Paint(code_of_head.light, code_of_head.dark)


@cache
def ramp(colour: str, mode: Mode) -> UInt8[np.ndarray, "level rgb"]:
    """256 colours from paper to `colour`'s hue, for weights 0 to 1.

    Level v stands for the weight (v / 255)². Lightness is linear in v, so in the square
    root of the weight, and the same for every hue: equal darkness means equal attention.
    """
    paper, hue = oklab(linear(PAPER[mode])), oklab(linear(colour))
    strength = float(np.hypot(*hue[1:]))
    end = np.array([DARKEST[mode], *(hue[1:] * min(1.0, CHROMA[mode] / strength))])
    steps = np.linspace(0, 1, LEVELS + 1)[:, None]
    colours: np.ndarray = np.rint(encoded(from_oklab(paper + steps * (end - paper)))).astype(
        np.uint8
    )
    return colours


def hex_of(rgb: Integer[np.ndarray, " rgb"]) -> str:
    """Red, green and blue from 0 to 255 as #rrggbb."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


BLACK, WHITE = "#000000", "#ffffff"
READABLE = 4.5  # contrast of text


@cache
def text_on(ground: str) -> str:
    """An ink that can be read on a colour: the house's, or black or white between them."""
    ink = max(INK.values(), key=lambda one: contrast(one, ground))
    if contrast(ink, ground) >= READABLE:
        return ink
    return max(BLACK, WHITE, key=lambda one: contrast(one, ground))


TINT = 0.24  # of a colour in paper, on which the house's ink can be read


@cache
def tint(paint: Paint, mode: Mode) -> str:
    """The ground of a drawn box: a meaning's colour, thinned with paper."""
    paper, hue = oklab(linear(PAPER[mode])), oklab(linear(getattr(paint, mode)))
    return hex_of(np.rint(encoded(from_oklab(paper + TINT * (hue - paper)))).astype(int))


HALF = 127  # steps of ink on each side of zero


@cache
def signed_ramp(colour: str, mode: Mode, minus: Paint = GREY) -> UInt8[np.ndarray, "level rgb"]:
    """255 colours for numbers of either sign: `minus`, paper at 127, `colour`'s hue.

    Lightness is that of `ramp` on both sides, so equal darkness means equal size.
    """
    plus, below = ramp(colour, mode), ramp(getattr(minus, mode), mode)
    steps = np.rint(np.linspace(0, LEVELS, HALF + 1)).astype(int)
    both: np.ndarray = np.concatenate([below[steps[:0:-1]], plus[steps]])
    return both


def signed_level(value: float, largest: float) -> int:
    """A number as a level of `signed_ramp`: 127 ± round(127 √(|number| ÷ largest)); ∞ as 127."""
    if not math.isfinite(value):
        return HALF
    share = min(1.0, abs(value) / (largest or 1.0))
    ink: int = round(HALF * float(np.sqrt(share)))
    return HALF + ink if value > 0 else HALF - ink


def level(weights: Real[np.ndarray, "*axes"]) -> UInt8[np.ndarray, "*axes"]:
    """Weights as levels of a ramp: round(255 √w). The stated quantisation."""
    levels: np.ndarray = np.rint(LEVELS * np.sqrt(np.clip(weights, 0, 1))).astype(np.uint8)
    return levels


def signed_levels(values: Real[np.ndarray, "*axes"]) -> UInt8[np.ndarray, "*axes"]:
    """Values from −1 to 1 as levels of `signed_ramp`: 127 ± round(127 √|value|)."""
    ink = np.rint(HALF * np.sqrt(np.clip(np.abs(values), 0, 1)))
    levels: np.ndarray = (HALF + np.sign(values) * ink).astype(np.uint8)
    return levels


def line_width(weight: float) -> float:
    """How wide a line is; its opacity is the weight itself."""
    return THINNEST + THICKER * weight


def paper_level(*, signed: bool) -> int:
    """The level of a value of 0: plain paper."""
    return HALF if signed else 0


def map_ramp(code: HeadCode | Paint, mode: Mode, *, signed: bool) -> UInt8[np.ndarray, "level rgb"]:
    """The colours of a map's levels: 256 for shares, 255 for values of either sign."""
    colour = getattr(code, mode)
    return signed_ramp(colour, mode, MINUS) if signed else ramp(colour, mode)


def map_levels(values: Real[np.ndarray, "*axes"], *, signed: bool) -> UInt8[np.ndarray, "*axes"]:
    """A map's values as levels of its ramp."""
    return signed_levels(values) if signed else level(values)


def colour_scale(colour: str, mode: Mode) -> list[tuple[float, str]]:
    """A ramp as stops over the weight itself, for Plotly."""
    colours = ramp(colour, mode)
    stops = np.linspace(0, 1, STOPS)
    return [(float(s**2), "rgb({},{},{})".format(*colours[round(LEVELS * s)])) for s in stops]


def signed_scale(colour: str, mode: Mode) -> list[tuple[float, str]]:
    """A ramp for both signs as stops from −1 to 1, which Plotly counts from 0 to 1."""
    plus, minus = colour_scale(colour, mode), colour_scale(getattr(MINUS, mode), mode)
    below = [((1 - size) / 2, ink) for size, ink in reversed(minus[1:])]
    return [*below, *(((1 + size) / 2, ink) for size, ink in plus)]


_NAMED: dict[str, dict[Mode, str]] = {
    "paper": PAPER,
    "ink": INK,
    "faint": FAINT_INK,
    "dim": DIM_INK,
    "rule": RULE,
    "wash": WASH,
    "good": {mode: getattr(X, mode) for mode in MODES},
    "accent": {mode: getattr(HEAD_CODES[0], mode) for mode in MODES},
}


def for_scripts() -> dict[str, object]:
    """What scripts draw with, so that it is written once: colours, steps, widths, ticks."""
    return {
        "levels": LEVELS,
        "half": HALF,
        "line": {"thinnest": THINNEST, "thicker": THICKER},
        "ticks": TICKS,
        "few_ticks": FEW_TICKS,
        "overlaid": MOST_OVERLAID,
        "hatch": {"apart": HATCH, "width": HATCH_WIDTH},
        "readable": [BLACK, WHITE],
        "inks": {mode: {name: inks[mode] for name, inks in _NAMED.items()} for mode in MODES},
    }


def for_styles() -> str:
    """The same colours as CSS variables."""
    light, dark = (
        " ".join(f"--{name}: {inks[mode]};" for name, inks in _NAMED.items()) for mode in MODES
    )
    return f":root, .attnviz {{ {light} }}\n.attnviz.dark {{ {dark} }}\n"


def for_pages() -> str:
    """The same for a page whose colour scheme a person may change."""
    inks = (f"--{name}: light-dark({ink['light']}, {ink['dark']});" for name, ink in _NAMED.items())
    return f":root {{ {' '.join(inks)} }}\n"
