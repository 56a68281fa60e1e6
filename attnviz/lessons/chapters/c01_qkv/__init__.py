"""Chapter 1: one set of q, k, v for each head."""

import numpy as np

from attnviz.analysis.difference import most_different_beside
from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.controls import head_control, word_control
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
from attnviz.lessons.facts import head_asked, name, word
from attnviz.lessons.options import words
from attnviz.lessons.text import Text
from attnviz.pictures import style
from attnviz.pictures.digits import equals, error_at_most
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import printed, tensor

PAINTS: dict[Projected, style.Paint] = {"query": style.Q, "key": style.K, "value": style.V}
LETTERS: dict[Projected, str] = {"query": "Q", "key": "K", "value": "V"}


def _beside(trace: Trace) -> HeadId:
    """A head of the same layer, so of the same X: the one that looks most differently."""
    return most_different_beside(trace, head_asked(trace))


def _projected(trace: Trace, head: HeadId, kind: Projected) -> np.ndarray:
    arrays = {"query": trace.queries, "key": trace.keys, "value": trace.values}[kind]
    found: np.ndarray = arrays(head.layer)[head.head]
    return found


def _draw_projections(scene: Scene) -> Drawing:
    heads = list(dict.fromkeys([scene.head("head"), scene.head("other")]))
    layers = list(dict.fromkeys(head.layer for head in heads))
    root = element(
        "div",
        *(_entering(scene, layer) for layer in layers),
        *(_one_head(scene, head) for head in heads),
        class_="heads",
    )
    said = ", ".join(str(head) for head in heads)
    values = {str(h): {LETTERS[k]: _projected(scene.trace, h, k) for k in PAINTS} for h in heads}
    alt = f"{scene.trace.model.called(scene.language)} · {said}: X · W = Q, K, V"
    return Drawing(root, alt, scene.mode, values)


def _entering(scene: Scene, layer: int) -> Element:
    """What enters a layer: the embeddings, or r of the layer below."""
    tokens = [name(token) for token in scene.trace.tokens]
    entering = "X (L0)" if layer == 0 else f"X (L{layer}) = R (L{layer - 1})"
    return tensor(
        scene.trace.residual(layer),
        entering,
        tokens,
        style.X,
        scene.mode,
        scene.language,
        marked=scene.number("word"),
    )


def _one_head(scene: Scene, head: HeadId) -> Element:
    """Each matrix of a head with what it makes of X."""
    trace, mode, language = scene.trace, scene.mode, scene.language
    tokens = [name(token) for token in trace.tokens]
    rows = []
    for kind, paint in PAINTS.items():
        matrix = trace.input_projection(head, kind)
        letter, inputs = LETTERS[kind], [str(i) for i in range(len(matrix.weight))]
        made = _projected(trace, head, kind)
        at = scene.number("word")
        rows.append(
            element(
                "div",
                element("span", "X ×", class_="sign"),
                tensor(matrix.weight, f"W_{letter}", inputs, paint, mode, language),
                element("span", "=", class_="sign"),
                tensor(made, letter, tokens, paint, mode, language, marked=at),
                class_="row",
            )
        )
    title = element("p", f"{trace.model.called(scene.language)} · {head}", class_="title")
    return element("section", title, *rows)


def _sum(scene: Scene) -> tuple[np.ndarray, float, float, float]:
    """x, W_Q's first column and their products for the word; their sum, b, and the model's q."""
    trace, head = scene.trace, scene.head("head")
    matrix = trace.input_projection(head, "query")
    x, column = trace.residual(head.layer)[scene.number("word")], matrix.weight[:, 0]
    products = x.astype(np.float64) * column
    q = float(trace.queries(head.layer)[head.head, scene.number("word"), 0])
    return np.stack([x, column, products]), float(products.sum()), float(matrix.bias[0]), q


def _draw_sum(scene: Scene) -> Drawing:
    rows, total, bias, q = _sum(scene)
    title = (
        f"{scene.trace.model.called(scene.language)} · {scene.head('head')} · {name(scene.token)}"
    )
    terms, added = [printed(total, 3), printed(bias, 3)], printed(total + bias, 3)
    made = f"Σ x × W_Q[·, 0] + b = {' + '.join(terms)} {equals(terms, added)} {added}"
    root = element(
        "div",
        element("p", title, class_="title"),
        tensor(
            rows,
            "x × W_Q[·, 0]",
            ["x", "W_Q[·, 0]", "x × W_Q"],
            style.Q,
            scene.mode,
            scene.language,
        ),
        element("p", made, class_="formula"),
        element("p", f"q[0] = {printed(q, 3)}", class_="formula"),
    )
    return Drawing(root, f"{title}: {made}", scene.mode, {"made": total + bias, "q": q})


def _sum_numbers(scene: Scene) -> Numbers:
    _, total, bias, q = _sum(scene)
    return {
        "word": name(scene.token),
        "head": scene.head("head"),
        "error": error_at_most(total + bias - q),
    }


def _replaced(trace: Trace) -> Outcome:
    """Compute all q of a head twice, once with one row of X replaced, and count what differs."""
    layer, head = head_asked(trace)
    d, at = trace.model.d_head, word(trace).position
    columns = trace.learned[layer].query.weight[:, head * d : (head + 1) * d].astype(np.float64)
    before = trace.residual(layer).astype(np.float64)
    after = before.copy()
    after[at] = before[(at + 1) % len(before)]
    changed = [
        i for i in range(len(before)) if not np.allclose(before[i] @ columns, after[i] @ columns)
    ]
    value = "own" if changed == [at] else "all" if len(changed) == len(before) else "none"
    return Outcome(value, {"changed": len(changed)})


def _longest(trace: Trace) -> Outcome:
    """X W_Q + b in float64, and the length of each row."""
    layer, head = head_asked(trace)
    d = trace.model.d_head
    block = slice(head * d, (head + 1) * d)
    learned = trace.learned[layer].query
    lengths = {}
    for token in trace.tokens:
        if not token.is_special:
            x = trace.residual(layer)[token.position].astype(np.float64)
            q = x @ learned.weight[:, block].astype(np.float64) + learned.bias[block]
            lengths[token.position] = float(np.sqrt((q * q).sum()))
    best = max(lengths, key=lambda position: lengths[position])
    shortest = min(lengths.values())
    said = {
        "best": name(trace.tokens[best]),
        "length": f"{lengths[best]:.2f}",
        "shortest": f"{shortest:.2f}",
    }
    return Outcome(str(best), said)


CHAPTER = Chapter(
    number=1,
    name="qkv",
    title=Text("One set of q, k, v a head", "每个头一组 q、k、v"),
    goal=Text(
        "Read X · W = Q as shapes, and as dot products.", "从形状和点积两个角度理解 X · W = Q。"
    ),
    text=Text(
        "Each word vector x is multiplied by three learned matrices. q asks, k answers, v is what "
        "gets passed on. All words share the matrices of a head; only x differs. Here x has "
        "{d_model} numbers, and q, k, v of one head have {d_head}. Other matrices make another head.",
        "每个词向量 x 分别乘以三个训练得到的矩阵。q（query，查询）负责提问，k（key，键）负责应答，"
        "v（value，值）是真正被传走的内容。同一个头里所有词共用这些矩阵，不同的只是 x。"
        "这里 x 有 {d_model} 个数，一个头的 q、k、v 各有 {d_head} 个。换一组矩阵，"
        "就是另一个头。",
    ),
    takeaway=Text(
        "A head is three learned projections of the same x.",
        "一个头就是对同一个 x 的三个投影，由训练得到。",
    ),
    misconception=Text(
        "“q, k and v are stored for each word.” They are computed from x, by matrices that all words share.",
        "“每个词存有自己的 q、k、v。”其实它们由 x 算出，所有词共用同样的矩阵。",
    ),
    minutes=4,
    controls=(
        head_control(head_asked),
        head_control(_beside, "other", Text("Another head", "另一个头")),
        word_control(),
    ),
    parts=(
        Part(
            "projections",
            Text(
                "X, three matrices, and Q, K, V of two heads", "X、三个矩阵，以及两个头的 Q、K、V"
            ),
            Text(
                "Rows are tokens, the framed one is {followed}. W is stored as one matrix for all {heads} heads "
                "of a layer; shown are the {d_head} columns of this head. A bias is added to each product "
                "and not drawn. Colours in steps; the number under the pointer is exact.",
                "每行是一个词元，框出的是 {followed}。每层所有 {heads} 个头的 W 存成一个大矩阵，"
                "这里显示属于这个头的 {d_head} 列。每个乘积还要加偏置，图中没有画。颜色分档显示，悬停可看精确值。",
            ),
            _draw_projections,
            lambda scene: {"followed": name(scene.token)},
            uses=("head", "other", "word"),
        ),
        Part(
            "sum",
            Text("One number of q, added up", "q 的一个数，逐项相加"),
            Text(
                "The first number of q of {word} in {head}: {d_model} products and a bias. Summed here it "
                "differs from the model's own by at most {error}. Each number is rounded on its own; ≈ stands where the digits do not add up.",
                "{word} 在 {head} 中 q 的第一个数：{d_model} 个乘积再加偏置。这里求和的结果与模型自己的相差不超过 {error}。"
                "每个数各自四舍五入；所示数字加起来不相等时写 ≈。",
            ),
            _draw_sum,
            _sum_numbers,
        ),
    ),
    questions=(
        Question(
            name="longest",
            ask=Text(
                "All else equal, a longer q makes larger gaps between scores, so a sharper look. Which word's q is the longest in {head}?",
                "其他条件相同时，q 越长，得分之差越大，权重越集中。在 {head} 中，哪个词的 q 最长？",
            ),
            explain=Text(
                "{best}: its length is {length}; the shortest q of a word has {shortest} (both rounded).",
                "{best}：长度为 {length}；各词中最短的 q 长 {shortest}（均四舍五入）。",
            ),
            check=_longest,
            asked=lambda trace: {"head": head_asked(trace)},
            options=words,
        ),
        Question(
            name="replaced",
            ask=Text(
                "Put the x of its neighbour in the place of {word}. Which q of this layer change?",
                "把 {word} 的 x 换成相邻词元的 x，这一层的哪些 q 会变？",
            ),
            explain=Text(
                "{changed} of {tokens}: q of a token comes from its own x alone. Words meet only in the scores.",
                "{tokens} 个中变了 {changed} 个：每个词元的 q 只由它自己的 x 算出。"
                "词与词到计算得分时才相遇。",
            ),
            check=_replaced,
            options=lambda _: (
                Option("own", Text("only its own", "只有它自己的")),
                Option("all", Text("all of them", "全部")),
                Option("none", Text("none", "都不变")),
            ),
            is_law=True,
        ),
    ),
    teacher=TeacherNote(
        ask_aloud=Text(
            "If X has one row a word and W_Q is the same for all, what do the rows of Q have in common?",
            "X 每个词一行，W_Q 对所有词相同，那么 Q 的各行有什么共同之处？",
        ),
        expect=Text(
            "Many think that each word has its own W. Let them change a word and watch W stand still.",
            "许多人以为每个词有自己的 W。让他们换一个词，看 W 一动不动。",
        ),
        if_different=Text(
            "The maps of two heads may look alike at a glance; the numbers under the pointer do not.",
            "两个头的图粗看可能相似；悬停看到的数字并不一样。",
        ),
    ),
)
