"""The engine: what a chapter, its parts, its controls and its questions are.

    Chapter    one figure of the note: parts, controls, questions, texts
    Part       one idea: a title, a sentence, and a panel drawn from a scene
    Scene      a trace, the language and mode, and what the controls say
    Question   asked first, answered after: the answer is computed by a checker

The page, the presenter mode, the handout and the tests all run from this.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Union, get_args

from attnviz import checks
from attnviz.core.heads import HeadId
from attnviz.core.trace import Token, Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.controls import Cells, Control, Value
from attnviz.lessons.facts import facts
from attnviz.lessons.text import Text
from attnviz.pictures.asked import check_language, check_trace
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.facts import changes
from attnviz.pictures.lines import Lines
from attnviz.pictures.standalone import framed, picture, standalone
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say
from attnviz.training.record import Training
from attnviz.training.run import Run

Panel = Drawing | Lines
Numbers = Mapping[str, object]
Screen = Union["Part", "Question", Literal["opening", "trial", "closing"]]
Said = str | float  # an answer: the name of an option, or a number


@dataclass(frozen=True, slots=True)
class Scene:
    """What a panel is drawn from. It does not change."""

    trace: Trace
    choice: Mapping[str, Value]
    language: Language = "en"
    mode: Mode = "light"
    trainings: tuple[Training, ...] = ()  # finished ones that the learner asked for

    def __post_init__(self) -> None:
        check_trace(self.trace)
        check_language(self.language)
        checks.one_of("mode", self.mode, get_args(Mode))

    def number(self, name: str) -> int:
        """A whole number that a control says, such as the layer."""
        value = self.choice[name]
        if not isinstance(value, int | float):
            raise TypeError(f"{name} is no number: {value!r}")
        return int(value)

    def head(self, name: str = "head") -> HeadId:
        """A head that a control says."""
        value = self.choice[name]
        if not isinstance(value, HeadId):
            raise TypeError(f"{name} is no head: {value!r}")
        return value

    def heads(self, name: str) -> tuple[HeadId, ...]:
        """The heads that a control says."""
        value = self.choice[name]
        if not isinstance(value, tuple) or isinstance(value, HeadId):
            raise TypeError(f"{name} is no list of heads: {value!r}")
        return value

    def cells(self, name: str) -> Cells:
        """The cells that a learner has painted."""
        value = self.choice[name]
        if not isinstance(value, Cells):
            raise TypeError(f"{name} is no set of cells: {value!r}")
        return value

    @property
    def token(self) -> Token:
        """The word that the learner follows."""
        return self.trace.tokens[self.number("word")]

    def say(self, text: Text, **numbers: object) -> str:
        """A text in the scene's language, its numbers filled."""
        return text.filled(self.language, {**facts(self.trace), **numbers})


@dataclass(frozen=True, slots=True)
class Part:
    """One idea of a chapter: one screen of the presenter."""

    name: str
    title: Text
    note: Text  # what to see in the panel; placeholders from `numbers`
    draw: Callable[[Scene], Panel]
    numbers: Callable[[Scene], Numbers] = lambda _: {}
    uses: tuple[str, ...] = ()  # controls that stand above this part


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer."""

    name: str  # in links, ASCII
    text: Text


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a checker found: the answer, and the numbers that its explanation shows."""

    value: Said
    numbers: Numbers = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """Predict first, then see. The checker shares no code with any figure.

    A question with options is answered by one of their names; one without, by a number, and
    then `tolerance` is how far off still counts as right, for this trace.
    """

    name: str
    ask: Text
    explain: Text
    check: Callable[[Trace], Outcome]
    options: Callable[[Trace], Sequence[Option]] | None = None
    asked: Callable[[Trace], Numbers] = lambda _: {}  # the numbers of `ask`
    tolerance: Callable[[Trace], float] = lambda _: 0.0
    span: Callable[[Trace], tuple[float, float]] = lambda _: (0.0, 1.0)  # of a number
    step: float = 0.01
    is_law: bool = False  # the same for every sentence
    before: str = ""  # the part that gives the answer away: shown once the learner has committed

    def answer(self, trace: Trace) -> Said:
        """The answer for this sentence in this model."""
        check_trace(trace)
        return self.check(trace).value

    def has_alternatives(self, trace: Trace) -> bool:
        """Whether a prediction can be wrong: one word or one head leaves a single option."""
        return self.options is None or len(self.options(trace)) > 1

    def asks(self, trace: Trace, language: Language) -> str:
        """The question for this sentence."""
        return self.ask.filled(language, {**facts(trace), **self.asked(trace)})

    def explains(self, trace: Trace, language: Language) -> str:
        """The answer with its computation."""
        outcome = self.check(trace)
        numbers = {**facts(trace), **self.asked(trace), **outcome.numbers}
        return self.explain.filled(language, numbers)

    def tells(self, trace: Trace, language: Language) -> str:
        """The right option by its name, if there are options, and the computation."""
        explained = self.explains(trace, language)
        if self.options is None:
            return explained
        answer = self.spoken(trace, self.answer(trace), language)
        return f"{say('walk.answer', language, answer=answer)} {explained}"

    def spoken(self, trace: Trace, said: Said, language: Language) -> str:
        """An answer in words."""
        if not isinstance(said, str):
            return f"{said:g}"
        options = self.options(trace) if self.options else ()
        texts = {option.name: option.text.filled(language, {}) for option in options}
        return texts.get(said, said)

    def is_right(self, trace: Trace, said: Said) -> bool:
        """Whether a prediction counts as right."""
        value = self.answer(trace)
        if isinstance(value, str) or isinstance(said, str):
            return value == said
        return abs(float(said) - value) <= self.tolerance(trace) + 1e-9


@dataclass(frozen=True, slots=True, repr=False)
class Figure:
    """All panels of a chapter, by the name of their part."""

    panels: Mapping[str, Panel]
    language: Language = "en"

    def __repr__(self) -> str:
        return f"<Figure: {', '.join(self.panels)}>"

    @property
    def alt(self) -> str:
        """The text alternative of the whole figure."""
        return " ".join(panel.alt for panel in self.panels.values())

    def _repr_html_(self) -> str:
        """In a notebook: every panel, in one frame."""
        drawn = [panel_element(panel) for panel in self.panels.values()]
        return framed(standalone(self.alt, drawn, self.language), self.alt, 400 * len(drawn))


@dataclass(frozen=True, slots=True)
class TeacherNote:
    """What a teacher wants beside a chapter."""

    ask_aloud: Text
    expect: Text
    if_different: Text  # what to say when a sentence behaves differently


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter of the walkthrough."""

    number: int
    name: str
    title: Text
    goal: Text
    text: Text
    takeaway: Text
    misconception: Text
    minutes: int
    parts: tuple[Part, ...]
    questions: tuple[Question, ...]
    teacher: TeacherNote
    controls: tuple[Control, ...] = ()
    has_trial: bool = False  # whether all claims are tried here
    numbers: Callable[[Scene], Numbers] = lambda _: {}  # of the chapter's own texts
    runs: Callable[[Scene], tuple[Run, ...]] = lambda _: ()  # what the learner may train here

    @property
    def screens(self) -> tuple["Screen", ...]:
        """What the presenter shows, one idea a screen: a question before what answers it."""
        found: list[Screen] = ["opening"]
        for part in self.parts:
            found += [question for question in self.questions if question.before == part.name]
            found.append(part)
        found += [question for question in self.questions if not question.before]
        if self.has_trial:
            found.append("trial")
        return (*found, "closing")

    def choice(self, trace: Trace, given: Mapping[str, Value] | None = None) -> dict[str, Value]:
        """What the controls say: what was given where it fits the trace, else the default."""
        check_trace(trace)
        given = given or {}
        return {c.name: c.fitting(trace, given.get(c.name)) for c in self.controls}

    def scene(
        self,
        trace: Trace,
        given: Mapping[str, Value] | None = None,
        language: Language = "en",
        mode: Mode = "light",
        trainings: tuple[Training, ...] = (),
    ) -> Scene:
        """A scene of this chapter."""
        return Scene(trace, self.choice(trace, given), language, mode, trainings)

    def figure(self, trace: Trace, scene: Scene | None = None) -> Figure:
        """Every panel, for a trace alone or for a scene of it."""
        scene = scene or self.scene(trace)
        panels = {part.name: panel_of(part, scene) for part in self.parts}
        return Figure(panels, scene.language)

    def note(self, part: Part, scene: Scene) -> str:
        """What to see in a part, with its numbers; nothing where they cannot be had."""
        try:
            return scene.say(part.note, **part.numbers(scene))
        except AttnvizError:
            return ""  # the panel says why


def panel_element(panel: Panel) -> str:
    """A panel as an element of a file."""
    kind = "drawing" if isinstance(panel, Drawing) else "lines"
    return picture(kind, panel.packet, panel.alt)


def panel_of(part: Part, scene: Scene) -> Panel:
    """A part's panel; where it cannot be drawn, a sentence that says why."""
    try:
        return _with_changes(part.draw(scene), scene)
    except AttnvizError as problem:
        return _notice(problem.text(scene.language), scene.mode)


def _with_changes(panel: Panel, scene: Scene) -> Panel:
    """A drawing below what was changed in the model; lines say it themselves."""
    said = " ".join(changes(scene.trace, scene.language))
    if not said or isinstance(panel, Lines):
        return panel
    root = element("div", element("p", said, class_="notice"), panel.root)
    return replace(panel, root=root, alt=f"{said} {panel.alt}")


def _notice(text: str, mode: Mode) -> Drawing:
    return Drawing(element("p", text, class_="notice"), text, mode, {"cannot": text})
