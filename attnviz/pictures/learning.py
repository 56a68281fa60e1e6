"""Learning: accuracy and loss over the steps, and final accuracies side by side."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import plotly.graph_objects as go

from attnviz.digits import at_most
from attnviz.pictures import style
from attnviz.pictures.chart import Chart, heading, layout, quiet_axis
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.style import Mode
from attnviz.texts import Language, say


@runtime_checkable
class Measured(Protocol):
    """Loss and accuracy after so many steps, whoever has measured them."""

    @property
    def step(self) -> int:
        """How many steps were done."""

    @property
    def loss(self) -> float:
        """The loss of that step."""

    @property
    def accuracy(self) -> float:
        """The accuracy on the texts of that step."""


class Bar(NamedTuple):
    """The accuracy of one training, or None while it runs."""

    group: str  # the task
    name: str  # the number of heads
    accuracy: float | None
    parameters: int = 0  # 0: not said


def learning(
    course: Sequence[Measured],
    name: str,
    *,
    theory: float | None = None,
    step: int | None = None,
    mode: Mode = "light",
    language: Language = "en",
) -> Chart:
    """Accuracy and loss at every measured step; `theory` as a line, `step` as a mark."""
    steps = [point.step for point in course]
    a, b = (getattr(code, mode) for code in style.HEAD_CODES[:2])
    texts = {key: say(f"train.{key}", language) for key in ("accuracy", "loss", "step")}
    title, top = heading(name, [say("train.curve_note", language)], a, mode)
    figure = go.Figure(
        data=[
            go.Scatter(
                x=steps,
                y=[p.accuracy for p in course],
                name=texts["accuracy"],
                mode="lines",
                line={"color": a, "width": 2},
            ),
            go.Scatter(
                x=steps,
                y=[p.loss for p in course],
                name=texts["loss"],
                mode="lines",
                line={"color": b, "width": 1.5, "dash": "dot"},
                yaxis="y2",
            ),
        ],
        layout=layout(
            mode,
            title=title,
            xaxis=quiet_axis(mode, title={"text": texts["step"]}),
            yaxis=quiet_axis(mode, range=[0, 1.03], title={"text": texts["accuracy"]}),
            yaxis2={
                "overlaying": "y",
                "side": "right",
                "rangemode": "tozero",
                "showgrid": False,
                "title": {"text": texts["loss"]},
                "automargin": True,
                "zeroline": False,
            },
            legend={"orientation": "h", "y": -0.22},
            margin={"l": 4, "r": 4, "t": top, "b": 4},
        ),
    )
    if theory is not None:
        figure.add_hline(
            y=theory,
            line={"color": style.FAINT_INK[mode], "dash": "dash", "width": 1},
            annotation={
                "text": say("train.theory", language, accuracy=at_most(theory, 4)),
                "font": {"size": 10, "color": style.FAINT_INK[mode]},
            },
        )
    if step is not None:
        figure.add_vline(x=step, line={"color": style.INK[mode], "width": 1})
    last = course[-1].accuracy if course else 0.0
    alt = say("train.curve_alt", language, name=name, accuracy=f"{last:.3f}")
    return Chart(figure, alt)


def bars(
    results: Sequence[Bar],
    title: str,
    *,
    theory: float | None = None,
    mode: Mode = "light",
    language: Language = "en",
) -> Chart:
    """One bar a training, a group a task. A training that still runs has no bar."""
    groups = list(dict.fromkeys(bar.group for bar in results))
    notes = [say("train.bars_note", language), *_parameters(results, language)]
    if theory is not None:
        best = say("train.theory", language, accuracy=at_most(theory, 4))
        notes.append(f"- - {groups[0]}: {best}")
    above, top = heading(title, notes, style.INK[mode], mode)
    colours = [getattr(style.HEAD_CODES[0], mode), style.FAINT_INK[mode]]
    figure = go.Figure(
        data=[
            go.Bar(
                name=plotly_text(group),
                x=[bar.name for bar in results if bar.group == group],
                y=[bar.accuracy for bar in results if bar.group == group],
                text=[
                    "…" if bar.accuracy is None else f"{bar.accuracy:.3f}"
                    for bar in results
                    if bar.group == group
                ],
                textposition="outside",
                marker={"color": colour},
            )
            for group, colour in zip(groups, colours, strict=False)
        ],
        layout=layout(
            mode,
            title=above,
            barmode="group",
            xaxis={"type": "category", "automargin": True},
            yaxis=quiet_axis(
                mode, range=[0, 1.12], title={"text": say("train.accuracy", language)}
            ),
            legend={"orientation": "h", "y": -0.16},
            margin={"l": 4, "r": 4, "t": top, "b": 4},
        ),
    )
    if theory is not None:
        figure.add_hline(
            y=theory, line={"color": style.FAINT_INK[mode], "dash": "dash", "width": 1}
        )
    accuracies = "; ".join(
        f"{bar.group}, {bar.name}: {'…' if bar.accuracy is None else f'{bar.accuracy:.3f}'}"
        for bar in results
    )
    return Chart(figure, f"{title}. {accuracies}")


def _parameters(results: Sequence[Bar], language: Language) -> list[str]:
    """How many parameters each group has, where that is known: one number a group."""
    counts = {bar.group: bar.parameters for bar in results if bar.parameters}
    return [
        say("train.bars_parameters", language, group=group, parameters=f"{count:,}")
        for group, count in counts.items()
    ]
