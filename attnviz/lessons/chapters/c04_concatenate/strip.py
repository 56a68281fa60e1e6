"""The strip: all z side by side, and Z."""

import numpy as np

from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.style import code
from attnviz.pictures.tensor import scale_of, tensor, tiles


def _draw_strip(scene: Scene) -> Drawing:
    trace, layer, at = scene.trace, scene.number("layer"), scene.number("word")
    tokens = [token.name for token in trace.tokens]
    z = trace.head_output(layer)
    top = float(np.abs(z).max())
    strips = [
        tensor(
            one,
            f"Z H{head}",
            tokens,
            code(head),
            scene.mode,
            scene.language,
            largest=top,
            marked=at,
        )
        for head, one in enumerate(z)
    ]
    first = trace.output_projection((layer, 0))
    rows = [str(i) for i in range(len(first))]
    projected = trace.attention_output(layer)
    title = f"{trace.model.called(scene.language)} · L{layer}"
    root = element(
        "div",
        element("p", f"{title} · {scale_of(top, scene.language, signed=True)}", class_="title"),
        tiles(strips, "strip", scene.language),
        element(
            "div",
            element("span", "×", class_="sign"),
            tensor(first, "W_O H0", rows, code(0), scene.mode, scene.language),
            element("span", "…", class_="sign"),
            element("span", "=", class_="sign"),
            tensor(projected, "Z = y", tokens, style.Z, scene.mode, scene.language, marked=at),
            class_="row",
        ),
    )
    concat, out = (z.shape[1], z.shape[0] * z.shape[2]), projected.shape
    alt = f"{title}: concat {concat[0]} × {concat[1]} → Z {out[0]} × {out[1]}"
    return Drawing(root, alt, scene.mode, {"z": z, "projected": projected})


def _strip_numbers(scene: Scene) -> Numbers:
    trace, layer = scene.trace, scene.number("layer")
    whole = trace.learned[layer].output.weight
    return {
        "followed": scene.token.name,
        "concat": whole.shape[0],
        "narrow": whole.shape[1],
        "others": trace.model.heads - 1,
    }


PART = Part("strip", _draw_strip, _strip_numbers, uses=("layer", "word"))
