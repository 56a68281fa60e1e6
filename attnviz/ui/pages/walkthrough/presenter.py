"""The presenter: large type, one idea a screen, answers hidden until asked for."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.engine import Chapter, Part, Screen
from attnviz.lessons.questions import Question
from attnviz.texts import say
from attnviz.ui import address
from attnviz.ui.components import aloud, figures
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims, learner, training
from attnviz.ui.pages.walkthrough.progress import TracedSentence, progress, see, seen, step
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.warnings import show_warnings


def present(choose_sentence: Callable[[DeltaGenerator], TracedSentence | None]) -> None:
    """The screen on which this session stands; sentence and model are folded away below it."""
    chapter = chapter_called(progress().chapter)
    screen = min(progress().screen, len(chapter.screens) - 1)
    stage, bar = st.container(key="present"), st.container()
    address.show_dropped()
    with clear_errors():
        notes = st.container()
        with st.expander(say("walk.settings", language())):
            sentence = choose_sentence(notes)
        if sentence is not None:
            show_warnings(sentence.trace)
            with stage:
                chapter = chapter.at(sentence.scene(chapter).choice)
                _show(sentence, chapter, chapter.screens[screen])
        aloud.status()
    with bar:
        _bar(chapter, screen)


def _show(sentence: TracedSentence, chapter: Chapter, screen: Screen) -> None:
    scene = sentence.scene(chapter)
    if screen == "opening":
        st.markdown(f"# {chapter.number} · {markdown_text(chapter.title[language()])}")
        st.markdown(markdown_text(scene.say(chapter.text, **chapter.numbers(scene))))
        training.train_here(chapter, scene)
    elif screen == "trial":
        claims.on_trial(sentence)
    elif screen == "closing":
        st.markdown(f"# {markdown_text(chapter.title[language()])}")
        takeaway = markdown_text(scene.say(chapter.takeaway, **chapter.numbers(scene)))
        st.markdown(f"**{say('walk.takeaway', language())}** {takeaway}")
        wrong = markdown_text(scene.say(chapter.misconception, **chapter.numbers(scene)))
        st.markdown(f"**{say('walk.misconception', language())}** {wrong}")
    elif isinstance(screen, Part):
        st.markdown(f"## {markdown_text(screen.title[language()])}")
        shown = [c for c in chapter.controls if c.name in screen.uses]
        learner.show_panel(sentence, chapter, screen, scene)
        training.train_here(chapter, scene)
        learner.controls(chapter, scene, shown)
    else:
        _question(sentence, chapter, screen)


def _question(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    """The question and its options; the answer once it is asked for."""
    st.markdown(f"## {markdown_text(question.asks(sentence.trace, language()))}")
    options = question.offers(sentence.trace, language()).values()
    if options:
        st.markdown(" · ".join(markdown_text(option) for option in options))
    if _is_revealed(chapter, question):
        told = question.tells(sentence.trace, language())
        st.markdown(markdown_text(told))
        aloud.verdict(f"{chapter.number}.{question.name}?", told)
    else:
        st.button(
            say("walk.reveal", language()),
            key="reveal",
            shortcut="a",
            on_click=_reveal,
            args=(chapter, question),
        )


def _is_revealed(chapter: Chapter, question: Question) -> bool:
    return f"{chapter.number}.{question.name}?" in seen()


def _reveal(chapter: Chapter, question: Question) -> None:
    see(f"{chapter.number}.{question.name}?")
    aloud.expect(f"{chapter.number}.{question.name}?")


def _bar(chapter: Chapter, screen: int) -> None:
    """Back and on, by button, arrow key or a presenter's clicker."""
    back, on = _before(chapter, screen), _after(chapter, screen)
    shown = chapter.screens[screen]
    with st.container(key="present_bar", horizontal=True, vertical_alignment="center"):
        _turn("walk.back", "Left", "present_left", back)
        _on(chapter, shown, "Right", "present_right", on)
        st.caption(
            say(
                "walk.screen",
                language(),
                chapter=chapter.number,
                chapters=len(chapters()),
                screen=screen + 1,
                screens=len(chapter.screens),
            )
        )
        st.button(
            say("walk.leave", language()), key="leave", on_click=step, kwargs={"mode": "learner"}
        )
        with st.container(key="clicker", horizontal=True):  # one key a button, so two more
            _turn("walk.back", "PageUp", "present_page_up", back)
            _on(chapter, shown, "PageDown", "present_page_down", on)
    figures.turn_pages()


def _on(chapter: Chapter, shown: Screen, key: str, name: str, to: tuple[int, int] | None) -> None:
    """On: first the answer where one is hidden, because a clicker has no key for it."""
    if isinstance(shown, Question) and not _is_revealed(chapter, shown):
        st.button(
            say("walk.on", language()),
            key=name,
            shortcut=key,
            on_click=_reveal,
            args=(chapter, shown),
        )
    else:
        _turn("walk.on", key, name, to)


def _turn(text: str, key: str, name: str, to: tuple[int, int] | None) -> None:
    chapter, screen = to or (0, 0)
    st.button(
        say(text, language()),
        key=name,
        shortcut=key,
        disabled=to is None,
        on_click=step,
        kwargs={"chapter": chapter, "screen": screen},
    )


def _before(chapter: Chapter, screen: int) -> tuple[int, int] | None:
    if screen > 0:
        return chapter.number, screen - 1
    if chapter.number == chapters()[0].number:
        return None
    earlier = chapter_called(chapter.number - 1)
    return earlier.number, len(earlier.screens) - 1


def _after(chapter: Chapter, screen: int) -> tuple[int, int] | None:
    if screen + 1 < len(chapter.screens):
        return chapter.number, screen + 1
    if chapter.number == chapters()[-1].number:
        return None
    return chapter.number + 1, 0
