"""A chapter on the page: what to see, what to set, what to predict."""

from collections.abc import Sequence

import streamlit as st

from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.controls import Cells, Control, Paint, Pick, PickHeads
from attnviz.lessons.engine import Chapter, Part, Scene
from attnviz.lessons.link import PARAMETERS, to_link
from attnviz.lessons.questions import Answer, Question
from attnviz.pictures.drawing import Drawing
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.components import aloud, figures
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims, training
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    answer,
    choose,
    keep_link,
    linked_state,
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

FEW = 6  # options that are shown side by side


def lesson(sentence: TracedSentence) -> None:
    """The chapter where this session stands, from its title to its takeaway."""
    chapter = chapter_called(progress().chapter)
    scene = sentence.scene(chapter)
    with st.container(key="lesson"):
        _opening(chapter, scene)
        controls(chapter, scene, [c for c in chapter.controls if not _used(chapter, c.name)])
        training.train_here(chapter, scene)
        for part in chapter.parts:
            _part(sentence, chapter, part, scene)
        for question in chapter.questions:
            if not question.before:
                ask(sentence, chapter, question)
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


def _used(chapter: Chapter, name: str) -> bool:
    return any(name in part.uses for part in chapter.parts)


def _opening(chapter: Chapter, scene: Scene) -> None:
    st.markdown(f"## {chapter.number} · {markdown_text(chapter.title[language()])}")
    st.markdown(f"*{markdown_text(scene.say(chapter.goal))}*")
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
    before = [question for question in chapter.questions if question.before == part.name]
    for question in before:
        ask(sentence, chapter, question)
    with st.container(key=f"part_{part.name}"):
        st.markdown(f"### {markdown_text(part.title[language()])}")
        is_open = any(_is_open(sentence, chapter, question) for question in before)
        if is_open and not _skipped(chapter, part):
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

        def take() -> None:
            """Paint a cell, or wipe it."""
            if cell := figures.painted(key):
                now = scene.cells(cell["control"])
                toggled = now ^ {(int(cell["row"]), int(cell["column"]))}
                choose(chapter.number, cell["control"], Cells(toggled))

        figures.show_drawing(drawn, key, on_painted=take)
    else:
        figures.show_lines(drawn, key)
    if note := chapter.note(part, scene):
        st.caption(markdown_text(note))


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


# ---- questions


def _is_open(sentence: TracedSentence, chapter: Chapter, question: Question) -> bool:
    """Whether there is something to predict, and nothing is predicted yet."""
    is_answered = f"{chapter.number}.{question.name}" in progress().answers
    return not is_answered and question.has_alternatives(sentence.trace)


def ask(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    """A question: first the learner's prediction, then the answer with its computation."""
    with st.container(key=f"ask_{chapter.number}_{question.name}", border=True):
        st.markdown(f"**{markdown_text(question.asks(sentence.trace, language()))}**")
        with clear_errors():
            if _is_open(sentence, chapter, question):
                _predict(sentence, chapter, question)
            else:
                revealed(sentence, chapter, question)


def predicts(what: str) -> str:
    """The name of the control with which somebody predicts the answer to `what`."""
    return say("walk.prediction_of", language(), what=aloud.as_name(what))


def _predict(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    key = f"said_{chapter.number}_{question.name}"
    st.caption(say("walk.prediction", language()))
    said: Answer | None
    if question.options is None:
        least, most = question.span(sentence.trace)
        label = predicts(question.asks(sentence.trace, language()))
        digits = "%d" if question.step.is_integer() else None
        said = st.slider(
            label,
            least,
            most,
            step=question.step,
            format=digits,
            key=key,
            label_visibility="collapsed",
        )
    else:
        said = _pick_option(question, sentence, key)
    st.button(
        say("walk.commit", language()),
        key=f"commit_{chapter.number}_{question.name}",
        disabled=said is None,
        on_click=answer,
        args=(chapter.number, question.name, said),
    )


def _pick_option(question: Question, sentence: TracedSentence, key: str) -> str | None:
    options = question.offers(sentence.trace, language())
    label, names = predicts(question.asks(sentence.trace, language())), list(options)
    if len(names) <= FEW:

        def shown(name: str) -> str:
            return markdown_text(options[name])

        return st.radio(
            label, names, None, shown, key, horizontal=True, label_visibility="collapsed"
        )
    return st.selectbox(
        label,
        names,
        None,
        options.__getitem__,  # a menu reads no Markdown
        key,
        placeholder=say("walk.choose", language()),
        label_visibility="collapsed",
    )


def revealed(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    """The answer, beside what was predicted if anything was."""
    name = f"{chapter.number}.{question.name}"
    said = progress().answers.get(name)
    explained = question.tells(sentence.trace, language())
    if said is None:
        st.markdown(markdown_text(explained))
        return
    right = question.is_right(sentence.trace, said)
    key = "walk.right" if right else "walk.wrong"
    verdict = say(key, language(), said=question.spoken(sentence.trace, said, language()))
    st.markdown(f"**{markdown_text(verdict)}** {markdown_text(explained)}")
    aloud.verdict(name, f"{verdict} {explained}")
