"""What of a link was not read: what no field has, and all but the last of what is repeated."""

from collections.abc import Mapping, Sequence

from attnviz.share.state import LONG, Field, Params, readers

_OF_FRAMES = ("embed", "__")
_MOST_SAID = 40  # characters that are said of what was not read


def unknown(params: Params, fields: Sequence[Field]) -> tuple[str, ...]:
    """The names of parameters that no field reads.

    What a frame says to Streamlit, or the page around it adds for itself (`__…`), is no part
    of a link.
    """
    known = _known(fields)
    strange = [name for name in params if name not in known and not name.startswith(_OF_FRAMES)]
    return tuple(map(_in_short, strange))


def repeated(given: Mapping[str, Sequence[str]], fields: Sequence[Field]) -> tuple[str, ...]:
    """What a link says besides the last of a parameter that it gives more than once."""
    known = _known(fields)
    others = [
        (name, text)
        for name, texts in given.items()
        if name in known
        for text in dict.fromkeys(texts)
        if text != texts[-1]
    ]
    return tuple(f"{name}: {_in_short(text)}" for name, text in others)


def _known(fields: Sequence[Field]) -> set[str]:
    return {name for one in fields for name, _ in readers(one)} | {"v", LONG}


def _in_short(text: str) -> str:
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}…"
