"""A figure for a paper: how it will be printed, and its file in each format."""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import streamlit as st

from attnviz.core.methods import Picture
from attnviz.core.sheet import LETTERS, SCHEMES, WIDTHS, Sheet
from attnviz.export.pdf import LETTER_DPI, pdf_packet
from attnviz.export.png import DOTS_PER_INCH, dots_of, millimetres, png_packet
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.kinds import PictureKind, kinds
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey, print_of
from attnviz.ui.components.figures import save_drawn
from attnviz.ui.frame import language
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.downloads import download

PAGE_HEIGHT = 297  # mm, of A4
LARGEST_PREVIEW = 3_000_000  # characters of an SVG that is sent to be looked at

_UNITS = {"width": "mm", "letters": "pt"}
_ASKED = SessionValue("files_asked", 0)  # so that each is another message
_SHEET = SessionValue("sheet", Sheet())


def save_figure(key: TraceKey, seen: Explorer, name: str) -> None:
    """One picture of what is seen: chosen, laid out, looked at, and saved."""
    pictures = saved_pictures(seen)
    title = st.selectbox(
        say("page.save_picture", seen.language),
        list(pictures),
        format_func=lambda title: pictures[title][0].title_of(title, seen.language),
        key="save_what",
    )
    kind, make = pictures[title]
    sheet = _chosen_sheet()
    svg = print_of(key, title, seen, sheet, make)
    _formats(svg, _file_name(name, title))
    _preview(svg, sheet)
    _about_formats(svg, kind)


def _file_name(name: str, title: str) -> str:
    """A name that every system and LaTeX takes: ASCII, without spaces."""
    whole = f"{name}-{title}".replace("·", "")
    return re.sub(r"[^\w.]+", "-", whole, flags=re.ASCII).strip("-")


def saved_pictures(seen: Explorer) -> dict[str, tuple[PictureKind, Callable[[], Picture]]]:
    """Each picture of what is seen that can be saved, by its name."""
    return {
        title: (kind, make)
        for kind in kinds().values()
        if kind.is_saved
        for title, make in kind.pictures(seen).items()
    }


def _chosen_sheet() -> Sheet:
    """The sheet as it was chosen, with what chooses it."""
    sheet = _SHEET.get()
    with st.container(horizontal=True, key="save_sheet"):
        _choice("width", WIDTHS, sheet.width)
        _choice("letters", LETTERS, sheet.letters)
        _choice("scheme", SCHEMES, sheet.scheme)
        _choice("is_transparent", (False, True), sheet.is_transparent)
        _choice("provenance", (False, True), sheet.provenance)
    return sheet


def _choice(field: str, options: Sequence[Any], value: object) -> None:
    """One choice about the sheet."""
    key = f"save_{field}"

    def take() -> None:
        _SHEET.put(replace(_SHEET.get(), **{field: state.taken(key)}))

    st.segmented_control(
        say(f"save.{field}", language()),
        options,
        format_func=lambda option: _option_name(field, option),
        required=True,
        **state.shown(key, value, take, "default"),
    )


def _option_name(field: str, option: object) -> str:
    if field in _UNITS:
        return f"{option} {_UNITS[field]}"
    return say(f"save.{field}_{str(option).lower()}", language())


def _preview(svg: str, sheet: Sheet) -> None:
    """The figure at its size in print, on the ground that it is for."""
    spoken = language()
    if len(svg) > LARGEST_PREVIEW:
        st.caption(say("save.no_preview", spoken, megabytes=f"{len(svg) / 1e6:.1f}"))
        return
    packed = b64encode(svg.encode()).decode()
    alt = escape(say("save.preview", spoken, width=sheet.width))
    with st.container(key=f"save_preview_{sheet.scheme}"):
        st.html(
            f'<img tabindex="0" alt="{alt}" style="width:{sheet.width}mm" '
            f'src="data:image/svg+xml;base64,{packed}">'
        )


def _formats(svg: str, name: str) -> None:
    """A button for each format; the browser draws what wants its fonts."""
    spoken = language()
    with st.container(horizontal=True, key="save_formats"):
        label = say("page.save_svg", spoken)
        download(label, svg.encode, f"{name}.svg", "image/svg+xml", key="save_svg")
        if st.button(say("save.pdf", spoken), key="save_pdf"):
            save_drawn(pdf_packet(svg, f"{name}.pdf", _next()))
        for dpi in DOTS_PER_INCH:
            if st.button(say("save.png", spoken, dpi=dpi), key=f"save_png_{dpi}"):
                save_drawn(png_packet(svg, f"{name}.png", dpi, _next()))


def _about_formats(svg: str, kind: PictureKind) -> None:
    spoken, high = language(), millimetres(svg)[1]
    if high > PAGE_HEIGHT and kind.takes_pins:
        st.caption(say("save.high", spoken, high=f"{high:,.0f}", page=PAGE_HEIGHT))
    st.caption(say("save.letters_of_pdf", spoken, dpi=f"{LETTER_DPI:,}"))
    most = dots_of(svg, max(DOTS_PER_INCH))
    if most < max(DOTS_PER_INCH):
        st.caption(say("save.fewer_dots", spoken, dpi=int(most)))


def _next() -> int:
    _ASKED.put(_ASKED.get() + 1)
    return _ASKED.get()
