"""One number of Z, added up head by head: bars that begin where the one before has ended."""

from attnviz.core.heads import HeadId
from attnviz.digits import equals, printed
from attnviz.lessons.chapters.c04_concatenate.boxes import ALL, FIRST, OFF, SUM, colour
from attnviz.lessons.chapters.c04_concatenate.numbers import DECIMALS, MOST, Block, Sum
from attnviz.lessons.chapters.c04_concatenate.plan import Plan
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, at_step, text
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.elements.ribbons import Scale, bar, levels, ribbon, side

text_of = texts_of(__name__)

_BAR = 0.5  # of a block's width


def falling(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """The bars of all heads, then the bias, then the sum; and the sum in digits."""
    parts = [added.left(block) for block in added.blocks]
    ends = levels([*parts, added.bias])
    ghosts = [start + added.part(b) for (start, _), b in zip(ends, added.blocks, strict=False)]
    scale = Scale.of([*(end for _, end in ends), *ghosts], *plan.scale)
    bars = [
        _head(scene, added, plan, scale, index, block, ends[index])
        for index, block in enumerate(added.blocks)
    ]
    zero = _across(plan, plan.first, plan.first + plan.length, scale.at(0), scene)
    return [
        at_step(FIRST, zero, bars[0]),
        at_step(ALL, *bars[1:], *_steps(scene, plan, scale, [end for _, end in ends[:-1]])),
        at_step(SUM, *_bias_and_sum(scene, added, plan, scale, ends[-1])),
        at_step(SUM, *_digits(scene, added, plan)),
        at_step(OFF, _hint(scene, added, plan)),
    ]


def _along(plan: Plan, index: int, count: int) -> Number:
    """The middle of a block."""
    return plan.first + (index + 0.5) * plan.length / count


def _piece(plan: Plan, along: Number, wide: Number, start: Number, end: Number) -> Area:
    low, high = min(start, end), max(start, end)
    return plan.area(along - wide / 2, low, wide, high - low)


def _head(
    scene: Scene,
    added: Sum,
    plan: Plan,
    scale: Scale,
    index: int,
    block: Block,
    ends: tuple[float, float],
) -> Element:
    """What one head adds: a bar, its number, and the ribbon that pours into it."""
    count, is_off = len(added.blocks), added.is_off(block)
    along, wide = _along(plan, index, count), _BAR * plan.length / count
    end = ends[0] + added.part(block) if is_off else ends[1]  # what is off is drawn hollow
    area = _piece(plan, along, wide, scale.at(ends[0]), scale.at(end))
    ink, value = colour(block, scene), added.left(block)
    rows = plan.block(index, count, plan.matrix)
    poured = None if is_off else ribbon(side(rows, plan.leaves), side(area, plan.enters), ink)
    address = f"P.{added.layer}.{block.head.head}.{added.focus.position}.{added.component}"
    named = address if block.is_one and not is_off else f"off.{address}"
    return element(
        "g",
        poured,
        bar(area, ink, scene.mode, hollow=is_off),
        _number_beside(scene, plan, along, scale, (ends[0], end), value),
        class_="part",
        data_part=named,
        data_value=repr(value),
        data_lights=f"head.{block.head.layer}.{block.head.head}",
        data_says=_says(scene, added, block),
        tabindex=0,
    )


def _number_beside(
    scene: Scene,
    plan: Plan,
    along: Number,
    scale: Scale,
    ends: tuple[float, float],
    value: float,
) -> Element:
    """The number at the end of a bar: on the side where the bar ends last."""
    label = printed(value, DECIMALS)
    if plan.turned:
        x = scale.at(max(ends)) + 4
        return text(x, along, label, style.INK[scene.mode], size=plan.size, anchor="start")
    y = scale.at(min(ends)) + 0.75 * plan.size
    return text(along, y, label, style.INK[scene.mode], size=plan.size)


def _says(scene: Scene, added: Sum, block: Block) -> str:
    """How the number comes about: its first product, and all others together."""
    component = added.component
    if not block.is_one or added.is_off(block):
        key = "off" if added.is_off(block) else "together"
        value = printed(added.left(block), DECIMALS)
        return scene.say(
            text_of(f"figure.says.{key}"), heads_of=block.label, component=component, value=value
        )
    head: HeadId = block.head
    products = added.products(head)
    first, rest = float(products[0]), float(products[1:].sum())
    terms = [printed(first, 4), printed(rest, 4)]
    total = printed(first + rest, 4)
    z = float(added.z(head, added.focus)[0])
    w = float(scene.trace.output_projection(head)[0, component])
    return scene.say(
        text_of("figure.says.part"),
        head=head,
        token=added.focus.name,
        component=component,
        row=added.rows(block).start,
        z=printed(z, 3),
        w=printed(w, 3),
        first=terms[0],
        others=len(products) - 1,
        rest=terms[1],
        sign=equals(terms, total),
        total=total,
    )


def _steps(scene: Scene, plan: Plan, scale: Scale, ends: list[float]) -> list[Element]:
    """The thin lines from the end of one bar to the beginning of the next."""
    count = len(ends)
    half = _BAR / 2 * plan.length / count
    steps = []
    for index, end in enumerate(ends):
        start = _along(plan, index, count) + half
        stop = plan.bias - half if index == count - 1 else _along(plan, index + 1, count) - half
        steps.append(_across(plan, start, stop, scale.at(end), scene))
    return steps


def _across(
    plan: Plan, start: Number, stop: Number, deep: Number, scene: Scene, *, dashed: bool = False
) -> Element:
    """A line along the heads."""
    area = plan.area(start, deep, stop - start, 0)
    return element(
        "line",
        x1=round(area.x, 1),
        y1=round(area.y, 1),
        x2=round(area.right, 1),
        y2=round(area.bottom, 1),
        stroke=style.FAINT_INK[scene.mode],
        stroke_width=1,
        stroke_dasharray="5 4" if dashed else None,
    )


def _bias_and_sum(
    scene: Scene, added: Sum, plan: Plan, scale: Scale, ends: tuple[float, float]
) -> list[Element]:
    """The bias as the last bar, and the whole sum as one bar from zero."""
    wide = _BAR * plan.length / max(MOST, len(added.blocks))
    mode = scene.mode
    area = _piece(plan, plan.bias, wide, scale.at(ends[0]), scale.at(ends[1]))
    total = _piece(plan, plan.total, wide, scale.at(0), scale.at(added.left_over))
    span = (0.0, added.left_over)
    named = "off.Y" if added.off else "Y"
    begin, stop = sorted([plan.total, plan.first + plan.length])
    bias = element(
        "g",
        bar(area, getattr(style.GREY, mode), mode),
        _number_beside(scene, plan, plan.bias, scale, ends, added.bias),
        _letter(scene, plan, plan.bias, "b"),
        data_part=f"bias.{added.layer}.{added.component}",
        data_value=repr(added.bias),
        data_says=f"b[{added.component}] = {printed(added.bias, 4)}",
        tabindex=0,
    )
    summed = element(
        "g",
        bar(total, getattr(style.Z, mode), mode),
        _number_beside(scene, plan, plan.total, scale, span, added.left_over),
        _letter(scene, plan, plan.total, f"Z[{added.component}]"),
        data_part=f"{named}.{added.layer}.{added.focus.position}.{added.component}",
        data_value=repr(added.left_over),
        data_says=" ".join(_formula(scene, added)),
        tabindex=0,
    )
    line = _across(plan, begin, stop, scale.at(ends[1]), scene, dashed=True)
    return [line, bias, summed]


def _letter(scene: Scene, plan: Plan, along: Number, said: str) -> Element:
    """The name of a bar."""
    ink = style.INK[scene.mode]
    if plan.turned:
        x = plan.fall[0] - 8
        return text(x, along, said, ink, size=plan.size, anchor="end", bold=True)
    return text(along, plan.fall[0] - 1.4 * plan.size, said, ink, size=plan.size, bold=True)


def _formula(scene: Scene, added: Sum) -> list[str]:
    """The sum in digits; with heads off, what is left, and what the model says run again."""
    component = added.component
    if not added.off:
        terms = [printed(added.part(block), DECIMALS) for block in added.blocks]
        terms.append(printed(added.bias, DECIMALS))
        total = printed(added.before, DECIMALS)
        signed = "".join(
            f" {'−' if term.startswith('−') else '+'} {term.removeprefix('−')}" for term in terms
        ).removeprefix(" + ")
        return [signed.strip(), f"{equals(terms, total)} {total}"]
    off = [Block((head,)) for head in added.off]
    before, parts = printed(added.before, DECIMALS), [printed(added.part(b), DECIMALS) for b in off]
    left = printed(added.left_over, DECIMALS)
    sign = equals([before, *(_negative(part) for part in parts)], left)
    minus = "".join(f" − {f'({part})' if part.startswith('−') else part}" for part in parts)
    repeated = (
        scene.say(text_of("figure.cannot"))
        if added.after is None
        else scene.say(text_of("figure.again"), value=printed(added.after, DECIMALS))
    )
    return [
        f"Z[{component}] − {' − '.join(b.label for b in off)}: {before}{minus} {sign} {left}",
        repeated,
    ]


def _negative(term: str) -> str:
    return term.removeprefix("−") if term.startswith("−") else f"−{term}"


def _digits(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """The sum written out, in as many lines as there is room for."""
    first, last = _formula(scene, added)
    ink, x = style.INK[scene.mode], plan.width / 2
    if plan.turned:
        words = first.split(" ")
        half = len(words) // 2 // 2 * 2
        lines = [" ".join(words[:half]), " ".join(words[half:]), last]
    elif added.off:
        lines = [first, last]
    else:
        return [_in_lines(wrapped(f"{first} {last}", 0.96 * plan.width, plan.size), plan, ink)]
    return [
        text(x, plan.formula + row * 1.35 * plan.size, line, ink, size=plan.size)
        for row, line in enumerate(lines)
    ]


def _in_lines(lines: list[str], plan: Plan, ink: str) -> Element:
    """One sum that goes on in the next line."""
    whole = text(plan.width / 2, plan.formula, "", ink, size=plan.size)
    below = {"x": plan.width / 2, "dy": round(1.35 * plan.size, 1)}
    spans = [
        element("tspan", f"{line} ", **(below if row else {})) for row, line in enumerate(lines)
    ]
    return element("text", *spans, **whole.attributes)


def _hint(scene: Scene, added: Sum, plan: Plan) -> Element:
    """Where to click: a dashed frame around the strip."""
    area = plan.area(plan.first, plan.strip[0], plan.length, plan.strip[1] - plan.strip[0])
    del added
    return element(
        "rect",
        x=area.x - 4,
        y=area.y - 4,
        width=area.width + 8,
        height=area.height + 8,
        rx=6,
        fill="none",
        stroke=style.INK[scene.mode],
        stroke_width=2.5,
        stroke_dasharray="7 5",
        pointer_events="none",
    )
