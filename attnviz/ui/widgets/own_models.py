"""The server's own models: what its menu says of them, and which one knows a script."""

import unicodedata
from pathlib import PurePath

import streamlit as st

from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.models import catalogue
from attnviz.models.load import is_loaded, load
from attnviz.runtime.settings import AboutModel, settings
from attnviz.share.state import SentenceState
from attnviz.texts import enumerated, say
from attnviz.ui import state
from attnviz.ui.frame import language

MANY = "mul"  # languages
_MB = 10**6
# Languages by code that are not written in Latin letters: beginnings of the letters' Unicode names
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "zh": ("CJK", "IDEOGRAPHIC", "BOPOMOFO"),
    "ja": ("CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA"),
    "ko": ("HANGUL",),
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk", "mn"), ("CYRILLIC",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    "he": ("HEBREW",),
    "el": ("GREEK",),
    "bn": ("BENGALI",),
    "ta": ("TAMIL",),
    "te": ("TELUGU",),
    "th": ("THAI",),
    "ka": ("GEORGIAN",),
    "hy": ("ARMENIAN",),
    "am": ("ETHIOPIC",),
}
_LATIN = ("LATIN",)


def entry(name: str) -> str:
    """A model in the menu: its name, languages and size."""
    about = _about(name)
    notes = {MANY: say("page.many_languages", language())}
    languages = enumerated([notes.get(code, code) for code in about.languages], language())
    return " · ".join(part for part in (_short(name), languages, _size(name, about)) if part)


def line(name: str) -> str:
    """What the server says of a model; nothing where it says nothing."""
    about = _about(name)
    return (about.says_zh if language() == "zh" else "") or about.says


def offer(trace: Trace) -> None:
    """A button to read the sentence with the first of the server's models that knows its script."""
    name = knowing(trace)
    if name is not None:

        def take() -> None:
            state.change(SentenceState, model=name)

        label = say("page.read_with", language(), model=_short(name))
        st.button(label, key="read_with", on_click=take)


def knowing(trace: Trace) -> str | None:
    """The first of the server's models that knows what is unknown here; None if none is known to.

    One that is loaded is asked to read the text; of others, their languages say it.
    """
    letters = _unknown_letters(trace)
    for name in settings().allowed_models if letters else ():
        if name == trace.model.name:
            continue
        if _reads(name, trace) if is_loaded(name) else _writes(_about(name), letters):
            return name
    return None


def _unknown_letters(trace: Trace) -> set[str]:
    """The letters of tokens for which the model has a blank."""
    tokens: list[Token] = [trace.tokens[place.position] for place in trace.unknown]
    signs = "".join(sign for one in trace.unknown for sign in one.signs)
    text = signs or "".join(token.source for token in tokens)
    return {character for character in text if unicodedata.category(character).startswith("L")}


def _reads(name: str, trace: Trace) -> bool:
    """Whether a loaded model has a blank for nothing in the text."""
    from attnviz.capture.reading import read  # torch is there: the model is

    try:
        return not read(trace.text, trace.pair, load(name)).unknown
    except AttnvizError:
        return False


def _writes(about: AboutModel, letters: set[str]) -> bool:
    """Whether the languages of a model are written in these letters."""
    if MANY in about.languages:
        return True
    scripts = tuple(s for code in about.languages for s in _SCRIPTS.get(code, _LATIN))
    return bool(scripts) and all(
        unicodedata.name(letter, "").startswith(scripts) for letter in letters
    )


def _about(name: str) -> AboutModel:
    return settings().about_models.get(name) or AboutModel()


def _short(name: str) -> str:
    """A name in the menu: of a folder, its last part."""
    return PurePath(name).name if PurePath(name).is_absolute() else name


def _size(name: str, about: AboutModel) -> str:
    if about.size:
        return about.size
    size = catalogue.bytes_here(name) or 0
    if size < _MB:
        return f"{size / 1000:,.0f} kB" if size else ""
    return f"{size / _MB:,.0f} MB"
