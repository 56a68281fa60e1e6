"""What a small encoder answers about each token of a text."""

import streamlit as st

from attnviz.models.load import Model
from attnviz.runtime.queue import in_turn
from attnviz.texts import say
from attnviz.training.record import replies_of
from attnviz.training.tasks import Task
from attnviz.ui.frame import language
from attnviz.ui.widgets.escape import markdown_text


def show_answers(task: Task, model: Model, text: str, tokens: list[str]) -> None:
    """What the model says about each token, and what would be right."""
    with in_turn(is_light=True):
        replies = replies_of(model, task, text)
    questions = [reply for reply in replies if reply.right is not None]
    right = sum(reply.said == reply.right for reply in questions)
    st.caption(say("train.score", language(), right=right, asked=len(questions)))
    columns = {
        name: say(f"train.{name}", language()) for name in ("token", "question", "said", "right")
    }
    rows = [
        {
            columns["token"]: markdown_text(f"{tokens[reply.token]} ({reply.token})"),
            columns["question"]: _question(task, reply.question),
            columns["said"]: markdown_text(reply.said),
            columns["right"]: markdown_text(reply.right or ""),
        }
        for reply in questions
    ]
    with st.container(height=min(240, 60 + 36 * len(rows))):
        st.table(rows)


def _question(task: Task, question: int) -> str:
    """What is asked: the target that the answer depends on, where each has its own."""
    if not task.target_names:
        return markdown_text(say(f"task.{task.name}_asks", language()))
    target = (
        task.target_names[question]
        if task.questions == len(task.target_names)
        else task.target_names[-1]
    )
    return markdown_text(say(f"look.{target}", language()))
