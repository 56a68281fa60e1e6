"""The engine: what a chapter, its parts, its controls and its questions are.

    Chapter    one figure of the note: parts, controls, questions, texts
    Part       one idea: a title, a sentence, and a panel drawn from a scene
    Scene      a trace, the language and mode, and what the controls say
    Question   asked first, answered after: the answer is computed by a checker

The page, the presenter mode, the handout and the tests all run from this.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar, Union, get_args

from attnviz import checks
from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.claims import Claim, claims
from attnviz.lessons.controls import Cells, Control, Edited, Value
from attnviz.lessons.questions import Numbers, Question, read_named
from attnviz.lessons.text import Text
from attnviz.lessons.trace_values import trace_values
from attnviz.pictures.arguments import check_language, check_trace
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.elements.hatched import DENIED
from attnviz.pictures.provenance import intervention_notes
from attnviz.pictures.standalone import framed, picture, standalone
from attnviz.pictures.style import Mode
from attnviz.texts import Language, catalogue, running, say
from attnviz.training.record import Training
from attnviz.training.run import Run

Screen = Union["Part", "Trials", Literal["closing"]]
AT_ONCE = 3  # claims on a screen of the presenter, which stay above its bar with all they say


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

    def edited(self, name: str) -> Edited:
        """The numbers that a learner has changed."""
        value = self.choice[name]
        if not isinstance(value, Edited):
            raise TypeError(f"{name} is no set of numbers: {value!r}")
        return value

    @property
    def token(self) -> Token:
        """The word that the learner follows."""
        return self.trace.tokens[self.number("word")]

    def say(self, text: Text, **numbers: object) -> str:
        """A text in the scene's language, its numbers filled."""
        return text.filled(self.language, {**trace_values(self.trace), **numbers})


@dataclass(frozen=True, slots=True)
class Part:
    """One idea of a chapter: one screen of the presenter."""

    name: str
    draw: Callable[[Scene], Drawing]
    numbers: Callable[[Scene], Numbers] = lambda _: {}
    uses: tuple[str, ...] = ()  # controls that stand above this part
    key: str = ""  # of its texts: the chapter gives it

    @property
    def title(self) -> Text:
        """Its heading."""
        return Text(f"{self.key}.title")

    @property
    def note(self) -> Text:
        """What to see in the panel; placeholders from `numbers`."""
        return Text(f"{self.key}.note")


@dataclass(frozen=True, slots=True, repr=False)
class Figure:
    """All panels of a chapter, by the name of their part."""

    panels: Mapping[str, Drawing]
    language: Language = "en"

    def __repr__(self) -> str:
        return f"<Figure: {', '.join(self.panels)}>"

    @property
    def alt(self) -> str:
        """The text alternative of the whole figure."""
        return running(panel.alt for panel in self.panels.values())

    def _repr_html_(self) -> str:
        """In a notebook: every panel, in one frame."""
        drawn = [panel_element(panel) for panel in self.panels.values()]
        return framed(standalone(self.alt, drawn, self.language), self.alt, 400 * len(drawn))


@dataclass(frozen=True, slots=True)
class TeacherNote:
    """What a teacher wants beside a chapter."""

    key: str

    @property
    def ask_aloud(self) -> Text:
        """A question to the class."""
        return Text(f"{self.key}.ask_aloud")

    @property
    def expect(self) -> Text:
        """What most of them say."""
        return Text(f"{self.key}.expect")

    @property
    def if_different(self) -> Text:
        """What to say when a sentence behaves differently."""
        return Text(f"{self.key}.if_different")


@dataclass(frozen=True, slots=True)
class Trials:
    """Some of the claims: one screen of the presenter, which names their verdicts when asked."""

    claims: tuple[Claim, ...]

    @property
    def name(self) -> str:
        """What it is called among what the class has seen."""
        return f"trial-{self.claims[0].name}"


Keyed = TypeVar("Keyed", Part, Question, Control)


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter of the walkthrough. Its texts, and those of all in it, stand below its key."""

    number: int
    name: str
    minutes: int
    parts: tuple[Part, ...]
    questions: tuple[Question, ...]
    controls: tuple[Control, ...] = ()
    has_trial: bool = False  # whether all claims are tried here
    numbers: Callable[[Scene], Numbers] = lambda _: {}  # of the chapter's own texts
    runs: Callable[[Scene], tuple[Run, ...]] = lambda _: ()  # what the learner may train here

    def __post_init__(self) -> None:
        for kind in ("parts", "questions", "controls"):
            named = tuple(self._named(member, kind) for member in getattr(self, kind))
            object.__setattr__(self, kind, named)
        placed = tuple(replace(q, beside=q.beside or self._beside(q)) for q in self.questions)
        object.__setattr__(self, "questions", placed)

    def _beside(self, question: Question) -> str:
        """Where a question stands that does not say so: at the part before what answers it."""
        names = [part.name for part in self.parts]
        at = names.index(question.before) if question.before else len(names)
        return names[max(0, at - 1)]

    def asked_beside(self, part: Part) -> tuple[Question, ...]:
        """The questions that stand beside a part."""
        return tuple(question for question in self.questions if question.beside == part.name)

    def _named(self, one: Keyed, kind: str) -> Keyed:
        """A part, question or control that knows its texts, if it did not before."""
        return one if one.key else replace(one, key=f"{self.key}.{kind}.{one.name}")

    @property
    def key(self) -> str:
        """Where its texts stand in the catalogue."""
        return f"chapters.{self.number:02}_{self.name.replace('-', '_')}"

    @property
    def title(self) -> Text:
        """What it is called."""
        return Text(f"{self.key}.title")

    @property
    def goal(self) -> Text:
        """What a learner can do afterwards."""
        return Text(f"{self.key}.goal")

    @property
    def text(self) -> Text:
        """What it says before its figure; placeholders from `numbers`."""
        return Text(f"{self.key}.text")

    @property
    def on_paper(self) -> Text:
        """The same where there is nothing to press; placeholders from `numbers`."""
        printed = Text(f"{self.key}.on_paper")
        return printed if printed.key in catalogue("en") else self.text

    @property
    def takeaway(self) -> Text:
        """What to remember; placeholders from `numbers`."""
        return Text(f"{self.key}.takeaway")

    @property
    def misconception(self) -> Text:
        """What many believe, and what is true; placeholders from `numbers`."""
        return Text(f"{self.key}.misconception")

    @property
    def teacher(self) -> TeacherNote:
        """What a teacher wants beside it."""
        return TeacherNote(f"{self.key}.teacher")

    @property
    def screens(self) -> tuple["Screen", ...]:
        """What the presenter shows: each picture with its questions, the trials, the closing."""
        every = claims() if self.has_trial else ()
        trials = [Trials(every[n : n + AT_ONCE]) for n in range(0, len(every), AT_ONCE)]
        return (*self.parts, *trials, "closing")

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

    def at(self, choice: Mapping[str, Value]) -> "Chapter":
        """The same with questions about what the controls say."""
        return replace(self, questions=tuple(question.at(choice) for question in self.questions))

    def question(self, name: str) -> Question | None:
        """The question of that name, about what its name says; None if there is none."""
        first, values = read_named(name)
        for candidate in self.questions:
            if candidate.name == first and len(candidate.follows) == len(values):
                return candidate.at(dict(zip(candidate.follows, values, strict=True)))
        return None

    def note(self, part: Part, scene: Scene) -> str:
        """What to see in a part, with its numbers; nothing where they cannot be had."""
        try:
            return scene.say(part.note, **part.numbers(scene))
        except AttnvizError:
            return ""  # the panel says why


def panel_element(panel: Drawing) -> str:
    """A panel as an element of a file."""
    return picture("drawing", panel.packet, panel.alt)


def panel_of(part: Part, scene: Scene) -> Drawing:
    """A part's panel; where it cannot be drawn, a sentence that says why."""
    try:
        return _with_changes(_with_hatch(part.draw(scene), scene), scene)
    except AttnvizError as problem:
        return _notice(problem.text(scene.language), scene.mode)


def _with_hatch(panel: Drawing, scene: Scene) -> Drawing:
    """A panel above what its hatch means, where it has one."""
    if not any(element.attributes.get("class") == DENIED for element in panel.root.walk()):
        return panel
    note = say("picture.hatched", scene.language)
    return replace(panel, root=element("div", panel.root, element("p", note, class_="some")))


def _with_changes(panel: Drawing, scene: Scene) -> Drawing:
    """A panel below what was changed in the model."""
    notes = running(intervention_notes(scene.trace, scene.language))
    if not notes:
        return panel
    root = element("div", element("p", notes, class_="notice"), panel.root)
    return replace(panel, root=root, alt=running([notes, panel.alt]))


def _notice(text: str, mode: Mode) -> Drawing:
    return Drawing(element("p", text, class_="notice"), text, mode, {"cannot": text})
