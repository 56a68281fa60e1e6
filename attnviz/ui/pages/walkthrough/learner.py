"""A chapter on the page: what to see, what to set, what to predict."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from attnviz.analysis.difference import most_different
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.controls import Bars, Cells, Control, Edit, Edited, Paint, Pick, PickHeads
from attnviz.lessons.engine import Chapter, Part, Scene
from attnviz.lessons.link import PARAMETERS, to_link
from attnviz.lessons.questions import Question
from attnviz.pictures.drawing import Drawing
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.components import aloud, figures
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims, training
from attnviz.ui.pages.walkthrough.asking import ask, is_open
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    answer,
    choose,
    keep_link,
    linked_state,
    opened_at,
    panel,
    progress,
    see,
    seen,
    step,
    take_progress,
)
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.saving import save_chapter
from attnviz.ui.widgets.sharing import share


def lesson(sentence: TracedSentence) -> None:
    """The chapter where this session stands, from its figure to its takeaway."""
    chapter = chapter_called(progress().chapter)
    scene = sentence.scene(chapter)
    with st.container(key="lesson"):
        _first_screen(sentence, chapter, scene)
        training.train_here(chapter, scene)
        for part in chapter.parts[1:]:
            _part(sentence, chapter, part, scene)
        if chapter.has_trial:
            claims.on_trial(sentence)
        _closing(chapter, scene)
        with st.container(horizontal=True):
            save_chapter(chapter, scene, progress())
            share(
                "walkthrough",
                linked_state(),
                to_link(progress()),
                take_progress,
                PARAMETERS,
            )
        aloud.status()
    keep_link()


def _first_screen(sentence: TracedSentence, chapter: Chapter, scene: Scene) -> None:
    """The chapter's figure, and beside it what it is, what to see, and one thing to do."""
    part = chapter.parts[0]
    with st.container(key="first_screen"):
        figure, side = st.columns([7, 3])
        with side, st.container(key="side"):
            _opening(chapter, scene)
            controls(chapter, scene, [c for c in chapter.controls if _is_first(chapter, c.name)])
            for question in chapter.asked_beside(part):
                ask(sentence, chapter, question)
        with figure:
            show_panel(sentence, chapter, part, scene)


def _is_first(chapter: Chapter, control: str) -> bool:
    """Whether a control belongs to the first screen: used by its figure, or by no part alone."""
    using = [part for part in chapter.parts if control in part.uses]
    return not using or chapter.parts[0] in using


def _opening(chapter: Chapter, scene: Scene) -> None:
    st.markdown(f"## {chapter.number} · {markdown_text(chapter.title[language()])}")
    st.markdown(markdown_text(scene.say(chapter.text, **chapter.numbers(scene))))


def _closing(chapter: Chapter, scene: Scene) -> None:
    numbers = chapter.numbers(scene)
    with st.container(key="closing"):
        takeaway = markdown_text(scene.say(chapter.takeaway, **numbers))
        st.markdown(f"**{say('walk.takeaway', language())}** {takeaway}")
        wrong = markdown_text(scene.say(chapter.misconception, **numbers))
        st.markdown(f"**{say('walk.misconception', language())}** {wrong}")
        if chapter.number < len(chapters()):
            st.button(
                say("walk.next", language()),
                key="next_chapter",
                on_click=step,
                kwargs={"chapter": chapter.number + 1, "screen": 0},
            )


def _part(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A part: its picture, and beside it the questions about it."""
    beside = chapter.asked_beside(part)
    with st.container(key=f"part_{part.name}"):
        st.markdown(f"### {markdown_text(part.title[language()])}")
        if not beside:
            _picture(sentence, chapter, part, scene)
            return
        picture, side = st.columns([7, 3])
        with picture:
            _picture(sentence, chapter, part, scene)
        with side:
            for question in beside:
                ask(sentence, chapter, question)


def _picture(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A part's picture with its controls; first a prediction, where it gives one away."""
    before = [question for question in chapter.questions if question.before == part.name]
    is_waiting = any(is_open(sentence, chapter, question) for question in before)
    if is_waiting and not _skipped(chapter, part):
        st.caption(say("walk.first_predict", language()))
        st.button(
            say("walk.skip", language()),
            key=f"skip_{chapter.number}_{part.name}",
            on_click=_skip,
            args=(chapter, part),
        )
        return
    controls(chapter, scene, [c for c in chapter.controls if c.name in part.uses])
    show_panel(sentence, chapter, part, scene)


def show_panel(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A part's picture, and what to see in it."""
    drawn = panel(sentence, chapter, part, scene)
    key = f"panel_{chapter.number}_{part.name}"
    if isinstance(drawn, Drawing):
        figures.show_drawing(
            drawn,
            key,
            lambda: _take_told(chapter, part, scene, figures.told(key)),
            _reader(sentence, chapter, part),
        )
    else:
        figures.show_lines(drawn, key)
    if note := chapter.note(part, scene):
        st.caption(markdown_text(note))


def _reader(sentence: TracedSentence, chapter: Chapter, part: Part) -> dict[str, object]:
    """What a picture is for this person: its step, the questions it waits for, what was right."""
    beside = chapter.asked_beside(part)
    waiting = [q for q in beside if is_open(sentence, chapter, q) and not _told(chapter, q)]
    in_picture = [question for question in beside if question.in_picture]
    asking = [question.name for question in in_picture if question in waiting]
    known = [question for question in in_picture if question not in waiting]
    right = [name for question in known for name in _right(question, sentence.trace)]
    is_first = part is chapter.parts[0]
    return {
        "step": opened_at() if is_first else 0,
        "asking": asking[0] if asking else "",
        "open": [question.name for question in waiting],
        "right": right,
    }


def _right(question: Question, trace: Trace) -> list[str]:
    """The right option by its name in a picture; none where the question cannot be asked."""
    try:
        return [f"{question.name}.{question.answer(trace)}"]
    except AttnvizError:
        return []  # the question's own card says why


def _told(chapter: Chapter, question: Question) -> bool:
    """Whether the presenter has shown the answer to the class."""
    return f"{chapter.number}.{question.name}?" in seen()


def _take_told(chapter: Chapter, part: Part, scene: Scene, told: Mapping[str, Any]) -> None:
    """Do what somebody asked for in a picture."""
    if cell := told.get("painted"):
        now = scene.cells(cell["control"])
        toggled = now ^ {(int(cell["row"]), int(cell["column"]))}
        choose(chapter.number, cell["control"], Cells(toggled))
    if number := told.get("edited"):
        now_typed = dict(scene.edited(number["control"])) | {number["name"]: int(number["number"])}
        choose(chapter.number, number["control"], Edited(now_typed.items()))
    chosen = dict(told.get("chosen") or {})
    if (to := chosen.pop("chapter", None)) is not None:
        step(chapter=chapter_called(to).number, screen=0)
        return  # the step that this figure stands at is none of that chapter
    for name, value in chosen.items():
        choose(chapter.number, name, _as_heads(value) if isinstance(value, list) else value)
    if said := told.get("answered"):
        answer(chapter.number, said["question"], said["option"])
    at = told.get("step")
    is_here = part is chapter.parts[0] and chapter.number == progress().chapter
    if is_here and at is not None and at != progress().step:
        step(step=int(at))


def _as_heads(told: list[Any]) -> HeadId | tuple[HeadId, ...]:
    """A head as a picture tells it, [layer, head], or a list of such heads."""
    if told and not isinstance(told[0], list):
        return HeadId(*told)
    return tuple(HeadId(*head) for head in told)


def _skipped(chapter: Chapter, part: Part) -> bool:
    return f"{chapter.number}.{part.name}" in seen()


def _skip(chapter: Chapter, part: Part) -> None:
    see(f"{chapter.number}.{part.name}")


# ---- controls


def controls(chapter: Chapter, scene: Scene, shown: Sequence[Control]) -> None:
    """Widgets for some controls of a chapter."""
    if not shown:
        return
    with st.container(key=f"controls_{chapter.number}_{shown[0].name}", horizontal=True):
        for control in shown:
            _control(chapter, scene, control)
        if {"head", "other"} <= {control.name for control in shown}:
            st.button(
                say("walk.most_different", language()),
                key=f"most_different_{chapter.number}_{shown[0].name}",
                on_click=_choose_most_different,
                args=(chapter, scene),
            )


def _choose_most_different(chapter: Chapter, scene: Scene) -> None:
    first, second, _ = most_different(scene.trace)
    choose(chapter.number, "head", first)
    choose(chapter.number, "other", second)


def _control(chapter: Chapter, scene: Scene, control: Control) -> None:
    """One widget, set to what the scene says."""
    key = f"control_{chapter.number}_{control.name}"
    label = control.label[language()]

    def take() -> None:
        given = state.taken(key)
        if given is not None:
            value = tuple(given) if isinstance(given, list) else given
            choose(chapter.number, control.name, value)

    if isinstance(control, Pick):
        options = list(control.options(scene.trace))
        st.selectbox(
            label,
            options,
            format_func=lambda value: control.shown(value, scene.trace, language()),
            **state.shown(key, scene.choice[control.name], take, "index", options),
            width=190,
        )
    elif isinstance(control, Paint):
        st.button(
            say("walk.unpaint", language()),
            key=key,
            disabled=not scene.cells(control.name),
            on_click=choose,
            args=(chapter.number, control.name, Cells()),
        )
    elif isinstance(control, Edit):
        st.button(
            label,
            key=key,
            disabled=not scene.edited(control.name),
            on_click=choose,
            args=(chapter.number, control.name, Edited()),
        )
    elif isinstance(control, Bars):
        st.button(
            label,
            key=key,
            disabled=not scene.choice[control.name],
            on_click=choose,
            args=(chapter.number, control.name, ""),
        )
    elif isinstance(control, PickHeads):
        none_yet = say("walk.choose", language())
        st.multiselect(
            label,
            scene.trace.heads,
            **state.shown(key, list(scene.heads(control.name)), take, "default"),
            select_all=False,
            placeholder=none_yet,
        )
    else:
        st.slider(
            label,
            control.least,
            control.most,
            step=control.step,
            **state.shown(key, scene.number(control.name), take),
            width=260,
        )
