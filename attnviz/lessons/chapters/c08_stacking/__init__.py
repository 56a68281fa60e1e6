"""Chapter 8: stacked encoders, what is left of a word in its r, and what depth is for."""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from attnviz.analysis import mixing
from attnviz.analysis.mixing import Shares
from attnviz.capture.run import trace as run_through
from attnviz.core.intervention import heads_off
from attnviz.core.trace import Token, Trace
from attnviz.errors import AttnvizError
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.experiments.kept_once import kept_once
from attnviz.lessons.accuracies import accuracies, accuracy
from attnviz.lessons.controls import LAYER, Pick, Value, layer_control, word_control
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
from attnviz.lessons.facts import name, word
from attnviz.lessons.options import same
from attnviz.lessons.text import Text
from attnviz.lessons.trained import finished, shipped
from attnviz.pictures import style
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.digits import error_at_most
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.style import Paint
from attnviz.pictures.tensor import numbers, printed, tensor
from attnviz.texts import Language, say
from attnviz.training.pointers import PLACES
from attnviz.training.record import Training, replies_of
from attnviz.training.run import Run, checked
from attnviz.training.tasks import task_called

ENCODERS = 2  # that the stack shows, as the note's figure does


# ---- the stack

STACK_TITLE = Text("{model} · {word} · layers: {shown}", "{model} · {word} · 层：{shown}")
ENCODER = Text("Encoder, layer {layer}", "编码器，第 {layer} 层")
ENTERING = Text("x: the embeddings", "x：嵌入向量")
WRITTEN = Text("attention output of layer {layer}", "第 {layer} 层的注意力输出")
Z_OF = Text("z of layer {layer}", "第 {layer} 层的 z")
R_OF = Text("r of layer {layer}", "第 {layer} 层的 r")
SELF_ATTENTION = Text("Self-attention · heads: {heads}", "自注意力 · 头数：{heads}")
FEED_FORWARD = Text("Feed-forward, each token alone", "前馈网络，逐个词元")
NO_FEED_FORWARD = Text("no feed-forward network here: r = z", "这里没有前馈网络：r = z")


def _shown(scene: Scene) -> range:
    """The chosen layer and the one above it, if there is one."""
    layer = scene.number("layer")
    return range(layer, min(layer + ENCODERS, scene.trace.model.layers))


def _pair(scene: Scene) -> list[Token]:
    """The chosen word and its nearest neighbour: another word, or else a special token."""
    tokens, chosen = scene.trace.tokens, scene.token
    others = [token for token in tokens if token is not chosen]
    nearest = sorted(others, key=lambda t: (t.is_special, abs(t.position - chosen.position)))
    return [chosen, *nearest[:1]]


def _draw_stack(scene: Scene) -> Drawing:
    layers = _shown(scene)
    title = scene.say(
        STACK_TITLE,
        word=" · ".join(name(token) for token in _pair(scene)),
        shown=" → ".join(map(str, layers)),
    )
    values: dict[str, np.ndarray] = {}
    flow = [_entering(scene, layers[0], values)]
    for layer in layers:
        flow += [_arrow(), _encoder(scene, layer, values), _arrow()]
        r = scene.trace.residual(layer + 1)
        flow.append(_strip(scene, f"r{layer}", scene.say(R_OF, layer=layer), r, style.R, values))
    formula = "z = LayerNorm(x + Concat(z⁽⁰⁾ …) W_O + b_O) · r = LayerNorm(z + FFN(z))"
    root = element(
        "div",
        element("p", title, class_="title"),
        *flow,
        element("p", formula, class_="formula"),
        class_="flow",
    )
    tokens, width = scene.trace.residual(0).shape
    return Drawing(root, f"{title}. x → z → r: {tokens} × {width}. {formula}", scene.mode, values)


def _entering(scene: Scene, layer: int, values: dict[str, np.ndarray]) -> Element:
    title = scene.say(ENTERING)
    if layer:
        title = f"{scene.say(R_OF, layer=layer - 1)} = x"
    paint = style.R if layer else style.X
    return _strip(scene, f"x{layer}", title, scene.trace.residual(layer), paint, values)


def _encoder(scene: Scene, layer: int, values: dict[str, np.ndarray]) -> Element:
    """One encoder of the figure: both of its blocks with what they give."""
    trace = scene.trace
    written, z = trace.attention_output(layer), trace.after_attention(layer)
    shape = f"{z.shape[0]} × {z.shape[1]} → {z.shape[0]} × {z.shape[1]}"
    inside = [
        _box(scene.say(SELF_ATTENTION), shape),
        _strip(scene, f"y{layer}", scene.say(WRITTEN, layer=layer), written, style.GREY, values),
        _box("Add & Norm", "LayerNorm(x + …)"),
        _strip(scene, f"z{layer}", scene.say(Z_OF, layer=layer), z, style.Z, values),
    ]
    if _has_feed_forward(trace, layer):
        inside += [_box(scene.say(FEED_FORWARD), shape), _box("Add & Norm", "LayerNorm(z + …)")]
    else:
        inside.append(element("p", scene.say(NO_FEED_FORWARD), class_="formula"))
    return element(
        "div",
        element("strong", scene.say(ENCODER, layer=layer)),
        element("div", *inside, class_="flow"),
        class_="box",
    )


def _has_feed_forward(trace: Trace, layer: int) -> bool:
    return not np.array_equal(trace.after_attention(layer), trace.residual(layer + 1))


def _strip(
    scene: Scene,
    key: str,
    title: str,
    vectors: Float[np.ndarray, "token d_model"],
    paint: Paint,
    values: dict[str, np.ndarray],
) -> Element:
    """The two words' vectors, kept under `key` for who reads them back."""
    pair = _pair(scene)
    values[key] = vectors[[token.position for token in pair]]
    rows = [name(token) for token in pair]
    return tensor(values[key], title, rows, paint, scene.mode, scene.language, marked=0)


def _box(title: str, shape: str) -> Element:
    return element(
        "div", element("strong", title), " ", element("span", shape, class_="shape"), class_="box"
    )


def _arrow() -> Element:
    return element("div", "↓", class_="arrow", aria_hidden="true")


def _stack_numbers(scene: Scene) -> Numbers:
    trace, layer, at = scene.trace, scene.number("layer"), scene.number("word")
    x, z = (v[at].astype(float) for v in (trace.residual(layer), trace.after_attention(layer)))
    cosine = float(x @ z / (np.linalg.norm(x) * np.linalg.norm(z)))
    return {"layer": layer, "word": name(scene.token), "cosine": printed(cosine, 3)}


# ---- whose information it is: four meters


class Meter(NamedTuple):
    """One way to say how much of each token is in each r."""

    name: Text
    formula: Text
    shares: Shares


RAW = Text("attention", "注意力")
ROLLOUT = Text("rollout", "逐层连乘")
NORMS = Text("norms", "范数")
MASK = Text("mask test", "遮盖实验")
RAW_IS = Text(
    "mean over the heads of softmax(q·kᵀ / √d_head), this layer alone",
    "各头 softmax(q·kᵀ / √d_head) 的平均值，只看这一层",
)
ROLLOUT_IS = Text(
    "½ (mean of the heads + I), multiplied over the layers", "½（各头平均 + I），逐层相乘"
)
NORMS_IS = Text(
    "‖part of z from that token‖ ÷ sum over tokens, multiplied over the layers",
    "‖z 中来自该词元的部分‖ ÷ 各词元之和，逐层相乘",
)
MASK_IS = Text(
    "‖r − r′‖ with that token masked ÷ sum over tokens", "遮盖该词元时的 ‖r − r′‖ ÷ 各词元之和"
)


@kept_once
def _from_formulas(trace: Trace) -> tuple[Shares, Shares, Shares]:
    """The meters that need nothing but the trace, as 32-bit numbers: they are kept."""
    raw, rollout, norms = mixing.raw(trace), mixing.rollout(trace), mixing.norm_shares(trace)
    return raw.astype(np.float32), rollout.astype(np.float32), norms.astype(np.float32)


def _meters(scene: Scene) -> tuple[list[Meter], str]:
    """The meters that this sentence and model allow, and why one is missing."""
    raw, rollout, norms = _from_formulas(scene.trace)
    meters = [
        Meter(RAW, RAW_IS, raw),
        Meter(ROLLOUT, ROLLOUT_IS, rollout),
        Meter(NORMS, NORMS_IS, norms),
    ]
    try:
        moved = each_token_masked(scene.trace)
    except AttnvizError as problem:
        return meters, problem.text(scene.language)
    return [*meters, Meter(MASK, MASK_IS, mixing.mask_shares(moved))], ""


def _explained(scene: Scene, meters: Sequence[Meter], missing: str) -> list[Element]:
    """The formula of each meter in its colour, and what is missing."""
    lines = [
        element(
            "p",
            element("strong", scene.say(meter.name), style=f"color:{_colour(index, scene)}"),
            f": {scene.say(meter.formula)}",
            class_="formula",
        )
        for index, meter in enumerate(meters)
    ]
    if missing:
        lines.append(element("p", f"{scene.say(MASK)}: {missing}", class_="notice"))
    return lines


def _colour(index: int, scene: Scene) -> str:
    colour: str = getattr(style.HEAD_CODES[index], scene.mode)
    return colour


OWN_TITLE = Text(
    "{model} · share of {word} in its own r, after each layer; rounded",
    "{model} · {word} 在它自己的 r 中的占比，逐层；四舍五入",
)


def _own(scene: Scene, meters: Sequence[Meter]) -> Float[np.ndarray, "layer meter"]:
    at = scene.number("word")
    return np.stack([meter.shares[:, at, at] for meter in meters], axis=1)


def _draw_whose(scene: Scene) -> Drawing:
    meters, missing = _meters(scene)
    own = _own(scene, meters)
    names = [scene.say(meter.name) for meter in meters]
    title = scene.say(OWN_TITLE, word=name(scene.token))
    series = [
        Series(names[i], own[:, i].tolist(), _colour(i, scene), style.HEAD_CODES[i].dash)
        for i in range(len(meters))
    ]
    layers = range(len(own))
    across = LAYER[scene.language]
    root = element(
        "div",
        element("p", title, class_="title"),
        curve(layers, series, scene.mode, name_across=across, largest=1.0),
        numbers(
            own,
            [f"{layer}" for layer in layers],
            names,
            style.R,
            scene.mode,
            corner=across,
            largest=1.0,
        ),
        *_explained(scene, meters, missing),
    )
    last = "; ".join(f"{n}: {printed(float(v), 3)}" for n, v in zip(names, own[-1], strict=True))
    return Drawing(root, f"{title}. {last}", scene.mode, {"own": own, "missing": missing})


def _whose_numbers(scene: Scene) -> Numbers:
    raw, _, norms = _from_formulas(scene.trace)
    at = scene.number("word")
    return {
        "word": name(scene.token),
        "raw": printed(float(raw[0, at, at]), 3),
        "own": printed(float(norms[0, at, at]), 3),
        "last": printed(float(norms[-1, at, at]), 3),
    }


# ---- the whole row of the chosen word

SHARES_TITLE = Text(
    "{model} · what r of {word} holds of each token, after layer {layer}; rounded",
    "{model} · 第 {layer} 层之后，{word} 的 r 中每个词元的占比；四舍五入",
)


def _draw_shares(scene: Scene) -> Drawing:
    meters, missing = _meters(scene)
    layer, at = scene.number("layer"), scene.number("word")
    table = np.stack([meter.shares[layer, at] for meter in meters], axis=1)
    names = [scene.say(meter.name) for meter in meters]
    rows = [name(token) for token in scene.trace.tokens]
    title = scene.say(SHARES_TITLE, word=name(scene.token), layer=layer)
    marked = (at, len(meters) - 1)
    root = element(
        "div",
        element("p", title, class_="title"),
        numbers(table, rows, names, style.R, scene.mode, largest=1.0, marked=marked),
        *_explained(scene, meters, missing),
    )
    said = "; ".join(f"{n}: {printed(float(v), 3)}" for n, v in zip(names, table[at], strict=True))
    alt = f"{title}. {name(scene.token)}: {said}"
    return Drawing(root, alt, scene.mode, {"shares": table, "missing": missing})


def _shares_numbers(scene: Scene) -> Numbers:
    """How far apart the meters are, on the chosen word's own share."""
    meters, _ = _meters(scene)
    layer = scene.number("layer")
    own = _own(scene, meters)[layer]
    return {
        "word": name(scene.token),
        "layer": layer,
        "least": printed(float(own.min()), 3),
        "most": printed(float(own.max()), 3),
        "least_by": scene.say(meters[int(own.argmin())].name),
        "most_by": scene.say(meters[int(own.argmax())].name),
    }


# ---- the parts add up

PARTS_TITLE = Text(
    "{model} · layer {layer} · z of {word}, one part a token",
    "{model} · 第 {layer} 层 · {word} 的 z，每个词元一份",
)
BIASES = Text("biases", "偏置")
PARTS = Text("parts of z", "z 的各部分")
SUM = Text("sum of the parts", "各部分之和")
Z_OF_MODEL = Text("z of the model", "模型的 z")
LARGEST_DIFFERENCE = Text(
    "largest difference between the sum and z: {error} (rounded up)",
    "各部分之和与 z 的最大差：{error}（向上取到一位有效数字）",
)


def _draw_identity(scene: Scene) -> Drawing:
    layer, at = scene.number("layer"), scene.number("word")
    parts = mixing.parts(scene.trace, layer, at)
    z = scene.trace.after_attention(layer)[at]
    both = np.stack([parts.sum(axis=0), z])
    rows = [*(name(token) for token in scene.trace.tokens), scene.say(BIASES)]
    title = scene.say(PARTS_TITLE, layer=layer, word=name(scene.token))
    error = scene.say(LARGEST_DIFFERENCE, error=error_at_most(_error(both)))
    names = [scene.say(SUM), scene.say(Z_OF_MODEL)]
    mode, language = scene.mode, scene.language
    root = element(
        "div",
        element("p", title, class_="title"),
        tensor(parts, scene.say(PARTS), rows, style.V, mode, language, marked=at),
        tensor(both, " · ".join(names), names, style.Z, mode, language),
        element(
            "p",
            "z = LayerNorm(x + Σ_h Σ_j α_j^h v_j^h W_O^h + b_O)",
            class_="formula",
        ),
        element("p", error, class_="verdict"),
    )
    values = {"parts": parts, "sum": both[0], "z": z, "error": _error(both)}
    return Drawing(root, f"{title}. {error}", mode, values)


def _error(both: Float[np.ndarray, "row d_model"]) -> float:
    return float(np.abs(both[0] - both[1]).max())


def _identity_numbers(scene: Scene) -> Numbers:
    layer, at = scene.number("layer"), scene.number("word")
    lengths = np.linalg.norm(mixing.parts(scene.trace, layer, at), axis=1)
    return {
        "word": name(scene.token),
        "own": printed(float(lengths[at]), 2),
        "own_share": printed(float(lengths[at] / lengths[:-1].sum()), 3),
        "biases": printed(float(lengths[-1]), 2),
    }


# ---- one hop, two hops

ACCURACY_TITLE = Text(
    "Share of right answers on texts held out of the training, one head a layer, seed {seed}; rounded",
    "在没有训练过的文本上答对的比例，每层一个头，种子 {seed}；四舍五入",
)
ROW = Text("{task} · layers: {count}", "{task} · 层数：{count}")
POINTERS_TITLE = Text("{title} · text {digits}; rounded", "{title} · 文本 {digits}；四舍五入")
NO_STACK = Text("The encoder of two layers is not here.", "这里没有两层的编码器。")
COLUMNS = (
    Text("place", "位置"),
    Text("digit", "数字"),
    Text("layer {first} looks at", "第 {first} 层看"),
    Text("weight", "权重"),
    Text("layer {second} looks at", "第 {second} 层看"),
    Text("weight", "权重"),
    Text("answer", "回答"),
    Text("right answer", "正确答案"),
)
SEED = 0
TEXTS = range(4)


def _hops() -> tuple[Run, Run, Run]:
    """One layer for one hop, one layer for two hops, two layers for two hops."""
    one, two = task_called("one-hop"), task_called("two-hop")
    return (
        checked(one, 1, 1, SEED, None),
        checked(two, 1, 1, SEED, None),
        checked(two, 1, ENCODERS, SEED, None),
    )


def _pointers(number: int) -> str:
    """A text of digits, each the address of a place."""
    task = task_called("two-hop")
    return task.alphabet.text(task.draw(np.random.default_rng(number), 1)[0].tolist())


class Followed(NamedTuple):
    """What the encoder of two layers does at one place."""

    place: int
    digit: int  # the address that stands there
    first: int  # the place that layer 0 looks at most
    first_weight: float
    second: int  # the place that layer 1 looks at most
    second_weight: float
    said: str
    right: str | None


def _follow(text: str, training: Training) -> list[Followed]:
    """Both looks from every place, with their weights, and the answer."""
    seen = run_through(text, training.model)
    first, second = (seen.weights((layer, 0)) for layer in range(ENCODERS))
    replies = replies_of(training.model, training.run.task, text)
    return [
        Followed(
            place,
            int(seen.tokens[place].piece),
            int(first[place].argmax()),
            float(first[place].max()),
            int(second[place].argmax()),
            float(second[place].max()),
            replies[place].said,
            replies[place].right,
        )
        for place in range(len(seen.tokens))
    ]


def _draw_hops(scene: Scene) -> Drawing:
    found = {run: finished(scene, run) for run in _hops()}
    rows = [(_called(scene, run), training) for run, training in found.items()]
    title = scene.say(ACCURACY_TITLE, seed=SEED)
    text, deep = _pointers(scene.number("pointers")), list(found.values())[-1]
    followed = [] if deep is None else _follow(text, deep)
    root = element(
        "div",
        element("p", title, class_="title"),
        accuracies(rows, scene.mode, label=title),
        _missing(scene) if deep is None else _table(scene, text, deep, followed),
    )
    values = {
        "accuracies": {run.name: t and t.accuracy for run, t in found.items()},
        "text": text,
        "followed": followed,
    }
    said = "; ".join(f"{called}: {accuracy(training)}" for called, training in rows)
    return Drawing(root, f"{title}. {said}", scene.mode, values)


def _called(scene: Scene, run: Run) -> str:
    return scene.say(ROW, task=say(f"task.{run.task.name}", scene.language), count=run.layers)


def _missing(scene: Scene) -> Element:
    return element("p", scene.say(NO_STACK), class_="notice")


def _table(scene: Scene, text: str, training: Training, followed: Sequence[Followed]) -> Element:
    """The pointers, followed place by place."""
    columns = [scene.say(column, first=0, second=1) for column in COLUMNS]
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    body = [element("tr", *_cells(one)) for one in followed]
    table = element("table", element("thead", head), element("tbody", *body), class_="numbers")
    title = scene.say(POINTERS_TITLE, title=training.model.card.called(scene.language), digits=text)
    return element(
        "div",
        element("p", title, class_="title"),
        element("div", table, class_="scroll"),
        element("p", "softmax(q·kᵀ / √d_head)", class_="formula"),
    )


def _cells(one: Followed) -> list[Element]:
    return [
        element("th", str(one.place), scope="row"),
        element("td", str(one.digit)),
        element("td", f"→ {one.first}"),
        _weight(one.first_weight),
        element("td", f"→ {one.second}"),
        _weight(one.second_weight),
        element("td", one.said),
        element("td", one.right or ""),
    ]


def _weight(weight: float) -> Element:
    return element("td", printed(weight, 3), class_="weight", data_value=repr(weight))


FOLLOWED = Text(
    "In layer {first_layer} each place gives {first} on average to the place that its digit names; in "
    "layer {second_layer}, {second} to the place that is named there. Right answers on this text: "
    "{right} of {places}.",
    "在第 {first_layer} 层，每个位置平均把 {first} 的权重给它的数字所指的位置；"
    "在第 {second_layer} 层，把 {second} 给那里所指的位置。"
    "这段文本上答对 {right} 个，共 {places} 个。",
)


def _hops_numbers(scene: Scene) -> Numbers:
    runs = _hops()
    done = sum(finished(scene, run) is not None for run in runs)
    deep = finished(scene, runs[-1])
    return {
        "done": done,
        "all": len(runs),
        "found": scene.say(NO_STACK) if deep is None else _found(scene, deep),
    }


def _found(scene: Scene, deep: Training) -> str:
    """The mean weight on the true addresses, and how many answers are right."""
    text = _pointers(scene.number("pointers"))
    seen = run_through(text, deep.model)
    digits = np.array([int(token.piece) for token in seen.tokens])
    places = np.arange(len(digits))
    first = seen.weights((0, 0))[places, digits].mean()
    second = seen.weights((1, 0))[places, digits[digits]].mean()
    right = sum(one.said == one.right for one in _follow(text, deep))
    return scene.say(
        FOLLOWED,
        first_layer=0,
        second_layer=1,
        first=printed(float(first), 3),
        second=printed(float(second), 3),
        right=right,
        places=len(digits),
    )


def _as_text(value: Value, trace: Trace, language: Language) -> str:
    del trace, language
    return _pointers(int(str(value)))


# ---- checkers


def _lengths(trace: Trace, layer: int) -> Float[np.ndarray, "query key"]:
    """How long each token's term of z is, from x and the learned matrices, key by key."""
    learned, heads = trace.learned[layer], range(trace.model.heads)
    x = trace.residual(layer).astype(np.float64)
    v = np.split(x @ learned.value.weight + learned.value.bias, len(heads), axis=1)
    w_o = np.split(learned.output.weight.astype(np.float64), len(heads), axis=0)
    powers = np.exp(np.stack([trace.scores((layer, h)).astype(np.float64) for h in heads], axis=2))
    shares = powers / powers.sum(axis=1, keepdims=True)  # "query key head"
    for head, used in trace.record(layer).changed_weights.items():
        shares[..., head] = used
    shares[..., list(heads_off(trace.interventions, layer))] = 0
    lengths = np.zeros((len(x), len(x)))
    total = x + learned.output.bias
    for key in range(len(x)):
        term = shares[:, key] @ np.stack([v[h][key] @ w_o[h] for h in heads])
        total += term
        term[key] += x[key]
        centred = (term - term.mean(axis=1, keepdims=True)) * learned.norm.gain
        lengths[:, key] = np.sqrt((centred**2).sum(axis=1))
    lengths /= np.sqrt(total.var(axis=1, keepdims=True) + learned.norm.epsilon)
    return lengths


@kept_once
def _own_left(trace: Trace) -> tuple[float, float]:
    """The word's own share after layer 0, and after the last: its row, from the top down."""
    at = word(trace).position
    row = np.zeros(len(trace.tokens))
    row[at] = 1
    first = 0.0
    for layer in reversed(range(trace.model.layers)):
        lengths = _lengths(trace, layer)
        shares = lengths / lengths.sum(axis=1, keepdims=True)
        first = float(shares[at, at])
        row = row @ shares
    return first, float(row[at])


def _own_share(trace: Trace) -> Outcome:
    first, last = _own_left(trace)
    return Outcome(last, {"share": f"{last:.3f}", "first": f"{first:.3f}", "first_layer": 0})


def _adds_most(trace: Trace) -> Outcome:
    at = word(trace).position
    lengths = _lengths(trace, 0)[at]
    shares = lengths / lengths.sum()
    others = [token for token in trace.tokens if token.position != at]
    best = max(others, key=lambda token: float(shares[token.position]), default=None)
    said = {
        "best": "–" if best is None else name(best),
        "share": f"{0.0 if best is None else shares[best.position]:.3f}",
        "own": f"{shares[at]:.3f}",
    }
    return Outcome("none" if best is None else str(best.position), said)


def _others(trace: Trace) -> Sequence[Option]:
    """Every other token by its position, special ones too: a sentence may have one word."""
    at = word(trace).position
    options = [Option(str(t.position), same(name(t))) for t in trace.tokens if t.position != at]
    return options or [Option("none", Text("there is no other", "没有别的词元"))]


def _one_look(trace: Trace) -> Outcome:
    """By enumeration: a layer that sees two whole digits, its own and the one it points to.

    The query stands at place 0; by symmetry every other place is as good. No other place to
    look at would tell it more.
    """
    del trace
    seen: dict[tuple[int, int], list[int]] = {}
    for digits in product(range(PLACES), repeat=3):
        own, there, beyond = digits
        text = {0: own}
        text.setdefault(own, there)
        text.setdefault(text[own], beyond)
        seen.setdefault((own, text[own]), []).append(text[text[own]])
    best = [max(answers.count(one) for one in set(answers)) for answers in seen.values()]
    right, cases = sum(best), sum(map(len, seen.values()))
    certain = sum(len(answers) for answers in seen.values() if len(set(answers)) == 1)
    trained = shipped()[_hops()[1]]
    said = {
        "share": f"{right / cases:.3f}",
        "known": f"{certain / cases:.3f}",
        "measured": f"{trained.accuracy:.3f}",
    }
    return Outcome(right / cases, said)


def _width(trace: Trace) -> Outcome:
    before, after = len(trace.after_attention(0)[0]), len(trace.residual(1)[0])
    value = "same" if before == after else "less" if after < before else "more"
    return Outcome(value, {"before": before, "after": after})


QUESTIONS = (
    Question(
        name="adds",
        ask=Text(
            "Split z of {word} in layer {layer} into one part a token. Besides {word} itself, which token "
            "adds the longest part?",
            "把第 {layer} 层 {word} 的 z 按词元拆成几份。除了它自己，哪个词元的那一份最长？",
        ),
        explain=Text(
            "{best}: {share} of the lengths of all parts, rounded. {word} itself has {own}, since the "
            "residual connection adds x to what attention brings.",
            "{best}：占各份长度之和的 {share}（四舍五入）。{word} 自己占 {own}，"
            "因为残差连接在注意力的结果上又加了 x。",
        ),
        check=_adds_most,
        options=_others,
        asked=lambda _: {"layer": 0},
        before="shares",
    ),
    Question(
        name="own",
        ask=Text(
            "After layer {last_layer}, the last one: what share of r of {word} is still its own, by the "
            "norms of the parts, multiplied over the layers?",
            "最后一层是第 {last_layer} 层。在它之后，按各部分范数逐层相乘计算，"
            "{word} 的 r 中它自己的占比还有多大？",
        ),
        explain=Text(
            "{share}, rounded. After layer {first_layer} it was {first}; every layer mixes the tokens "
            "once more.",
            "约 {share}。第 {first_layer} 层之后是 {first}；每一层都会再混合一次。",
        ),
        check=_own_share,
        tolerance=lambda _: 0.10,
        before="whose",
    ),
    Question(
        name="one-look",
        ask=Text(
            "{places} digits, each the address of a place: go there, go on to the place named there, and "
            "name the digit you find. Say that a layer sees its own digit and that of one other place, and "
            "nothing of the rest: what share can it get right?",
            "{places} 个数字，每个都是一个位置的地址：走到那里，再走到那里所指的位置，说出找到的数字。"
            "假如一层只看到自己的数字和另外一个位置的数字，别的一概不知，它最多能答对多大比例？",
        ),
        explain=Text(
            "{share}, rounded. It is sure in {known} of the cases, where a pointer leads to itself or "
            "back; in the others it guesses. A head is not bound by this share: its weights spread over "
            "several places. The encoder of one layer and one head that was trained got {measured}. A "
            "second layer can look at what the first has found.",
            "约 {share}。当指针指向自己或指回来时，它能确定答案，占 {known}；其余只能猜。"
            "真正的头不受这个上限约束，因为它的权重分散在几个位置上：实际训练的单层单头编码器答对 {measured}。"
            "第二层就可以去看第一层找到的东西。",
        ),
        check=_one_look,
        asked=lambda _: {"places": PLACES},
        tolerance=lambda _: 0.10,
        is_law=True,
        before="hops",
    ),
    Question(
        name="width",
        ask=Text(
            "From z to r, is a token's vector made narrower?",
            "从 z 到 r，一个词元的向量会变窄吗？",
        ),
        explain=Text(
            "No: {before} numbers before, {after} after. Each token goes through the feed-forward network "
            "alone, and what leaves a layer must fit into the next.",
            "不会：之前 {before} 个数，之后 {after} 个。每个词元单独经过前馈网络，而一层的输出必须能放进下一层。",
        ),
        check=_width,
        options=lambda _: (
            Option("less", Text("yes, narrower", "会变窄")),
            Option("same", Text("it keeps its width", "宽度不变")),
            Option("more", Text("it gets wider", "会变宽")),
        ),
        is_law=True,
        before="stack",
    ),
)

CHAPTER = Chapter(
    number=8,
    name="stacking",
    title=Text("Stack the layers", "把层叠起来"),
    goal=Text(
        "Follow a word through the layers, and see what depth is for.",
        "跟着一个词逐层走，看看深度有什么用。",
    ),
    text=Text(
        "Each layer takes x and gives z, then r, and r is the x of the next. The residual connection "
        "keeps a word mostly itself at first; each layer mixes in a little more of the others. A second "
        "layer can look at what the first has looked at: that is what depth is for.",
        "每一层由 x 得到 z，再得到 r，而 r 就是下一层的 x。残差连接让一个词起初仍以自己为主，"
        "每一层再混进一点别的词。第二层可以去看第一层看过的东西：这就是深度的用处。",
    ),
    takeaway=Text(
        "Every layer mixes once more; the residual keeps a word itself; depth follows pointers.",
        "每一层都再混合一次；残差连接让词保持自己；有了深度，才能顺着指针一步步走。",
    ),
    misconception=Text(
        "“The attention weights say what is in r, and the feed-forward network makes it smaller.” The "
        "residual adds x back, and the width stays.",
        "“注意力权重就是 r 里的成分，前馈网络会降维。”其实残差连接又加回了 x，宽度也不变。",
    ),
    minutes=4,
    controls=(
        layer_control(),
        word_control(),
        Pick("pointers", Text("Pointers", "指针"), lambda _: TEXTS, lambda _: TEXTS[0], _as_text),
    ),
    runs=lambda _: _hops(),
    parts=(
        Part(
            "stack",
            Text("From x to z to r, and on", "从 x 到 z 到 r，再往上"),
            Text(
                "The note draws upwards; here it runs down the page. Every layer computes in the same way, "
                "with weights of its own. The figure of the note leaves out Add & Norm: x is added "
                "back, so z of layer {layer} keeps the direction of x with a cosine of {cosine} for {word}, "
                "rounded.",
                "笔记是从下往上画的，这里从上往下排。每一层的算法相同，但各有自己的权重。笔记的图省略了 Add & Norm："
                "x 又被加了回来，所以对 {word} 来说，"
                "第 {layer} 层的 z 与 x 的余弦仍有 {cosine}（四舍五入）。",
            ),
            _draw_stack,
            _stack_numbers,
        ),
        Part(
            "whose",
            Text("How much of a word is left in its r?", "一个词的 r 里，自己还剩多少？"),
            Text(
                "In the first layer the heads give {word} {raw} of its own attention on average; with the "
                "residual, its part of z is {own} by the norms, and {last} after the last layer. The "
                "meters disagree, so each has its name; the mask test is an experiment, the others are "
                "formulas. Numbers are rounded.",
                "在最下面一层，各头平均把 {raw} 的注意力给 {word} 自己；算上残差连接，"
                "按范数它占 z 的 {own}，最后一层之后占 {last}。几种度量并不一致，所以各有名字；"
                "遮盖实验是实际去做，其余是用公式算。数字都经四舍五入。",
            ),
            _draw_whose,
            _whose_numbers,
        ),
        Part(
            "shares",
            Text("Who else is in it?", "里面还有哪些词？"),
            Text(
                "Each column is one meter and sums to one before rounding. For {word} itself after layer "
                "{layer} they run from {least} ({least_by}) to {most} ({most_by}).",
                "每一列是一种度量，四舍五入之前各列之和为一。第 {layer} 层之后，"
                "{word} 自己的占比从 {least}（{least_by}）到 {most}（{most_by}）不等。",
            ),
            _draw_shares,
            _shares_numbers,
        ),
        Part(
            "identity",
            Text("The parts add up to z", "各部分加起来就是 z"),
            Text(
                "LayerNorm divides by one number a token, so z splits exactly. The part of {word} itself has "
                "length {own}, a share of {own_share}; the biases have {biases}, and belong to no token. "
                "Lengths of parts do not add up to the length of z: parts may point against one another. Rounded.",
                "LayerNorm 对每个词元只除以一个数，所以 z 可以精确拆开。{word} 自己那一份长 {own}，"
                "占 {own_share}；偏置长 {biases}，不属于任何词元。各份的长度加起来并不等于 z 的长度，因为它们的方向可能相反。"
                "数字都经四舍五入。",
            ),
            _draw_identity,
            _identity_numbers,
        ),
        Part(
            "hops",
            Text("Is one layer enough? Follow the pointers", "一层够吗？跟着指针走"),
            Text(
                "It depends on the task. Trained so far: {done} of {all}; Train starts the others, shown as "
                "“…”. {found}",
                "要看任务。已训练 {done} 个，共 {all} 个；显示“…”的尚未训练，按“训练”开始。{found}",
            ),
            _draw_hops,
            _hops_numbers,
            uses=("pointers",),
        ),
    ),
    questions=QUESTIONS,
    teacher=TeacherNote(
        ask_aloud=Text(
            "Its attention to itself is small. Is r of the word then mostly other words?",
            "一个词给自己的注意力很小，那么它的 r 里大多是别的词吗？",
        ),
        expect=Text(
            "Many say yes. Point to the arrow that the note leaves out: x is added back.",
            "许多人会说是。请指出笔记省略的那条箭头：x 又被加了回来。",
        ),
        if_different=Text(
            "Where the mask test and the norms disagree, trust the mask test first: it changes the input "
            "and looks. But a mask is a token too, and changes more than it removes.",
            "遮盖实验和范数不一致时，先相信遮盖实验：它真的改了输入再看。不过掩码也是一个词元，改变的不只是拿走的那些。",
        ),
    ),
)
