"""Interventions as short ASCII texts, and back. What cannot be read raises `ValueError`."""

from collections.abc import Sequence
from dataclasses import fields

from attnviz.capture.interventions import interventions
from attnviz.core.intervention import Intervention
from attnviz.share.codec import read_count


def interventions_text(changes: Sequence[Intervention]) -> str:
    """What was changed as head_off.5.10-token_masked.2."""
    return "-".join(".".join([one.name, *map(str, one.numbers.values())]) for one in changes)


def read_interventions(text: str) -> tuple[Intervention, ...]:
    """The counterpart of `interventions_text`."""
    return tuple(_read_intervention(part) for part in text.split("-") if part)


def _read_intervention(text: str) -> Intervention:
    name, *numbers = text.split(".")
    kind = interventions().get(name)
    if kind is None or len(numbers) != len(fields(kind)):
        raise ValueError(text)
    return kind(*map(read_count, numbers))
