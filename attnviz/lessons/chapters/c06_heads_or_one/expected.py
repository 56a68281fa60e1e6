"""Accuracies for each number of heads: first as the learner expects them, then as measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from attnviz.digits import printed
from attnviz.lessons.chapters.c06_heads_or_one.runs import HEADS, TASK, heads_called
from attnviz.lessons.controls import bars_of
from attnviz.lessons.engine import Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.lessons.trained import shipped
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, Point, at_step, text
from attnviz.pictures.elements.drawn_bars import Plot, axis, measured, outline, to_draw
from attnviz.pictures.elements.thumbnail import paragraph
from attnviz.texts import say
from attnviz.training.record import Training

text_of = texts_of(__name__)

CONTROL = "drawn"
NEAR = 10  # per cent that a drawn bar may be off


KNOB = 10  # of the slider


class State(NamedTuple):
    """The block with so many heads, from one step to another."""

    heads: int
    first: int
    until: int | None
    is_own: bool = False  # of the loaded model
    is_stop: bool = True  # on the slider; the block is first built up without one


@dataclass(frozen=True, slots=True)
class Chart:
    """Where the bars and the slider stand, in one form of the figure."""

    plot: Plot
    heading: tuple[Point, Number]  # where it begins, and how wide it is
    commit: Area
    slider: Number  # its y
    last: Number  # the x of the loaded model's stop


def _trained() -> list[Training]:
    """The encoders that come with the program, one for each number of heads."""
    trainings = {
        run.heads: training
        for run, training in shipped().items()
        if run.task.name == TASK and run.layers == 1
    }
    return [trainings[heads] for heads in HEADS]


def accuracies() -> dict[int, float]:
    """What the trained encoders got, by their number of heads."""
    return {training.run.heads: training.accuracy for training in _trained()}


def measured_how() -> Numbers:
    """How the accuracies were measured."""
    first = _trained()[0]
    return {"steps": first.run.steps, "texts": f"{first.exam.texts:,}" if first.exam else "…"}


def percent(share: float) -> str:
    """A share with one digit behind the point; with more, where that would make it all or none."""
    decimals = next(n for n in range(1, 20) if share in (0, 1) or 0 < round(share, n + 2) < 1)
    return f"{printed(100 * share, decimals)} %"


def near(drawn: tuple[int, ...]) -> int:
    """How many drawn bars are near the measured ones."""
    pairs = zip(drawn, accuracies().values(), strict=True)
    return sum(abs(bar - 100 * share) <= NEAR + 1e-9 for bar, share in pairs)


def bars(chart: Chart, scene: Scene) -> list[Element]:
    """The task, the axis, and the bars: to draw, or as drawn beside what was measured."""
    mode, plot = scene.mode, chart.plot
    start, width = chart.heading
    names = [heads_called(heads, scene.language) for heads in HEADS]
    asks = say(f"task.{TASK}_asks", scene.language)
    drawn = bars_of(scene.choice[CONTROL])
    heading = [
        text(
            *start,
            say(f"task.{TASK}", scene.language),
            style.INK[mode],
            size=1.2 * plot.size,
            anchor="start",
            bold=True,
        ),
        paragraph(
            (start[0], start[1] + 1.7 * plot.size), asks, width, style.INK[mode], size=plot.size
        ),
        axis(plot, mode),
    ]
    if not drawn:
        hint, commit = (scene.say(text_of(f"figure.{key}")) for key in ("draw", "commit"))
        return [*heading, to_draw(plot, names, CONTROL, (hint, commit, chart.commit), mode)]
    shown = [
        part
        for n, share in enumerate(accuracies().values())
        for part in (
            measured(plot, n, share, percent(share), style.V, mode),
            outline(plot, n, drawn[n] / 100, mode),
        )
    ]
    verdict = scene.say(text_of("figure.near"), near=near(drawn), count=len(drawn), off=NEAR)
    return [
        *heading,
        *shown,
        text(*chart.commit.centre, verdict, style.INK[mode], size=plot.size, bold=True),
    ]


def slider(chart: Chart, states: Sequence[State], scene: Scene) -> list[Element]:
    """A stop for each number of heads, a click on which goes to its step, and where it stands."""
    mode, plot, y = scene.mode, chart.plot, chart.slider
    ink, paper = style.INK[mode], style.PAPER[mode]
    ends = {"x1": plot.columns[0], "x2": plot.columns[-1], "y1": y, "y2": y}
    drawn = [element("line", **ends, stroke=style.FAINT_INK[mode], stroke_width=4)]
    thumbs = []
    for state in states:
        x = chart.last if state.is_own else plot.columns[HEADS.index(state.heads)]
        thumb = [element("circle", cx=x, cy=y, r=KNOB, fill=ink, pointer_events="none")]
        if not state.is_own:
            foot = Area(x - plot.width / 2, plot.area.bottom, plot.width, 5)
            thumb.append(element("rect", **foot._asdict(), fill=ink))
        thumbs.append(at_step(state.first, *thumb, until=state.until))
        if not state.is_stop:
            continue
        reach = Area(x - plot.width / 2, y - 2 * KNOB, plot.width, 4 * KNOB + 1.6 * plot.size)
        label = f"h = {state.heads}"
        drawn.append(
            element(
                "g",
                element("rect", **reach._asdict(), fill=paper, fill_opacity=0),
                element("circle", cx=x, cy=y, r=0.7 * KNOB, fill=paper, stroke=ink),
                text(x, y + KNOB + plot.size, label, ink, size=plot.size),
                data_goes=state.first,
                tabindex=0,
                role="button",
                aria_label=label,
            )
        )
    return [*drawn, *thumbs]
