"""Questions on the page: first the learner's prediction, then the answer with its computation."""

import streamlit as st

from attnviz.errors import AttnvizError
from attnviz.lessons.engine import Chapter
from attnviz.lessons.questions import Question
from attnviz.texts import running, say
from attnviz.ui import state
from attnviz.ui.components import aloud
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import TracedSentence, answer, progress
from attnviz.ui.widgets.escape import markdown_text

FEW = 6  # options that are shown side by side


def is_open(sentence: TracedSentence, chapter: Chapter, question: Question) -> bool:
    """Whether there is something to predict, and nothing is predicted yet."""
    is_answered = f"{chapter.number}.{question.name}" in progress().answers
    try:
        return not is_answered and question.has_alternatives(sentence.trace)
    except AttnvizError:
        return False  # the question's own card says why


def ask(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    """A question: first the learner's prediction, then the answer with its computation."""
    with st.container(key=f"ask_{chapter.number}_{question.name}", border=True), clear_errors():
        st.markdown(f"**{markdown_text(question.asks(sentence.trace, language()))}**")
        if is_open(sentence, chapter, question):
            _predict(sentence, chapter, question)
        else:
            revealed(sentence, chapter, question)


def predicts(what: str) -> str:
    """The name of the control with which somebody predicts the answer to `what`."""
    return say("walk.prediction_of", language(), what=aloud.as_name(what))


def _predict(sentence: TracedSentence, chapter: Chapter, question: Question) -> None:
    key = f"said_{chapter.number}_{question.name}"
    st.caption(say("walk.in_picture" if question.in_picture else "walk.prediction", language()))
    if question.options is None:
        _type_number(sentence, chapter, question, key)
        return
    option = _pick_option(question, sentence, key)
    st.button(
        say("walk.commit", language()),
        key=_commit_key(chapter, question),
        disabled=option is None,
        on_click=answer,
        args=(chapter.number, question.name, option),
    )


def _commit_key(chapter: Chapter, question: Question) -> str:
    return f"commit_{chapter.number}_{question.name}"


def _type_number(sentence: TracedSentence, chapter: Chapter, question: Question, key: str) -> None:
    """A field for a number; a form, so that one press takes what stands in it."""
    least, most = question.span(sentence.trace)
    between = say("walk.between", language(), least=f"{least:g}", most=f"{most:g}")

    def take() -> None:
        if (number := state.taken(key)) is not None:  # nothing typed: its field says what is asked
            answer(chapter.number, question.name, float(number))

    with st.form(f"form_{chapter.number}_{question.name}", border=False):
        kind = int if question.step.is_integer() else float  # what is counted is whole
        st.number_input(
            predicts(question.asks(sentence.trace, language())),
            kind(least),
            kind(most),
            None,
            kind(question.step),
            key=key,
            placeholder=between,
            label_visibility="collapsed",
        )
        st.form_submit_button(
            say("walk.commit", language()), key=_commit_key(chapter, question), on_click=take
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
    answer = progress().answers.get(name)
    explained = question.tells(sentence.trace, language())
    if answer is None:
        st.markdown(markdown_text(explained))
        return
    right = question.is_right(sentence.trace, answer)
    key = "walk.right" if right else "walk.wrong"
    verdict = say(key, language(), said=question.spoken(sentence.trace, answer, language()))
    st.markdown(f"**{markdown_text(verdict)}** {markdown_text(explained)}")
    aloud.verdict(name, running([verdict, explained]))
