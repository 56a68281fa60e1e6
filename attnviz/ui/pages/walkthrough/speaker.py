"""The speaker's window, beside the presenter's: what comes next, what to ask, what is right."""

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.lessons.chapters import chapter_called
from attnviz.lessons.engine import Chapter, Part, Screen, Trials
from attnviz.texts import running, say
from attnviz.ui.components import presenting
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough import claims
from attnviz.ui.pages.walkthrough.presenter import after
from attnviz.ui.pages.walkthrough.progress import TracedSentence, progress, step
from attnviz.ui.widgets.escape import markdown_text


def speak(choose_sentence: Callable[[DeltaGenerator], TracedSentence | None]) -> None:
    """The notes to the screen that the presenter's window shows."""
    chapter = chapter_called(progress().chapter)
    number = min(progress().screen, len(chapter.screens) - 1)
    presenting.mirror(_follow)
    notes, screen = st.container(key="speaker"), st.container()
    with screen:
        warnings = st.container()
        with st.expander(say("walk.settings", language())):
            sentence = choose_sentence(warnings)
    with notes:
        _where(chapter, number)
        if sentence is not None:
            with clear_errors():
                _answers(sentence, chapter, chapter.screens[number])
                _notes(sentence, chapter)


def _follow() -> None:
    place = presenting.moved_to()
    step(chapter=int(place["chapter"]), screen=int(place["screen"]))


def _where(chapter: Chapter, number: int) -> None:
    """This screen, the next one, and the buttons that turn the presenter's window."""
    st.markdown(f"## {_titled(chapter, number)}")
    following = after(chapter, number)
    if following is not None:
        coming = _titled(chapter_called(following[0]), following[1])
        st.caption(running([say("walk.next_screen", language()), coming]))
    with st.container(horizontal=True):
        st.button(say("walk.back", language()), key="speaker_back")
        st.button(say("walk.on", language()), key="speaker_on", type="primary")
        st.markdown(say("walk.minutes", language(), minutes=chapter.minutes))


def _titled(chapter: Chapter, number: int) -> str:
    """A screen by its name."""
    screen = chapter.screens[number]
    title = say("walk.takeaway", language())
    if isinstance(screen, Part):
        title = screen.title[language()]
    elif isinstance(screen, Trials):
        names = ", ".join(claim.name for claim in screen.claims)
        title = f"{say('walk.trial', language())} · {names}"
    return f"{chapter.number} · {markdown_text(title)}"


def _answers(sentence: TracedSentence, chapter: Chapter, screen: Screen) -> None:
    """The answers first: nothing else is wanted so soon."""
    if isinstance(screen, Trials):
        for claim in screen.claims:
            verdict = claims.verdict_of(sentence, claim)
            said = markdown_text(f"{claim.name} {claim.claim[language()]}")
            st.markdown(f"> **{markdown_text(verdict)}**  \n> {said}")
    if not isinstance(screen, Part):
        return
    for question in chapter.asked_beside(screen):
        with clear_errors():
            answer_text = markdown_text(question.tells(sentence.trace, language()))
            question_text = markdown_text(question.asks(sentence.trace, language()))
            st.markdown(f"> **{answer_text}**  \n> {question_text}")


def _notes(sentence: TracedSentence, chapter: Chapter) -> None:
    """What to ask aloud, and what students usually say."""
    scene = sentence.scene(chapter)
    numbers = chapter.numbers(scene)
    for name in ("ask_aloud", "expect", "if_different"):
        text = markdown_text(scene.say(getattr(chapter.teacher, name), **numbers))
        st.markdown(f"- **{say(f'walk.{name}', language())}** {text}")
