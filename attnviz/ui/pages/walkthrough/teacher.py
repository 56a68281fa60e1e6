"""The teacher's notes: minutes, what to ask aloud, what to expect, every answer."""

import streamlit as st

from attnviz.lessons.chapters import chapters
from attnviz.lessons.engine import Chapter
from attnviz.texts import say
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import TracedSentence
from attnviz.ui.widgets.escape import markdown_text

SHORT_LESSON = (2, 4, 6, 7)  # the chapters of a lesson half as long


def notes(sentence: TracedSentence) -> None:
    """The plan, then each chapter's notes with the answers for this sentence."""
    plan = " · ".join(f"{c.number} {c.title[language()]} {c.minutes}′" for c in chapters())
    minutes = sum(chapter.minutes for chapter in chapters())
    short = sum(chapter.minutes for chapter in chapters() if chapter.number in SHORT_LESSON)
    with st.container(key="teacher"):
        st.markdown(
            markdown_text(
                say(
                    "walk.plan",
                    language(),
                    minutes=minutes,
                    plan=plan,
                    short=short,
                    chapters=say("walk.comma", language()).join(map(str, SHORT_LESSON)),
                )
            )
        )
        for chapter in chapters():
            with clear_errors():
                _chapter(sentence, chapter)


def _chapter(sentence: TracedSentence, chapter: Chapter) -> None:
    title = markdown_text(chapter.title[language()])
    st.markdown(f"## {chapter.number} · {title} · {chapter.minutes}′")
    scene, note = sentence.scene(chapter), chapter.teacher
    lines = [
        (name, markdown_text(scene.say(text, **chapter.numbers(scene))))
        for name, text in (
            ("goal", chapter.goal),
            ("ask_aloud", note.ask_aloud),
            ("expect", note.expect),
            ("if_different", note.if_different),
        )
    ]
    st.markdown(
        "\n".join(f"- **{say(f'walk.{name}', language())}** {text}" for name, text in lines)
    )
    for question in chapter.at(scene.choice).questions:
        question_text = markdown_text(question.asks(sentence.trace, language()))
        answer_text = markdown_text(question.tells(sentence.trace, language()))
        st.markdown(f"> **{question_text}**  \n> {answer_text}")
