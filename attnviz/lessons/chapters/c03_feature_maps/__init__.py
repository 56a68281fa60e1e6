"""Chapter 3: feature maps of a sentence, and a convolution made of heads."""

import numpy as np

from attnviz.analysis import recompute
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import LessonError
from attnviz.experiments.rerun import MOST_TOKENS
from attnviz.lessons import convolution
from attnviz.lessons.controls import Pick, Slide, layer_control
from attnviz.lessons.engine import Chapter, Numbers, Outcome, Part, Question, Scene, TeacherNote
from attnviz.lessons.facts import head_asked, layer_asked, name, need_own_weights
from attnviz.lessons.options import words
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.digits import error_at_most
from attnviz.pictures.drawing import Drawing, element
from attnviz.pictures.tensor import printed, scale_of, tensor, tiles

WIDER = 5
CONVOLUTION, HEADS = Text("conv", "卷积"), Text("heads", "头")
HEADS_OF = Text("{heads} heads", "{heads} 个头")
MAPS = {
    "z": Text("z of each head", "每个头的 z"),
    "weights": Text("weights of each head", "每个头的权重"),
}


def _maps(scene: Scene) -> np.ndarray:
    layer = scene.number("layer")
    if scene.choice["map"] == "weights":
        tokens = len(scene.trace.tokens)
        if tokens > MOST_TOKENS:
            raise LessonError("too_many_weights", tokens=tokens, most=MOST_TOKENS)
        return scene.trace.layer_weights(layer)
    return scene.trace.head_output(layer)


def _draw_wall(scene: Scene) -> Drawing:
    maps, layer = _maps(scene), scene.number("layer")
    weights = scene.choice["map"] == "weights"
    paint = style.SCORE if weights else style.Z
    tokens = [name(token) for token in scene.trace.tokens]
    top = float(np.abs(maps).max())
    shown = [
        tensor(
            one,
            str(HeadId(layer, head)),
            tokens,
            paint,
            scene.mode,
            scene.language,
            largest=top,
            columns=tokens if weights else None,
        )
        for head, one in enumerate(maps)
    ]
    title = f"{scene.trace.model.called(scene.language)} · L{layer}"
    root = element(
        "div",
        element(
            "p", f"{title} · {scale_of(top, scene.language, signed=not weights)}", class_="title"
        ),
        tiles(shown, "wall", scene.language),
    )
    alt = f"{title}: {len(maps)} × ({maps.shape[1]} × {maps.shape[2]})"
    return Drawing(root, alt, scene.mode, {"maps": maps})


def _wall_numbers(scene: Scene) -> Numbers:
    return {"layer": scene.number("layer"), "map": MAPS[str(scene.choice["map"])][scene.language]}


def _both(scene: Scene) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The convolution, the three heads, and three heads with hard weights."""
    x = scene.trace.residual(0).astype(np.float64)
    filters = convolution.kernel(x.shape[1])
    hard = 800.0  # e to the −800 is 0: all weight on one token
    return (
        convolution.convolution(x, filters),
        convolution.heads(x, filters, float(scene.number("strength"))),
        convolution.heads(x, filters, hard),
    )


def _draw_convolution(scene: Scene) -> Drawing:
    conv, soft, hard = _both(scene)
    tokens = [name(token) for token in scene.trace.tokens]
    top = float(np.abs(conv).max())
    filters = [f"f{i}" for i in range(conv.shape[1])]
    whole, parts = CONVOLUTION[scene.language], HEADS[scene.language]
    several = HEADS_OF[scene.language].format(heads=len(convolution.OFFSETS))
    titles = (whole, several, f"{whole} − {parts}")
    maps = [
        tensor(
            values, title, tokens, paint, scene.mode, scene.language, largest=top, columns=filters
        )
        for title, values, paint in zip(
            titles, (conv, soft, conv - soft), (style.X, style.Z, style.SCORE), strict=True
        )
    ]
    error = _relative(conv, soft)
    scale = scale_of(top, scene.language, signed=True)
    root = element(
        "div",
        element("p", f"{scene.trace.model.called(scene.language)} · {scale}", class_="title"),
        element("div", *maps, class_="row"),
        element("p", f"max |{whole} − {parts}| ÷ max |{whole}| ≈ {error:.1e}", class_="formula"),
    )
    values = {"conv": conv, "soft": soft, "hard": hard, "error": error}
    return Drawing(root, f"{whole} − {parts}: {error:.1e}", scene.mode, values)


def _relative(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max() / np.abs(one).max())


def _convolution_numbers(scene: Scene) -> Numbers:
    conv, soft, hard = _both(scene)
    return {
        "offsets": ", ".join(
            f"{o:+d}".replace("-", "−").replace("+0", "0") for o in convolution.OFFSETS
        ),
        "filters": convolution.FILTERS,
        "strength": scene.number("strength"),
        "error": f"{_relative(conv, soft):.1e}",
        "hard": error_at_most(_relative(conv, hard)),
        "mean": printed(float(np.abs(conv).mean()), 3),
    }


def _wider(trace: Trace) -> Outcome:
    """Each offset that a filter reads wants one head: count them."""
    del trace
    offsets = range(-(WIDER // 2), WIDER // 2 + 1)
    return Outcome(float(len(offsets)), {"needed": len(offsets), "half": WIDER // 2})


def _most_seen(trace: Trace) -> Outcome:
    """The sum of each column of the weights, recomputed from q and k in float64."""
    layer, head = head_asked(trace)
    need_own_weights(trace, head_asked(trace))
    seen = recompute.weights(trace.record(layer))[head].sum(axis=0)
    content = [token.position for token in trace.tokens if not token.is_special]
    best = max(content, key=lambda position: seen[position])
    special = sum(seen[t.position] for t in trace.tokens if t.is_special)
    said = {
        "best": name(trace.tokens[best]),
        "share": f"{100 * seen[best] / len(seen):.1f} %",
        "special": f"{100 * special / len(seen):.1f} %",
    }
    return Outcome(str(best), said)


CHAPTER = Chapter(
    number=3,
    name="feature-maps",
    title=Text("Feature maps of a sentence", "句子的特征图"),
    goal=Text(
        "See what a head shares with a filter, and what not.",
        "看清头与卷积核有什么相同、什么不同。",
    ),
    text=Text(
        "A filter draws one feature map from a picture; a head draws one map from a sentence. In a "
        "special case both are the same: a convolution is as many heads as it is wide, each looking at "
        "one fixed place. Real heads go further: where they look changes with the words.",
        "一个卷积核从图片得到一张特征图，一个头从句子得到一张图。在一种特殊情形下两者完全相同：卷积核有多宽，"
        "就相当于有多少个头，每个头只看一个固定的位置。真正的头更进一步：看哪里随内容而变。",
    ),
    takeaway=Text(
        "A filter looks at fixed places; a head decides from the content where to look.",
        "卷积核看固定的位置；头根据内容决定看哪里。",
    ),
    misconception=Text(
        "“Every head has a name.” A map shows a pattern on this sentence; what it means, if anything, is another question.",
        "“每个头都可以起个名字。”图只显示它在这句话上的模式；它有没有含义是另一回事。",
    ),
    minutes=4,
    controls=(
        layer_control(layer_asked),
        Pick(
            "map",
            Text("Maps", "图"),
            lambda _: tuple(MAPS),
            lambda trace: "weights" if len(trace.tokens) <= MOST_TOKENS else "z",
            lambda value, _, language: MAPS[str(value)][language],
        ),
        Slide("strength", Text("Strength of the scores", "得分的强度"), 1, 40, 1, 10),
    ),
    parts=(
        Part(
            "wall",
            Text(
                "The stack of maps that the heads of a layer draw", "同一层各个头画出的一叠特征图"
            ),
            Text(
                "{map}, layer {layer}: one map for each of {heads} heads, rows are tokens. All maps share one "
                "scale, so more ink is a larger number from map to map.",
                "{map}，第 {layer} 层：{heads} 个头各一张，每行一个词元。所有图共用一个标度，"
                "墨色越浓数值越大，图与图之间也可比较。",
            ),
            _draw_wall,
            _wall_numbers,
            uses=("layer", "map"),
        ),
        Part(
            "convolution",
            Text("A convolution made of heads", "用头拼成的卷积"),
            Text(
                "{filters} random filters over the embeddings of your sentence, and heads that look at "
                "{offsets}; the ends meet. At strength {strength} the heads miss by {error} of the largest "
                "number; with all weight on one token by at most {hard}.",
                "{filters} 个随机卷积核作用于这句话的嵌入，再用几个头分别看相对位置 {offsets}；首尾相接。"
                "强度为 {strength} 时，误差是最大元素的 {error}；权重全部集中在一个词元上时，"
                "误差不超过 {hard}。",
            ),
            _draw_convolution,
            _convolution_numbers,
            uses=("strength",),
        ),
    ),
    questions=(
        Question(
            name="most-seen",
            ask=Text(
                "In the weights of {head}, which word's column has the most ink: who is looked at most? Special tokens aside.",
                "在 {head} 的权重图中，哪个词的那一列墨色最浓，也就是被看得最多？（不计特殊词元）",
            ),
            explain=Text(
                "{best}: it gets {share} of all attention of this head; the special tokens together {special} (rounded).",
                "{best}：占这个头全部注意力的 {share}；特殊词元合计占 {special}（四舍五入）。",
            ),
            check=_most_seen,
            asked=lambda trace: {"head": head_asked(trace)},
            options=words,
            before="wall",
        ),
        Question(
            name="wider",
            ask=Text(
                "How many heads replace one filter that is {wider} tokens wide?",
                "一个宽 {wider} 个词元的卷积核，要几个头来代替？",
            ),
            explain=Text(
                "{needed}: one for each place it reads, up to {half} on either side and the token itself.",
                "{needed} 个：每读一个位置要一个头，两边各 {half} 个，再加上自己。",
            ),
            check=_wider,
            asked=lambda _: {"wider": WIDER},
            span=lambda _: (1.0, 9.0),
            step=1.0,
            is_law=True,
        ),
    ),
    teacher=TeacherNote(
        ask_aloud=Text(
            "Swap two words of the sentence: do the weights of a filter change? Do those of a head?",
            "交换句子里的两个词：卷积核的权重变不变？头的权重呢？",
        ),
        expect=Text(
            "Some will want to name the maps. Ask for the number that a name would rest on.",
            "有人会想给图起名字。请他们说出这个名字依据哪个数字。",
        ),
        if_different=Text(
            "Some heads do look at a fixed place and are a filter in all but name; that is the special case, seen live.",
            "有些头确实只看固定位置，与卷积核无异；那正是上面说的特殊情形。",
        ),
    ),
)
