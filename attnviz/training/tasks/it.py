"""It: which noun does "it" refer to? The adjective at the end of the sentence decides."""

from functools import cache
from itertools import product

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import NOTHING, Answers, Targets, Task, Texts

ANIMALS = ("dog", "cat", "horse", "fox", "bird")
PLACES = ("street", "road", "bridge", "path", "tunnel")
NOUNS = ANIMALS + PLACES
OF_ANIMALS = ("tired", "hungry", "afraid", "clever", "brave")
OF_PLACES = ("wide", "narrow", "long", "empty", "closed")
ANIMAL_FIRST = ("cross", "enter", "leave")
PLACE_FIRST = ("stop", "frighten", "please")
WORDS = (
    *("the", "did", "not", "because", "it", "was"),
    *(NOUNS + OF_ANIMALS + OF_PLACES + ANIMAL_FIRST + PLACE_FIRST),
)
ID = {word: index for index, word in enumerate(WORDS)}
EXAMPLE = "The dog did not cross the street because it was tired"
LENGTH = len(EXAMPLE.split())


@cache
def sentences() -> Texts:
    """Every sentence of this small English."""
    adjectives = OF_ANIMALS + OF_PLACES
    animal_first = product(ANIMALS, ANIMAL_FIRST, PLACES, adjectives)
    place_first = product(PLACES, PLACE_FIRST, ANIMALS, adjectives)
    return np.array(
        [
            [ID[word] for word in f"the {a} did not {verb} the {b} because it was {adj}".split()]
            for a, verb, b, adj in (*animal_first, *place_first)
        ]
    )


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Random sentences."""
    return sentences()[generator.integers(len(sentences()), size=texts)]


def _ids(words: tuple[str, ...]) -> list[int]:
    return [ID[word] for word in words]


def targets(texts: Texts) -> Targets:
    """From "it" to the adjective, and to the noun that the adjective fits."""
    is_it = texts == ID["it"]
    of_place = np.isin(texts, _ids(OF_PLACES))
    is_adjective = of_place | np.isin(texts, _ids(OF_ANIMALS))
    is_meant = np.where(
        of_place.any(axis=1, keepdims=True),
        np.isin(texts, _ids(PLACES)),
        np.isin(texts, _ids(ANIMALS)),
    )
    return np.stack([_from_to(is_it, is_adjective), _from_to(is_it, is_meant)])


def _from_to(is_query: np.ndarray, is_key: np.ndarray) -> Texts:
    """The first key, at the queries, where the text has one."""
    key = np.where(is_key.any(axis=1), is_key.argmax(axis=1), NOTHING)
    return np.where(is_query, key[:, None], NOTHING)


def referents(texts: Texts) -> Answers:
    """At "it", the noun that is meant; nothing is asked elsewhere."""
    meant = targets(texts)[1]
    nouns = np.take_along_axis(texts, np.maximum(meant, 0), axis=1)
    return np.where(meant == NOTHING, NOTHING, nouns - ID[NOUNS[0]])[..., None]


TASK = Task(
    name="it",
    alphabet=Alphabet(WORDS, fewest=LENGTH, most=LENGTH, example=EXAMPLE, words=True),
    target_names=("adjective", "meant"),
    choices=NOUNS,
    draw=draw,
    answers=referents,
    targets=targets,
    steps=300,
    needs_layers=1,
)
