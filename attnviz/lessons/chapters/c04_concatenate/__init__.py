"""Chapter 4: concatenate and project, which is a sum over heads."""

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import LessonError
from attnviz.experiments.rerun import heads_off
from attnviz.lessons.controls import PickHeads, layer_control, word_control
from attnviz.lessons.engine import (
    Chapter,
    Numbers,
    Option,
    Outcome,
    Part,
    Question,
    Scene,
    TeacherNote,
)
from attnviz.lessons.facts import heads_on, layer_asked, name, word
from attnviz.lessons.options import heads_of_layer, same
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.bars import Bar, bars
from attnviz.pictures.digits import error_at_most
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import code
from attnviz.pictures.tensor import printed, scale_of, tensor, tiles

SHOWN = 3  # numbers of the z that is asked about


# ---- the strip


def _draw_strip(scene: Scene) -> Drawing:
    trace, layer, at = scene.trace, scene.number("layer"), scene.number("word")
    tokens = [name(token) for token in trace.tokens]
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
    alt = f"{title}: concat {z.shape[1]} × {z.shape[0] * z.shape[2]} → Z {projected.shape[0]} × {projected.shape[1]}"
    return Drawing(root, alt, scene.mode, {"z": z, "projected": projected})


def _strip_numbers(scene: Scene) -> Numbers:
    trace, layer = scene.trace, scene.number("layer")
    whole = trace.learned[layer].output.weight
    return {
        "followed": name(scene.token),
        "concat": whole.shape[0],
        "narrow": whole.shape[1],
        "others": trace.model.heads - 1,
    }


# ---- the running sum


def _run(scene: Scene) -> Trace:
    """The trace as it is, or with the chosen heads of this layer off."""
    layer = scene.number("layer")
    return heads_off(scene.trace, [head for head in scene.heads("off") if head.layer == layer])


def _contributions(trace: Trace, layer: int, at: int) -> np.ndarray:
    """What each head writes for one token, then the bias: "head+1 d_model", float64."""
    heads = [trace.contribution((layer, head))[at] for head in range(trace.model.heads)]
    return np.stack([*heads, trace.learned[layer].output.bias]).astype(np.float64)


def _draw_sum(scene: Scene) -> Drawing:
    trace, layer, at = _run(scene), scene.number("layer"), scene.number("word")
    parts = _contributions(trace, layer, at)
    y = trace.attention_output(layer)[at].astype(np.float64)
    left = np.linalg.norm(y - np.cumsum(parts, axis=0), axis=1)
    names = [*(str(HeadId(layer, head)) for head in range(len(parts) - 1)), "b"]
    colours = [getattr(code(head), scene.mode) for head in range(len(parts) - 1)]
    colours.append(getattr(style.GREY, scene.mode))
    lengths = np.linalg.norm(parts, axis=1)
    rows = [
        Bar(row, float(length), colour, f"‖y − Σ‖ = {printed(float(rest), 3)}")
        for row, length, colour, rest in zip(names, lengths, colours, left, strict=True)
    ]
    title = f"{trace.model.called(scene.language)} · L{layer} · {name(scene.token)} · ‖z W_O‖"
    root = element(
        "div",
        element("p", title, class_="title"),
        bars(rows, label=title),
        element("p", f"‖y‖ = {printed(float(np.linalg.norm(y)), 3)}", class_="formula"),
        _change(scene, trace, parts, y),
    )
    values = {"lengths": lengths, "left": left, "y": y}
    return Drawing(root, f"{title}: {names[int(lengths[:-1].argmax())]}", scene.mode, values)


def _change(scene: Scene, trace: Trace, parts: np.ndarray, y: np.ndarray) -> Element | None:
    """With heads off: what y lost is exactly what they had written."""
    if trace is scene.trace:
        return None
    layer, at = scene.number("layer"), scene.number("word")
    before = scene.trace.attention_output(layer)[at].astype(np.float64)
    lost = (_contributions(scene.trace, layer, at) - parts).sum(axis=0)
    error = float(np.abs(before - y - lost).max())
    off = ", ".join(str(head) for head in scene.heads("off") if head.layer == layer)
    text = f"{off} → 0: ‖y − y′‖ = {printed(float(np.linalg.norm(before - y)), 3)}, ‖(y − y′) − Σ z W_O‖∞ ≤ {error_at_most(error)}"
    return element("p", text, class_="formula")


def _sum_numbers(scene: Scene) -> Numbers:
    trace, layer, at = _run(scene), scene.number("layer"), scene.number("word")
    parts = _contributions(trace, layer, at)
    y = trace.attention_output(layer)[at]
    lengths = np.linalg.norm(parts[:-1], axis=1)
    return {
        "followed": name(scene.token),
        "layer": layer,
        "error": error_at_most(float(np.abs(parts.sum(axis=0) - y).max())),
        "share": f"{100 * lengths.max() / (lengths.sum() or 1):.1f} %",
        "even": f"{100 / len(lengths):.1f} %",
    }


# ---- checkers


def _width(trace: Trace) -> Outcome:
    """The widths of W_O alone, from its own shape."""
    layer = layer_asked(trace)
    concat, out = trace.learned[layer].output.weight.shape
    value = "same" if out == concat else "narrower" if out < concat else "wider"
    return Outcome(value, {"concat": concat, "out": out})


def _largest(trace: Trace) -> Outcome:
    """Weights × v × W_O of each head in float64, from q and k on."""
    layer, at, d = layer_asked(trace), word(trace).position, trace.model.d_head
    w_o = trace.learned[layer].output.weight.astype(np.float64)
    z = recompute.blend(trace.record(layer))[:, at]
    z[sorted(set(range(len(z))) - set(_on(trace, layer)))] = 0
    lengths = [
        float(np.linalg.norm(one @ w_o[head * d : (head + 1) * d])) for head, one in enumerate(z)
    ]
    best = int(np.argmax(lengths))
    share = 100 * lengths[best] / sum(lengths)
    said = {
        "best": HeadId(layer, best),
        "length": f"{lengths[best]:.3f}",
        "share": f"{share:.1f} %",
    }
    return Outcome(str(best), said)


def _on(trace: Trace, layer: int) -> list[int]:
    """The heads of a layer that write.

    Raises:
        LessonError: if all are switched off.
    """
    on = heads_on(trace, layer)
    if not on:
        raise LessonError("all_heads_off")
    return on


def _candidates(trace: Trace) -> list[tuple[int, int]]:
    """Up to four z of one layer, token and head, in an order that the sentence decides.

    The heads are two that write: the z of others are 0, and none tells one from another. No
    two z begin with the same digits: each could be the one that is shown.
    """
    random = np.random.default_rng(sum(map(ord, trace.text)))
    at = word(trace).position
    heads = random.permutation(_on(trace, layer_asked(trace)))
    one, other = int(heads[0]), int(heads[-1])
    elsewhere = (at + 1) % len(trace.tokens)
    pairs = [(elsewhere, other), (elsewhere, one), (at, other), (at, one)]
    found = list({_digits(_first_of(trace, *pair)): pair for pair in pairs}.values())
    return [found[i] for i in random.permutation(len(found))]


def _which(trace: Trace) -> Outcome:
    """Look for the shown numbers among all z, recomputed from q, k and v in float64."""
    wanted, z = _shown_z(trace), recompute.blend(trace.record(layer_asked(trace)))
    off = {
        f"t{at}h{head}": float(np.abs(z[head, at, :SHOWN] - wanted).max())
        for at, head in _candidates(trace)
    }
    nearest = min(off, key=lambda name: off[name])
    return Outcome(nearest, {"error": error_at_most(off[nearest])})


def _shown_z(trace: Trace) -> np.ndarray:
    """The first numbers of the z that the question shows."""
    found = sorted(_candidates(trace))
    return _first_of(trace, *found[sum(map(ord, trace.text)) % len(found)])


def _first_of(trace: Trace, at: int, head: int) -> np.ndarray:
    return trace.head_output(layer_asked(trace))[head, at, :SHOWN]


def _digits(numbers: np.ndarray) -> str:
    return ", ".join(printed(float(number), 4) for number in numbers)


def _z_options(trace: Trace) -> list[Option]:
    layer = layer_asked(trace)
    return [
        Option(
            f"t{at}h{head}",
            same(f"z · {name(trace.tokens[at])} · {HeadId(layer, head)}"),
        )
        for at, head in _candidates(trace)
    ]


CHAPTER = Chapter(
    number=4,
    name="concatenate",
    title=Text("Concatenate and project", "拼接，再投影"),
    goal=Text("See that concat and W_O are a sum over heads.", "看清拼接再乘 W_O 就是对各头求和。"),
    text=Text(
        "Putting the heads side by side and multiplying by W_O looks like packing. Cut W_O into one block of "
        "rows a head, and it turns into addition: each head writes its own vector of width {d_model}, "
        "and the vectors add up. Switch a head off, and precisely its part is missing.",
        "把各头拼在一起再乘 W_O，看起来像打包。把 W_O 按行切开，每个头一块，它就成了加法："
        "每个头写出一个宽 {d_model} 的向量，再全部相加。关掉一个头，少的恰好是它那一份。",
    ),
    takeaway=Text(
        "Concatenate and project is exactly a sum of what the heads contribute.",
        "拼接再投影，恰好等于各头贡献之和。",
    ),
    misconception=Text(
        "“W_O reduces the width.” Only in the drawing; in this model {concat} numbers go in and {out} come out.",
        "“W_O 用来降维。”那只是图上的画法；这个模型里进去 {concat} 个数，出来 {out} 个数。",
    ),
    minutes=5,
    numbers=lambda scene: _width(scene.trace).numbers,
    controls=(
        layer_control(layer_asked),
        word_control(),
        PickHeads("off", Text("Heads switched off (of this layer)", "关掉的头（本层）")),
    ),
    parts=(
        Part(
            "strip",
            Text("The strip of all z, and Z", "所有 z 拼成的长条，以及 Z"),
            Text(
                "{heads} z of width {d_head} make a strip of width {concat}; W_O makes Z of width {narrow}. Of W_O "
                "the block of H₀ is drawn; the other {others} blocks are hidden. A bias is added. The framed row is {followed}.",
                "{heads} 个宽 {d_head} 的 z 拼成宽 {concat} 的长条；"
                "W_O 把它变成宽 {narrow} 的 Z。W_O 只画了 H₀ 的那一块，其余 {others} 块未画。"
                "最后加偏置。框出的行是 {followed}。",
            ),
            _draw_strip,
            _strip_numbers,
            uses=("layer", "word"),
        ),
        Part(
            "sum",
            Text("A running sum that closes on the output", "逐头累加，最后恰好等于输出"),
            Text(
                "Layer {layer}, {followed}: the length of what each head writes, and what is still missing "
                "from y after adding it. All heads and the bias b leave an error of at most {error}. The largest "
                "head has {share} of all lengths; even would be {even}. Rounded to the digits shown.",
                "第 {layer} 层，{followed}：每个头写出的向量的长度，以及加上它之后与 y 还差多少。"
                "全部头和偏置 b 都加上之后，误差不超过 {error}。向量最长的头占全部长度的 {share}；"
                "平均分配则是 {even}。按所示位数四舍五入。",
            ),
            _draw_sum,
            _sum_numbers,
            uses=("off",),
        ),
    ),
    questions=(
        Question(
            name="which-z",
            ask=Text(
                "A z begins with {shown} (rounded). Which z is this?",
                "有一个 z 的开头是 {shown}（四舍五入）。这是哪一个 z？",
            ),
            explain=Text(
                "Recomputed from q, k and v it matches to {error} or better. A z has two names, always: its token and its head.",
                "由 q、k、v 重算，相差不超过 {error}。要说清一个 z，总要说出两点：哪个词元、哪个头。",
            ),
            check=_which,
            asked=lambda trace: {"shown": _digits(_shown_z(trace))},
            options=_z_options,
        ),
        Question(
            name="largest",
            ask=Text(
                "In layer {layer}, which head writes the longest vector for {word}?",
                "在第 {layer} 层，哪个头为 {word} 写出的向量最长？",
            ),
            explain=Text(
                "{best}: length {length}, {share} of all lengths (rounded).",
                "{best}：长度 {length}，占全部长度的 {share}（四舍五入）。",
            ),
            check=_largest,
            asked=lambda trace: {"layer": layer_asked(trace)},
            options=heads_of_layer,
            before="sum",
        ),
        Question(
            name="width",
            ask=Text(
                "The heads side by side are {concat} wide. How wide is a token after W_O?",
                "各头拼起来宽 {concat}。经过 W_O 之后，一个词元的向量有多宽？",
            ),
            explain=Text(
                "{out}, as wide as before: W_O mixes heads, and reduces nothing in this model.",
                "{out}：W_O 把各头混合起来，在这个模型里并没有降维。",
            ),
            check=_width,
            asked=lambda trace: _width(trace).numbers,
            options=lambda _: (
                Option("narrower", Text("narrower", "更窄")),
                Option("same", Text("the same", "一样宽")),
                Option("wider", Text("wider", "更宽")),
            ),
            is_law=True,
        ),
    ),
    teacher=TeacherNote(
        ask_aloud=Text(
            "Shuffle the heads before W_O, and the rows of W_O with them: does y change?",
            "打乱各头的次序，W_O 的行也跟着打乱：y 会变吗？",
        ),
        expect=Text(
            "Most say that a fully connected layer compresses. Let them read both widths off the figure.",
            "多数人会说全连接层在压缩。让他们从图上读出两个宽度。",
        ),
        if_different=Text(
            "A model with another output width would reduce or widen; read it off, and keep the sum: it always holds.",
            "换一个输出宽度不同的模型，可能真的变窄或变宽；照图读出来即可，求和始终成立。",
        ),
    ),
)
