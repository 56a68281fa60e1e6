"""A figure in steps: one picture that is built up, with one sentence for each step.

The wide form is for screens, the narrow one for phones; where the wide one has smaller letters
than can be read from afar, a third one is for projectors. All are drawn from the same numbers, and
the browser shows the one that fits. Steps, pointing and stepping back need no server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say


@dataclass(frozen=True, slots=True)
class Form:
    """A figure at one width."""

    width: int
    height: int
    drawn: Sequence[Element]


def figure(
    wide: Form,
    narrow: Form,
    steps: Sequence[str],
    alt: str,
    mode: Mode,
    language: Language,
    *,
    values: Mapping[str, object] | None = None,
    on_paper: int | None = None,
    projected: Form | None = None,
) -> Drawing:
    """A figure in `steps` sentences; elements of a step stand in `at_step`.

    `on_paper` is the step that a handout shows, where that is not the last. `projected` is the
    form for a projector, where that is not the wide one.
    """
    texts = {name: say(f"figure.{name}", language) for name in ("play", "pause", "on", "back")}
    root = element(
        "div",
        _svg(wide, "wide", alt),
        _svg(narrow, "narrow", alt),
        None if projected is None else _svg(projected, "projected", alt),
        element("p", class_="calculation", aria_live="polite"),
        element(
            "div",
            *(_button(name, texts[name]) for name in ("back", "play", "on")),
            element("span", class_="count"),
            element("p", class_="sentence", aria_live="polite"),
            class_="stepper",
            data_pause=texts["pause"],
            data_play=texts["play"],
        ),
        element("ol", *(element("li", sentence) for sentence in steps), class_="sentences"),
        class_="stepped",
        data_steps=len(steps),
        data_paper=on_paper,
    )
    return Drawing(root, alt, mode, dict(values or {}))


def _svg(form: Form, kind: str, alt: str) -> Element:
    return element(
        "svg",
        *form.drawn,
        viewBox=f"0 0 {form.width} {form.height}",
        class_=f"figure {kind}",
        role="group",
        aria_label=alt,
    )


def _button(name: str, label: str) -> Element:
    signs = {"back": "◀", "play": "▶▶", "on": "▶"}
    return element("button", signs[name], type="button", class_=name, aria_label=label, title=label)
