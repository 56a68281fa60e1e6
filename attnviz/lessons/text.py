"""A text of a lesson: where it stands in the catalogue, and its numbers, which are computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attnviz.texts import Language, catalogue, fill, named


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the catalogue. `text["en"]` is the template as it stands."""

    key: str

    def __getitem__(self, language: Language) -> str:
        return catalogue(language)[self.key]

    def filled(self, language: Language, numbers: Mapping[str, object]) -> str:
        """The text with its placeholders filled.

        What has a name in each language is said in this one; a text among the numbers is
        filled with the same numbers.

        Raises:
            KeyError: if a placeholder has no value, or the catalogue has no such text.
        """
        plain = {name: value for name, value in numbers.items() if not isinstance(value, Text)}

        def spoken(value: object) -> object:
            if isinstance(value, Text):
                return value.filled(language, plain)
            return named(value, language)

        return fill(self[language], {name: spoken(value) for name, value in numbers.items()})


def chapter_key(module: str) -> str:
    """Where the texts of a chapter stand: `chapters.01_qkv` for any module of `c01_qkv`."""
    package = module.partition(".chapters.")[2].partition(".")[0]
    return f"chapters.{package.removeprefix('c')}"


def texts_of(module: str) -> Callable[[str], Text]:
    """The texts of the chapter that a module belongs to, by what follows the chapter's key."""
    key = chapter_key(module)
    return lambda name: Text(f"{key}.{name}")
