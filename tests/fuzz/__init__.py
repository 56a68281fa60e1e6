"""Hostile and random texts through everything that takes a text.

`ATTNVIZ_FUZZ_CASES` says how many cases a test tries: examples of hypothesis, and texts of
the corpus, of which every k-th is taken. With 300 `test_core` alone has more than 28,000.
"""

import os
from collections import Counter

from hypothesis import HealthCheck, settings

from tests.fuzz.corpus import corpus

CASES = int(os.environ.get("ATTNVIZ_FUZZ_CASES", "10"))
IS_LONG = "ATTNVIZ_FUZZ_CASES" in os.environ  # `make fuzz`, which may take its time
COUNTED: Counter[str] = Counter()  # cases that ran, by the name of their test


def random_cases(share: int = 1) -> settings:
    """Settings of hypothesis for `CASES` ÷ `share` cases; the same ones each time by default."""
    return settings(
        max_examples=max(2, CASES // share),
        deadline=None,
        derandomize=not IS_LONG,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def examples(most: int) -> settings:
    """Settings of hypothesis for `most` cases in `make fuzz`, and for a tenth of them else."""
    return settings(max_examples=most if IS_LONG else most // 10, deadline=None)


def sample(share: int = 1, *, slow: bool = False) -> list[str]:
    """Every k-th text of the corpus, so that `CASES` ÷ `share` of them remain.

    All of them where there are as many cases as texts, unless a case is `slow`.
    """
    texts, most = corpus(), max(2, CASES // share)
    if len(texts) <= (most if slow else max(most, CASES)):
        return texts
    return [texts[i * (len(texts) - 1) // (most - 1)] for i in range(most)]
