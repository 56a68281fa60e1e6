"""The note's figure: encoders upon encoders, and whose information each vector holds."""

from dataclasses import dataclass

import numpy as np

from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.chapters.c08_stacking.tower import Tower, room_of, rows_of
from attnviz.lessons.chapters.c08_stacking.whose_share import Sources, shares_of, sources_of
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.elements import Area, Cell, Number, arrow, at_step, box, matrix, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import fitting
from attnviz.pictures.elements.shares import share_bar
from attnviz.pictures.elements.stacked import bypass, frame
from attnviz.pictures.elements.weight_lines import chooses
from attnviz.pictures.style import Mode, Paint
from attnviz.texts import running

text_of = texts_of(__name__)

ATTENTION, Z, R, NEXT, LAST = range(1, 6)  # steps, after the first
_SUBSCRIPT = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

Span = tuple[int, int]  # top and height

# From the bottom up: where each thing of the encoder stands, top and height.
WORD, X_CELLS, BOX, NORM_1, Z_CELLS, Z_BAR = 680, (622, 37), (500, 66), (442, 31), (381, 37), 354
FEED, NORM_2, R_CELLS, R_BAR = (274, 62), (221, 31), (153, 37), 126
FRAME, ABOVE, ABOVE_BOX = (206, 398), (26, 84), (54, 38)
BAR = 24  # height of a bar of shares


@dataclass(frozen=True, slots=True)
class Plan:
    """One form: where its columns are, and how large things stand in them."""

    width: int
    height: int
    columns: tuple[Number, Number]  # the middles of the two words
    others: Number  # and of what stands for the rest
    shown: int  # numbers of a vector
    cell: Number
    out: Number  # how far the residual goes around
    frame: tuple[Number, Number]  # left and right
    size: Number
    tower: Tower

    def cells(self, column: int, span: Span) -> Area:
        """Where a vector stands."""
        wide = self.shown * self.cell
        return Area(self.columns[column] - wide / 2, span[0], wide, span[1])

    def across(self, span: Span, inset: int = 0) -> Area:
        """From one side of the encoder to the other, or so far within them."""
        left, right = self.frame
        return Area(left + inset, span[0], right - left - 2 * inset, span[1])


def _plans(layers: int) -> tuple[Plan, Plan]:
    wide = Tower(Area(812, 8, 384, 684), 22.6, layers)
    narrow = Tower(Area(4, 712, 382, room_of(12) + 44 * len(rows_of(layers))), 12, layers)
    return (
        Plan(1200, 698, (192, 488), 698, 3, 72, 126, (36, 782), 22.6, wide),
        Plan(390, round(narrow.area.bottom) + 8, (82, 232), 346, 2, 50, 66, (3, 387), 11.5, narrow),
    )


def _draw_stack(scene: Scene) -> Drawing:
    sources = sources_of(scene)
    forms = [
        Form(plan.width, plan.height, _form(scene, sources, plan))
        for plan in _plans(scene.trace.model.layers)
    ]
    sentences = _sentences(scene, sources)
    alt = running([scene.say(text_of("figure.stack_alt")), *sentences])
    pair = [token.position for token in sources.pair]
    values: dict[str, object] = {"pair": pair}
    if sources.norms is not None:
        values["shares"] = sources.norms[:, pair]
    wide, narrow = forms
    return figure(wide, narrow, sentences, alt, scene.mode, scene.language, values=values)


def _form(scene: Scene, sources: Sources, plan: Plan) -> list[Element]:
    """The encoder with its two words, the one above it, and all of them as a tower."""
    drawn: list[Element | None] = [_encoder(scene, plan), *_rest(scene, sources, plan)]
    for index, token in enumerate(sources.pair):
        drawn += _column(scene, sources, plan, index, token)
    layers = scene.trace.model.layers
    if sources.norms is not None:
        drawn.append(at_step(Z, *plan.tower.key(scene, sources)))
        drawn.append(plan.tower.drawn(scene, sources, sources.norms, NEXT, LAST))
    if layers > 1:
        drawn.append(at_step(NEXT, *_above(scene, plan)))
    return [one for one in drawn if one is not None]


def _encoder(scene: Scene, plan: Plan) -> Element:
    """The frame of the encoder, and its one box for all words."""
    return at_step(
        ATTENTION,
        _encoder_frame(scene, plan, 1, FRAME, 22),
        _attention_box(scene, plan, BOX, plan.size + 2),
    )


def _encoder_frame(
    scene: Scene, plan: Plan, number: int, span: Span, down: int, *, is_open: bool = False
) -> Element:
    """The frame of an encoder, its name `down` from the top at the right."""
    area = plan.across(span)
    return frame(
        area,
        scene.say(text_of("figure.encoder"), number=number),
        scene.mode,
        size=plan.size,
        at=(area.right - 14, area.y + down),
        anchor="end",
        is_open=is_open,
    )


def _attention_box(scene: Scene, plan: Plan, span: Span, size: Number) -> Element:
    """The box of self-attention, within the frame of its encoder."""
    return box(
        plan.across(span, 14),
        [scene.say(text_of("figure.self_attention"))],
        scene.mode,
        paint=style.K,
        size=size,
    )


def _rest(scene: Scene, sources: Sources, plan: Plan) -> list[Element]:
    """All other tokens, which enter too and are not drawn."""
    if not sources.others:
        return []
    ink, x = style.FAINT_INK[scene.mode], plan.others
    return [
        text(x, X_CELLS[0] + 17, f"+ {sources.others}", ink, size=plan.size + 2),
        text(x, WORD, scene.say(text_of("figure.tokens")), ink, size=plan.size),
        at_step(ATTENTION, arrow((x, X_CELLS[0]), (x, BOX[0] + BOX[1] + 2), scene.mode)),
        at_step(Z, arrow((x, BOX[0]), (x, NORM_1[0] + 2), scene.mode)),
    ]


def _column(
    scene: Scene, sources: Sources, plan: Plan, index: int, token: Token
) -> list[Element | None]:
    """One word, upward: x, z and r, with what is between them."""
    trace, mode, x = scene.trace, scene.mode, plan.columns[index]
    colour, at = getattr(sources.paint(index), mode), token.position
    has_feed = _has_feed_forward(trace)
    word = element(
        "g",
        text(
            x,
            WORD,
            fitting(token.text, 1.9 * plan.out, plan.size + 5),
            colour,
            size=plan.size + 3,
            bold=True,
        ),
        class_="box",
        data_part=f"word.{at}",
        aria_label=token.name,
        **chooses("word", at),
    )
    after = trace.after_attention(0)
    z = [
        arrow((x, BOX[0]), (x, NORM_1[0] + NORM_1[1] + 2), mode),
        _pill(scene, plan, x, NORM_1),
        bypass((x, 612), (x + 0.69 * plan.out, NORM_1[0] + 15), plan.out, style.X, mode),
        _added(plan, x, "x", NORM_1, style.X, mode),
        arrow((x, NORM_1[0]), (x, Z_CELLS[0] + Z_CELLS[1] + 2), mode),
        *_vector(scene, plan, index, token, after, "U.0", "z", style.Z, Z_CELLS),
        _bar(scene, sources, plan, index, Z_BAR, token, "z"),
    ]
    r = _above_z(scene, plan, x, has_feed)
    r += _vector(scene, plan, index, token, trace.residual(1), "R.0", "r", style.R, R_CELLS)
    r.append(_bar(scene, sources, plan, index, R_BAR, token, "r"))
    return [
        word,
        *_vector(scene, plan, index, token, trace.residual(0), "X.0", "x", style.X, X_CELLS),
        at_step(ATTENTION, arrow((x, X_CELLS[0]), (x, BOX[0] + BOX[1] + 2), mode)),
        at_step(Z, *z),
        at_step(R, *r),
    ]


def _above_z(scene: Scene, plan: Plan, x: Number, has_feed: bool) -> list[Element | None]:
    """From z to r: the feed-forward network and the way around it, or nothing at all."""
    mode = scene.mode
    top = R_CELLS[0] + R_CELLS[1] + 2
    if not has_feed:
        label = text(
            x,
            FEED[0] + 30,
            scene.say(text_of("figure.no_feed_forward")),
            style.FAINT_INK[mode],
            size=plan.size,
        )
        return [
            arrow((x, Z_BAR), (x, FEED[0] + 40), mode),
            label,
            arrow((x, FEED[0]), (x, top), mode),
        ]
    wide = 1.6 * plan.out
    lines = scene.say(text_of("figure.feed_forward")).split("|")
    return [
        arrow((x, Z_BAR), (x, FEED[0] + FEED[1] + 2), mode),
        box(Area(x - wide / 2, FEED[0], wide, FEED[1]), lines, mode, paint=style.R, size=plan.size),
        arrow((x, FEED[0]), (x, NORM_2[0] + NORM_2[1] + 2), mode),
        _pill(scene, plan, x, NORM_2),
        bypass((x, Z_BAR - 8), (x + 0.69 * plan.out, NORM_2[0] + 15), plan.out, style.Z, mode),
        _added(plan, x, "z", NORM_2, style.Z, mode),
        arrow((x, NORM_2[0]), (x, top), mode),
    ]


def _added(
    plan: Plan, x: Number, letter: str, place: tuple[int, int], paint: Paint, mode: Mode
) -> Element:
    """What the way around a box adds: + x."""
    at = (x + plan.out + 5, place[0] + 36)
    return text(*at, f"+ {letter}", getattr(paint, mode), size=plan.size, anchor="start", bold=True)


def _pill(scene: Scene, plan: Plan, x: Number, place: tuple[int, int]) -> Element:
    wide = 1.38 * plan.out
    return box(
        Area(x - wide / 2, place[0], wide, place[1]), ["Add & Norm"], scene.mode, size=plan.size
    )


def _vector(
    scene: Scene,
    plan: Plan,
    index: int,
    token: Token,
    vectors: np.ndarray,
    address: str,
    letter: str,
    paint: Paint,
    place: tuple[int, int],
) -> list[Element]:
    """The first numbers of a word's vector, with its name as the note writes it."""
    at, area = token.position, plan.cells(index, place)
    shown = vectors[at : at + 1, : plan.shown]
    cells = [[Cell(f"{address}.{at}.{column}") for column in range(shown.shape[1])]]
    area = area._replace(width=plan.cell * shown.shape[1])
    name = f"{letter}{str(at).translate(_SUBSCRIPT)}"
    colour, middle = getattr(paint, scene.mode), place[0] + place[1] / 2
    return [
        matrix(shown, area, paint, scene.mode, decimals=2, cells=cells, size=max(15, plan.size)),
        text(area.x - 6, middle, name, colour, size=plan.size + 2, anchor="end", bold=True),
        text(
            area.right + 5, middle, "…", style.FAINT_INK[scene.mode], size=plan.size, anchor="start"
        ),
    ]


def _bar(
    scene: Scene, sources: Sources, plan: Plan, index: int, y: int, token: Token, letter: str
) -> Element | None:
    """Whose information the vector above holds, after the first layer."""
    if sources.norms is None:
        return None
    area = Area(plan.cells(index, Z_CELLS).x, y, plan.shown * plan.cell, BAR)
    label = f"{letter}{str(token.position).translate(_SUBSCRIPT)}"
    shares = shares_of(scene, sources, sources.norms, 0, token.position)
    return share_bar(shares, area, scene.mode, label, size=max(11, plan.size))


def _above(scene: Scene, plan: Plan) -> list[Element]:
    """The beginning of the encoder above."""
    return [
        _encoder_frame(scene, plan, 2, ABOVE, 14, is_open=True),
        _attention_box(scene, plan, ABOVE_BOX, plan.size),
        *(
            arrow((x, R_BAR), (x, ABOVE_BOX[0] + ABOVE_BOX[1] + 2), scene.mode)
            for x in plan.columns
        ),
    ]


def _has_feed_forward(trace: Trace) -> bool:
    return not np.array_equal(trace.after_attention(0), trace.residual(1))


def _sentences(scene: Scene, sources: Sources) -> list[str]:
    layers = scene.trace.model.layers
    names = ["x", "attention", "z", "r", *(("next", "last") if layers > 1 else ("only",))]
    if not _has_feed_forward(scene.trace):
        names[3] = "no_feed_forward"
    if sources.norms is None:
        names[2] = "z_plain"
    numbers = {"a": sources.pair[0].text, "others": sources.others, "layers": layers, "second": 2}
    if sources.norms is not None:
        at = sources.pair[0].position
        numbers["own"] = printed(float(sources.norms[0, at, at]), 2)
    return [scene.say(text_of(f"figure.steps.{name}"), **numbers) for name in names]


def _stack_numbers(scene: Scene) -> Numbers:
    problem = sources_of(scene).problem
    return {"problem": problem.text(scene.language) if problem else ""}


PART = Part("stack", _draw_stack, _stack_numbers)
