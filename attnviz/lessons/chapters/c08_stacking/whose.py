"""How much of a word is left in its own r."""

from attnviz.digits import printed
from attnviz.lessons.chapters.c08_stacking.meters import (
    colour_of,
    explained,
    from_formulas,
    meters_of,
    own_shares,
)
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import number_table
from attnviz.texts import say

text_of = texts_of(__name__)


def _draw_whose(scene: Scene) -> Drawing:
    meters, missing = meters_of(scene)
    shares = own_shares(scene, meters)
    names = [scene.say(meter.name) for meter in meters]
    title = scene.say(text_of("figure.own_title"), word=scene.token.name)
    series = [
        Series(names[i], shares[:, i].tolist(), colour_of(i, scene), style.HEAD_CODES[i].dash)
        for i in range(len(meters))
    ]
    layers = range(len(shares))
    across = say("control.layer", scene.language)
    root = element(
        "div",
        element("p", title, class_="title"),
        element(
            "div",
            curve(layers, series, scene.mode, name_across=across, largest=1.0),
            number_table(
                shares,
                [f"{layer}" for layer in layers],
                names,
                style.R,
                scene.mode,
                corner=across,
                largest=1.0,
            ),
            class_="abreast",
        ),
        *explained(scene, meters, missing),
    )
    last = "; ".join(f"{n}: {printed(float(v), 3)}" for n, v in zip(names, shares[-1], strict=True))
    return Drawing(root, f"{title}. {last}", scene.mode, {"own": shares, "missing": missing})


def _whose_numbers(scene: Scene) -> Numbers:
    raw, _, norms = from_formulas(scene.trace)
    at = scene.number("word")
    return {
        "word": scene.token.name,
        "raw": printed(float(raw[0, at, at]), 3),
        "own": printed(float(norms[0, at, at]), 3),
        "last": printed(float(norms[-1, at, at]), 3),
    }


PART = Part("whose", _draw_whose, _whose_numbers)
