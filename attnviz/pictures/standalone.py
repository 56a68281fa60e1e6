"""Standalone: pictures as one HTML file that needs no network, interactive as in the app.

The scripts are those of the app, and each picture is drawn from the packet that the app
would draw it from. Everything else is escaped text.
"""

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape

from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.provenance import provenance_note, sentences
from attnviz.pictures.scripts import asset, css, javascript
from attnviz.texts import Language, tag_of

_KIND = re.compile(r'<figure class="picture" data-kind="(\w+)"')


FRAME_HEIGHT = 1_300  # px of a frame in a notebook, until its page says how tall it is

_BOTH_SCHEMES = f"{style.for_pages()}:root {{ color-scheme: light dark; }}\n"


def tag(name: str, text: str, kind: str = "") -> str:
    """An element with text in it, escaped."""
    return f"<{name}{f' class={kind}' if kind else ''}>{escape(text)}</{name}>"


def picture(kind: str, packet: bytes, alt: str) -> str:
    """A picture as an element: drawn when the file opens, its alternative where it cannot be."""
    packed = b64encode(zlib.compress(packet, 9)).decode()
    return (
        f'<figure class="picture" data-kind="{kind}" data-packet="{packed}">'
        f"<noscript>{escape(alt)}</noscript></figure>"
    )


def standalone(
    name: str,
    body: Sequence[str],
    language: Language,
    kind: str = "",
    about: Mapping[str, object] | None = None,
) -> str:
    """A whole HTML file. `body` holds elements, `name` is text.

    One that says what it is `about` is for screens: light or dark, as its reader's are.
    """
    elements = "".join(body)
    kinds = dict.fromkeys(_KIND.findall(elements))
    styles = css(kinds) + asset("standalone.css") + (_BOTH_SCHEMES if about else "")
    facts = "" if about is None else escape(json.dumps(about, ensure_ascii=False))
    meta = facts and f'<meta name="attnviz" content="{facts}">'
    scripts = javascript(kinds) + asset("standalone.js")
    return (
        f'<!doctype html><html lang="{tag_of(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{meta}<title>{escape(name)}</title><style>{styles}</style></head><body class="{kind}">'
        f"{elements}<script>{scripts}</script></body></html>"
    )


def origin(trace: Trace | None, language: Language) -> str:
    """The sentence, the model with its revision, and the version: the head of every file."""
    quotes = "".join(tag("blockquote", sentence) for sentence in sentences(trace))
    return quotes + tag("p", provenance_note(trace, language), "made")


# The frame asks its page how tall it is, and hears of every change (`standalone.js`).
_AS_TALL = (
    "const frame = this; "
    "window.addEventListener('message', ({ source, data }) => { "
    "if (source === frame.contentWindow && data.attnvizHeight) "
    "frame.style.height = data.attnvizHeight + 'px'; }); "
    "frame.contentWindow.postMessage('attnvizHeight', '*')"
)


def framed(page: str, alt: str, height: int) -> str:
    """A whole file inside another page, apart from its styles and scripts.

    The frame is as tall as its page; `height` is for as long as that is not known.
    """
    return (
        f'<iframe srcdoc="{escape(page)}" title="{escape(alt)}" sandbox="allow-scripts" '
        f'style="width:100%;height:{height}px;border:0" onload="{escape(_AS_TALL)}"></iframe>'
    )
