"""The multi-head block, with the sizes of the loaded model."""

from attnviz.core.trace import Trace
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.flow import arrow
from attnviz.lessons.questions import Numbers
from attnviz.lessons.text import texts_of
from attnviz.pictures.drawing import Drawing, Element, element

text_of = texts_of(__name__)

ONE_SET, ONE_HEAD, PROJECTION = 1, 2, 4  # the chapters that take the boxes apart


def _draw_block(scene: Scene) -> Drawing:
    shapes = _shapes(scene.trace)
    inputs = [
        element(
            "div",
            _box(f"{letter} = x", shapes["x"]),
            arrow(),
            _box(
                f"{scene.say(text_of('figure.linear'))} W_{letter}",
                shapes["linear"],
                scene,
                ONE_SET,
            ),
            class_="flow",
        )
        for letter in "VKQ"
    ]
    title = scene.say(text_of("figure.title"))
    root = element(
        "div",
        element("p", title, class_="title"),
        element("div", *inputs, class_="row"),
        arrow(),
        _box(scene.say(text_of("figure.attention")), shapes["attention"], scene, ONE_HEAD),
        arrow(),
        _box(scene.say(text_of("figure.concat")), shapes["concat"], scene, PROJECTION),
        arrow(),
        _box(f"{scene.say(text_of('figure.linear'))} W_O", shapes["output"], scene, PROJECTION),
        arrow(),
        _box(scene.say(text_of("figure.output")), shapes["x"]),
        element("p", "Concat(softmax(Q Kᵀ / √d_head) V) W_O", class_="formula"),
        class_="flow",
    )
    steps = (
        f"x {shapes['x']}",
        f"{scene.say(text_of('figure.linear'))} {shapes['linear']}",
        f"{scene.say(text_of('figure.attention'))} {shapes['attention']}",
        f"{scene.say(text_of('figure.concat'))} {shapes['concat']}",
        f"W_O {shapes['output']}",
    )
    return Drawing(root, f"{title}. {' → '.join(steps)}", scene.mode, {"shapes": shapes})


def _shapes(trace: Trace) -> dict[str, str]:
    """What goes through the block: rows × columns of vectors, inputs → outputs of matrices."""
    card, tokens = trace.model, len(trace.tokens)
    wide = card.heads * card.d_head
    return {
        "x": f"{tokens} × {card.d_model}",
        "linear": f"{card.heads} × ({card.d_model} → {card.d_head})",
        "attention": f"{card.heads} × ({tokens} × {card.d_head})",
        "concat": f"{tokens} × {wide}",
        "output": f"{wide} → {card.d_model}",
    }


def _box(title: str, shape: str, scene: Scene | None = None, number: int | None = None) -> Element:
    where = None
    if scene is not None and number is not None:
        where = element(
            "div", scene.say(text_of("figure.in_chapter"), number=number), class_="aside"
        )
    return element(
        "div", element("strong", title), element("div", shape, class_="shape"), where, class_="box"
    )


def _block_numbers(scene: Scene) -> Numbers:
    card = scene.trace.model
    return {"wide": card.heads * card.d_head}


PART = Part("block", _draw_block, _block_numbers)
