"""One set of q, k, v: one representation, a mix of the v's, a filter."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.fixed import variation
from attnviz.analysis.recompute import blend, largest_error
from attnviz.core.trace import Trace
from attnviz.core.weights import softmax
from attnviz.lessons import convolution, toy
from attnviz.lessons.claims import Case, Claim, Trial, all_heads_on, holds_if, over_heads, tiny
from attnviz.lessons.text import Text
from attnviz.pictures.tensor import printed

TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
FIXED = 0.1  # of its attention may lie elsewhere in a pattern that counts as fixed
HARD = 800.0  # a score whose e to the minus is 0: all weight on one token


def _one_representation(case: Case) -> Trial:
    trace = case.trace
    on = all_heads_on(trace)
    value = max(
        largest_error(trace.head_output(layer)[heads], blend(trace.record(layer))[heads])
        for layer, heads in on.items()
    )
    count = sum(map(len, on.values()))
    numbers = {
        "value": tiny(value),
        "all_heads": count,
        "tokens": len(trace.tokens),
        "vectors": count * len(trace.tokens),
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


def outside(
    mixed: Float[np.ndarray, "*head token d_head"], values: Float[np.ndarray, "*head token d_head"]
) -> int:
    """How many entries of z lie outside the range of their v's, the smallest to the largest."""
    above = mixed - values.max(axis=-2, keepdims=True)
    below = values.min(axis=-2, keepdims=True) - mixed
    return int((np.maximum(above, below) > TOLERANCE * np.abs(values).max()).sum())


def _mix(case: Case) -> Trial:
    trace = case.trace
    scores = toy.X @ toy.W_Q @ (toy.X @ toy.W_K).T / toy.DIVISOR
    first, second = softmax(scores)[0]
    on = all_heads_on(trace)
    mixed = {layer: trace.head_output(layer)[heads].astype(float) for layer, heads in on.items()}
    values = {layer: trace.values(layer)[heads].astype(float) for layer, heads in on.items()}
    value = sum(outside(z, values[layer]) for layer, z in mixed.items())
    numbers = {
        "value": value,
        "entries": f"{sum(z.size for z in mixed.values()):,}",
        "first": printed(float(first), 6),
        "second": printed(float(second), 6),
        "first_rounded": printed(float(first), 2),
        "second_rounded": printed(float(second), 2),
        "all_heads": sum(map(len, on.values())),
    }
    return Trial(holds_if(value == 0), numbers, float(value))


def _variations(trace: Trace) -> Float[np.ndarray, "layer head"]:
    layers = range(trace.model.layers)
    return np.stack([variation(trace.layer_weights(layer).astype(float)) for layer in layers])


def _filters(case: Case) -> Trial:
    trace = case.trace
    here = _variations(trace)
    x = trace.residual(0).astype(float)
    kernel = convolution.kernel(x.shape[1])
    filtered = convolution.convolution(x, kernel)
    value = float(here.mean())
    numbers = {
        "value": f"{value:.1%}",
        "fixed": int((here <= FIXED).sum()),
        "all_heads": here.size,
        "most": f"{FIXED:.0%}",
        "offsets": " / ".join(
            f"{o:+d}".replace("-", "−") if o else "0" for o in convolution.OFFSETS
        ),
        "needed": len(convolution.OFFSETS),
        "error": tiny(largest_error(filtered, convolution.heads(x, kernel, HARD))),
    }
    return Trial(over_heads(here <= FIXED, value <= FIXED), numbers, value)


CLAIMS = (
    Claim(
        name="C1",
        chapter=2,
        claim=Text(
            "One set of q, k and v gives one representation of a word.",
            "一组 q、k、v 给出一个词的一种表示。",
        ),
        statistic=Text(
            "softmax(q·kᵀ / √d_k)·v, recomputed in double precision for {tokens} tokens in "
            "{all_heads} heads, gives {vectors} vectors. The model's own z differ from them by at "
            "most {value} of the largest entry of their layer.",
            "对 {all_heads} 个头中的 {tokens} 个词元，用双精度重算 softmax(q·kᵀ / √d_k)·v，"
            "得到 {vectors} 个向量。模型自己的 z 与它们最多相差本层最大元素的 {value}。",
        ),
        rule=Text(
            "It holds if no entry differs by more than {tolerance} of the largest.",
            "如果任何元素的差别都不超过最大元素的 {tolerance}，就成立。",
        ),
        judge=_one_representation,
        says=Text(
            "In one head, a word gets exactly one weighted average of the v's; with several heads it gets several.",
            "在一个头里，一个词恰好得到 v 的一个加权平均；有几个头，就有几个。",
        ),
        then={
            "holds": Text(
                "Precise.",
                "说得准确。",
            ),
            "fails": Text(
                "Here the model's z is something else than that average.",
                "这里模型的 z 并不是这个加权平均。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C2",
        chapter=2,
        claim=Text(
            "z₁ is v₁ and v₂ mixed in the shares of the softmax, and then the code is settled.",
            "z₁ 是 v₁ 与 v₂ 按 softmax 的权重混合而成，编码到此就定了。",
        ),
        statistic=Text(
            "The note's scores give the shares {first} and {second}, which it rounds to "
            "{first_rounded} and {second_rounded}. Over {all_heads} heads of this model, {value} of "
            "{entries} entries of z lie outside the range of their v's.",
            "由笔记中的得分得到权重 {first} 和 {second}，"
            "笔记取为 {first_rounded} 和 {second_rounded}。"
            "在这个模型的 {all_heads} 个头中，"
            "z 的 {entries} 个元素里有 {value} 个超出了各 v 的取值范围。",
        ),
        rule=Text(
            "It holds if no entry of z lies outside the range by more than {tolerance} of the largest v: "
            "a mix never does.",
            "如果任何元素超出范围的量都不大于最大的 v 的 {tolerance}，就成立：混合不会超出范围。",
        ),
        judge=_mix,
        says=Text(
            "The shares are never negative and sum to one, so a mix always lies between the v's. One head can only blend.",
            "权重不为负，且和为一，所以混合的结果总在各 v 之间。一个头只能做混合。",
        ),
        then={
            "holds": Text(
                "True, and stronger than it sounds.",
                "正确，而且比听上去更强。",
            ),
            "fails": Text(
                "Here z is something else than a mix of the v's.",
                "这里的 z 不是各 v 的混合。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C3",
        chapter=3,
        claim=Text(
            "Heads are like the filters of a convolutional network.",
            "多个头就像卷积网络里的多个卷积核。",
        ),
        statistic=Text(
            "A filter weighs the same places around every word. Here {value} of a head's attention, "
            "averaged over all heads, lies elsewhere than its own mean pattern of offsets says; with "
            "random weights {control_value}. The pattern of {fixed} of {all_heads} heads is fixed. Turned "
            "round: a convolution over the offsets {offsets}, computed as {needed} heads on your x, "
            "differs by at most {error} of its largest entry.",
            "卷积核在每个词周围看的位置都一样。这里，所有头平均有 {value} 的注意力偏离该头自己按相对位置的平均模式；"
            "随机权重的对照是 {control_value}。{all_heads} 个头中有 {fixed} 个模式固定。反过来，在你的 x 上，"
            "相对位置为 {offsets} 的卷积写成 {needed} 个头来算，最多只相差最大元素的 {error}。",
        ),
        rule=Text(
            "A pattern counts as fixed if at most {most} of the attention lies elsewhere. The claim "
            "holds for every head if all patterns are fixed, and on average if the mean is within "
            "{most}.",
            "偏离不超过 {most} 的模式算作固定。所有头的模式都固定，就是对每个头成立；"
            "平均偏离不超过 {most}，就是只在平均上成立。",
        ),
        judge=_filters,
        says=Text(
            "The likeness is exact in one direction: heads can do what a filter does (Cordonnier et al.).",
            "这个类比在一个方向上严格成立：头可以做卷积核所做的事（Cordonnier 等人）。",
        ),
        then={
            "every": Text(
                "In this run no head's pattern depends on the word by more than the rule allows. To look evenly at everything is a fixed pattern too.",
                "在这次运行中，没有一个头的模式随词的变化超过规则所容许的。对一切都均匀地看，也是一种固定的模式。",
            ),
            "average": Text(
                "In the mean the patterns hardly depend on the word; those of single heads do.",
                "就平均而言，模式几乎不随词而变；但有些头的会变。",
            ),
            "fails": Text(
                "In the other direction it is not: where these heads look depends on the words.",
                "反过来并不成立：这些头看哪里，取决于词的内容。",
            ),
        },
        rule_numbers={"most": f"{FIXED:.0%}"},
    ),
)
