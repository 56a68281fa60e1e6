"""The link: where a learner stands in the walkthrough, as short texts in an address.

Sentence, model and language, and the link's version, are in `attnviz.share`. Whatever an old,
broken or foreign link holds, the nearest valid place is opened, and what had to be dropped
is named.
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
from attnviz.share.codec import MOST_PARAMETER, head_text, joined, parted, read_head

Mode = Literal["learner", "presenter", "teacher", "print", "speaker"]
MODES: tuple[Mode, ...] = get_args(Mode)
PARAMETERS = ("ch", "screen", "step", "mode", "special", "c", "a", "g")
SHARED = ("word", "head", "other")  # controls that mean the same in every chapter
EARLIER = {"7.a": "7.head", "7.b": "7.other"}  # as links of the first version name them
LAYERS = ("3.layer", "4.layer")  # in earlier links: the layer is now that of the head
MOST_STEPS = 20
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Progress:
    """Where somebody stands, what they chose, and what they answered."""

    chapter: int = 1
    screen: int = 0  # of the presenter
    step: int = 0  # of the chapter's figure
    mode: Mode = "learner"
    hide_special: bool = False  # in claims on trial
    choices: Mapping[str, Value] = field(default_factory=dict)  # "word", "2.width" → value
    answers: Mapping[str, Answer] = field(default_factory=dict)  # "2.most" → value
    guesses: Mapping[str, Guess] = field(default_factory=dict)  # "C13" → verdict

    def with_choice(self, chapter: int, name: str, value: Value) -> "Progress":
        """The same with one control set."""
        return replace(self, choices={**self.choices, choice_key(chapter, name): value})

    def with_answer(self, chapter: int, name: str, said: Answer) -> "Progress":
        """The same with one question answered."""
        return replace(self, answers={**self.answers, f"{chapter}.{name}": said})

    def with_guess(self, claim: str, verdict: Guess) -> "Progress":
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


def choice_key(chapter: int, name: str) -> str:
    """Under which name the value of a control is kept: once for all chapters if they share it."""
    return name if name in SHARED else f"{chapter}.{name}"


def to_link(progress: Progress) -> dict[str, str]:
    """The parameters of an address; what is as at the start is left out."""
    start = Progress()
    params = {
        "ch": "" if progress.chapter == start.chapter else str(progress.chapter),
        "screen": str(progress.screen or ""),
        "step": str(progress.step or ""),
        "mode": "" if progress.mode == start.mode else progress.mode,
        "special": "hidden" if progress.hide_special else "",
        "c": joined({name: _written(value) for name, value in progress.choices.items()}),
        "a": joined({name: _written(said) for name, said in progress.answers.items()}),
        "g": joined({name.removeprefix("C"): guess[0] for name, guess in progress.guesses.items()}),
    }
    return {name: text for name, text in params.items() if text}


def from_link(params: Mapping[str, str]) -> tuple[Progress, tuple[str, ...]]:
    """The place that the parameters of an address name, and the names of what was dropped."""
    dropped: list[str] = []
    start = Progress()

    def one_of(name: str, values: Mapping[str, object], otherwise: object) -> object:
        text = params.get(name, "")
        if text and text not in values:
            dropped.append(name)
        return values.get(text, otherwise)

    numbers = {str(chapter.number): chapter.number for chapter in chapters()}
    screens = {str(screen): screen for screen in range(100)}
    steps = {str(step): step for step in range(MOST_STEPS)}
    chapter = int(str(one_of("ch", numbers, start.chapter)))
    found = Progress(
        chapter=chapter,
        screen=int(str(one_of("screen", screens, start.screen))),
        step=int(str(one_of("step", steps, start.step))),
        mode=_mode(str(one_of("mode", {mode: mode for mode in MODES}, start.mode))),
        hide_special=bool(one_of("special", {"hidden": True}, start.hide_special)),
        choices=_choices(params.get("c", ""), chapter, dropped),
        answers=_answers(params.get("a", ""), dropped),
        guesses=_guesses(params.get("g", ""), dropped),
    )
    return found, tuple(dict.fromkeys(dropped))


def _mode(text: str) -> Mode:
    return next(mode for mode in MODES if mode == text)


def _split(text: str, name: str, dropped: list[str]) -> dict[str, str]:
    if len(text) > MOST_PARAMETER:
        dropped.append(name)
        return {}
    return parted(text)


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


def _choices(text: str, chapter: int, dropped: list[str]) -> dict[str, Value]:
    """What was chosen. Older links name a word and a head in each chapter: that of `chapter`.

    Where they name a layer of a chapter that follows a head now, its first head is followed.
    """
    known = {f"{one.number}.{c.name}" for one in chapters() for c in one.controls}
    found = _known(text, "c", dict.fromkeys((*known, *SHARED, *EARLIER, *LAYERS), _read), dropped)
    found = {EARLIER.get(name, name): value for name, value in found.items()}
    layer = found.get(f"{chapter}.layer") if f"{chapter}.layer" in LAYERS else None
    if isinstance(layer, int) and layer >= 0:
        found.setdefault("head", HeadId(layer, 0))
    found = {name: value for name, value in found.items() if name not in LAYERS}
    own = {name: value for name, value in found.items() if name.rpartition(".")[2] not in SHARED}
    for name in SHARED:
        value = found.get(name, found.get(f"{chapter}.{name}"))
        if value is not None:
            own[name] = value
    return own


def _answers(text: str, dropped: list[str]) -> dict[str, Answer]:
    readers: dict[str, Callable[[str], Answer]] = {}
    for key in _split(text, "a", []):
        if (question := question_of(key)) is not None:
            readers[key] = _word if question.options else _number
    return _known(text, "a", readers, dropped)


def question_of(key: str) -> Question | None:
    """The question that an answer is kept for, as 2.most or 7.self@L2H1; None if there is none."""
    number, _, name = key.partition(".")
    chapter = next((one for one in chapters() if str(one.number) == number), None)
    return None if chapter is None else chapter.question(name)


def _known(
    text: str, name: str, readers: Mapping[str, Callable[[str], Read]], dropped: list[str]
) -> dict[str, Read]:
    """Every entry whose key is known and whose value can be read."""
    found: dict[str, Read] = {}
    for key, written in _split(text, name, dropped).items():
        try:
            found[key] = readers[key](written)
        except (ValueError, KeyError):
            dropped.append(f"{name}: {key}")
    return found


def _guesses(text: str, dropped: list[str]) -> dict[str, Guess]:
    verdicts: dict[str, Guess] = {guess[0]: guess for guess in GUESSES}
    known = {claim.name for claim in claims()}
    found: dict[str, Guess] = {}
    for key, letter in _split(text, "g", dropped).items():
        if f"C{key}" in known and letter in verdicts:
            found[f"C{key}"] = verdicts[letter]
        else:
            dropped.append(f"g: {key}")
    return found
