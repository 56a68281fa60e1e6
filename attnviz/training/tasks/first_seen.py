"""First seen: for each character, name the place where the same one stands first.

Its alphabet is the printable ASCII and the 3,755 everyday characters of the Chinese
standard GB 2312 (1980, level 1), so that Chinese and English sentences have real tokens.
"""

import numpy as np

from attnviz.models.small.alphabet import UNKNOWN, Alphabet
from attnviz.training.tasks import Answers, Targets, Task, Texts

LONGEST = 24
ASCII = tuple(chr(code) for code in range(0x21, 0x7F))
PUNCTUATION = tuple(  # full-width, by code: many fonts draw it like ASCII
    "\uff0c\u3002\u3001\uff1b\uff1a\uff1f\uff01\u201c\u201d"
    "\u2018\u2019\uff08\uff09\u300a\u300b\u2014\u2026\u00b7"
)


def everyday_characters() -> tuple[str, ...]:
    """Level 1 of GB 2312: rows 16 to 55, as two bytes each."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    decoded = (code.decode("gb2312", errors="ignore") for code in rows)
    return tuple(character for character in decoded if character)


SYMBOLS = (UNKNOWN, *ASCII, *PUNCTUATION, *everyday_characters())


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Random characters, some of them again and again."""
    length = int(generator.integers(2, LONGEST + 1))
    pool = generator.integers(len(SYMBOLS), size=(texts, length))
    different = generator.integers(1, length + 1, size=(texts, 1))
    drawn: Texts = np.take_along_axis(pool, generator.integers(different, size=(texts, length)), 1)
    return drawn


def first_places(texts: Texts) -> Targets:
    """Where the same character stands first; its own place if that is the first."""
    same = texts[:, :, None] == texts[:, None, :]  # "text query key"
    first: Targets = same.argmax(axis=-1)
    return first[None]  # "target text query", of one target


def first_place_answers(texts: Texts) -> Answers:
    """The target is the answer."""
    places: Targets = first_places(texts)[0]
    return places[..., None]


TASK = Task(
    name="first-seen",
    alphabet=Alphabet(SYMBOLS, fewest=1, most=LONGEST, example="四是四\uff0c十是十"),
    target_names=("first",),
    choices=tuple(str(place) for place in range(LONGEST)),
    draw=draw,
    answers=first_place_answers,
    targets=first_places,
    steps=800,
)
