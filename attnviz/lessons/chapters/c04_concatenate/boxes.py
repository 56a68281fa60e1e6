"""What the boxes of the figure share: steps, colours, outlines, and a number that can be read."""

from attnviz.digits import printed
from attnviz.lessons.chapters.c04_concatenate.numbers import Block
from attnviz.lessons.engine import Scene
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, text
from attnviz.pictures.style import Paint, code

HEADS, STRIP, ROWS, FIRST, ALL, SUM, OFF = range(1, 8)
SHOWN = 2  # decimals of a number in a box


def colour(block: Block, scene: Scene) -> str:
    """The colour of a block: that of its head, grey for several together."""
    paint = code(block.head.head) if block.is_one else style.GREY
    return str(getattr(paint, scene.mode))


def paint_of(block: Block) -> Paint:
    """The colour of a block in each mode."""
    return code(block.head.head) if block.is_one else style.GREY


def number(
    value: float,
    area: Area,
    scene: Scene,
    size: Number,
    *,
    part: str,
    says: str,
    **attributes: object,
) -> Element:
    """A number in a box, which says what it is to who points at it."""
    return element(
        "g",
        element("rect", **place(area), fill="transparent", stroke="none"),
        text(*area.centre, printed(value, SHOWN), style.INK[scene.mode], size=size),
        class_="cell",
        data_part=part,
        data_value=repr(value),
        data_says=says,
        tabindex=0,
        **attributes,
    )


def outline(area: Area, paint: Paint, scene: Scene, **attributes: object) -> Element:
    """A box in a colour and its tint."""
    return element(
        "rect",
        **place(area),
        rx=3,
        fill=style.tint(paint, scene.mode),
        stroke=getattr(paint, scene.mode),
        stroke_width=1.5,
        **attributes,
    )


def place(area: Area) -> dict[str, Number]:
    """An area as attributes of SVG."""
    return {name: round(value, 1) for name, value in area._asdict().items()}
