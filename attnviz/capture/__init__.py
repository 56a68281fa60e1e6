"""Capture: a text is read, run through a model once, and every head is kept."""
