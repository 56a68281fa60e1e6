"""The state of the page Walkthrough: where a learner stands, as short texts in an address.

Whatever an old, broken or foreign link holds, the nearest valid place is opened, and what had
to be dropped is named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Literal, TypeVar, get_args

from attnviz.core.heads import HeadId
from attnviz.lessons.chapters import chapters
from attnviz.lessons.claims import claims
from attnviz.lessons.controls import Cells, Edited, Value
from attnviz.lessons.questions import Answer, Question
from attnviz.lessons.verdict_sheet import GUESSES, Guess
from attnviz.share.codec import PartlyReadError, head_text, joined, one_of, parted, read_head, whole
from attnviz.share.state import SentenceState, fields_of, linked, option

Mode = Literal["learner", "presenter", "teacher", "print", "speaker"]
MODES: tuple[Mode, ...] = get_args(Mode)
SHARED = ("word", "head", "other")  # controls that mean the same in every chapter
EARLIER = {"7.a": "7.head", "7.b": "7.other"}  # as links of the first version name them
LAYERS = ("3.layer", "4.layer")  # in earlier links: the layer is now that of the head
MOST_SCREENS, MOST_STEPS = 100, 20
Read = TypeVar("Read")


# ---- what people choose and answer, as texts


def _written(value: Value | Answer) -> str:
    """A value in ASCII: a head as h0.2, heads as 0.2+1.8, a word as it is."""
    if isinstance(value, HeadId):
        return f"h{head_text(value)}"
    if isinstance(value, Cells):
        return "P" + "+".join(head_text(cell) for cell in sorted(value))
    if isinstance(value, Edited):
        return "E" + "+".join(f"{name}.{number}" for name, number in sorted(value))
    if isinstance(value, tuple):
        return "H" + "+".join(_written(head).removeprefix("h") for head in value)
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _read(text: str) -> Value:
    """The counterpart of `_written`.

    Raises:
        ValueError: if the text is none that it writes.
    """
    if text[:1] == "h" and text[1:2].isdigit():
        return read_head(text[1:])
    if text[:1] == "P":
        return Cells(read_head(part) for part in text[1:].split("+") if part)
    if text[:1] == "E":
        parts = (part.rpartition(".") for part in text[1:].split("+") if part)
        return Edited((name, int(number)) for name, _, number in parts)
    if text[:1] == "H":
        return tuple(read_head(part) for part in text[1:].split("+") if part)
    if text.lstrip("-").isdigit():
        return int(text)
    try:
        return _number(text)
    except ValueError:
        return _word(text)


def _number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number


def _word(text: str) -> str:
    if not (text.isascii() and text.replace("-", "").replace("_", "").isalnum()):
        raise ValueError(text)
    return text


def _read_chapter(text: str) -> int:
    return int(one_of(*(str(chapter.number) for chapter in chapters()))(text))


def _read_hidden(text: str) -> bool:
    return bool(one_of("hidden")(text))


def _write_values(values: Mapping[str, Value | Answer]) -> str:
    return joined({name: _written(value) for name, value in values.items()})


def _read_choices(text: str) -> dict[str, Value]:
    known = {f"{chapter.number}.{c.name}" for chapter in chapters() for c in chapter.controls}
    return _known(text, dict.fromkeys((*known, *SHARED, *EARLIER, *LAYERS), _read))


def _read_answers(text: str) -> dict[str, Answer]:
    readers: dict[str, Callable[[str], Answer]] = {}
    for key in parted(text):
        if (question := question_of(key)) is not None:
            readers[key] = _word if question.options else _number
    return _known(text, readers)


def question_of(key: str) -> Question | None:
    """The question that an answer is kept for, as 2.most or 7.self@L2H1; None if there is none."""
    number, _, name = key.partition(".")
    chapter = next((candidate for candidate in chapters() if str(candidate.number) == number), None)
    return None if chapter is None else chapter.question(name)


def _write_guesses(guesses: Mapping[str, Guess]) -> str:
    return joined({name.removeprefix("C"): guess[0] for name, guess in guesses.items()})


def _read_guesses(text: str) -> dict[str, Guess]:
    verdicts: dict[str, Guess] = {guess[0]: guess for guess in GUESSES}
    known = {claim.name.removeprefix("C") for claim in claims()}
    guesses = _known(text, dict.fromkeys(known, verdicts.__getitem__))
    return {f"C{number}": verdict for number, verdict in guesses.items()}


def _known(text: str, readers: Mapping[str, Callable[[str], Read]]) -> dict[str, Read]:
    """Every entry whose key is known and whose value can be read.

    Raises:
        PartlyReadError: if there are others.
    """
    read: dict[str, Read] = {}
    unread = []
    for key, written in parted(text).items():
        try:
            read[key] = readers[key](written)
        except (ValueError, KeyError):
            unread.append(key)
    if unread:
        raise PartlyReadError(read, unread)
    return read


# ---- the state


@dataclass(frozen=True, kw_only=True)
class WalkthroughState(SentenceState):
    """The page Walkthrough: where somebody stands, what they chose, and what they answered."""

    chapter: int = field(default=1, metadata=linked("ch", _read_chapter))
    screen: int = field(  # of the presenter
        default=0, metadata=linked("screen", whole(0, MOST_SCREENS - 1))
    )
    figure_step: int = field(default=0, metadata=linked("step", whole(0, MOST_STEPS - 1)))
    mode: Mode = field(default="learner", metadata=option("mode", *MODES))
    claims_hide_special: bool = field(
        default=False, metadata=linked("special", _read_hidden, lambda _: "hidden")
    )
    choices: Mapping[str, Value] = field(  # "word", "2.width" → value
        default_factory=dict, metadata=linked("c", _read_choices, _write_values)
    )
    answers: Mapping[str, Answer] = field(  # "2.most" → value
        default_factory=dict, metadata=linked("a", _read_answers, _write_values)
    )
    guesses: Mapping[str, Guess] = field(  # "C13" → verdict
        default_factory=dict, metadata=linked("g", _read_guesses, _write_guesses)
    )

    def with_choice(self, chapter: int, name: str, value: Value) -> "WalkthroughState":
        """The same with one control set."""
        return replace(self, choices={**self.choices, choice_key(chapter, name): value})

    def with_answer(self, chapter: int, name: str, said: Answer) -> "WalkthroughState":
        """The same with one question answered."""
        return replace(self, answers={**self.answers, f"{chapter}.{name}": said})

    def with_guess(self, claim: str, verdict: Guess) -> "WalkthroughState":
        """The same with one claim's verdict predicted."""
        return replace(self, guesses={**self.guesses, claim: verdict})

    def of_chapter(self, number: int) -> dict[str, Value]:
        """What was chosen in one chapter, by the name of the control."""
        start = f"{number}."
        return {
            key.removeprefix(start): value
            for key, value in self.choices.items()
            if key in SHARED or key.startswith(start)
        }

    def from_earlier_link(self) -> "WalkthroughState":
        """What a link of any version names, as one of this version would name it.

        Older links name a word and a head in each chapter: that of `chapter` counts. Where they
        name a layer of a chapter that follows a head now, its first head is followed.
        """
        choices = {EARLIER.get(name, name): value for name, value in self.choices.items()}
        layer = choices.get(f"{self.chapter}.layer") if f"{self.chapter}.layer" in LAYERS else None
        if isinstance(layer, int) and layer >= 0:
            choices.setdefault("head", HeadId(layer, 0))
        own = {
            name: value
            for name, value in choices.items()
            if name not in LAYERS and name.rpartition(".")[2] not in SHARED
        }
        for name in SHARED:
            value = choices.get(name, choices.get(f"{self.chapter}.{name}"))
            if value is not None:
                own[name] = value
        return replace(self, choices=own)


WALKTHROUGH = fields_of(WalkthroughState)


def choice_key(chapter: int, name: str) -> str:
    """Under which name the value of a control is kept: once for all chapters if they share it."""
    return name if name in SHARED else f"{chapter}.{name}"
