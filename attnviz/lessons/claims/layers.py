"""Layers, one on the other: what is the same, what is mixed, and what the note leaves out."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.apart import apart
from attnviz.analysis.mixing import mask_shares
from attnviz.analysis.recompute import attention_block, largest_error
from attnviz.figures.tensor import printed
from attnviz.lessons import lab
from attnviz.lessons.claims import Case, Claim, Trial, holds_if, need_words, tiny
from attnviz.lessons.text import Text
from attnviz.tracing.record import Trace

TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
CHANGED = 1e-5  # of the length of r: what float32 may change is less
ALL = 0.99  # of the pairs of words
KEEPS = 0.5  # a cosine from which z still points where x did
FALLS = 0.05  # by which a share must fall


def _words(trace: Trace) -> Bool[np.ndarray, " token"]:
    return np.array([not token.is_special for token in trace.tokens])


def _same_computation(case: Case) -> Trial:
    trace = case.trace
    errors = [
        largest_error(record.after_attention, attention_block(record, learned))
        for record, learned in zip(trace.layers, trace.learned, strict=True)
    ]
    value = sum(error <= TOLERANCE for error in errors)
    weights = np.stack([learned.query.weight for learned in trace.learned])
    difference = apart(weights)[np.triu_indices(len(weights), 1)]
    numbers = {
        "value": value,
        "layers": len(errors),
        "error": tiny(max(errors)),
        "shape": " × ".join(map(str, weights.shape[1:])),
        "apart": f"{difference.min():.0%}" if difference.size else "–",
    }
    return Trial(holds_if(value == len(errors)), numbers, float(value))


def others_change(
    moved: Float[np.ndarray, "query masked"],
    lengths: Float[np.ndarray, " query"],
    words: Bool[np.ndarray, " query"],
) -> float:
    """The share of the pairs of words in which masking the one changes the vector of the other."""
    changes = moved > CHANGED * lengths[:, None]
    pairs = np.outer(words, words) & ~np.eye(len(words), dtype=bool)
    return float(changes[pairs].mean())


def _others_change(trace: Trace, depth: int) -> float:
    moved = lab.each_token_masked(trace)[depth].astype(float)
    lengths = np.linalg.norm(trace.residual(depth).astype(float), axis=-1)
    return others_change(moved, lengths, _words(trace))


def _contains(case: Case) -> Trial:
    trace, words = case.trace, int(_words(case.trace).sum())
    need_words(trace, 2)
    value, control = _others_change(trace, 1), _others_change(lab.control(trace), 1)
    numbers = {
        "value": f"{value:.1%}",
        "control": f"{control:.1%}",
        "pairs": words * (words - 1),
        "before": f"{_others_change(trace, 0):.1%}",
    }
    return Trial(holds_if(value >= ALL), numbers, value, control)


def narrower(r: Float[np.ndarray, "token numbers"], z: Float[np.ndarray, "token d_model"]) -> bool:
    """Whether r has fewer numbers a token than z."""
    return len(r[0]) < len(z[0])


def _feed_forward(case: Case) -> Trial:
    x, z, r = case.trace.residual(0), case.trace.after_attention(0), case.trace.residual(1)
    numbers = {"value": r.shape[-1], "z": z.shape[-1], "x": x.shape[-1]}
    return Trial(holds_if(narrower(r, z)), numbers, float(r.shape[-1]))


def cosine(
    one: Float[np.ndarray, "token d_model"], other: Float[np.ndarray, "token d_model"]
) -> float:
    """The mean cosine of two vectors of each token. 1: one direction. 0: at right angles."""
    one, other = one.astype(float), other.astype(float)
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    products = (one * other).sum(axis=-1)
    return float(
        np.divide(products, lengths, where=lengths > 0, out=np.zeros_like(products)).mean()
    )


def _x_and_z(trace: Trace) -> float:
    layers = range(trace.model.layers)
    return float(np.mean([cosine(trace.residual(n), trace.after_attention(n)) for n in layers]))


def _left_out(case: Case) -> Trial:
    trace = case.trace
    layers = range(trace.model.layers)
    value, control = _x_and_z(trace), _x_and_z(lab.control(trace))
    alone = np.mean([cosine(trace.attention_output(n), trace.after_attention(n)) for n in layers])
    numbers = {
        "value": printed(value, 3),
        "control": printed(control, 3),
        "alone": printed(float(alone), 3),
        "tokens": len(trace.tokens),
        "layers": len(layers),
    }
    return Trial(holds_if(value < KEEPS), numbers, value, control)


def _own_shares(trace: Trace) -> Float[np.ndarray, " layer"]:
    """The mean share of a word's own token in its r, after each layer: the mask test."""
    shares = mask_shares(lab.each_token_masked(trace))
    mean: np.ndarray = shares.diagonal(axis1=1, axis2=2)[:, _words(trace)].mean(axis=1)
    return mean


def _richer(case: Case) -> Trial:
    here, control = (_own_shares(trace) for trace in (case.trace, lab.control(case.trace)))
    value, control_value = float(here[0] - here[-1]), float(control[0] - control[-1])
    numbers = {
        "value": printed(value, 3),
        "control": printed(control_value, 3),
        "first": printed(float(here[0]), 3),
        "last": printed(float(here[-1]), 3),
        "control_first": printed(float(control[0]), 3),
        "control_last": printed(float(control[-1]), 3),
        "layers": len(here),
        "all_shares": " · ".join(printed(float(share), 3) for share in here),
    }
    return Trial(holds_if(value >= FALLS), numbers, value, control_value)


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
            "True of the formula. The weights differ, which the note does not say: each layer has "
            "matrices of its own. (The feed-forward network is not among what a trace holds.)",
            "就公式而言正确。但权重不同，笔记没有说：每一层都有自己的矩阵。（前馈网络不在记录之内。）",
        ),
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
            "changes the other's vector after the first layer; with random weights in {control}. Before "
            "the first layer it does so in {before}.",
            "把每个词元各遮住一次。不同的词共有 {pairs} 对，其中 {value} 的词对，遮住一个就会改变另一个在第一层之后的向量；"
            "随机权重的对照是 {control}。在第一层之前则是 {before}。",
        ),
        rule=Text(
            "A vector changes if it moves by more than {changed} of its length. It holds if that happens in "
            "at least {all} of the pairs.",
            "向量移动超过自身长度的 {changed}，就算改变。达到全部词对的 {all}，就成立。",
        ),
        judge=_contains,
        says=Text(
            "True, of every word and not of two alone. Random weights do it too: the mixing is built "
            "into attention, and training decides how much.",
            "正确，而且对每个词都是如此，不只是两个。随机权重也一样：混合是注意力本身的性质，"
            "训练决定的是混合多少。",
        ),
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
            "r must be as wide as x, or it could not be the next layer's x. Inside, the network goes "
            "wider before it comes back (Vaswani et al.), for each word on its own.",
            "r 必须和 x 一样宽，否则不能作下一层的 x。前馈网络内部先变宽，再变回来（Vaswani 等人），"
            "而且对每个词单独进行。",
        ),
    ),
    Claim(
        name="C22",
        chapter=8,
        claim=Text(
            "x passes self-attention and becomes z, with nothing else in between.",
            "x 经过自注意力就成为 z，中间没有别的。",
        ),
        statistic=Text(
            "Over {tokens} tokens and {layers} layers, the mean cosine between x and the layer's z is "
            "{value}; with random weights {control}. Between what attention wrote and z it is {alone}.",
            "对 {tokens} 个词元、{layers} 层，x 与该层 z 的余弦平均为 {value}；随机权重的对照是 {control}。"
            "注意力写出的向量与 z 的余弦平均为 {alone}。",
        ),
        rule=Text(
            "If attention alone made z, z would not keep the direction of x. It holds if the cosine of x "
            "and z is below {keeps}.",
            "如果 z 只由注意力得出，就不会保持 x 的方向。x 与 z 的余弦低于 {keeps}，就成立。",
        ),
        judge=_left_out,
        says=Text(
            "The note leaves out the residual connection and LayerNorm. Its z is in fact x plus what "
            "attention wrote, normalised.",
            "笔记没有画出残差和 LayerNorm。它的 z 其实是 x 加上注意力写出的向量，再做归一化。",
        ),
        rule_numbers={"keeps": KEEPS},
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
            "{control_last}, by {control}. Layer by layer: {all_shares}.",
            "把每个词元各遮住一次；r 移动多少，说明它含有多少该词元的信息。共 {layers} 层，"
            "第一层之后，词自己的词元占全部移动的 {first}，最后一层之后占 {last}，下降 {value}。"
            "随机权重的对照从 {control_first} 到 {control_last}，下降 {control}。逐层为 {all_shares}。",
        ),
        rule=Text(
            "Richer can be measured here only as mixed: it holds if the share of the own token falls by "
            "{falls} or more from the first layer to the last.",
            "“更强”在这里只能以混合程度来衡量：如果词自己的份额从第一层到最后一层至少下降 {falls}，就成立。",
        ),
        judge=_richer,
        says=Text(
            "True in the sense of mixing: layer by layer, a word holds more of the others. Whether that "
            "is better, a task must say.",
            "就混合而言正确：一层一层下来，每个词含有越来越多其他词的信息。这是否更好，要由任务来判断。",
        ),
        rule_numbers={"falls": FALLS},
    ),
)
