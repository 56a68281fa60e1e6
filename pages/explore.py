"""Explore: a sentence in, every head of every layer out."""

from attnviz.ui.pages.explore import explore

explore()
