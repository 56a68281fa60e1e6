"""The opening figure: the multi-head block, with any number of heads, and what each can learn."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from attnviz.lessons.chapters.c06_heads_or_one import diagram
from attnviz.lessons.chapters.c06_heads_or_one.diagram import Frame, Sizes
from attnviz.lessons.chapters.c06_heads_or_one.expected import (
    CONTROL,
    Chart,
    State,
    accuracies,
    bars,
    measured_how,
    percent,
    slider,
)
from attnviz.lessons.chapters.c06_heads_or_one.runs import TASK
from attnviz.lessons.controls import bars_of
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element
from attnviz.pictures.elements import Area, Cell, Number, at_step, matrix, more, text
from attnviz.pictures.elements.drawn_bars import Plot
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import fitting
from attnviz.pictures.style import Paint
from attnviz.training.tasks import task_called

text_of = texts_of(__name__)

FULL = 8  # heads of the note's block, which is built up first
BUILT = 3  # steps until it stands
OWN = frozenset({"projections", "streams"})  # what the loaded model must have for its own step

WIDE = Frame(
    middle=292,
    title=25,
    output=Area(187, 84, 210, 86),
    concat=Area(187, 192, 210, 86),
    attention=Area(72, 336, 440, 90),
    linear={
        "V": Area(34, 474, 162, 86),
        "K": Area(211, 474, 162, 86),
        "Q": Area(388, 474, 162, 86),
    },
    letters=622,
    depth=54,
    size=22.6,
)
NARROW = Frame(
    middle=145,
    title=16,
    output=Area(75, 54, 140, 60),
    concat=Area(75, 138, 140, 60),
    attention=Area(14, 252, 262, 62),
    linear={"V": Area(6, 360, 84, 60), "K": Area(103, 360, 84, 60), "Q": Area(200, 360, 84, 60)},
    letters=466,
    depth=36,
    size=12.5,
)
CHARTS = {
    "wide": Chart(
        Plot(Area(748, 156, 376, 384), (794, 886, 978, 1070), 78, 22.6),
        heading=((690, 20), 510),
        commit=Area(752, 638, 344, 44),
        slider=578,
        last=1159,
    ),
    "narrow": Chart(
        Plot(Area(50, 610, 276, 240), (86, 154, 222, 290), 58, 12.5),
        heading=((10, 544), 370),
        commit=Area(72, 928, 232, 36),
        slider=880,
        last=356,
    ),
}
# Where the loaded model's numbers stand: the left end of those that come in, and of those that
# come out, beside the block; and how many.
VECTORS = {"wide": ((192, 668, 4), (310, 62, 3)), "narrow": ((60, 492, 4), (224, 84, 2))}


def sizes_of(state: State, scene: Scene) -> Sizes:
    """The sizes of a block: of the loaded model, or of the trained encoders."""
    if state.is_own:
        card = scene.trace.model
        return Sizes(card.heads, card.d_model, card.d_head)
    width = task_called(TASK).d_model
    return Sizes(state.heads, width, width // state.heads)


def states_of(scene: Scene) -> list[State]:
    """The note's block first, built up; then each number of heads, and the loaded model's."""
    stops = [State(heads, BUILT + n, BUILT + n + 1) for n, heads in enumerate((1, 2, 4, FULL))]
    if scene.trace.capabilities >= OWN:
        last = stops[-1].first + 1
        stops.append(State(scene.trace.model.heads, last, None, is_own=True))
    else:
        stops[-1] = stops[-1]._replace(until=None)
    return [State(FULL, 0, BUILT, is_stop=False), *stops]


def _draw_block(scene: Scene) -> Drawing:
    states = states_of(scene)
    forms = [
        Form(1200, 690, _drawn("wide", WIDE, states, scene)),
        Form(390, 970, _drawn("narrow", NARROW, states, scene)),
    ]
    steps = [scene.say(text_of(f"figure.steps.{step}")) for step in ("inputs", "heads", "joined")]
    steps += [_sentence(state, scene) for state in states[1:]]
    alt = scene.say(text_of("figure.alt"), most=FULL)
    values: dict[str, object] = {"sizes": [sizes_of(state, scene) for state in states]}
    return figure(
        forms[0],
        forms[1],
        steps,
        alt,
        scene.mode,
        scene.language,
        values=values,
        on_paper=BUILT - 1,
    )


def _sentence(state: State, scene: Scene) -> str:
    """What a number of heads means; how far it got, once the learner has drawn that."""
    sizes = sizes_of(state, scene)
    if state.is_own:
        return scene.say(text_of("figure.steps.own"), **sizes._asdict(), word=scene.token.name)
    form = "one" if sizes.heads == 1 else "several"
    sentence = scene.say(text_of(f"figure.steps.{form}"), **sizes._asdict())
    is_drawn = bool(bars_of(scene.choice[CONTROL]))
    numbers = {"share": percent(accuracies()[sizes.heads])} if is_drawn else {}
    expected = scene.say(text_of(f"figure.steps.{'got' if is_drawn else 'expects'}"), **numbers)
    return f"{sentence}{expected}"


def _drawn(form: str, frame: Frame, states: Sequence[State], scene: Scene) -> list[Element]:
    first, chart = sizes_of(states[0], scene), CHARTS[form]
    drawn = [
        at_step(0, *diagram.ghost(frame, FULL, scene), until=BUILT),
        at_step(0, *diagram.inputs(frame, scene)),
        at_step(0, *diagram.projections(frame, first, scene), until=BUILT),
        at_step(1, *diagram.attention(frame, first, scene), until=BUILT),
        at_step(2, *diagram.joined(frame, first, scene), until=BUILT),
    ]
    for state in states[1:]:
        sizes = sizes_of(state, scene)
        body = (
            *diagram.projections(frame, sizes, scene),
            *diagram.attention(frame, sizes, scene),
            *diagram.joined(frame, sizes, scene),
            *(_vectors(form, frame, scene) if state.is_own else ()),
        )
        drawn.append(at_step(state.first, *body, until=state.until))
    return [*drawn, *bars(chart, scene), *slider(chart, states, scene)]


def _vectors(form: str, frame: Frame, scene: Scene) -> list[Element]:
    """The word's x below the block, and beside its upper end what comes out for it."""
    layer, trace = scene.number("layer"), scene.trace
    below, above = VECTORS[form]
    x, y, _ = below
    label = fitting(scene.token.name, x - 8, frame.size)
    name = text(x - 6, y, label, style.INK[scene.mode], size=frame.size, anchor="end")
    return [
        name,
        *_vector("X", trace.residual(layer), style.X, below, frame, scene),
        *_vector("Y", trace.attention_output(layer), style.Z, above, frame, scene),
    ]


def _vector(
    letter: str,
    values: Float[np.ndarray, "token d_model"],
    paint: Paint,
    place: tuple[Number, Number, int],
    frame: Frame,
    scene: Scene,
) -> list[Element]:
    """The first numbers of the word's vector, and how many there are."""
    (x, y, most), size = place, frame.size
    layer, word = scene.number("layer"), scene.number("word")
    row = values[word : word + 1, :most]
    count = row.shape[1]
    area = Area(x, y - 0.82 * size, 3.2 * size * count, 1.64 * size)
    cells = [[Cell(f"{letter}.{layer}.{word}.{n}", ()) for n in range(count)]]
    return [
        matrix(row, area, paint, scene.mode, decimals=2, cells=cells, size=max(15, size)),
        more(area.right + 5, y, values.shape[1], scene.mode, size=max(11, size)),
    ]


def _block_numbers(scene: Scene) -> Numbers:
    del scene
    return measured_how()


PART = Part("block", _draw_block, _block_numbers, uses=(CONTROL,))
