"""Questions: asked first, answered after. The answer is computed by a checker."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count, product
from string import ascii_uppercase

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.controls import Value
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import trace_values
from attnviz.pictures.arguments import check_trace
from attnviz.texts import Language, running, say

Numbers = Mapping[str, object]  # what a text's placeholders are filled with
Answer = str | float  # the name of an option, or a number


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    name: str  # in links, ASCII
    text: Text | str | None = None  # a name is the same everywhere; None: a text of the question


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a checker found: the answer, and the numbers that its explanation shows."""

    value: Answer
    numbers: Numbers = field(default_factory=dict)
    rounded: str = ""  # how a number is said that has more digits than anybody wants to read


_ABOUT = "@"


def lettered(options: Iterable[str]) -> list[tuple[str, str]]:
    """Options with the letters by which a class names them: A to Z, then AA, AB and so on."""
    return list(zip(_letters(), options, strict=False))  # of letters there are always enough


def _letters() -> Iterator[str]:
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def named_at(name: str, values: Sequence[Value]) -> str:
    """The name of a question about some values, as links and pictures write it: self@L2H1."""
    written = (f"L{v.layer}H{v.head}" if isinstance(v, HeadId) else str(v) for v in values)
    return f"{name}{_ABOUT}{'-'.join(written)}"


def read_named(name: str) -> tuple[str, tuple[Value, ...]]:
    """The counterpart of `named_at`; a name alone has no values."""
    first, sign, rest = name.partition(_ABOUT)
    return first, tuple(map(_value, rest.split("-"))) if sign else ()


def _value(text: str) -> Value:
    match = re.fullmatch(r"L(\d{1,4})H(\d{1,4})", text, re.ASCII)
    return HeadId(int(match[1]), int(match[2])) if match else text


@dataclass(frozen=True, slots=True)
class Question:
    """Predict first, then see. The checker shares no code with any figure.

    A question with options is answered by one of their names; one without, by a number, and
    then `tolerance` is how far off still counts as right, for this trace.

    One that `follows` controls is about what they say: `at` asks it about that, under a name of
    its own. All that it computes takes their values by name, with defaults for a trace alone.
    """

    name: str
    check: Callable[..., Outcome]
    options: Callable[[Trace], Sequence[Option]] | None = None
    asked: Callable[..., Numbers] = lambda _, **__: {}  # the numbers of `ask`
    tolerance: Callable[..., float] = lambda _, **__: 0.0
    span: Callable[..., tuple[float, float]] = lambda _, **__: (0.0, 1.0)  # of a number
    step: float = 0.01
    is_law: bool = False  # the same for every sentence
    beside: str = ""  # the part that it is about, which stands beside it
    in_picture: bool = False  # its options can be clicked there
    follows: tuple[str, ...] = ()  # controls whose values it is about
    before: str = ""  # the part that gives the answer away: shown once the learner has committed
    key: str = ""  # of its texts: the chapter gives it

    def at(self, choice: Mapping[str, Value]) -> "Question":
        """The question about what the controls say; itself if it follows none."""
        if not self.follows:
            return self
        values = {name: choice[name] for name in self.follows}
        return replace(
            self,
            name=named_at(self.name, [values[name] for name in self.follows]),
            check=partial(self.check, **values),
            asked=partial(self.asked, **values),
            tolerance=partial(self.tolerance, **values),
            span=partial(self.span, **values),
            follows=(),
        )

    @property
    def ask(self) -> Text:
        """What is asked; placeholders from `asked`."""
        return Text(f"{self.key}.ask")

    @property
    def explain(self) -> Text:
        """The answer with its computation; placeholders from what the checker found."""
        return Text(f"{self.key}.explain")

    def answer(self, trace: Trace) -> Answer:
        """The answer for this sentence in this model."""
        check_trace(trace)
        return self.check(trace).value

    def has_alternatives(self, trace: Trace) -> bool:
        """Whether a prediction can be wrong: one word or one head leaves a single option."""
        return self.options is None or len(self.options(trace)) > 1

    def asks(self, trace: Trace, language: Language) -> str:
        """The question for this sentence."""
        return self.ask.filled(language, {**trace_values(trace), **self.asked(trace)})

    def explains(self, trace: Trace, language: Language) -> str:
        """The answer with its computation."""
        outcome = self.check(trace)
        numbers = {**trace_values(trace), **self.asked(trace), **outcome.numbers}
        return self.explain.filled(language, numbers)

    def tells(self, trace: Trace, language: Language) -> str:
        """The right answer, said once, then why it is right."""
        outcome, explained = self.check(trace), self.explains(trace, language)
        if outcome.rounded:
            right = say("walk.answer_rounded", language, answer=outcome.rounded)
            return running([right, explained])
        answer = self.spoken(trace, outcome.value, language)
        return running([say("walk.answer", language, answer=answer), explained])

    def spoken(self, trace: Trace, said: Answer, language: Language) -> str:
        """An answer in words."""
        if not isinstance(said, str):
            return f"{said:g}"
        return self.offers(trace, language).get(said, said)

    def offers(self, trace: Trace, language: Language) -> dict[str, str]:
        """Its options in words, by their names; none where a number is asked for."""
        options = self.options(trace) if self.options else ()
        return {option.name: self._words(option, language) for option in options}

    def _words(self, option: Option, language: Language) -> str:
        if isinstance(option.text, str):
            return option.text
        text = option.text or Text(f"{self.key}.options.{option.name}")
        return text.filled(language, {})

    def is_right(self, trace: Trace, said: Answer) -> bool:
        """Whether a prediction counts as right."""
        value = self.answer(trace)
        if isinstance(value, str) or isinstance(said, str):
            return value == said
        return abs(float(said) - value) <= self.tolerance(trace) + 1e-9
