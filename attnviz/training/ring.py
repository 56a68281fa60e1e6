"""What the tasks on a ring of digits share: fixed offsets, and what one average can reach."""

from fractions import Fraction
from functools import partial
from math import factorial

import numpy as np

from attnviz.models.small.alphabet import Alphabet
from attnviz.training.tasks import Answers, Targets, Task, Texts

LENGTH = 12
DIGITS = tuple("0123456789")
ALPHABET = Alphabet(DIGITS, fewest=LENGTH, most=LENGTH, example="314159265358")


def draw(generator: np.random.Generator, texts: int) -> Texts:
    """Random digits."""
    return generator.integers(len(DIGITS), size=(texts, LENGTH))


def offsets_task(name: str, offsets: tuple[int, ...], steps: int) -> Task:
    """At each place, name the digits at `offsets` from it. The ends of the text meet."""
    return Task(
        name=name,
        alphabet=ALPHABET,
        target_names=tuple(f"offset{offset:+d}" for offset in offsets),
        choices=DIGITS,
        draw=draw,
        answers=partial(_digits_at, offsets=offsets),
        targets=partial(_places_at, offsets=offsets),
        questions=len(offsets),
        steps=steps,
        needs_heads=len(offsets),
        one_head=best_of_one_average(len(offsets), len(DIGITS)),
    )


def best_of_one_average(targets: int, symbols: int) -> float:
    """The accuracy of a head that spreads its attention evenly over its targets.

    Its average tells which symbols are there and how often, not which stands where. The
    best answer to every question is the most frequent one: right in E[largest count] /
    `targets` of the cases. P(no count above m) is `targets`! times the coefficient of
    x^`targets` in (1 + x + … + x^m / m!)^`symbols`, over `symbols`^`targets`.
    """

    def none_above(most: int) -> Fraction:
        series = [Fraction(1)] + [Fraction(0)] * targets
        for _ in range(symbols):
            series = [
                sum(
                    (series[total - i] / factorial(i) for i in range(min(most, total) + 1)),
                    Fraction(0),
                )
                for total in range(targets + 1)
            ]
        return series[targets] * Fraction(factorial(targets), symbols**targets)

    expected = sum((1 - none_above(most) for most in range(targets)), Fraction(0))
    return float(expected / targets)


def _digits_at(texts: Texts, offsets: tuple[int, ...]) -> Answers:
    return np.stack([np.roll(texts, -offset, axis=1) for offset in offsets], axis=-1)


def _places_at(texts: Texts, offsets: tuple[int, ...]) -> Targets:
    places = (np.arange(LENGTH) + np.array(offsets)[:, None]) % LENGTH  # "target query"
    return np.repeat(places[:, None], len(texts), axis=1)  # "target text query"
