"""What line diagrams say of themselves and of each head."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from attnviz.core.maps import AttentionMap
from attnviz.pictures import style
from attnviz.pictures.picture import percent
from attnviz.pictures.shown import Shown
from attnviz.pictures.style import FAINTEST, HeadCode, Paint
from attnviz.texts import Language, running, say


def drawn_as_lines(seen: AttentionMap) -> Bool[np.ndarray, "row column"]:
    """Which values are drawn: what is allowed and shown, and a screen can show."""
    drawn: np.ndarray = seen.shown & (np.abs(seen.values) >= FAINTEST)
    return drawn


def captioned_words(one: Shown, language: Language) -> dict[str, str]:
    """What lines say of a head where the page around them says the rest."""
    return {"title": one.name(language), "says": "", "formula": ""}


def short_words(language: Language) -> dict[str, str]:
    """What lines say of themselves there."""
    return {"strokes": "", "help": say("lines.help_short", language)}


def kind_of(maps: Sequence[Shown]) -> str:
    """The end of a text's key where values of either sign want other words than weights."""
    return "_signed" if maps[0].map.is_signed else ""


def edge_names(maps: Sequence[Shown], language: Language) -> tuple[str, str]:
    """What the two edges are called."""
    kind = kind_of(maps)
    return say(f"lines.queries{kind}", language), say(f"lines.keys{kind}", language)


def stroke_words(maps: Sequence[Shown], language: Language, unit: str = "px") -> str:
    """How opaque and how wide the lines of such maps are."""
    width = {"thinnest": f"{style.THINNEST:g}", "thicker": f"{style.THICKER:g}"}
    return say(f"lines.strokes{kind_of(maps)}", language, unit=unit, **width)


def line_words(maps: Sequence[Shown], language: Language) -> dict[str, str]:
    """What every line diagram of such maps says."""
    kind = kind_of(maps)
    queries, keys = edge_names(maps, language)
    focus = ("focus_query", "focus_key")
    return {
        "queries": queries,
        "keys": keys,
        "sides": say("lines.sides", language, queries=queries, keys=keys),
        "strokes": stroke_words(maps, language),
        **{name: say(f"lines.{name}{kind}", language) for name in focus},
        **{name: say(f"lines.{name}", language) for name in ("help", "no_lines", "others")},
    }


def head_alt(words: dict[str, Any]) -> str:
    """A head by its name, what it does, and all that is not drawn."""
    text = running([words["says"], *words["notes"]])
    return f"{words['name']}: {text}" if text else f"{words['name']}."


def head_code(code: HeadCode, minus: Paint | None) -> dict[str, Any]:
    """In which colours a map is drawn; `minus` where values may be below 0."""
    below = {} if minus is None else {"minus": {"light": minus.light, "dark": minus.dark}}
    return {"light": code.light, "dark": code.dark, "dash": code.dash, **below}


def head_words(view: Shown, language: Language) -> dict[str, Any]:
    """What a picture says about one head, with what it hides."""
    notes = [*view.notes(language), *_faint("lines", view, language)]
    return {
        "name": view.name(language),
        "title": view.title(language),
        "says": view.says(language),
        "formula": view.formula(language),
        "notes": notes,
    }


def line_counts(view: Shown, language: Language) -> list[str]:
    """What is not drawn of one head, as short as a figure alone has room for."""
    return [*view.counts(language, hatched=False), *_faint("hidden", view, language)]


def _faint(section: str, view: Shown, language: Language) -> list[str]:
    """How many lines are too faint to be drawn, in the words of a section; nothing of none."""
    faint = view.map.shown & ~drawn_as_lines(view.map)
    if not faint.any():
        return []
    lines = f"{int(faint.sum()):,}"
    if view.map.is_signed:
        return [say(f"{section}.faint_signed", language, lines=lines)]
    share = percent(view.map.share(faint, view.rows_asked))
    return [say(f"{section}.faint", language, lines=lines, share=share)]
