"""Chapter 5: the whole machine of one layer, every box opening into its tensor."""

from collections.abc import Sequence

import numpy as np

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.experiments.each_head_off import each_head_off
from attnviz.experiments.heads_off_in_order import heads_off_in_order
from attnviz.experiments.rerun import heads_off
from attnviz.experiments.sentence_vector import moved, sentence_vector
from attnviz.experiments.spare_heads import spare_heads
from attnviz.lessons.controls import PickHeads, head_control, word_control
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
from attnviz.lessons.facts import head_asked, name
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Paint, code
from attnviz.pictures.tensor import numbers, printed, tensor

LIMIT = 0.05  # 1 − cosine that counts as moved
Box = tuple[str, np.ndarray, Paint, bool]  # name, numbers, colour, rows are tokens


# ---- the machine


def _boxes(trace: Trace, head: HeadId) -> list[tuple[str, list[Box]]]:
    """What stands side by side, from the entrance of the layer to its exit, after which step."""
    layer, index = head

    def learned(kind: Projected) -> np.ndarray:
        return trace.input_projection(head, kind).weight

    entering = "X" if layer == 0 else f"R (L{layer - 1}) = X"
    z = [
        (f"Z · {h}", trace.head_output(layer)[h.head], code(h.head), True)
        for h in _of(trace, layer)
    ]
    return [
        ("", [(entering, trace.residual(layer), style.X if layer == 0 else style.R, True)]),
        (
            f"↓ × {trace.model.heads}",
            [
                (f"W_Q · {head}", learned("query"), style.Q, False),
                (f"W_K · {head}", learned("key"), style.K, False),
                (f"W_V · {head}", learned("value"), style.V, False),
            ],
        ),
        (
            "↓ X · W + b",
            [
                (f"Q · {head}", trace.queries(layer)[index], style.Q, True),
                (f"K · {head}", trace.keys(layer)[index], style.K, True),
                (f"V · {head}", trace.values(layer)[index], style.V, True),
            ],
        ),
        ("↓", [(f"Q Kᵀ / √d · {head}", trace.scores(head), style.SCORE, True)]),
        ("↓ softmax", [(f"softmax · {head}", trace.weights(head), style.SCORE, True)]),
        ("↓ · V", z),
        ("↓ concat", [("concat(Z)", trace.record(layer).concat, style.Z, True)]),
        (
            "↓ · W_O + b",
            [
                (f"W_O · {head}", trace.output_projection(head), style.GREY, False),
                ("Z = concat · W_O + b", trace.attention_output(layer), style.Z, True),
            ],
        ),
        ("↓ + X, LayerNorm", [("Add & Norm", trace.after_attention(layer), style.Z, True)]),
        ("↓ + FFN, LayerNorm", [("R", trace.residual(layer + 1), style.R, True)]),
    ]


def _of(trace: Trace, layer: int) -> list[HeadId]:
    """All heads of a layer."""
    return [HeadId(layer, head) for head in range(trace.model.heads)]


def _draw_machine(scene: Scene) -> Drawing:
    trace, head = scene.trace, scene.head()
    levels = _boxes(trace, head)
    flow: list[Element] = []
    for step, level in levels:
        if step:
            flow.append(element("div", step, class_="arrow"))
        flow.append(element("div", *(_box(scene, box) for box in level), class_="row"))
    back = head.layer + 1 < trace.model.layers
    flow.append(element("div", f"↻ R = X (L{head.layer + 1})" if back else "⏹", class_="arrow"))
    title = f"{trace.model.called(scene.language)} · {head}"
    root = element("div", element("p", title, class_="title"), element("div", *flow, class_="flow"))
    boxes = [box for _, level in levels for box in level]
    shapes = ", ".join(f"{box[0]} {box[1].shape[0]} × {box[1].shape[1]}" for box in boxes)
    return Drawing(root, f"{title}: {shapes}", scene.mode, {box[0]: box[1] for box in boxes})


def _box(scene: Scene, box: Box) -> Element:
    title, values, paint, rows_are_tokens = box
    tokens = [name(token) for token in scene.trace.tokens]
    square = values.shape == (len(tokens), len(tokens))
    rows = tokens if rows_are_tokens else [str(i) for i in range(len(values))]
    inside = tensor(
        values,
        title,
        rows,
        paint,
        scene.mode,
        scene.language,
        marked=scene.number("word") if rows_are_tokens else None,
        columns=tokens if square and rows_are_tokens else None,
    )
    summary = element(
        "summary",
        element("strong", title, style=f"color:{getattr(paint, scene.mode)}"),
        " ",
        element("span", f"{values.shape[0]} × {values.shape[1]}", class_="shape"),
    )
    return element("details", summary, inside, class_="box", data_name=title)


# ---- heads taken away


def _draw_each(scene: Scene) -> Drawing:
    moves = each_head_off(scene.trace)
    rows = [f"L{layer}" for layer in range(len(moves))]
    columns = [f"H{head}" for head in range(moves.shape[1])]
    worst = scene.trace.heads[int(moves.argmax())]
    marked = (worst.layer, worst.head)
    title = f"{scene.trace.model.called(scene.language)} · 1 − cos(s, s′)"
    root = element(
        "div",
        element("p", title, class_="title"),
        numbers(moves, rows, columns, style.SCORE, scene.mode, decimals=4, marked=marked),
    )
    return Drawing(root, f"{title}: {worst} {moves.max():.4f}", scene.mode, {"moves": moves})


def _each_numbers(scene: Scene) -> Numbers:
    moves = each_head_off(scene.trace)
    return {
        "median": printed(float(np.median(moves)), 4),
        "most": printed(float(moves.max()), 4),
        "worst": scene.trace.heads[int(moves.argmax())],
    }


def _chosen(scene: Scene) -> float | None:
    """How far the sentence vector moves with the chosen heads off."""
    if not scene.heads("off"):
        return None
    trace = heads_off(scene.trace, scene.heads("off"))
    depth = trace.model.layers
    before, after = (sentence_vector(t.residual(depth)) for t in (scene.trace, trace))
    return float(moved(before, after))


def _orders(trace: Trace) -> Sequence[tuple[str, np.ndarray, Paint]]:
    return (
        ("least", heads_off_in_order(trace, "least"), style.V),
        ("random", heads_off_in_order(trace, "random"), style.GREY),
        ("most", heads_off_in_order(trace, "most"), style.Z),
    )


NAMES = {
    "least": Text("least important first", "先关最不重要的"),
    "random": Text("in random order", "随机次序"),
    "most": Text("most important first", "先关最重要的"),
}


def _draw_many(scene: Scene) -> Drawing:
    orders = _orders(scene.trace)
    count = len(scene.trace.heads)
    series = [
        Series(NAMES[which][scene.language], [0.0, *map(float, moves)], getattr(paint, scene.mode))
        for which, moves, paint in orders
    ]
    chosen = _chosen(scene)
    said = (
        ""
        if chosen is None
        else f"{', '.join(map(str, scene.heads('off')))} → 1 − cos = {printed(chosen, 4)}"
    )
    root = element(
        "div",
        element(
            "p", f"{scene.trace.model.called(scene.language)} · 1 − cos(s, s′)", class_="title"
        ),
        curve(
            list(range(count + 1)),
            series,
            scene.mode,
            name_across="k",
            level=(LIMIT, f"{LIMIT:.2f}"),
        ),
        element("p", said, class_="formula") if said else None,
    )
    values = {which: moves for which, moves, _ in orders} | {"chosen": chosen}
    ends = "; ".join(
        f"{one.name}: {_can_go(moves)}" for one, (_, moves, _) in zip(series, orders, strict=True)
    )
    return Drawing(root, f"1 − cos ≤ {LIMIT:.2f}: {ends}", scene.mode, values)


def _can_go(moves: np.ndarray) -> int:
    """How many heads can go before the first move beyond the limit."""
    beyond = np.flatnonzero(moves > LIMIT)
    return int(beyond[0]) if len(beyond) else len(moves)


def _many_numbers(scene: Scene) -> Numbers:
    least, random, most = (moves for _, moves, _ in _orders(scene.trace))
    return {
        "limit": f"{LIMIT:.2f}",
        "least": _can_go(least),
        "random": _can_go(random),
        "most": _can_go(most),
        "all": printed(float(least[-1]), 3),
    }


# ---- checkers


def _spare(trace: Trace) -> Outcome:
    count, heads = spare_heads(trace, LIMIT), len(trace.heads)
    said = {"limit": f"{LIMIT:.2f}", "spare": count, "share": f"{100 * count / heads:.0f} %"}
    return Outcome(float(count), said)


def _entering(trace: Trace) -> Outcome:
    """Compare what enters the last layer with all that it might be, number by number."""
    last = trace.model.layers - 1
    near = max(0, last - 1)  # the layer below; of a single layer, itself
    candidates = {
        "r": trace.residual(near + 1),
        "z": trace.attention_output(near),
        "embedding": trace.residual(0),
    }
    entered = trace.residual(last)
    value = next(which for which, array in candidates.items() if np.array_equal(array, entered))
    below = Text(f"R of layer {last - 1}", f"第 {last - 1} 层的 R")
    return Outcome(value, {"what": EMBEDDING if value == "embedding" else below})


EMBEDDING = Text("The embedding: there is no layer below", "嵌入：下面没有别的层")


def _entrances(trace: Trace) -> Sequence[Option]:
    """What might enter: from the layer below or, where there is none, from the layer itself."""
    z = "Z = concat · W_O + b"
    if trace.model.layers == 1:
        r, z_of = Text("R of this layer", "这一层的 R"), Text(f"{z}, this layer", f"这一层的 {z}")
    else:
        r = Text("R of the layer below", "下面一层的 R")
        z_of = Text(f"{z}, the layer below", f"下面一层的 {z}")
    embedding = Text("the embedding", "词嵌入")
    return Option("r", r), Option("z", z_of), Option("embedding", embedding)


CHAPTER = Chapter(
    number=5,
    name="machine",
    title=Text("The whole machine", "整台机器"),
    goal=Text(
        "Follow one layer from X to R, and take heads away.", "沿着一层从 X 走到 R，再关掉一些头。"
    ),
    text=Text(
        "Every arrow of the note's big picture is a real tensor here; open a box to see it. The R of one "
        "layer is the X of the next: that is the unexplained R below the X of the note. Then take heads "
        "away: most hardly matter for this sentence, a few matter a lot.",
        "笔记大图里的每个箭头，在这里都是真实的张量，点开方框就能看到。一层的 R 就是下一层的 X："
        "笔记里 X 下面那个没有解释的 R 正是它。再关掉一些头试试：多数头对这句话影响很小，少数几个却很关键。",
    ),
    takeaway=Text("Many heads are spare, a few are not.", "许多头可有可无，少数几个不可缺少。"),
    misconception=Text(
        "“All heads matter equally”, or “losing one breaks the model”.",
        "“所有头同样重要”，或者“少一个头模型就坏了”。",
    ),
    minutes=5,
    controls=(
        head_control(head_asked),
        word_control(),
        PickHeads("off", Text("Heads switched off together", "同时关掉的头")),
    ),
    parts=(
        Part(
            "machine",
            Text("From X to R, box by box", "从 X 到 R，逐个方框"),
            Text(
                "From W_Q to softmax one of {heads} heads is drawn; the {others} {others:other runs|others run} beside it in the same way, and "
                "the Z of all are here. Of W_O the rows of this head. The framed row is {followed}. The feed-forward network between Add & Norm "
                "and R works on each token alone and is not drawn.",
                "从 W_Q 到 softmax 只画了 {heads} 个头中的一个，"
                "其余 {others} 个以同样的方式并行；所有头的 Z 都在这里。W_O 只画了属于这个头的行。"
                "框出的行是 {followed}。Add & Norm 与 R 之间的前馈网络逐个词元计算，没有画出。",
            ),
            _draw_machine,
            lambda scene: {
                "others": scene.trace.model.heads - 1,
                "followed": name(scene.token),
            },
            uses=("head", "word"),
        ),
        Part(
            "each",
            Text("One head away at a time", "逐个关掉头"),
            Text(
                "How far the sentence vector s, the mean of the last R over all tokens, turns when one head writes "
                "nothing: median {median}, most {most} for {worst}. Rounded to the digits shown.",
                "句向量 s 是最后一层 R 对所有词元的平均。把一个头的输出置零后，s 转过多少：中位数 {median}，"
                "最多 {most}（{worst}）。按所示位数四舍五入。",
            ),
            _draw_each,
            _each_numbers,
        ),
        Part(
            "many",
            Text("Several heads away together", "同时关掉几个头"),
            Text(
                "The same with the first k heads off, in three orders (one random order). Before s moves by "
                "more than {limit}, {least} can go least important first, {random} in random order, {most} most "
                "important first. With all heads off it moves by {all}: the residual path carries the rest.",
                "同样的量，按三种次序关掉前 k 个头（随机次序只取一种）。要让 s 的转动不超过 {limit}，"
                "先关最不重要的可以关 {least} 个，随机次序 {random} 个，先关最重要的 {most} 个。"
                "全部关掉时转动 {all}：其余的由残差连接传过去。",
            ),
            _draw_many,
            _many_numbers,
            uses=("off",),
        ),
    ),
    questions=(
        Question(
            name="entering",
            ask=Text("What enters layer {last} as its X?", "进入第 {last} 层的 X 是什么？"),
            explain=Text(
                "{what}. Compared number for number.",
                "{what}（已逐个数字比较）。",
            ),
            check=_entering,
            asked=lambda trace: {"last": trace.model.layers - 1},
            options=_entrances,
            is_law=True,
        ),
        Question(
            name="spare",
            ask=Text(
                "Switch heads off, least important first. How many of {all_heads} can go before the sentence "
                "vector moves by more than {limit} (one minus cosine)?",
                "从最不重要的头开始关。{all_heads} 个头中最多关掉多少个，"
                "句向量的转动（一减余弦）仍不超过 {limit}？",
            ),
            explain=Text(
                "{spare}, that is {share}. Within a tenth of all heads counts as right.",
                "{spare} 个，即 {share}。相差不超过全部头的十分之一就算对。",
            ),
            check=_spare,
            asked=lambda _: {"limit": f"{LIMIT:.2f}"},
            span=lambda trace: (0.0, float(len(trace.heads))),
            step=1.0,
            tolerance=lambda trace: len(trace.heads) / 10,
            before="many",
        ),
    ),
    teacher=TeacherNote(
        ask_aloud=Text(
            "Guess before the grid appears: what part of the heads could this sentence do without?",
            "图表出现之前先猜：对这句话，百分之多少的头可有可无？",
        ),
        expect=Text(
            "Guesses run from almost none to nearly all. Ask which measure they had in mind: here it is the sentence vector.",
            "答案会从几乎没有到几乎全部。问问他们按什么衡量：这里看的是句向量。",
        ),
        if_different=Text(
            "On very short sentences single heads weigh more. The order and the counts belong to this sentence, not to the model.",
            "句子很短时，单个头的影响会变大。次序和个数属于这句话，而不属于模型。",
        ),
    ),
)
