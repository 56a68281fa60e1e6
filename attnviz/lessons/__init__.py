"""Lessons: the walkthrough as data. Nothing here knows how it is shown."""
