"""The heads joined: concatenated, and multiplied by W_O."""

import numpy as np
from jaxtyping import Float

from attnviz.analysis.recompute import add_and_norm, largest_error
from attnviz.core.trace import Trace
from attnviz.lessons.claims import Case, Claim, Trial, holds_if, tiny
from attnviz.lessons.text import Text

LOST = 1e-6  # of the strongest direction: below, float32 tells nothing from zero
TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here


def rank(matrix: Float[np.ndarray, "input output"]) -> int:
    """How many directions a matrix passes on: singular values above `LOST` of the largest."""
    strengths = np.linalg.svd(matrix.astype(float), compute_uv=False)
    return int((strengths > LOST * strengths[0]).sum())


def _ranks(trace: Trace) -> list[int]:
    return [rank(learned.output.weight) for learned in trace.learned]


def _reduces(case: Case) -> Trial:
    trace = case.trace
    concat, d_model = trace.learned[0].output.weight.shape
    ranks = _ranks(trace)
    numbers = {
        "value": max(ranks),
        "least": min(ranks),
        "concat": concat,
        "d_model": d_model,
        "heads": trace.model.heads,
        "d_head": concat // trace.model.heads,
        "layers": trace.model.layers,
    }
    return Trial(holds_if(max(ranks) < concat), numbers, float(max(ranks)))


def _summed(trace: Trace, layer: int) -> Float[np.ndarray, "token d_model"]:
    """What the heads write, one after the other and each word alone, plus the bias of W_O."""
    z, total = trace.head_output(layer), trace.learned[layer].output.bias.astype(float)
    for head in range(trace.model.heads):
        total = total + z[head].astype(float) @ trace.output_projection((layer, head))
    return total


def _fully_connected(case: Case) -> Trial:
    trace = case.trace
    value = max(
        largest_error(
            trace.after_attention(layer),
            add_and_norm(trace.residual(layer), _summed(trace, layer), trace.norm(layer)),
        )
        for layer in range(trace.model.layers)
    )
    numbers = {
        "value": tiny(value),
        "heads": trace.model.heads,
        "inputs": len(trace.learned[0].output.weight),
        "tokens": len(trace.tokens),
        "layers": trace.model.layers,
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


CLAIMS = (
    Claim(
        name="C8",
        chapter=4,
        claim=Text(
            "After the concatenation there are too many features; W_O reduces the dimension.",
            "拼接之后特征太多，要用 W_O 降维。",
        ),
        statistic=Text(
            "{heads} heads of {d_head} numbers, side by side, are {concat} numbers; W_O makes "
            "{d_model} of them. Over {layers} layers its largest rank is {value} and its smallest {least}; "
            "with random weights the largest is {control_value}.",
            "{heads} 个头各 {d_head} 个数，拼接起来是 {concat} 个数，W_O 把它们变成 {d_model} 个。"
            "在 {layers} 层中，W_O 的秩最大为 {value}，最小为 {least}；随机权重的对照最大为 {control_value}。",
        ),
        rule=Text(
            "It holds if in every layer W_O passes on fewer directions than it is given. A direction "
            "counts as lost if it is weaker than {lost} of the strongest.",
            "如果在每一层，W_O 传出的方向都少于输入的方向，就成立。弱于最强方向的 {lost} 的方向算作丢失。",
        ),
        judge=_reduces,
        says=Text(
            "W_O mixes the heads: each of its outputs adds up numbers of all of them.",
            "W_O 的作用是混合各头：它的每个输出都把所有头的数加在一起。",
        ),
        then={
            "holds": Text(
                "In this model it does reduce, in every layer.",
                "在这个模型里，它在每一层都确实降维。",
            ),
            "fails": Text(
                "Not in every layer of this model: side by side, the heads are as wide as x was. To reduce is not the task of W_O.",
                "在这个模型里并非每层如此：各个头拼接起来正好和 x 一样宽。降维不是 W_O 的任务。",
            ),
        },
        rule_numbers={"lost": tiny(LOST)},
    ),
    Claim(
        name="C9",
        chapter=4,
        claim=Text(
            "The heads are concatenated, then pass a fully connected layer, as at the end of a CNN.",
            "各头先拼接，再通过一个全连接层，就像 CNN 的末尾那样。",
        ),
        statistic=Text(
            "W_O reads {inputs} numbers: those of one word. For {tokens} tokens in {layers} layers, "
            "what {heads} heads write was added up head by head, then the bias of W_O, then Add & Norm. "
            "The model's own z differ from that by at most {value} of the largest entry of their layer.",
            "W_O 每次读入 {inputs} 个数，即一个词的各头输出。在 {layers} 层中，对 {tokens} 个词元，"
            "把 {heads} 个头写出的向量逐个相加，再加 W_O 的偏置，再做 Add & Norm。"
            "模型自己的 z 与此最多相差本层最大元素的 {value}。",
        ),
        rule=Text(
            "It holds if no entry differs by more than {tolerance} of the largest: then W_O is linear, "
            "works on each word alone, and concatenating is adding.",
            "如果任何元素的差别都不超过最大元素的 {tolerance}，就成立：那么 W_O 是线性的，逐词进行，拼接就是相加。",
        ),
        judge=_fully_connected,
        says=Text(
            "Each head has rows of W_O for itself, so concatenating and multiplying is adding.",
            "每个头在 W_O 里有自己的几行，所以先拼接再相乘就是相加。",
        ),
        then={
            "holds": Text(
                "True of concatenation and W_O, imprecise about the CNN: there is no non-linearity, and words are not mixed. Each head adds its own vector.",
                "拼接和 W_O 说得对，与 CNN 相比则不够准确：这里没有非线性，也不混合不同的词。每个头只是加上自己的向量。",
            ),
            "fails": Text(
                "Here the model's z is something else than that sum.",
                "这里模型的 z 并不是这个和。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
)
