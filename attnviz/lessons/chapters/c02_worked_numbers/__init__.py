"""Chapter 2: 112 and 96 become 0.88 and 0.12; then a head built by hand."""

import math

import numpy as np

from attnviz.analysis import recompute
from attnviz.analysis.offset import at_offset
from attnviz.core.heads import HeadId
from attnviz.core.intervention import heads_off
from attnviz.core.trace import Trace
from attnviz.core.weights import softmax
from attnviz.lessons import handmade, toy
from attnviz.lessons.controls import Paint, Pick, Slide, head_control, word_control
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
from attnviz.lessons.facts import head_asked, name, need_own_weights, word
from attnviz.lessons.options import words
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.digits import at_least, at_most, error_at_most
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import numbers, printed, tensor
from attnviz.pictures.worked import Worked, worked

GOAL = 0.90
ADDED = 100
WIDTHS = (1, 3, 16, 64, 256, 1024)
STRONGEST = 40


# ---- the note's own numbers


def _toy(width: int) -> Worked:
    q, k, v = (toy.X @ w for w in (toy.W_Q, toy.W_K, toy.W_V))
    products = (q @ k.T)[0].astype(float)
    scores = products / math.sqrt(width)
    weights = softmax(scores)
    return Worked(toy.WORDS, products, scores, weights, v.astype(float), weights @ v, width**0.5)


def _draw_toy(scene: Scene) -> Drawing:
    width = scene.number("width")
    table = _toy(width)
    mode = scene.mode
    matrices = [
        _toy_matrix("X", toy.X, style.X, scene),
        element("span", "×", class_="sign"),
        _toy_matrix("W_Q", toy.W_Q, style.Q, scene),
        element("span", "=", class_="sign"),
        _toy_matrix("Q", toy.X @ toy.W_Q, style.Q, scene),
        _toy_matrix("K = X W_K", toy.X @ toy.W_K, style.K, scene),
        _toy_matrix("V = X W_V", toy.X @ toy.W_V, style.V, scene),
    ]
    shares = [printed(float(w), 6) for w in table.weights]
    said = f"z₁ = {shares[0]} · v₁ + {shares[1]} · v₂"
    root = element(
        "div",
        element("div", *matrices, class_="row"),
        worked(table, mode, scene.language, decimals=(0, 4, 6, 6)),
        element("p", said, class_="formula"),
    )
    values = {"weights": table.weights, "scores": table.scores, "products": table.products}
    return Drawing(root, said, mode, values)


def _toy_matrix(title: str, values: np.ndarray, paint: style.Paint, scene: Scene) -> Element:
    rows = (
        list(toy.WORDS) if len(values) == len(toy.WORDS) else [str(i) for i in range(len(values))]
    )
    columns = [str(i) for i in range(values.shape[1])]
    table = numbers(
        values.astype(float), rows, columns, paint, scene.mode, decimals=0, corner=title
    )
    return element("figure", table, class_="small")


def _toy_numbers(scene: Scene) -> Numbers:
    width = scene.number("width")
    table = _toy(width)
    gap = float(table.scores[0] - table.scores[1])
    return {
        "one": f"{table.products[0]:.0f}",
        "other": f"{table.products[1]:.0f}",
        "width": width,
        "divisor": f"{table.divisor:.4g}",
        "gap": f"{gap:.4g}",
        "factor": f"{math.exp(gap):.4g}",
        "cells": toy.W_Q.shape[1],
        "drawn_divisor": f"{toy.W_Q.shape[1] ** 0.5:.3f}",
    }


# ---- the same table on the learner's sentence


def _live(scene: Scene) -> Worked:
    head, at = scene.head(), scene.number("word")
    trace, (layer, index) = scene.trace, head
    record = trace.record(layer)
    products = record.keys[index] @ record.queries[index][at]
    return Worked(
        [name(token) for token in trace.tokens],
        products,
        trace.scores(head)[at],
        trace.weights(head)[at],
        trace.values(layer)[index],
        trace.head_output(layer)[index][at],
        1 / record.scaling,
    )


IS_OFF = Text(
    "{head} is off in this run: its z is 0 whatever the parts add up to.",
    "{head} 在这次运行中关掉了：不论各部分之和是多少，它的 z 都是 0。",
)

REPLACED = Text(
    "The weights of {head} were changed in this run: they are not the softmax of the scores.",
    "{head} 的权重在这次运行中被改动：它们不是得分的 softmax。",
)


def _notices(scene: Scene) -> list[Text]:
    """Where an intervention makes a step of the table another than it says."""
    layer, head = scene.head()
    off = head in heads_off(scene.trace.interventions, layer)
    replaced = head in scene.trace.record(layer).changed_weights
    return [text for text, holds in ((REPLACED, replaced), (IS_OFF, off)) if holds]


def _draw_live(scene: Scene) -> Drawing:
    table = _live(scene)
    notices = _notices(scene)
    title = f"{scene.trace.model.called(scene.language)} · {scene.head()} · q: {name(scene.token)}"
    root = element(
        "div",
        element("p", title, class_="title"),
        element(
            "div",
            worked(table, scene.mode, scene.language),
            _products(scene, table),
            class_="abreast",
        ),
        *(element("p", scene.say(text, head=scene.head()), class_="notice") for text in notices),
    )
    best = int(table.weights.argmax())
    alt = f"{title}. {table.keys[best]}: {table.weights[best]:.4f}"
    return Drawing(root, alt, scene.mode, {"weights": table.weights, "z": table.z})


def _products(scene: Scene, table: Worked) -> Element:
    """q, k and their products for the strongest key: they add up to its q · k."""
    head, at = scene.head(), scene.number("word")
    record = scene.trace.record(head.layer)
    best = int(table.weights.argmax())
    q, k = record.queries[head.head][at], record.keys[head.head][best]
    rows = np.stack([q, k, q * k])
    label = f"q · k → {table.keys[best]}"
    return element(
        "div",
        tensor(rows, label, ["q", "k", "q × k"], style.SCORE, scene.mode, scene.language),
        element("p", f"Σ q × k = {printed(float((q * k).sum()), 3)}", class_="formula"),
    )


def _live_numbers(scene: Scene) -> Numbers:
    table = _live(scene)
    best = int(table.weights.argmax())
    again = scene.trace.weights(scene.head())[scene.number("word")] @ table.values
    return {
        "head": scene.head(),
        "word": name(scene.token),
        "best": table.keys[best],
        "weight": printed(float(table.weights[best]), 4),
        "hidden": max(0, table.values.shape[1] - 3),
        "error": error_at_most(float(np.abs(again - table.z).max())),
    }


# ---- a head built by hand, and its learned twin


REACHED = Text(
    "least weight on the place before: {share} ≥ {goal}. Done!",
    "前一个位置上的最小权重：{share} ≥ {goal}，做到了！",
)
NOT_YET = Text(
    "least weight on the place before: {share} < {goal}", "前一个位置上的最小权重：{share} < {goal}"
)
TWIN = Text(
    "Learned twin in {model}: {twin}, mean weight {mean}, least {least}",
    "{model} 自己学到的同款头：{twin}，平均权重 {mean}，最小 {least}",
)


def _draw_handmade(scene: Scene) -> Drawing:
    shift, strength = scene.number("shift"), scene.number("strength")
    painted = scene.cells("painted")
    w_q = (
        handmade.painted_query(painted, float(strength))
        if painted
        else handmade.shifting_query(shift, float(strength))
    )
    weights = handmade.attention(w_q)
    places = [str(place) for place in range(handmade.PLACES)]
    share = handmade.least_on(weights, -1)
    reached = share >= GOAL
    twin, mean, least = _twin(scene.trace, shift)
    said = scene.say(REACHED if reached else NOT_YET, share=at_least(share, 3), goal=f"{GOAL:.2f}")
    learned = scene.say(TWIN, twin=twin, mean=printed(mean, 4), least=at_least(least, 4))
    root = element(
        "div",
        element(
            "div",
            tensor(
                w_q,
                "W_Q",
                places,
                style.Q,
                scene.mode,
                scene.language,
                columns=places,
                paints="painted",
            ),
            tensor(
                weights, "softmax", places, style.SCORE, scene.mode, scene.language, columns=places
            ),
            class_="row",
        ),
        element("p", said, class_="verdict good" if reached else "verdict"),
        element("p", learned, class_="formula"),
    )
    values = {"weights": weights, "share": share, "twin": twin, "mean": mean, "least": least}
    return Drawing(root, f"W_Q {shift:+d} · {strength}: {said}. {twin}", scene.mode, values)


def _twin(trace: Trace, shift: int) -> tuple[HeadId, float, float]:
    """The head of the loaded model with the most attention on the same shift."""
    means = np.stack([at_offset(trace.layer_weights(n), shift) for n in range(trace.model.layers)])
    best = trace.heads[int(means.argmax())]
    diagonal = np.diagonal(trace.weights(best), shift)
    least = float(diagonal.min()) if len(diagonal) else 0.0
    return best, float(means.max()), least


def _handmade_numbers(scene: Scene) -> Numbers:
    shift = scene.number("shift")
    twin, mean, least = _twin(scene.trace, shift)
    needed = math.sqrt(handmade.PLACES) * math.log(GOAL * (handmade.PLACES - 1) / (1 - GOAL))
    return {
        "goal": f"{GOAL:.2f}",
        "places": handmade.PLACES,
        "twin": twin,
        "mean": printed(mean, 4),
        "least": at_least(least, 4),
        "shift": f"{shift:+d}".replace("-", "−"),
        "needed": at_most(needed, 2),
    }


# ---- checkers


def _undivided(trace: Trace) -> Outcome:
    """By hand: 1 / (1 + e^(k₂ − k₁)), from the dot products of the rows alone."""
    del trace
    q = [
        sum(x * w for x, w in zip(toy.X[0].tolist(), column, strict=True))
        for column in toy.W_Q.T.tolist()
    ]
    rows = [
        [sum(x * w for x, w in zip(word_, column, strict=True)) for column in toy.W_K.T.tolist()]
        for word_ in toy.X.tolist()
    ]
    one, other = (sum(a * b for a, b in zip(q, k, strict=True)) for k in rows)
    share = 1 / (1 + math.exp(other - one))
    return Outcome(share, {"one": one, "other": other, "gap": one - other, "share": f"{share:.7f}"})


def _added(trace: Trace) -> Outcome:
    del trace
    before = math.exp(14 - 12) / (1 + math.exp(14 - 12))
    after = math.exp(14 + ADDED - (12 + ADDED)) / (1 + math.exp(14 + ADDED - (12 + ADDED)))
    value = "same" if math.isclose(before, after) else "more" if after > before else "less"
    return Outcome(value, {"before": f"{before:.6f}", "after": f"{after:.6f}"})


def _most(trace: Trace) -> Outcome:
    """The word with the largest weight, in float64, from q and k."""
    layer, head = head_asked(trace)
    need_own_weights(trace, head_asked(trace))
    record, at = trace.record(layer), word(trace).position
    weights = recompute.weights(record)[head][at]
    content = [token.position for token in trace.tokens if not token.is_special]
    best = max(content, key=lambda position: float(weights[position]))
    q, k = (array[head].astype(np.float64) for array in (record.queries, record.keys))
    said = {
        "best": name(trace.tokens[best]),
        "product": f"{float(np.dot(k[best], q[at])):.2f}",
        "share": f"{float(weights[best]):.4f}",
    }
    return Outcome(str(best), said)


QUESTIONS = (
    Question(
        name="undivided",
        ask=Text(
            "Leave out the division: the scores stay {one} and {other}. How much weight does v₁ get?",
            "如果不做除法，得分仍是 {one} 和 {other}，v₁ 的权重是多少？",
        ),
        explain=Text(
            "{share}, rounded. A gap of {gap} is a factor of e to the {gap}: v₂ all but disappears. "
            "The division keeps softmax from choosing one word alone.",
            "约 {share}。相差 {gap} 就是 e 的 {gap} 次方倍，v₂ 几乎消失。做了除法，"
            "softmax 才不会只选一个词。",
        ),
        check=_undivided,
        asked=lambda trace: _undivided(trace).numbers,
        tolerance=lambda _: 0.02,
        is_law=True,
    ),
    Question(
        name="added",
        ask=Text(
            "Add {added} to both scores. What happens to the weight of v₁?",
            "两个得分都加上 {added}，v₁ 的权重会怎样？",
        ),
        explain=Text(
            "Nothing: {before} before, {after} after. Only differences of scores count, "
            "so weights are not percentages of scores.",
            "不变：之前 {before}，之后 {after}。只有得分之差起作用，所以权重并不是得分的百分比。",
        ),
        check=_added,
        asked=lambda _: {"added": ADDED},
        options=lambda _: (
            Option("more", Text("it grows", "变大")),
            Option("same", Text("nothing", "不变")),
            Option("less", Text("it shrinks", "变小")),
        ),
        is_law=True,
    ),
    Question(
        name="most",
        ask=Text(
            "In head {head}, which word gets the most weight from {word}? Special tokens aside.",
            "在头 {head} 中，{word} 把最大的权重给了哪个词？（不计特殊词元）",
        ),
        explain=Text(
            "{best}: its q · k is {product}, and its weight in the whole row {share}.",
            "{best}：它的 q · k 是 {product}，在整行中的权重是 {share}。",
        ),
        check=_most,
        asked=lambda trace: {"head": head_asked(trace)},
        options=words,
        before="live",
    ),
)

CHAPTER = Chapter(
    number=2,
    name="worked-numbers",
    title=Text("One head, worked by hand", "一个头，亲手算一遍"),
    goal=Text(
        "Turn scores into shares, and a choice of W_Q into a head.",
        "把得分变成权重，用 W_Q 造出一个头。",
    ),
    text=Text(
        "A score says how well a query matches a key. Divided and put through softmax, scores become "
        "shares that sum to one. z is the values, mixed in these shares, and can be nothing else. "
        "Choose W_Q and W_K, and you decide where the head looks.",
        "得分表示 query（查询）与 key（键）的匹配程度。除以一个数、再经过 softmax，"
        "得分就变成和为一的权重。z 就是各个 v（value，值）按这些权重的混合，不可能是别的东西。"
        "选定 W_Q 和 W_K，就决定了这个头看哪里。",
    ),
    takeaway=Text(
        "Softmax turns gaps between scores into shares; √d_k sets how sharp.",
        "softmax 把得分之差变成权重；√d_k 决定权重分布有多集中。",
    ),
    misconception=Text(
        "“Weights are percentages of the scores.” Only the gaps count, and exponentially.",
        "“权重是得分的百分比。”其实只有差值起作用，而且是指数级的。",
    ),
    minutes=8,
    controls=(
        Pick(
            "width",
            Text("d_k of the division", "除数中的 d_k"),
            lambda _: WIDTHS,
            lambda _: toy.D_K,
        ),
        head_control(head_asked),
        word_control(),
        Slide("shift", Text("Shift", "偏移"), -2, 2, 1, 1),
        Slide("strength", Text("Strength", "强度"), 0, STRONGEST, 1, 4),
        Paint(
            "painted",
            Text("Painted cells", "画出的格子"),
            handmade.PLACES,
        ),
    ),
    parts=(
        Part(
            "note",
            Text("The note's numbers", "笔记里的数字"),
            Text(
                "The scores {one} and {other} divided by √{width} = {divisor} leave a gap of {gap}, "
                "a factor of {factor}. The note draws {cells} cells, for which the divisor "
                "would be {drawn_divisor}. X and the matrices were chosen so that the note's scores come out; W_K and W_V "
                "are not drawn. Each number is rounded on its own; ≈ stands where the digits shown do not add up.",
                "得分 {one} 和 {other} 除以 √{width} = {divisor}，相差 {gap}，"
                "即 {factor} 倍。笔记画了 {cells} 格，那样除数应为 {drawn_divisor}。"
                "X 与各矩阵是为得到笔记的得分而选的；W_K 和 W_V 未画。每个数各自四舍五入；"
                "所示数字加起来不相等时写 ≈。",
            ),
            _draw_toy,
            _toy_numbers,
            uses=("width",),
        ),
        Part(
            "live",
            Text("The same table on your sentence", "同一张表，换成你的句子"),
            Text(
                "{word} looks through {head}; most weight goes to {best}: {weight}. The first numbers of "
                "each v are shown, the other {hidden} are hidden. z is the model's own; recomputed from "
                "the weights it differs by at most {error}. Each number is rounded on its own; ≈ stands where the digits shown do not add up.",
                "{word} 在 {head} 中把最大的权重 {weight} 给了 {best}。每个 v 只显示前几个数，"
                "其余 {hidden} 个未显示。z 来自模型本身，由权重重算的结果与它相差不超过 {error}。"
                "每个数各自四舍五入；所示数字加起来不相等时写 ≈。",
            ),
            _draw_live,
            _live_numbers,
            uses=("head", "word"),
        ),
        Part(
            "handmade",
            Text("Build a head by hand", "亲手造一个头"),
            Text(
                "{places} places, each a one-hot vector; W_K is the identity. Set shift and strength of "
                "W_Q, or paint its cells with a click (row: query, column: key), until every place but the first gives at least {goal} to the place before it (a negative "
                "shift looks back; theory: one back, strength from {needed}). The head of this model that looks "
                "most at shift {shift} is {twin}: {mean} on average, never below {least}. Painted cells take the place of the shift. Rounded; what bounds others is rounded outward.",
                "{places} 个位置，每个都是独热向量；W_K 是单位矩阵。调节 W_Q 的偏移和强度，"
                "或者点击格子自己画（行是 query，列是 key），"
                "直到除第一个以外的每个位置都把至少 {goal} 给它前面的位置（偏移为负就是往前看；理论：往前一位，"
                "强度至少 {needed}）。在这个模型里，最关注偏移 {shift} 的头是 {twin}："
                "平均 {mean}，最低 {least}。画了格子，就不再用偏移。数字经四舍五入，界限向外取整。",
            ),
            _draw_handmade,
            _handmade_numbers,
            uses=("shift", "strength", "painted"),
        ),
    ),
    questions=QUESTIONS,
    teacher=TeacherNote(
        ask_aloud=Text(
            "Before the weights appear: which share will the first word get? Write it down.",
            "在权重出现之前：第一个词会得到多大的权重？先写下来。",
        ),
        expect=Text(
            "Many divide one score by the sum of both. Ask what a negative score would give then.",
            "许多人会用一个得分除以两个得分之和。可以反问：如果得分是负的呢？",
        ),
        if_different=Text(
            "Where most weight goes to a special token, say so, and look at the words among themselves: "
            "the order of the rest is still the order of the scores.",
            "如果最大的权重给了特殊词元，就直说，然后只看词与词之间：其余的次序仍是得分的次序。",
        ),
    ),
)
