"""Chapters: one folder each, with a `CHAPTER`; found by discovery, in the order of their numbers.

In `c01_qkv` the package holds the structure, one module each of its panels (`PART`), and
`checks` the questions with their checkers, which share no code with any figure. Its texts stand
in `texts/en/chapters/01_qkv.toml`, and in the same file of every other language.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from attnviz.lessons.engine import Chapter


def chapters() -> list[Chapter]:
    """All chapters of the walkthrough.

    Example:
        >>> [question.answer(trace) for question in chapters()[0].questions]
    """
    return list(_found())


@cache
def _found() -> tuple[Chapter, ...]:
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    return tuple(sorted((module.CHAPTER for module in modules), key=lambda c: c.number))


def chapter_called(number: int) -> Chapter:
    """The chapter of that number, or the first."""
    return next((c for c in chapters() if c.number == number), chapters()[0])
