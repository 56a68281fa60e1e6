"""Figures: from a trace to a picture. Each says what it shows and what it does not."""
