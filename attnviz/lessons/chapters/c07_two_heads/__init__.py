"""Chapter 7: two heads, two pictures, and the note's claims on trial."""

import numpy as np

from attnviz.analysis import recompute
from attnviz.analysis.difference import jensen_shannon, most_different
from attnviz.analysis.head_map import head_map
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.controls import Pick, head_control
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
from attnviz.lessons.facts import head_asked, name, need_own_weights
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.lines import Lines, lines
from attnviz.pictures.scatter import scatter
from attnviz.pictures.style import Paint
from attnviz.pictures.tensor import printed, scale_of, tensor

SPECIAL = {
    "shown": Text("shown", "显示"),
    "hidden": Text("hidden, rows renormalised", "隐藏，各行重新归一化"),
}
FIRST, SECOND = style.HEAD_CODES[:2]


def _pair(scene: Scene) -> list[HeadId]:
    return list(dict.fromkeys([scene.head("a"), scene.head("b")]))


def _lens(scene: Scene) -> Lens:
    hidden = scene.choice["special"] == "hidden"
    return Lens(hide_special=hidden, renormalise=hidden)


def _draw_lines(scene: Scene) -> Lines:
    return lines(scene.trace, _pair(scene), _lens(scene), language=scene.language)


def _lines_numbers(scene: Scene) -> Numbers:
    trace = scene.trace
    a, b = scene.head("a"), scene.head("b")
    return {
        "a": a,
        "b": b,
        "divergence": printed(jensen_shannon(trace.weights(a), trace.weights(b)), 3),
        "most": printed(most_different(trace)[2], 3),
        "self_a": _on_self(trace, a),
        "self_b": _on_self(trace, b),
    }


def _on_self(trace: Trace, head: HeadId) -> int:
    weights = trace.weights(head)
    return int((weights.argmax(axis=1) == np.arange(len(weights))).sum())


def _draw_twins(scene: Scene) -> Drawing:
    trace = scene.trace
    tokens = [name(token) for token in trace.tokens]
    maps = [
        tensor(
            trace.weights(head),
            f"softmax · {head}",
            tokens,
            Paint(code.light, code.dark),
            scene.mode,
            scene.language,
            columns=tokens,
            largest=1.0,
        )
        for head, code in zip(_pair(scene), (FIRST, SECOND), strict=False)
    ]
    title = f"{trace.model.called(scene.language)} · query ↓ / → key · {scale_of(1.0, scene.language, signed=False)}"
    root = element(
        "div", element("p", title, class_="title"), element("div", *maps, class_="row twins")
    )
    alt = f"{title}: {', '.join(map(str, _pair(scene)))}"
    return Drawing(root, alt, scene.mode, {str(h): trace.weights(h) for h in _pair(scene)})


def _draw_map(scene: Scene) -> Drawing:
    trace = scene.trace
    found = head_map(trace)
    names = [str(head) for head in trace.heads]
    shade = style.ramp(style.INK[scene.mode], scene.mode)
    steps = np.linspace(70, 200, trace.model.layers).astype(int)
    colours = ["#{:02x}{:02x}{:02x}".format(*shade[steps[head.layer]]) for head in trace.heads]
    named = {
        trace.heads.index(head): getattr(code, scene.mode)
        for head, code in zip(_pair(scene), (FIRST, SECOND), strict=False)
    }
    near = [names[i] for i in np.argsort(found.distances[trace.heads.index(scene.head("a"))])[1:4]]
    alt = f"{trace.model.called(scene.language)} · {scene.head('a')} ≈ {', '.join(near)}"
    drawing = scatter(found.places, names, colours, scene.mode, named=named, label=alt)
    root = element(
        "div",
        element("p", f"{trace.model.called(scene.language)} · Hellinger, 2D", class_="title"),
        drawing,
    )
    values = {"places": found.places, "distances": found.distances, "kept": found.kept}
    return Drawing(root, alt, scene.mode, values)


def _map_numbers(scene: Scene) -> Numbers:
    trace = scene.trace
    found = head_map(trace)
    a, b = (trace.heads.index(scene.head(slot)) for slot in ("a", "b"))
    divergence = jensen_shannon(trace.weights(scene.head("a")), trace.weights(scene.head("b")))
    return {
        "kept": f"{100 * found.kept:.0f} %",
        "distance": printed(float(found.distances[a, b]), 3),
        "divergence": printed(divergence, 3),
        "a": scene.head("a"),
        "b": scene.head("b"),
    }


# ---- checkers


def _self_strongest(trace: Trace) -> Outcome:
    """Row by row, in float64: no weight of the row is above the token's own."""
    layer, head = head_asked(trace)
    need_own_weights(trace, head_asked(trace))
    weights = recompute.weights(trace.record(layer))[head]
    count = int((weights.max(axis=1) <= weights.diagonal()).sum())
    return Outcome(float(count), {"count": count, "share": f"{100 * count / len(weights):.0f} %"})


def _on_special(trace: Trace) -> Outcome:
    """The share of [CLS] and [SEP] in each row, recomputed in float64, averaged."""
    layer, head = head_asked(trace)
    special = [token.position for token in trace.tokens if token.is_special]
    weights = recompute.weights(trace.record(layer))[head]
    share = float(weights[:, special].sum(axis=1).mean())
    value = "special" if share > 0.5 else "words"
    return Outcome(value, {"share": f"{100 * share:.1f} %", "special": len(special)})


CHAPTER = Chapter(
    number=7,
    name="two-heads",
    title=Text("Two heads, two pictures", "两个头，两幅图"),
    goal=Text(
        "Read line diagrams with a number and a control at hand.", "看线图时，手边要有数字和对照。"
    ),
    text=Text(
        "The note says that a word attends most to itself, then to its neighbours. Count the lines: in its "
        "own picture this fails for most words. Averaged over many heads near words do get more; head by "
        "head, some look only left, some at special tokens, some at one hub word.",
        "笔记说每个词最关注自己，其次是附近的词。数一数线：在它自己的图里，多数词并非如此。把许多头平均起来，"
        "近处的词得到的确实更多；逐个头看，有的只看左边，有的看特殊词元，有的集中看一个中心词。",
    ),
    takeaway=Text(
        "True on average, false of most heads: say which.",
        "平均起来成立，对多数头不成立：要说清是哪一种。",
    ),
    misconception=Text(
        "“A line is a meaning.” A line is a weight; a claim about weights needs a number and a control.",
        "“一条线就是一种含义。”线只是权重；关于权重的说法需要数字和对照。",
    ),
    minutes=6,
    has_trial=True,
    controls=(
        head_control(lambda trace: most_different(trace)[0], "a", Text("Head A", "头 A")),
        head_control(lambda trace: most_different(trace)[1], "b", Text("Head B", "头 B")),
        Pick(
            "special",
            Text("Special tokens", "特殊词元"),
            lambda _: tuple(SPECIAL),
            lambda _: "shown",
            lambda value, _, language: SPECIAL[str(value)][language],
        ),
    ),
    parts=(
        Part(
            "lines",
            Text("The note's picture, for any two heads", "笔记的图，任选两个头"),
            Text(
                "{a} and {b}: the same formula, other weights. They differ by {divergence} of one "
                "bit (Jensen–Shannon, all tokens, rounded); the most different two of this sentence by {most}. The line to "
                "itself is the strongest for {self_a} of {tokens} tokens in {a}, for {self_b} in {b}.",
                "{a} 与 {b}：公式相同，权重不同。两者相差 {divergence}（Jensen–Shannon 散度，"
                "以比特计，最大为一；计入全部词元，四舍五入）；这句话里差别最大的两个头相差 {most}。在 {a} 中，"
                "{tokens} 个词元里有 {self_a} 个最关注自己，在 {b} 中有 {self_b} 个。",
            ),
            _draw_lines,
            _lines_numbers,
            uses=("a", "b", "special"),
        ),
        Part(
            "twins",
            Text("The same two heads as maps", "同样两个头的热力图"),
            Text(
                "All weights of both heads, special tokens included. The diagonal is each token's attention to itself.",
                "两个头的全部权重，包括特殊词元。对角线是每个词元对自己的注意力。",
            ),
            _draw_twins,
        ),
        Part(
            "map",
            Text("All heads on one map", "把所有头画在一张图上"),
            Text(
                "Each dot is a head, with more ink in higher layers; heads that look alike stand close (Hellinger distance). "
                "Two dimensions keep {kept} of the variance, the rest is lost here. {a} and {b}: distance {distance}, "
                "Jensen–Shannon {divergence} bit. Rounded.",
                "每个点是一个头，层越高墨色越浓；关注模式相近的头靠得近（Hellinger 距离）。"
                "两个维度保留了方差的 {kept}，其余在图中丢失。{a} 与 {b}：距离 {distance}，"
                "Jensen–Shannon 散度 {divergence} 比特。均四舍五入。",
            ),
            _draw_map,
            _map_numbers,
        ),
    ),
    questions=(
        Question(
            name="self",
            ask=Text(
                "In {head}, for how many of the {tokens} tokens is the line to itself the strongest?",
                "在 {head} 中，{tokens} 个词元里有多少个，最强的线通向自己？",
            ),
            explain=Text(
                "{count}, that is {share} (rounded). Within a tenth of all tokens counts as right.",
                "{count} 个，即 {share}（四舍五入）。相差不超过全部词元的十分之一就算对。",
            ),
            check=_self_strongest,
            asked=lambda trace: {"head": head_asked(trace)},
            span=lambda trace: (0.0, float(len(trace.tokens))),
            step=1.0,
            tolerance=lambda trace: len(trace.tokens) / 10,
        ),
        Question(
            name="special",
            ask=Text(
                "Where does {head} send more of its attention?", "{head} 把更多的注意力给了哪里？"
            ),
            explain=Text(
                "{share} goes to the {special} special tokens, averaged over all tokens (rounded).",
                "{share} 给了 {special} 个特殊词元（对所有词元平均，四舍五入）。",
            ),
            check=_on_special,
            asked=lambda trace: {"head": head_asked(trace)},
            options=lambda _: (
                Option("special", Text("special tokens", "特殊词元")),
                Option("words", Text("words", "词")),
            ),
        ),
    ),
    teacher=TeacherNote(
        ask_aloud=Text(
            "In the note's red picture, for how many words is the vertical line the darkest? And in the green one?",
            "在笔记的红图里，有多少个词的竖线颜色最深？绿图呢？",
        ),
        expect=Text(
            "Guesses are far too high for both, because the sentence above the picture says so. Then count together.",
            "对两幅图的猜测都会偏高，因为图上方的文字就是这么说的。然后一起数。",
        ),
        if_different=Text(
            "A sentence may have a head for which the claim holds. That is why the sheet says for every head, on average, or not.",
            "有的句子里确实有头符合这个说法。所以结论表要分清：每个头、平均，还是不成立。",
        ),
    ),
)
