"""Questions: asked first, answered after. The answer is computed by a checker."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from attnviz.core.trace import Trace
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import trace_values
from attnviz.pictures.arguments import check_trace
from attnviz.texts import Language, say

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


@dataclass(frozen=True, slots=True)
class Question:
    """Predict first, then see. The checker shares no code with any figure.

    A question with options is answered by one of their names; one without, by a number, and
    then `tolerance` is how far off still counts as right, for this trace.
    """

    name: str
    check: Callable[[Trace], Outcome]
    options: Callable[[Trace], Sequence[Option]] | None = None
    asked: Callable[[Trace], Numbers] = lambda _: {}  # the numbers of `ask`
    tolerance: Callable[[Trace], float] = lambda _: 0.0
    span: Callable[[Trace], tuple[float, float]] = lambda _: (0.0, 1.0)  # of a number
    step: float = 0.01
    is_law: bool = False  # the same for every sentence
    before: str = ""  # the part that gives the answer away: shown once the learner has committed
    key: str = ""  # of its texts: the chapter gives it

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
        """The right option by its name, if there are options, and the computation."""
        explained = self.explains(trace, language)
        if self.options is None:
            return explained
        answer = self.spoken(trace, self.answer(trace), language)
        return f"{say('walk.answer', language, answer=answer)} {explained}"

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
