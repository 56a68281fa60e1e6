"""Pointers as arrows on the learner's digits, and where the trained encoder looks."""

from collections.abc import Sequence

from attnviz.digits import printed
from attnviz.lessons.chapters.c08_stacking.followed import Followed
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, at_step, box, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.pointers import leap
from attnviz.pictures.elements.weight_lines import chooses
from attnviz.training.pointers import PLACES

text_of = texts_of(__name__)

FIRST, SECOND, LOOKS_FIRST, LOOKS_SECOND = range(1, 5)  # steps, after the first
PAINTS = (style.X, style.K)  # of the two layers
HIGH, ROW = 452, 190  # of the figure, and the middle of its digits


def pointers(scene: Scene, digits: str, followed: Sequence[Followed]) -> Element:
    """The digits in a row: above them the pointers from one place, below them the looks."""
    forms = (
        Form(1200, HIGH, _form(scene, digits, followed, 1200, 66, 23)),
        Form(390, HIGH, _form(scene, digits, followed, 390, 36, 12)),
    )
    start = scene.number("start")
    alt = scene.say(text_of("figure.pointers_alt"), place=start)
    drawn = figure(
        *forms, _sentences(scene, digits, followed[start]), alt, scene.mode, scene.language
    )
    return drawn.root


def _sentences(scene: Scene, digits: str, one: Followed) -> list[str]:
    second, third = int(digits[one.place]), int(digits[int(digits[one.place])])
    numbers = {
        "place": one.place,
        "digit": digits[one.place],
        "second": second,
        "second_digit": third,
        "third": third,
        "answer": digits[third],
        "first_layer": 0,
        "second_layer": 1,
        "said": one.said,
    }
    looks = {
        "looks_first": {"look": one.first, "weight": printed(one.first_weight, 2)},
        "looks_second": {"look": one.second, "weight": printed(one.second_weight, 2)},
    }
    steps = ("digits", "first", "second", "looks_first", "looks_second")
    return [
        scene.say(text_of(f"figure.hops.{step}"), **{**numbers, **looks.get(step, {})})
        for step in steps
    ]


def _form(
    scene: Scene,
    digits: str,
    followed: Sequence[Followed],
    width: int,
    side: Number,
    size: Number,
) -> list[Element]:
    step = width / PLACES
    middles = [step * (place + 0.5) for place in range(PLACES)]
    start = scene.number("start")
    place_looks = followed[start]
    second = int(digits[start])
    third = int(digits[second])
    below = ROW + side / 2 + 1.2 * size
    ink, top, low = style.INK[scene.mode], ROW - side / 2 - 4, ROW + side / 2 + 2.4 * size
    faint = style.FAINT_INK[scene.mode]
    drawn = [
        text(4, 16, scene.say(text_of("figure.pointers_above")), faint, size=size, anchor="start"),
        *(_digit(scene, digits, place, middles[place], side) for place in range(PLACES)),
        *(_place(scene, place, middles[place], below, size) for place in range(PLACES)),
        at_step(FIRST, _hop(middles, start, second, top, ink)),
        at_step(SECOND, _hop(middles, second, third, top, ink), _ring(middles[third], side, scene)),
    ]
    label = scene.say(text_of("figure.looks_below"))
    looks = (
        (LOOKS_FIRST, place_looks.first, place_looks.first_weight),
        (LOOKS_SECOND, place_looks.second, place_looks.second_weight),
    )
    deepest = low + max(_height(start, look) for _, look, _ in looks)
    for layer, (at, look, weight) in enumerate(looks):
        seen, said_at = (start, look, weight), deepest + (0.9 + 1.3 * layer) * size
        drawn.append(at_step(at, *_look(scene, middles, layer, seen, (low, said_at), size)))
    drawn.append(at_step(LOOKS_FIRST, text(4, HIGH - 12, label, faint, size=size, anchor="start")))
    return drawn


def _hop(middles: Sequence[Number], start: int, end: int, y: Number, colour: str) -> Element:
    return leap(middles[start], middles[end], y, _height(start, end), colour, 2.5)


def _height(start: int, end: int) -> Number:
    """Far leaps are higher, so that two do not lie on each other."""
    return 26 + 9 * abs(end - start) if start != end else 46


def _look(
    scene: Scene,
    middles: Sequence[Number],
    layer: int,
    seen: tuple[int, int, float],
    places: tuple[Number, Number],  # y of the arrow's ends, and of its weight
    size: Number,
) -> list[Element]:
    """Where a layer looks most, as wide as the weight, with the weight beside it."""
    (start, end, weight), (y, below) = seen, places
    colour = getattr(PAINTS[layer], scene.mode)
    height = _height(start, end)
    label = scene.say(text_of("figure.layer_looks"), layer=layer, weight=printed(weight, 2))
    middle = (middles[start] + middles[end]) / 2
    number = text(
        middle,
        below,
        label,
        colour,
        size=size,
        bold=True,
    )
    number.attributes.update({"class": "ground", "data-value": repr(weight)})
    arrow = leap(
        middles[start],
        middles[end],
        y,
        -height,
        colour,
        1.5 * style.line_width(weight),
        stroke_opacity=f"{weight:.4f}",
        data_value=repr(weight),
        data_part=f"hop.{layer}.{start}.{end}",
    )
    return [arrow, number]


def _digit(scene: Scene, digits: str, place: int, x: Number, side: Number) -> Element:
    """One digit, which counts up when it is clicked."""
    more = str((int(digits[place]) + 1) % PLACES)
    label = scene.say(text_of("figure.count_up"), digit=digits[place], place=place)
    drawn = box(
        Area(x - side / 2, ROW - side / 2, side, side),
        [digits[place]],
        scene.mode,
        paint=style.SCORE,
        size=side / 2,
        part=f"digit.{place}",
    )
    changed = f"d{digits[:place]}{more}{digits[place + 1 :]}"
    for name, value in chooses("pointers", changed).items():
        drawn.attributes[name.replace("_", "-")] = str(value)
    drawn.attributes["aria-label"] = label
    return drawn


def _place(scene: Scene, place: int, x: Number, y: Number, size: Number) -> Element:
    """The address of a digit; a click starts there."""
    is_start = place == scene.number("start")
    colour = style.INK[scene.mode] if is_start else style.FAINT_INK[scene.mode]
    label = f"{scene.say(text_of('figure.place'))} {place}"
    shown = label if size > 14 else str(place)
    drawn = text(x, y, shown, colour, size=size, bold=is_start)
    for name, value in chooses("start", place).items():
        drawn.attributes[name.replace("_", "-")] = str(value)
    drawn.attributes["aria-label"] = label
    return drawn


def _ring(x: Number, side: Number, scene: Scene) -> Element:
    """Around the digit that is the right answer."""
    return element(
        "rect",
        x=round(x - side / 2 - 4, 1),
        y=round(ROW - side / 2 - 4, 1),
        width=side + 8,
        height=side + 8,
        rx=10,
        fill="none",
        stroke=getattr(style.X, scene.mode),
        stroke_width=3,
    )
