"""What is said around the cells of a map, for the scripts that draw them."""

from typing import Any

from attnviz.core.maps import AttentionMap
from attnviz.pictures.differences import divergence_words
from attnviz.pictures.shown import Shown, side
from attnviz.texts import Language, say


def map_meta(view: Shown, alt: str, language: Language, *, captioned: bool) -> dict[str, Any]:
    """A map and its words; `captioned`, the page says model, formula and ink, and what it does."""
    attention = view.map
    apart = [] if attention.divergence is None else divergence_words(view, language)
    words = map_texts(attention, language)
    if captioned:
        size = f"{len(attention.rows)} × {len(attention.columns)}"
        words |= {"direction": f"{size} · {words['direction']}", "ink": "", "rest": ""}
    return {
        "alt": alt,
        "rows": side(attention.rows),
        "columns": side(attention.columns),
        "signed": attention.is_signed,
        "head": {
            "title": view.name(language) if captioned else view.title(language),
            "says": "" if captioned else view.says(language),
            "formula": "" if captioned else view.formula(language),
            "map_notes": [*apart, *view.notes(language)],
            "light": view.code.light,
            "dark": view.code.dark,
        },
        "words": words,
    }


def map_texts(seen: AttentionMap, language: Language) -> dict[str, str]:
    """What every map of these values says."""
    kind = of_sign(seen)
    return {
        "direction": say("picture.direction", language),
        "weight": say("picture.value" if seen.is_signed else "picture.weight", language),
        "rounded": say("picture.rounded", language),
        "some_named": say("picture.some_named", language, step="{step}"),
        "ink": say(f"picture.ink{kind}", language),
        "hatched": say("picture.hatched", language),
        "read": say(f"map.read{kind}", language),
        "rest": say(f"map.rest{kind}", language),
        **{
            name: say(f"map.{name}", language)
            for name in ("hidden", "not_allowed", "part", "whole")
        },
    }


def how(view: Shown, language: Language) -> str:
    """How dark a cell is."""
    return map_texts(view.map, language)["ink"]


def of_sign(seen: AttentionMap) -> str:
    """The end of a text's key where values of either sign want other words than weights."""
    return "_signed" if seen.is_signed else ""
