"""Walkthrough: the note's eight figures, chapter by chapter, on the learner's own sentence."""

from attnviz.ui.pages.walkthrough.page import walkthrough

walkthrough()
