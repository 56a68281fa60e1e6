"""Every failure that a user can cause or meet.

    AttnvizError
    ├── ArgumentError      a function was given what it does not take
    ├── TextError          the text cannot be read as it is
    ├── ModelError         the model cannot be loaded or is not one we can look into
    ├── CaptureError       the model ran, but its attention was not seen in full
    ├── InterventionError  a change was asked for that this model cannot make
    ├── BusyError          the budget of this process is spent for now
    ├── SettingsError      the settings hold something that is no setting
    ├── LessonError        a lesson cannot show something for this sentence or model
    └── TrainingError      a training was asked for that is beyond its limits

Each carries the name of its sentence in the catalogue, so the same error speaks
the user's language on the page and English in a script.
"""

from attnviz.texts import LANGUAGES, Language, named, say


class AttnvizError(Exception):
    """An expected failure, with one clear sentence in each language."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values

    def text(self, language: Language = "en") -> str:
        """What went wrong and what to do, in `language`.

        Raises:
            ArgumentError: if there is no such language.
        """
        if language not in LANGUAGES:
            known = ", ".join(map(repr, LANGUAGES))
            raise ArgumentError("not_one_of", name="language", value=repr(language), known=known)
        said = {name: named(value, language) for name, value in self.values.items()}
        return say(f"error.{self.key}", language, **said)

    def __str__(self) -> str:
        return self.text()


class ArgumentError(AttnvizError, ValueError):
    """A function was given what it does not take."""


class TextError(AttnvizError):
    """The text cannot be read as it is."""


class ModelError(AttnvizError):
    """The model cannot be loaded, or is not one we can look into."""


class CaptureError(AttnvizError):
    """The model ran, but its attention was not seen in full."""


class InterventionError(AttnvizError):
    """A change was asked for that this model cannot make."""


class BusyError(AttnvizError):
    """The budget of this process is spent for now: try again in a moment."""


class SettingsError(AttnvizError):
    """The settings hold something that is no setting."""


class LessonError(AttnvizError):
    """A lesson cannot show something for this sentence or model."""


class TrainingError(AttnvizError):
    """A training was asked for that is beyond its limits."""
