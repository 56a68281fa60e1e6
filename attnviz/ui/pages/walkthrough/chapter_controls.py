"""Controls on the page: a widget for each, set to what the scene says."""

from collections.abc import Callable
from functools import singledispatch

import streamlit as st

from attnviz.analysis.difference import most_different
from attnviz.lessons.controls import (
    Bars,
    Cells,
    Control,
    Digits,
    Edit,
    Edited,
    Paint,
    Pick,
    PickHeads,
    Slide,
    Value,
)
from attnviz.lessons.engine import Chapter, Part, Scene
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import choose

Take = Callable[[Value], None]


def controls(chapter: Chapter, scene: Scene, part: Part) -> None:
    """Widgets for what a part uses; beside the first part, for what no part uses alone too."""
    shown = controls_of(chapter, part)
    if not shown:
        return
    with st.container(key=f"controls_{chapter.number}_{part.name}", horizontal=True):
        for control in shown:
            _control(chapter, scene, control, part)
        if {"head", "other"} <= {control.name for control in shown}:
            st.button(
                say("walk.most_different", language()),
                key=f"most_different_{chapter.number}_{part.name}",
                on_click=_choose_most_different,
                args=(chapter, scene),
            )


def controls_of(chapter: Chapter, part: Part) -> list[Control]:
    """What can be set at a part."""
    return [c for c in chapter.controls if c.name in part.uses or _is_free(chapter, part, c)]


def _is_free(chapter: Chapter, part: Part, control: Control) -> bool:
    is_used = any(control.name in part.uses for part in chapter.parts)
    return part is chapter.parts[0] and not is_used


def _choose_most_different(chapter: Chapter, scene: Scene) -> None:
    first, second, _ = most_different(scene.trace)
    choose(chapter.number, "head", first)
    choose(chapter.number, "other", second)


def _control(chapter: Chapter, scene: Scene, control: Control, part: Part) -> None:
    """A control where a part uses it; where several do, each has a widget of its own."""
    first = next(
        (other_part for other_part in chapter.parts if control.name in other_part.uses), part
    )
    key = f"control_{chapter.number}_{control.name}"
    _widget(
        control,
        scene,
        key if part is first else f"{key}_{part.name}",
        lambda value: choose(chapter.number, control.name, value),
    )


@singledispatch
def _widget(control: Control, scene: Scene, key: str, take: Take) -> None:
    """The widget of a kind of control."""
    raise TypeError(f"no widget {key} for {control!r} on {scene!r}, to {take!r}")


@_widget.register
def _(control: Pick, scene: Scene, key: str, take: Take) -> None:
    options = list(control.options(scene.trace))
    spoken_in = language()  # asked once, not for each option

    def named(value: Value) -> str:
        return control.shown(value, scene.trace, spoken_in)

    chosen, taking = scene.choice[control.name], _given(key, take)
    st.selectbox(
        control.label[language()],
        options,
        format_func=named,
        **state.shown(key, chosen, taking, "index", options, named=named),
        width=190,
    )


@_widget.register
def _(control: PickHeads, scene: Scene, key: str, take: Take) -> None:
    heads = list(scene.heads(control.name))
    st.multiselect(
        control.label[language()],
        scene.trace.heads,
        **state.shown(key, heads, _given(key, lambda value: take(tuple(value))), "default"),  # type: ignore[arg-type]
        select_all=False,
        placeholder=say("walk.choose", language()),
    )


@_widget.register
def _(control: Slide, scene: Scene, key: str, take: Take) -> None:
    st.slider(
        control.label[language()],
        control.least,
        control.most,
        step=control.step,
        **state.shown(key, scene.number(control.name), _given(key, take)),
        width=260,
    )


@_widget.register
def _(control: Digits, scene: Scene, key: str, take: Take) -> None:
    def typed() -> None:
        written = f"d{state.taken(key) or ''}"
        if control.is_right(written):
            take(written)
            return
        most = control.base - 1
        st.toast(say("walk.digits", language(), length=control.length, least=0, most=most))

    st.text_input(
        control.label[language()],
        max_chars=control.length,
        **state.shown(key, str(scene.choice[control.name]).removeprefix("d"), typed),
        width=260,
    )


@_widget.register
def _(control: Paint, scene: Scene, key: str, take: Take) -> None:
    _wipe(say("walk.unpaint", language()), key, bool(scene.cells(control.name)), take, Cells())


@_widget.register
def _(control: Edit, scene: Scene, key: str, take: Take) -> None:
    is_edited = bool(scene.edited(control.name))
    _wipe(control.label[language()], key, is_edited, take, Edited())


@_widget.register
def _(control: Bars, scene: Scene, key: str, take: Take) -> None:
    _wipe(control.label[language()], key, bool(scene.choice[control.name]), take, "")


def _wipe(label: str, key: str, is_there: bool, take: Take, nothing: Value) -> None:
    """A button that lets what was done in a picture be as at first."""
    st.button(label, key=key, disabled=not is_there, on_click=take, args=(nothing,))


def _given(key: str, take: Take) -> Callable[[], None]:
    """What a widget's callback does: take over its value, unless the page has dropped it."""

    def changed() -> None:
        if (value := state.taken(key)) is not None:
            take(value)

    return changed
