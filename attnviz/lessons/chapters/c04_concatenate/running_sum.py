"""The running sum: what each head writes, added up."""

import numpy as np

from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import error_at_most, printed
from attnviz.experiments.rerun import heads_off
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.bars import Bar, bars
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import code
from attnviz.texts import enumerated


def _run(scene: Scene) -> Trace:
    """The trace as it is, or with the chosen heads of this layer off."""
    layer = scene.head().layer
    return heads_off(scene.trace, [head for head in scene.heads("off") if head.layer == layer])


def _contributions(trace: Trace, layer: int, at: int) -> np.ndarray:
    """What each head writes for one token, then the bias: "head+1 d_model", float64."""
    heads = [trace.contribution((layer, head))[at] for head in range(trace.model.heads)]
    return np.stack([*heads, trace.learned[layer].output.bias]).astype(np.float64)


def _draw_sum(scene: Scene) -> Drawing:
    trace, layer, at = _run(scene), scene.head().layer, scene.number("word")
    parts = _contributions(trace, layer, at)
    y = trace.attention_output(layer)[at].astype(np.float64)
    left = np.linalg.norm(y - np.cumsum(parts, axis=0), axis=1)
    names = [*(str(HeadId(layer, head)) for head in range(len(parts) - 1)), "b"]
    colours = [getattr(code(head), scene.mode) for head in range(len(parts) - 1)]
    colours.append(getattr(style.GREY, scene.mode))
    lengths = np.linalg.norm(parts, axis=1)
    rows = [
        Bar(row, float(length), colour, f"‖Z − Σ‖ = {printed(float(left_over), 3)}")
        for row, length, colour, left_over in zip(names, lengths, colours, left, strict=True)
    ]
    title = f"{trace.model.called(scene.language)} · L{layer} · {scene.token.name} · ‖z W_O‖"
    root = element(
        "div",
        element("p", title, class_="title"),
        bars(rows, label=title),
        element("p", f"‖Z‖ = {printed(float(np.linalg.norm(y)), 3)}", class_="formula"),
        _change(scene, trace, parts, y),
    )
    values = {"lengths": lengths, "left": left, "y": y}
    return Drawing(root, f"{title}: {names[int(lengths[:-1].argmax())]}", scene.mode, values)


def _change(scene: Scene, trace: Trace, parts: np.ndarray, y: np.ndarray) -> Element | None:
    """With heads off: what y lost is exactly what they had written."""
    if trace is scene.trace:
        return None
    layer, at = scene.head().layer, scene.number("word")
    before = scene.trace.attention_output(layer)[at].astype(np.float64)
    lost = (_contributions(scene.trace, layer, at) - parts).sum(axis=0)
    error = float(np.abs(before - y - lost).max())
    off = enumerated(
        [str(head) for head in scene.heads("off") if head.layer == layer], scene.language
    )
    moved = f"‖Z − Z′‖ = {printed(float(np.linalg.norm(before - y)), 3)}"
    bound = f"‖(Z − Z′) − Σ z W_O‖∞ ≤ {error_at_most(error)}"
    return element("p", f"{off} → 0: {moved}, {bound}", class_="formula")


def _sum_numbers(scene: Scene) -> Numbers:
    trace, layer, at = _run(scene), scene.head().layer, scene.number("word")
    parts = _contributions(trace, layer, at)
    y = trace.attention_output(layer)[at]
    lengths = np.linalg.norm(parts[:-1], axis=1)
    return {
        "followed": scene.token.name,
        "layer": layer,
        "error": error_at_most(float(np.abs(parts.sum(axis=0) - y).max())),
        "share": f"{100 * lengths.max() / (lengths.sum() or 1):.1f} %",
        "even": f"{100 / len(lengths):.1f} %",
    }


PART = Part("sum", _draw_sum, _sum_numbers, uses=("off",))
