"""From X to Z: the boxes of the figure and what flows between them."""

import json

from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.digits import printed
from attnviz.lessons.chapters.c04_concatenate.boxes import (
    HEADS,
    ROWS,
    STRIP,
    colour,
    number,
    outline,
    paint_of,
    place,
)
from attnviz.lessons.chapters.c04_concatenate.ends import entering, leaving
from attnviz.lessons.chapters.c04_concatenate.numbers import Block, Sum
from attnviz.lessons.chapters.c04_concatenate.plan import Plan
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, arrow, at_step, text
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.elements.ribbons import ribbon, side

text_of = texts_of(__name__)

_LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def flowing(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """X above, the z of all heads, the strip, W_O, and Z below."""
    blocks = list(enumerate(added.blocks))
    return [
        *entering(scene, added, plan),
        *(_box(scene, added, plan, index, block) for index, block in blocks),
        at_step(0, *_arrows(scene, added, plan), until=STRIP),
        at_step(STRIP, *(_joining(scene, added, plan, *block) for block in blocks)),
        *(_in_strip(scene, added, plan, index, block) for index, block in blocks),
        at_step(0, _to_z(scene, plan), until=ROWS),
        at_step(ROWS, *(_rows(scene, added, plan, *one) for one in blocks)),
        *_sizes(scene, added, plan),
        *leaving(scene, added, plan),
    ]


def _box(scene: Scene, added: Sum, plan: Plan, index: int, block: Block) -> Element:
    """The z of one head: a row for each word, its first number, and dots for the others."""
    area, ink = plan.box(index, len(added.blocks)), colour(block, scene)
    label = block.label if not plan.turned and not block.is_one else f"H{block.head.head}"
    if plan.turned:
        name_of = text(area.x - 5, area.centre[1], label, ink, size=plan.size, anchor="end")
    else:
        name_of = text(area.centre[0], area.y - 12, label, ink, size=plan.size, bold=True)
    numbers = [
        _first_of_z(scene, added, plan, area, block.head, token, row)
        for row, token in enumerate(added.tokens)
        if block.is_one
    ]
    return element(
        "g",
        name_of,
        outline(area, paint_of(block), scene),
        at_step(HEADS, *numbers),
        data_part=f"head.{block.head.layer}.{block.head.head}",
        data_lights=f"head.{block.head.layer}.{block.head.head}",
    )


def _first_of_z(
    scene: Scene, added: Sum, plan: Plan, area: Area, head: HeadId, token: Token, row: int
) -> Element:
    high = area.height / len(added.tokens)
    line = Area(area.x, area.y + row * high, area.width, high)
    place = line._replace(width=(0.6 if plan.turned else 0.82) * area.width)
    z = added.z(head, token)
    value = float(z[0])
    dots = text(
        line.right - (0.2 if plan.turned else 0.085) * area.width,
        line.centre[1],
        "" if len(z) == 1 else "…",
        style.FAINT_INK[scene.mode],
        size=plan.size,
    )
    dots.attributes.update(textLength=f"{0.13 * area.width:.1f}", lengthAdjust="spacingAndGlyphs")
    says = scene.say(
        text_of("figure.says.z"),
        head=head,
        token=token.name,
        value=printed(value, 4),
        count=len(z),
    )
    return element(
        "g",
        number(
            value,
            place,
            scene,
            plan.size,
            part=f"Z.{head.layer}.{head.head}.{token.position}.0",
            says=says,
            data_option=f"which-z.t{token.position}h{head.head}",
        ),
        dots,
    )


def _arrows(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """As in the note: from X to the heads, and from the heads to the strip."""
    if plan.turned:
        return []
    mode, count = scene.mode, len(added.blocks)
    ends = {plan.box(index, count).centre[0] for index in (0, count // 2, count - 1)}
    middle = plan.first + plan.length / 2
    return [
        *(arrow((x, plan.x.bottom + 4), (x, plan.boxes[0] - 26), mode) for x in sorted(ends)),
        arrow((middle, plan.boxes[1] + 4), (middle, plan.strip[0] - 4), mode),
    ]


def _to_z(scene: Scene, plan: Plan) -> Element:
    """As in the note: an arrow from the strip to Z, which hides W_O."""
    if plan.turned:
        end = (plan.z.centre[0], plan.z.y - 18)
        x, y = plan.strip[1] + 8, plan.first + plan.length / 2
        return arrow((x, y), end, scene.mode, width=2.5, bend=-60)
    x, size = plan.first + plan.length / 2, plan.size
    lines = [
        line
        for part in ("only", "asks")
        for line in wrapped(scene.say(text_of(f"figure.gap.{part}")), plan.width - x - 34, size)
    ]
    return element(
        "g",
        arrow((x, plan.strip[1] + 10), (x, plan.z.y - 14), scene.mode, width=2.5),
        *(
            text(
                x + 24,
                plan.fall[0] + 30 + row * 1.5 * size,
                line,
                style.FAINT_INK[scene.mode],
                size=size,
                anchor="start",
            )
            for row, line in enumerate(lines)
        ),
    )


def _joining(scene: Scene, added: Sum, plan: Plan, index: int, block: Block) -> Element:
    count = len(added.blocks)
    return ribbon(
        side(plan.box(index, count), plan.leaves),
        side(plan.block(index, count, plan.strip), plan.enters),
        colour(block, scene),
    )


def _in_strip(scene: Scene, added: Sum, plan: Plan, index: int, block: Block) -> Element:
    """A block of the strip; a click switches its head off, and on again."""
    area = plan.block(index, len(added.blocks), plan.strip)
    is_off = added.is_off(block)
    off = set(scene.heads("off"))
    heads = sorted(off - set(block.heads) if is_off else off | set(block.heads))
    turn = text_of("figure.on") if is_off else text_of("figure.off")
    label = "✕" if is_off else f"z{block.label.removeprefix('H').translate(_LOW)}"
    return element(
        "g",
        outline(area, style.GREY if is_off else paint_of(block), scene),
        text(*area.centre, label, style.INK[scene.mode], size=plan.size * 1.1, bold=True),
        data_part=f"head.{block.head.layer}.{block.head.head}",
        data_lights=f"head.{block.head.layer}.{block.head.head}",
        data_choose=json.dumps({"off": [[head.layer, head.head] for head in heads]}),
        tabindex=0,
        role="button",
        aria_label=scene.say(turn, head=block.label),
    )


def _rows(scene: Scene, added: Sum, plan: Plan, index: int, block: Block) -> Element:
    """A head's own rows of W_O, and the ribbon into them."""
    count = len(added.blocks)
    area, rows = plan.block(index, count, plan.matrix), added.rows(block)
    above = plan.block(index, count, plan.strip)
    labels = [f"{rows.start}–", str(rows.stop - 1)] if len(rows) > 1 else [str(rows.start)]
    if plan.turned:
        labels = ["".join(labels)]
    ink, ink_of_text, (x, y) = colour(block, scene), style.INK[scene.mode], area.centre
    poured = None
    if not added.is_off(block):
        poured = ribbon(side(above, plan.leaves), side(area, plan.enters), ink)
    return element(
        "g",
        poured,
        element("rect", **place(area), fill=style.PAPER[scene.mode], stroke=ink, stroke_width=2),
        *(
            text(
                x,
                y + (n - (len(labels) - 1) / 2) * 1.12 * plan.size,
                line,
                ink_of_text,
                size=plan.size,
            )
            for n, line in enumerate(labels)
        ),
        data_part=f"head.{block.head.layer}.{block.head.head}",
    )


def _sizes(scene: Scene, added: Sum, plan: Plan) -> list[Element]:
    """How wide what is: one z, the strip, W_O."""
    ink, size = style.FAINT_INK[scene.mode], plan.size
    heads = scene.trace.model.heads
    d_head, all_of_them = str(added.d_head), str(added.concat)
    product = f"{heads} × {added.d_head} = {added.concat}"
    sizes = f"{added.concat} ×", str(added.width)
    if plan.turned:
        top = plan.first - plan.spread / 2 - 12
        return [
            text(sum(plan.boxes) / 2, top, f"z: {d_head}", ink, size=size),
            text(sum(plan.strip) / 2, plan.first - 12, all_of_them, ink, size=size),
            at_step(
                ROWS,
                text(
                    plan.matrix[0],
                    plan.first - 12,
                    f"W_O {' '.join(sizes)}",
                    ink,
                    size=size,
                    anchor="start",
                ),
            ),
        ]
    right = plan.first + plan.length + 8
    left = plan.first - 8
    return [
        text(left, sum(plan.strip) / 2, product, ink, size=size, anchor="end")
        if len(product) < 11
        else text(right, sum(plan.strip) / 2, all_of_them, ink, size=size, anchor="start"),
        at_step(
            ROWS,
            text(
                left,
                sum(plan.matrix) / 2,
                "W_O",
                style.INK[scene.mode],
                size=1.3 * size,
                anchor="end",
                bold=True,
            ),
            *(
                text(
                    right,
                    sum(plan.matrix) / 2 + (row - 0.5) * 1.1 * size,
                    line,
                    ink,
                    size=size,
                    anchor="start",
                )
                for row, line in enumerate(sizes)
            ),
        ),
    ]
