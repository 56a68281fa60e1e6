"""The presenter: large type, a picture and its questions side by side, answers when asked for."""

import time
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.lessons.chapters import chapter_called, chapters
from attnviz.lessons.engine import Chapter, Part, Scene, Screen, Trials
from attnviz.lessons.questions import Question, lettered
from attnviz.texts import say
from attnviz.ui import address
from attnviz.ui.components import aloud, presenting
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims, learner, training
from attnviz.ui.pages.walkthrough.asking import FEW
from attnviz.ui.pages.walkthrough.chapter_controls import controls, controls_of
from attnviz.ui.pages.walkthrough.progress import (
    TracedSentence,
    progress,
    see,
    seen,
    speaker_link,
    step,
)
from attnviz.ui.server.first_paint import presenter_style
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.warnings import show_warnings

_BEGUN: SessionValue[float | None] = SessionValue(
    "presenting_since", None
)  # seconds, as time.time()


def present(choose_sentence: Callable[[DeltaGenerator], TracedSentence | None]) -> None:
    """The screen on which this session stands; sentence and model are folded away below it."""
    chapter = chapter_called(progress().chapter)
    number = min(progress().screen, len(chapter.screens) - 1)
    st.html(presenter_style())
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
                _show(sentence, chapter, chapter.screens[number])
        aloud.status()
    with bar:
        _bar(chapter, number, sentence)


def _show(sentence: TracedSentence, chapter: Chapter, screen: Screen) -> None:
    scene = sentence.scene(chapter)
    if isinstance(screen, Trials):
        claims.present(sentence, screen.claims, is_told=_told(chapter, screen.name) in seen())
    elif screen == "closing":
        _closing(chapter, scene)
    elif isinstance(screen, Part):
        _picture(sentence, chapter, screen, scene)


def _picture(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> None:
    """A picture, and beside it what to say of it: the text of the chapter, or the questions.

    In the place of a picture that gives an answer away stands the question, until it is answered.
    """
    is_first = part is chapter.parts[0]
    is_withheld = _gives_away(chapter, part)
    picture, side = st.columns([7, 3])
    with picture:
        if is_withheld:
            with st.container(key="present_first"):
                _questions(sentence, chapter, part)
        else:
            learner.show_drawing(sentence, chapter, part, scene)
    with side, st.container(key="present_side"):
        title = chapter.title if is_first else part.title
        number = f"{chapter.number} · " if is_first else ""
        st.markdown(f"## {number}{markdown_text(title[language()])}")
        if is_first:
            st.markdown(markdown_text(scene.say(chapter.text, **chapter.numbers(scene))))
        if not is_withheld:
            _questions(sentence, chapter, part)
        training.train_here(chapter, scene)
        if not is_withheld:
            learner.show_note(chapter, part, scene)


def _gives_away(chapter: Chapter, part: Part) -> bool:
    """Whether a picture shows what its own question asks; a chapter's figure hides that itself."""
    questions = (q for q in chapter.asked_beside(part) if q.before == part.name)
    return part is not chapter.parts[0] and any(not is_revealed(chapter, q) for q in questions)


def _questions(sentence: TracedSentence, chapter: Chapter, part: Part) -> None:
    for question in chapter.asked_beside(part):
        _question(sentence, chapter, question)


def _closing(chapter: Chapter, scene: Scene) -> None:
    numbers = chapter.numbers(scene)
    st.markdown(f"# {markdown_text(chapter.title[language()])}")
    takeaway = markdown_text(scene.say(chapter.takeaway, **numbers))
    st.markdown(f"**{say('walk.takeaway', language())}** {takeaway}")
    misconception = markdown_text(scene.say(chapter.misconception, **numbers))
    st.markdown(f"**{say('walk.misconception', language())}** {misconception}")


def _question(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    """The question and its options; the answer once it is asked for."""
    with st.container(key=f"asked_{chapter.number}_{question.name}"), clear_errors():
        st.markdown(f"**{markdown_text(question.asks(sentence.trace, language()))}**")
        if is_revealed(chapter, question):
            explained = question.tells(sentence.trace, language())
            st.markdown(markdown_text(explained))
            aloud.verdict(_told(chapter, question.name), explained)
            return
        options = list(question.offers(sentence.trace, language()).values())
        if options and (len(options) <= FEW or not question.in_picture):
            st.markdown(_offered(options))


def _offered(options: list[str]) -> str:
    """Options as a class names them: a few by a letter; all heads or words have a name."""
    if len(options) > FEW:
        return " · ".join(map(markdown_text, options))
    return "\u2003".join(f"**{name}**\u00a0{markdown_text(one)}" for name, one in lettered(options))


def _told(chapter: Chapter, name: str) -> str:
    """What the class has seen once the answer called so was told."""
    return f"{chapter.number}.{name}?"


def is_revealed(chapter: Chapter, question: Question) -> bool:
    """Whether the class has seen the answer."""
    return _told(chapter, question.name) in seen()


def _reveal(told: str) -> None:
    see(told)
    aloud.expect(told)


def _hidden(chapter: Chapter, screen: Screen) -> list[str]:
    """What a screen has still to tell: the answers of its questions, the verdicts of its claims."""
    names: list[str] = []
    if isinstance(screen, Part):
        names = [question.name for question in chapter.asked_beside(screen)]
    elif isinstance(screen, Trials):
        names = [screen.name]
    return [told for name in names if (told := _told(chapter, name)) not in seen()]


def _bar(chapter: Chapter, screen: int, sentence: TracedSentence | None) -> None:
    """Back and on, by button, key or a presenter's clicker; where this is, and what is left."""
    hidden = _hidden(chapter, chapter.screens[screen])
    with st.container(key="present_bar", horizontal=True, vertical_alignment="center"):
        _turn("walk.back", "present_left", before(chapter, screen))
        if hidden:
            st.button(
                say("walk.reveal", language()),
                key="present_right",
                on_click=_reveal,
                args=(hidden[0],),
            )
        else:
            _turn("walk.on", "present_right", after(chapter, screen))
        place = {"chapter": chapter.number, "chapters": len(chapters())}
        shown = {"screen": screen + 1, "screens": len(chapter.screens)}
        st.caption(say("walk.screen", language(), **place, **shown))
        _clock(chapter)
        if sentence is not None:
            _choices(sentence, chapter, chapter.screens[screen])
        st.link_button(say("walk.speaker", language()), speaker_link())
        st.button(
            say("walk.leave", language()), key="leave", on_click=step, kwargs={"mode": "learner"}
        )
        with st.container(key="unseen_buttons", horizontal=True):  # for keys alone
            last = chapters()[-1]
            _turn("walk.back", "present_home", (chapters()[0].number, 0))
            _turn("walk.on", "present_end", (last.number, len(last.screens) - 1))
    place = {"chapter": chapter.number, "screen": screen}
    speaker_state = {**place, "hidden": len(hidden), "link": speaker_link()}
    presenting.take_keys(speaker_state, _jump)


def _choices(sentence: TracedSentence, chapter: Chapter, screen: Screen) -> None:
    """What can be set on a screen, above the bar: no picture leaves room for all menus."""
    if isinstance(screen, Part) and controls_of(chapter, screen):
        key = f"choices_{chapter.number}_{screen.name}"
        with st.popover(say("walk.choices", language()), key=key):
            controls(chapter, sentence.scene(chapter), screen)


def _jump() -> None:
    """Go to the chapter whose number was typed."""
    number = presenting.jumped_to()
    if number in {chapter.number for chapter in chapters()}:
        step(chapter=number, screen=0)


def _clock(chapter: Chapter) -> None:
    begun = _BEGUN.get()
    if begun is None:
        begun = time.time()
        _BEGUN.put(begun)
    minutes = {chapter.number: chapter.minutes for chapter in chapters()}
    planned = sum(some for number, some in minutes.items() if number <= chapter.number)
    texts = {name: say(f"walk.time_{name}", language()) for name in ("left", "behind")}
    presenting.clock(begun, 60.0 * planned, 60.0 * sum(minutes.values()), texts)


def _turn(text: str, key: str, to: tuple[int, int] | None) -> None:
    chapter, screen = to or (0, 0)
    st.button(
        say(text, language()),
        key=key,
        disabled=to is None,
        on_click=step,
        kwargs={"chapter": chapter, "screen": screen},
    )


def before(chapter: Chapter, screen: int) -> tuple[int, int] | None:
    """The chapter and screen before one; None at the beginning."""
    if screen > 0:
        return chapter.number, screen - 1
    if chapter.number == chapters()[0].number:
        return None
    earlier = chapter_called(chapter.number - 1)
    return earlier.number, len(earlier.screens) - 1


def after(chapter: Chapter, screen: int) -> tuple[int, int] | None:
    """The chapter and screen after one; None at the end."""
    if screen + 1 < len(chapter.screens):
        return chapter.number, screen + 1
    if chapter.number == chapters()[-1].number:
        return None
    return chapter.number + 1, 0
