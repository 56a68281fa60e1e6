"""Walkthrough: the note's eight figures, chapter by chapter, on the learner's own sentence."""

from attnviz.ui.walkthrough import walkthrough

walkthrough()
