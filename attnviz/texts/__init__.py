"""Every text that a user sees, in English and Chinese: one catalogue, one look-up."""

import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}


def tag_of(language: Language) -> str:
    """The language as a page declares it (BCP 47)."""
    return _TAGS[language]


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All texts of one language, as `section.name` → template."""
    file = Path(__file__).with_name(f"{language}.toml")
    sections = tomllib.loads(file.read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": template
        for section, entries in sections.items()
        for name, template in entries.items()
    }


def say(key: str, /, language: Language = "en", **values: object) -> str:
    """The text `key` with its placeholders filled.

    Raises:
        KeyError: if the catalogue has no such text, or a placeholder has no value.
    """
    return fill(catalogue(language)[key], values)


def fill(template: str, values: Mapping[str, object]) -> str:
    """A template with its placeholders filled.

    `{weights:weight is|weights are}` stands for the words that fit 1, or any other number.

    Raises:
        KeyError: if a placeholder has no value.
    """
    return _FILL.vformat(template, (), values)


class _Fill(string.Formatter):
    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return str(super().format_field(value, format_spec))
        return one if str(value) == "1" else many


_FILL = _Fill()


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is not said in any language yet: its key, and the values in it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language = "en") -> str:
        """The text in a language. Messages among the values are said in it too."""
        values = {
            name: value.text(language) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        return say(self.key, language, **values)
