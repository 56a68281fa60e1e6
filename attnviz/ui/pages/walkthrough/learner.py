"""A chapter on the page: what to see, what to set, what to predict."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import streamlit as st

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.controls import (
    Cells,
    Edited,
)
from attnviz.lessons.engine import Chapter, Part, Scene
from attnviz.lessons.questions import Question
from attnviz.lessons.score import Score, score
from attnviz.texts import say
from attnviz.ui.components import aloud, figures
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims, training
from attnviz.ui.pages.walkthrough.asking import ask, is_open
from attnviz.ui.pages.walkthrough.chapter_controls import controls
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    answer,
    begin_here,
    choose,
    keep_link,
    linked_state,
    opened_at,
    panel,
    progress,
    see,
    seen,
    step,
)
from attnviz.ui.widgets.chapter_saving import save_chapter
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import with_progress
from attnviz.ui.widgets.sharing import share


def lesson(sentence: TracedSentence) -> None:
    """The chapter where this session stands, from its figure to its takeaway."""
    chapter = chapter_called(progress().chapter)
    scene = sentence.scene(chapter)
    chapter = chapter.at(scene.choice)
    with st.container(key="lesson"):
        _first_screen(sentence, chapter, scene)
        training.train_here(chapter, scene)
        for part in chapter.parts[1:]:
            _part(sentence, chapter, part, scene)
        if chapter.has_trial:
            claims.on_trial(sentence)
        _closing(chapter, scene)
        if chapter.number == len(chapters()):
            _score(sentence)
        with st.container(horizontal=True):
            save_chapter(chapter, scene, progress())
            share("walkthrough", linked_state(), begin_here)
        aloud.status()
    keep_link()


def _first_screen(sentence: TracedSentence, chapter: Chapter, scene: Scene) -> None:
    """The chapter's figure, and beside it what it is, what to see, and one thing to do."""
    part = chapter.parts[0]
    with st.container(key="first_screen"):
        figure, side = st.columns([7, 3])
        with side, st.container(key="side"):
            _opening(chapter, scene)
            for question in chapter.asked_beside(part):  # in sight without scrolling
                ask(sentence, chapter, question)
            controls(chapter, scene, part)
        with figure:
            show_panel(sentence, chapter, part, scene)


def _opening(chapter: Chapter, scene: Scene) -> None:
    st.markdown(f"## {chapter.number} · {markdown_text(chapter.title[language()])}")
    with clear_errors():
        st.markdown(markdown_text(scene.say(chapter.text, **chapter.numbers(scene))))


def _closing(chapter: Chapter, scene: Scene) -> None:
    with st.container(key="closing"):
        with suppress(AttnvizError):  # of a number that cannot be had: the opening says why
            numbers = chapter.numbers(scene)
            takeaway = markdown_text(scene.say(chapter.takeaway, **numbers))
            st.markdown(f"**{say('walk.takeaway', language())}** {takeaway}")
            misconception = markdown_text(scene.say(chapter.misconception, **numbers))
            st.markdown(f"**{say('walk.misconception', language())}** {misconception}")
        if chapter.number < len(chapters()):
            st.button(
                say("walk.next", language()),
                key="next_chapter",
                on_click=step,
                kwargs={"chapter": chapter.number + 1, "screen": 0},
            )


def _score(sentence: TracedSentence) -> None:
    """How the predictions came out, and the way to the verdict sheet."""
    answers = progress().answers

    def judge(_: object) -> Score:
        return score(sentence.trace, answers)

    judged = with_progress(judge, language(), "judge")
    with st.container(key="score", border=True):
        text = say("walk.score", language(), right=judged.right, answered=judged.answered)
        st.markdown(f"**{markdown_text(text)}**")
        claims.tally(sentence)
        st.button(
            say("walk.to_sheet", language()),
            key="to_sheet",
            on_click=step,
            kwargs={"mode": "print"},
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
    controls(chapter, scene, part)
    show_panel(sentence, chapter, part, scene)


def show_panel(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A part's picture, and what to see in it."""
    show_drawing(sentence, chapter, part, scene)
    show_note(chapter, part, scene)


def show_drawing(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A part's picture."""
    drawn = panel(sentence, chapter, part, scene)
    key = f"panel_{chapter.number}_{part.name}"
    figures.show_drawing(
        drawn,
        key,
        lambda: _take_told(chapter, part, scene, figures.told(key)),
        _reader(sentence, chapter, part),
    )


def show_note(chapter: Chapter, part: Part, scene: Scene) -> None:
    """What to see in a part's picture."""
    if note := chapter.note(part, scene):
        st.caption(markdown_text(note))


def _reader(sentence: TracedSentence, chapter: Chapter, part: Part) -> dict[str, object]:
    """What a picture is for this person: its step, the open questions, the right options."""
    waiting = [q for q in chapter.questions if not _is_known(sentence, chapter, q)]
    beside = [q for q in chapter.asked_beside(part) if q.in_picture and q not in waiting]
    return {
        "step": opened_at() if part is chapter.parts[0] else 0,
        "open": [question.name for question in waiting],
        "right": [name for question in beside for name in _right(question, sentence.trace)],
    }


def _right(question: Question, trace: Trace) -> list[str]:
    """The right option by its name in a picture; none where the question cannot be asked."""
    try:
        return [f"{question.name}.{question.answer(trace)}"]
    except AttnvizError:
        return []  # the question's own card says why


def _is_known(sentence: TracedSentence, chapter: Chapter, question: Question) -> bool:
    """Whether the answer may be seen: it was predicted, or the class has seen it."""
    is_revealed = f"{chapter.number}.{question.name}?" in seen()
    return is_revealed or not is_open(sentence, chapter, question)


def _take_told(chapter: Chapter, part: Part, scene: Scene, told: Mapping[str, Any]) -> None:
    """Do what somebody asked for in a picture."""
    if cell := told.get("painted"):
        cells = scene.cells(cell["control"])
        toggled = cells ^ {(int(cell["row"]), int(cell["column"]))}
        choose(chapter.number, cell["control"], Cells(toggled))
    if number := told.get("edited"):
        now_typed = dict(scene.edited(number["control"])) | {number["name"]: int(number["number"])}
        choose(chapter.number, number["control"], Edited(now_typed.items()))
    chosen = dict(told.get("chosen") or {})
    if (next_chapter := chosen.pop("chapter", None)) is not None:
        step(chapter=chapter_called(next_chapter).number, screen=0)
        return  # the step that this figure stands at is none of that chapter
    for name, value in chosen.items():
        choose(chapter.number, name, _as_heads(value) if isinstance(value, list) else value)
    if answered := told.get("answered"):
        answer(chapter.number, answered["question"], answered["option"])
    at = told.get("step")
    is_here = part is chapter.parts[0] and chapter.number == progress().chapter
    if is_here and at is not None and at != progress().figure_step:
        step(figure_step=int(at))


def _as_heads(told: list[Any]) -> HeadId | tuple[HeadId, ...]:
    """A head as a picture tells it, [layer, head], or a list of such heads."""
    if told and not isinstance(told[0], list):
        return HeadId(*told)
    return tuple(HeadId(*head) for head in told)


def _skipped(chapter: Chapter, part: Part) -> bool:
    return f"{chapter.number}.{part.name}" in seen()


def _skip(chapter: Chapter, part: Part) -> None:
    see(f"{chapter.number}.{part.name}")
