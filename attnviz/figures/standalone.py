"""Standalone: pictures as one HTML file that needs no network, interactive as in the app.

The scripts are those of the app, and each picture is drawn from the packet that the app
would draw it from. Everything else is escaped text.
"""

import shlex
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from typing import Literal

from attnviz.tracing.record import Trace
from attnviz.version import __version__
from attnviz.words import Language, say

_ASSETS = files("attnviz.figures") / "assets"
_STYLES = ("pictures.css", "drawing.css", "standalone.css")
_SCRIPTS = ("core.js", "lines.js", "drawing.js", "standalone.js")

Kind = Literal["lines", "drawing"]


def tag(name: str, text: str, kind: str = "") -> str:
    """An element with text in it, escaped."""
    return f"<{name}{f' class={kind}' if kind else ''}>{escape(text)}</{name}>"


def picture(kind: Kind, packet: bytes, alt: str) -> str:
    """A picture as an element: drawn when the file opens, its alternative where it cannot be."""
    packed = b64encode(packet).decode()
    return (
        f'<figure class="picture" data-kind="{kind}" data-packet="{packed}">'
        f"<noscript>{escape(alt)}</noscript></figure>"
    )


def standalone(title: str, body: Sequence[str], language: Language, kind: str = "") -> str:
    """A whole HTML file. `body` holds elements, `title` is text."""
    styles, scripts = ("".join(map(_asset, names)) for names in (_STYLES, _SCRIPTS))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><style>{styles}</style></head><body class="{kind}">'
        f"{''.join(body)}<script>{scripts}</script></body></html>"
    )


def origin(trace: Trace, language: Language) -> str:
    """The sentence, the model with its revision, and the version: the head of every file."""
    card = trace.model
    sentences = [trace.text] if trace.pair is None else [trace.text, trace.pair]
    made = say(
        "file.made_with",
        language,
        version=__version__,
        model=card.title,
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=len(trace.tokens),
    )
    quotes = "".join(tag("blockquote", sentence) for sentence in sentences)
    return quotes + tag("p", made, "made")


def command(trace: Trace, heads: Sequence[tuple[int, int]]) -> str:
    """The shell command that makes the lines of these heads again."""
    words = ["python", "-m", "attnviz", trace.text]
    if trace.pair is not None:
        words += ["--pair", trace.pair]
    words += ["--model", trace.model.name]
    for layer, head in heads:
        words += ["--head", f"{layer}.{head}"]
    return shlex.join(words)


def framed(page: str, alt: str, height: int = 620) -> str:
    """A whole file inside another page, apart from its styles and scripts."""
    return (
        f'<iframe srcdoc="{escape(page)}" title="{escape(alt)}" sandbox="allow-scripts" '
        f'style="width:100%;height:{height}px;border:0"></iframe>'
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
