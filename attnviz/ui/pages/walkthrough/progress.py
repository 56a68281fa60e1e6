"""How far a reader has come in the walkthrough: kept in the session, and in its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from attnviz.core.trace import Trace
from attnviz.lessons.chapters import chapters
from attnviz.lessons.controls import Value
from attnviz.lessons.engine import Chapter, Part, Scene, panel_of
from attnviz.lessons.link import WALKTHROUGH, WalkthroughState
from attnviz.lessons.questions import Answer
from attnviz.lessons.verdict_sheet import Guess
from attnviz.share.state import SentenceState
from attnviz.training.record import Training
from attnviz.ui import address, caches, state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import aloud
from attnviz.ui.frame import language, mode
from attnviz.ui.state import NONE_YET, SessionValue
from attnviz.ui.widgets.progress import with_progress


class _Aside(NamedTuple):
    """What was done with a sentence that is not there now."""

    answers: Mapping[str, Answer]
    guesses: Mapping[str, Guess]
    seen: frozenset[str]


MOST_TRAININGS = 32
_ANSWERS_OF: SessionValue[int | None] = SessionValue("answers_of", None)  # this sentence
_ASIDE: SessionValue[Mapping[int, _Aside]] = SessionValue("answers_aside", NONE_YET)
_SEEN: SessionValue[frozenset[str]] = SessionValue("seen", frozenset())
_OPENED: SessionValue[tuple[int, int] | None] = SessionValue("figure_opened", None)
_TRAININGS: SessionValue[tuple[Training, ...]] = SessionValue("lesson_trainings", ())


@dataclass(frozen=True, slots=True)
class TracedSentence:
    """A sentence in a model, and what names them."""

    key: TraceKey
    trace: Trace

    def scene(self, chapter: Chapter) -> Scene:
        """The scene of a chapter as it stands."""
        choices = progress().of_chapter(chapter.number)
        return chapter.scene(self.trace, choices, language(), mode(), trainings())


def progress() -> WalkthroughState:
    """Where this session stands."""
    return state.read(WalkthroughState)


def open_link() -> None:
    """Go where the address says, in a new session or on the way back through it."""
    if address.open_link(WALKTHROUGH):
        begin_here()


def begin_here() -> None:
    """Stand where a link or a saved view says, whichever version wrote it."""
    state.write(progress().from_earlier_link())
    _OPENED.forget()
    _ANSWERS_OF.forget()  # they belong to the sentence that comes with them


def belongs_to(key: TraceKey) -> None:
    """Let answers stand only under the sentence and model that they were given for.

    Those of other sentences wait until that sentence comes back. Laws are the same for all.
    """
    digest, before = hash(key), _ANSWERS_OF.get()
    _ANSWERS_OF.put(digest)
    if before is None or before == digest:
        return
    stood = progress()
    laws = {name: answer for name, answer in stood.answers.items() if name in _laws()}
    aside = {**_ASIDE.get(), before: _Aside(stood.answers, stood.guesses, seen())}
    earlier = aside.pop(digest, _Aside({}, {}, frozenset()))
    _ASIDE.put(aside)
    _SEEN.put(earlier.seen)
    step(answers={**earlier.answers, **laws}, guesses=earlier.guesses)


@cache
def _laws() -> frozenset[str]:
    """The questions that every sentence answers alike."""
    return frozenset(
        f"{chapter.number}.{question.name}"
        for chapter in chapters()
        for question in chapter.questions
        if question.is_law
    )


def seen() -> frozenset[str]:
    """What was shown of this sentence without an answer."""
    return _SEEN.get()


def see(what: str) -> None:
    """Show something of this sentence without an answer."""
    _SEEN.put(seen() | {what})


def step(**changes: Any) -> None:
    """Go somewhere else. Another chapter begins at the first step of its figure."""
    if changes.get("chapter", progress().chapter) != progress().chapter:
        changes.setdefault("figure_step", 0)
    state.change(WalkthroughState, **changes)


def opened_at() -> int:
    """At which step the figure of this chapter stood when somebody came to it."""
    learner = progress()
    chapter, at = _OPENED.get() or (0, 0)
    if chapter != learner.chapter:
        at = learner.figure_step
        _OPENED.put((learner.chapter, at))
    return at


def choose(chapter: int, name: str, value: Value) -> None:
    """Set one control."""
    state.write(progress().with_choice(chapter, name, value))


def answer(chapter: int, name: str, said: Answer) -> None:
    """Answer one question."""
    aloud.expect(f"{chapter}.{name}")
    state.write(progress().with_answer(chapter, name, said))


def guess(claim: str, verdict: Guess) -> None:
    """Predict one claim's verdict."""
    aloud.expect(claim)
    state.write(progress().with_guess(claim, verdict))


def trainings() -> tuple[Training, ...]:
    """Trainings of this session that have finished."""
    return _TRAININGS.get()


def keep_trainings(done: Sequence[Training]) -> None:
    """Remember trainings that have finished, the last ones for longest."""
    _TRAININGS.put((*trainings(), *done)[-MOST_TRAININGS:])


def keep_link() -> None:
    """Write where this session stands into its address."""
    address.keep_link(linked_state())


def speaker_link() -> str:
    """The address of the speaker's window beside this one."""
    link = address.current_link(replace(linked_state(), mode="speaker"))
    return address.address(link.params)


def start_link() -> str:
    """The address of the walkthrough's beginning on this sentence, without anybody's answers."""
    sentence = address.without_defaults(state.read(SentenceState))
    return address.address(address.current_link(sentence).params)


def linked_state() -> WalkthroughState:
    """Where this session stands, without what needs no name in a link."""
    return address.without_defaults(progress())


def panel(sentence: TracedSentence, chapter: Chapter, part: Part, scene: Scene) -> bytes:
    """The packet of a part's panel, drawn once for all who see the same."""
    runs = [training.run.name for training in scene.trainings]
    panel_key = (chapter.name, part.name, dict(scene.choice), scene.language, scene.mode, runs)
    key = ("panel", sentence.key, repr(panel_key))
    if (drawn := caches.panels.peek(key)) is not None:
        return drawn

    def draw(_: object) -> bytes:
        return caches.panels.get(key, lambda: panel_of(part, scene).packet)

    return with_progress(draw, language(), "draw")
