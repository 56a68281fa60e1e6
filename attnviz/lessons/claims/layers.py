"""Layers, one on the other: what is the same, what is mixed, and what the note leaves out."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.apart import apart
from attnviz.analysis.mixing import mask_shares
from attnviz.analysis.recompute import add_and_norm, attention_block, largest_error
from attnviz.core.intervention import heads_off, masked_tokens
from attnviz.core.trace import Trace
from attnviz.errors import LessonError
from attnviz.experiments.each_token_masked import each_token_masked
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    holds_if,
    need_layers,
    need_words,
    portion,
    tiny,
)
from attnviz.lessons.text import Text
from attnviz.pictures.tensor import printed

TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
CHANGED = 1e-5  # of the length of r: what float32 may change is less
ALL = 0.99  # of the pairs of words
FALLS = 0.05  # by which a share must fall


def _words(trace: Trace) -> Bool[np.ndarray, " token"]:
    return np.array([not token.is_special for token in trace.tokens])


def _to_mask(trace: Trace) -> Bool[np.ndarray, " token"]:
    """The words that can be masked: those that are not masked already.

    Raises:
        LessonError: if there is none.
    """
    words = _words(trace)
    words[list(masked_tokens(trace.interventions))] = False
    if not words.any():
        raise LessonError("all_words_masked")
    return words


def _same_computation(case: Case) -> Trial:
    trace = case.trace
    need_layers(trace)
    errors = [
        largest_error(
            trace.after_attention(layer),
            attention_block(
                trace.record(layer), trace.residual(layer), heads_off(trace.interventions, layer)
            ),
        )
        for layer in range(trace.model.layers)
    ]
    value = sum(error <= TOLERANCE for error in errors)
    weights = np.stack([learned.query.weight for learned in trace.learned])
    difference = apart(weights)[np.triu_indices(len(weights), 1)]
    numbers = {
        "value": value,
        "layers": len(errors),
        "error": tiny(max(errors)),
        "shape": " × ".join(map(str, weights.shape[1:])),
        "apart": f"{difference.min():.0%}",
    }
    return Trial(holds_if(value == len(errors)), numbers, float(value))


def others_change(
    moved: Float[np.ndarray, "query masked"],
    lengths: Float[np.ndarray, " query"],
    pairs: Bool[np.ndarray, "query masked"],
) -> float:
    """The share of the pairs in which masking the one token changes the vector of the other."""
    changes = moved > CHANGED * lengths[:, None]
    return float(changes[pairs].mean())


def _pairs(trace: Trace) -> Bool[np.ndarray, "query masked"]:
    """Every word, with every other that can be masked."""
    pairs: np.ndarray = np.outer(_words(trace), _to_mask(trace))
    np.fill_diagonal(pairs, val=False)
    return pairs


def _others_change(trace: Trace, depth: int) -> float:
    moved = each_token_masked(trace)[depth].astype(float)
    lengths = np.linalg.norm(trace.residual(depth).astype(float), axis=-1)
    return others_change(moved, lengths, _pairs(trace))


def _contains(case: Case) -> Trial:
    trace = case.trace
    need_words(trace, 2)
    value = _others_change(trace, 1)
    numbers = {
        "value": f"{value:.1%}",
        "pairs": int(_pairs(trace).sum()),
        "before": f"{_others_change(trace, 0):.1%}",
    }
    return Trial(holds_if(value >= ALL), numbers, value)


def narrower(r: Float[np.ndarray, "token numbers"], z: Float[np.ndarray, "token d_model"]) -> bool:
    """Whether r has fewer numbers a token than z."""
    return len(r[0]) < len(z[0])


def _feed_forward(case: Case) -> Trial:
    x, z, r = case.trace.residual(0), case.trace.after_attention(0), case.trace.residual(1)
    numbers = {"value": r.shape[-1], "z": z.shape[-1], "x": x.shape[-1]}
    return Trial(holds_if(narrower(r, z)), numbers, float(r.shape[-1]))


def _left_out(case: Case) -> Trial:
    """Three candidates for z: what attention wrote, x added to it, and both normalised."""
    trace = case.trace
    errors = []
    for layer, learned in enumerate(trace.learned):
        z, x, alone = (
            one.astype(float)
            for one in (
                trace.after_attention(layer),
                trace.residual(layer),
                trace.attention_output(layer),
            )
        )
        candidates = (alone, x + alone, add_and_norm(x, alone, learned.norm))
        errors.append([largest_error(z, candidate) for candidate in candidates])
    value, added, normalised = map(float, np.max(errors, axis=0))
    numbers = {
        "value": portion(value),
        "added": portion(added),
        "normalised": portion(normalised),
        "tokens": len(trace.tokens),
        "layers": len(errors),
    }
    return Trial(holds_if(value <= TOLERANCE), numbers, value)


def _own_shares(trace: Trace) -> Float[np.ndarray, " layer"]:
    """The mean share of a word's own token in its r, after each layer: the mask test."""
    shares = mask_shares(each_token_masked(trace))
    mean: np.ndarray = shares.diagonal(axis1=1, axis2=2)[:, _to_mask(trace)].mean(axis=1)
    return mean


def _richer(case: Case) -> Trial:
    need_layers(case.trace)
    shares = _own_shares(case.trace)
    value = float(shares[0] - shares[-1])
    numbers = {
        "value": printed(value, 3),
        "first": printed(float(shares[0]), 3),
        "last": printed(float(shares[-1]), 3),
        "layers": len(shares),
        "all_shares": " · ".join(printed(float(share), 3) for share in shares),
    }
    return Trial(holds_if(value >= FALLS), numbers, value)


CLAIMS = (
    Claim(
        name="C18",
        chapter=8,
        claim=Text("The computation is the same in each layer.", "每一层的计算都一样。"),
        statistic=Text(
            "One function (W_Q, W_K, W_V, softmax, W_O, Add & Norm), given a layer's x and its "
            "matrices, gives the model's z in {value} of {layers} layers; the largest error is {error}. "
            "W_Q has the shape {shape} in all of them, yet the two most similar differ by {apart} of "
            "their size.",
            "同一个函数（W_Q、W_K、W_V、softmax、W_O、Add & Norm），代入某一层的 x 和它的矩阵，"
            "在 {layers} 层中有 {value} 层算出了模型的 z；最大误差为 {error}。各层 W_Q 的形状都是 {shape}，"
            "但最相近的两个也相差自身大小的 {apart}。",
        ),
        rule=Text(
            "A layer is computed in the same way if no entry of z differs by more than {tolerance} of the "
            "largest. It holds if all layers are.",
            "如果 z 的任何元素的差别都不超过最大元素的 {tolerance}，这一层就算计算相同。所有层都相同，就成立。",
        ),
        judge=_same_computation,
        says=Text(
            "The feed-forward network is not among what a trace holds, so it is not judged.",
            "前馈网络不在记录之内，因此没有判断。",
        ),
        then={
            "holds": Text(
                "True of the formula. The matrices are not the same, which the note does not say.",
                "就公式而言正确。但各层的矩阵并不相同，笔记没有说。",
            ),
            "fails": Text(
                "Here not every layer is computed by this formula.",
                "在这里，并非每一层都按这个公式计算。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C19",
        chapter=8,
        claim=Text(
            "z₁ has taken in information of x₁ and of x₂, and so has z₂.",
            "z₁ 吸收了 x₁ 和 x₂ 的信息，z₂ 也一样。",
        ),
        statistic=Text(
            "Each token was masked once. In {value} of {pairs} pairs of different words, masking the one "
            "changes the other's vector after the first layer; with random weights in {control_value}. Before "
            "the first layer it does so in {before}.",
            "把每个词元各遮盖一次。不同的词共有 {pairs} 对，其中 {value} 的词对，"
            "遮盖一个就会改变另一个在第一层之后的向量；随机权重的对照是 {control_value}。"
            "在第一层之前则是 {before}。",
        ),
        rule=Text(
            "A vector changes if it moves by more than {changed} of its length. It holds if that happens in "
            "at least {all} of the pairs.",
            "向量移动超过自身长度的 {changed}，就算改变。达到全部词对的 {all}，就成立。",
        ),
        judge=_contains,
        says=Text(
            "The mixing is built into attention; training decides how much.",
            "混合是注意力本身的性质；训练决定的是混合多少。",
        ),
        then={
            "holds": Text(
                "True, and of every word, not of two alone.",
                "正确，而且对每个词都是如此，不只是两个。",
            ),
            "fails": Text(
                "Here some words take in nothing that shows of some others.",
                "在这里，有些词没有吸收另一些词的信息，至少看不出来。",
            ),
        },
        rule_numbers={"changed": tiny(CHANGED), "all": f"{ALL:.0%}"},
    ),
    Claim(
        name="C21",
        chapter=8,
        claim=Text(
            "z₁ and z₂ pass a fully connected feed-forward network to reduce the dimension.",
            "z₁、z₂ 通过全连接的前馈网络来降维。",
        ),
        statistic=Text(
            "In this model x has {x} numbers, z has {z}, and r, after the feed-forward network, has "
            "{value}.",
            "在这个模型里，x 有 {x} 个数，z 有 {z} 个，经过前馈网络之后的 r 有 {value} 个。",
        ),
        rule=Text("It holds if r is narrower than z.", "如果 r 比 z 窄，就成立。"),
        judge=_feed_forward,
        says=Text(
            "Inside, the network goes wider before it comes back (Vaswani et al.), for each word on its own.",
            "前馈网络内部先变宽，再变回来（Vaswani 等人），而且对每个词单独进行。",
        ),
        then={
            "holds": Text(
                "Here r is narrower indeed.",
                "在这里，r 确实更窄。",
            ),
            "fails": Text(
                "r is not narrower: it must be as wide as x, or it could not be the next layer's x.",
                "r 并不更窄：它必须和 x 一样宽，否则不能作下一层的 x。",
            ),
        },
    ),
    Claim(
        name="C22",
        chapter=8,
        claim=Text(
            "x passes self-attention and becomes z, with nothing else in between.",
            "x 经过自注意力就成为 z，中间没有别的。",
        ),
        statistic=Text(
            "The largest differences from the model's z, over {tokens} tokens and {layers} layers, as "
            "shares of the largest entry of z: what attention writes {value}; with x added {added}; "
            "with x added and LayerNorm applied {normalised}.",
            "对 {tokens} 个词元、{layers} 层，与模型的 z 的最大差别（与 z 的最大元素之比）："
            "只有注意力写出的向量时为 {value}；加上 x 后为 {added}；"
            "加上 x 再做 LayerNorm 后为 {normalised}。",
        ),
        rule=Text(
            "It holds if in every layer, what attention writes differs from z by no more than "
            "{tolerance} of the largest entry.",
            "如果在每一层，注意力写出的向量与 z 的差别都不超过最大元素的 {tolerance}，就成立。",
        ),
        judge=_left_out,
        says=Text(
            "What the note's figure leaves out between x and z are the residual connection (x is added) and LayerNorm.",
            "笔记的图在 x 与 z 之间没有画出的，是残差连接（加上 x）和 LayerNorm。",
        ),
        then={
            "holds": Text(
                "In this run, what attention writes is z: nothing else is there.",
                "在这次运行中，注意力写出的就是 z，没有别的。",
            ),
            "fails": Text(
                "What attention writes is not z: more lies in between.",
                "注意力写出的并不是 z：中间还有别的。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE)},
    ),
    Claim(
        name="C23",
        chapter=8,
        claim=Text(
            "Stacked layers raise the ability to extract features; the final vectors are richer.",
            "多层堆叠能提高提取特征的能力，最后的向量表达力更强。",
        ),
        statistic=Text(
            "Each token was masked once; how far that moves r says how much of it r holds. After the "
            "first of {layers} layers a word's own token has a share of {first} of all movement, after "
            "the last {last}: it falls by {value}. With random weights it goes from {control_first} to "
            "{control_last}, by {control_value}. Layer by layer: {all_shares} (all rounded).",
            "把每个词元各遮盖一次；r 移动多少，说明它含有多少该词元的信息。共 {layers} 层，第一层之后，"
            "词自己的词元占全部移动的 {first}，最后一层之后占 {last}，下降 {value}。"
            "随机权重的对照从 {control_first} 到 {control_last}，"
            "下降 {control_value}。逐层为 {all_shares}（均已四舍五入）。",
        ),
        rule=Text(
            "Richer can be measured here only as mixed: it holds if the share of the own token falls by "
            "{falls} or more from the first layer to the last.",
            "“更强”在这里只能以混合程度来衡量：如果词自己的占比从第一层到最后一层至少下降 {falls}，就成立。",
        ),
        judge=_richer,
        says=Text(
            "Mixed is not yet better: whether it is, a task must say.",
            "混合得更多不等于更好：是否更好，要由任务来判断。",
        ),
        then={
            "holds": Text(
                "In the sense of mixing it holds: after the last layer, a word holds more of the others than after the first.",
                "就混合而言成立：最后一层之后，每个词含有的其他词的信息比第一层之后更多。",
            ),
            "fails": Text(
                "Even in the sense of mixing it does not hold here: after the last layer, a word's own share is not smaller by as much as the rule asks.",
                "即使只就混合而言，在这里也不成立：最后一层之后，词自己的占比下降得没有规则要求的那么多。",
            ),
        },
        rule_numbers={"falls": FALLS},
    ),
)
