"""Explore: a sentence in, every head of every layer out."""

from attnviz.ui.explore import explore

explore()
