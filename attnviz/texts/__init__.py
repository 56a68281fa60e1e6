"""Every text that a user sees, in English and Chinese: one catalogue, one look-up."""

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, runtime_checkable
from unicodedata import category, east_asian_width

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_TAGS: dict[Language, str] = {"en": "en", "zh": "zh-CN"}


def tag_of(language: Language) -> str:
    """The language as a page declares it (BCP 47)."""
    return _TAGS[language]


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All texts of one language, each by where it stands: table and name, below folder and file.

    `error.too_long` is in `app.toml`, `chapters.01_qkv.parts.sum.title` in `chapters/01_qkv.toml`.
    """
    folder = Path(__file__).with_name(language)
    texts: dict[str, str] = {}
    for file in sorted(folder.rglob("*.toml")):
        above = () if file.parent == folder else file.relative_to(folder).with_suffix("").parts
        texts |= _flat(tomllib.loads(file.read_text(encoding="utf-8")), above)
    return texts


def _flat(table: Mapping[str, Any], above: tuple[str, ...]) -> dict[str, str]:
    """The texts of a table and of the tables in it."""
    texts: dict[str, str] = {}
    for name, entry in table.items():
        path = (*above, name)
        texts |= {".".join(path): entry} if isinstance(entry, str) else _flat(entry, path)
    return texts


def say(key: str, /, language: Language = "en", **values: object) -> str:
    """The text `key` with its placeholders filled.

    Raises:
        KeyError: if the catalogue has no such text, or a placeholder has no value.
    """
    return fill(catalogue(language)[key], values)


def enumerated(parts: Iterable[str], language: Language) -> str:
    """Parts of a sentence as a list: "a, b" or "甲、乙"."""
    return say("text.between", language).join(parts)


def running(sentences: Iterable[str]) -> str:
    """Sentences as running text: a space between two, and none after full-width punctuation."""
    text = ""
    for sentence in filter(None, sentences):
        apart = text and not (category(text[-1])[0] == "P" and east_asian_width(text[-1]) in "FW")
        text += f" {sentence}" if apart else sentence
    return text


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


@runtime_checkable
class Called(Protocol):
    """What has a name in each language, such as a model's card."""

    def called(self, language: Language) -> str:
        """Its name in `language`."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is not said in any language yet: its key, and the values in it."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: Language = "en") -> str:
        """The text in a language. Messages and what has a name are said in it too."""
        values = {name: _said(value, language) for name, value in self.values.items()}
        return say(self.key, language, **values)


def named(value: object, language: Language) -> object:
    """A value in a text: by its name in `language` where it has one."""
    if isinstance(value, str | int | float):  # nearly all; a protocol is slow to ask for
        return value
    return value.called(language) if isinstance(value, Called) else value


def _said(value: object, language: Language) -> object:
    return value.text(language) if isinstance(value, Message) else named(value, language)
