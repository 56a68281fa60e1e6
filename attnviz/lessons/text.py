"""A text of a lesson, in every language: a template whose numbers are computed."""

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.texts import Language, fill


@dataclass(frozen=True, slots=True)
class Text:
    """The same template in each language. `text["en"]` is the template as it stands."""

    en: str
    zh: str

    def __getitem__(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def filled(self, language: Language, numbers: Mapping[str, object]) -> str:
        """The text with its placeholders filled; a text among them is said in the same language.

        Raises:
            KeyError: if a placeholder has no value.
        """
        said = {name: n[language] if isinstance(n, Text) else n for name, n in numbers.items()}
        return fill(self[language], said)
