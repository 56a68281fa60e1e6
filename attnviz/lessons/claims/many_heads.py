"""Several sets side by side: how many, which is which, and whose W is whose."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.apart import apart
from attnviz.core.trace import Trace
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    holds_if,
    need_heads,
    need_words,
    over_heads,
)
from attnviz.lessons.text import Text
from attnviz.pictures.tensor import printed

NOTE_HEADS = 8  # "usually eight heads"
NOTE_SETS = range(1, 8)  # "q₁ … q₇": the numbers of the note's list
OWN = 0.01  # matrices differ if they are farther apart than this, relative to their size
SAME = 1e-6  # arrays are the same if no number differs by more
MOST = 0.5  # of the heads: from here on, on average


def _usually_eight(case: Case) -> Trial:
    heads = case.trace.model.heads
    card = case.trace.model
    called = Text(card.title, card.called("zh"))
    numbers = {"value": heads, "note_heads": NOTE_HEADS, "model": called}
    return Trial(holds_if(heads == NOTE_HEADS), numbers, float(heads))


def _sets(trace: Trace) -> int:
    """How many complete sets of q, k, v and z a word has in the first layer."""
    record = trace.record(0)
    arrays = (record.queries, record.keys, record.values, trace.head_output(0))
    return min(len(array) for array in arrays)


def _list_of_sets(case: Case) -> Trial:
    sets = _sets(case.trace)
    listed = len(NOTE_SETS)
    numbers = {
        "value": sets,
        "listed": listed,
        "start": NOTE_SETS.start,
        "last": NOTE_SETS[-1],
        "said": NOTE_HEADS,
    }
    return Trial(holds_if(listed == sets), numbers, float(sets))


def different(arrays: tuple[Float[np.ndarray, "..."], ...]) -> int:
    """How many of the arrays are different, by how many numbers they hold or by a number."""
    kept: list[np.ndarray] = []
    for array in arrays:
        if not any(_same(array, other) for other in kept):
            kept.append(array)
    return len(kept)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.size == other.size and bool((np.abs(one.ravel() - other.ravel()) <= SAME).all())


def _which_z(case: Case) -> Trial:
    trace = case.trace
    need_words(trace, 1)
    word = next(token.position for token in trace.tokens if not token.is_special)
    first_of_head = trace.head_output(0)[0, word]
    head = trace.head_output(0)[0]
    after_all = trace.after_attention(0)[word]
    value = different((first_of_head, head, after_all))
    numbers = {
        "value": value,
        "word": trace.tokens[word].text,
        "first_shape": len(first_of_head),
        "head_shape": f"{head.shape[0]} × {head.shape[1]}",
        "all_shape": len(after_all),
        "first_length": _length(first_of_head),
        "head_length": _length(head),
        "all_length": _length(after_all),
    }
    return Trial(holds_if(value == 1), numbers, float(value))


def _length(array: Float[np.ndarray, "..."]) -> str:
    return printed(float(np.linalg.norm(array.astype(float))), 2)


def own_matrices(matrices: Float[np.ndarray, "head input output"]) -> Bool[np.ndarray, " head"]:
    """Which heads have a matrix that no other head of the layer has."""
    distance = apart(matrices)
    np.fill_diagonal(distance, np.inf)
    own: np.ndarray = distance.min(axis=1) > OWN
    return own


def _own(trace: Trace, layer: int) -> Bool[np.ndarray, " head"]:
    def of_heads(name: str) -> np.ndarray:
        whole: np.ndarray = getattr(trace.learned[layer], name).weight
        return whole.reshape(len(whole), trace.model.heads, -1).transpose(1, 0, 2)

    three = [own_matrices(of_heads(name)) for name in ("query", "key", "value")]
    every: np.ndarray = np.all(three, axis=0)
    return every


def _own_projections(case: Case) -> Trial:
    trace = case.trace
    need_heads(trace)
    own = np.stack([_own(trace, layer) for layer in range(trace.model.layers)])
    value = int(own.sum())
    d_model, concat = trace.learned[0].query.weight.shape
    numbers = {
        "value": value,
        "all_heads": own.size,
        "whole": f"{d_model} × {concat}",
        "slice": f"{d_model} × {concat // trace.model.heads}",
    }
    return Trial(over_heads(own, value > MOST * own.size), numbers, float(value))


def _copies(case: Case) -> Trial:
    trace = case.trace
    width = trace.queries(0).shape[-1]
    linear = {
        getattr(learned, name).weight.shape[1] // width
        for learned in trace.learned
        for name in ("query", "key", "value")
    }
    attention = {trace.record(n).concat.shape[1] // width for n in range(trace.model.layers)}
    value = min(attention)
    numbers = {
        "value": value,
        "linear": " / ".join(map(str, sorted(linear))),
        "heads": trace.model.heads,
        "d_head": width,
    }
    return Trial(holds_if(linear == attention == {trace.model.heads}), numbers, float(value))


CLAIMS = (
    Claim(
        name="C5",
        chapter=5,
        claim=Text("There are usually eight heads.", "通常有八个头。"),
        statistic=Text(
            "{model} has {value} heads in each layer; the note says {note_heads}.",
            "{model} 每层有 {value} 个头；笔记说 {note_heads} 个。",
        ),
        rule=Text(
            "It holds here if a layer has {note_heads} heads.",
            "如果每层有 {note_heads} 个头，在这里就成立。",
        ),
        judge=_usually_eight,
        says=Text(
            "Eight is the base model of the first Transformer paper (Vaswani et al.). Other models choose other numbers; what is usual is that the heads share the width of the model.",
            "八个头是最早那篇 Transformer 论文（Vaswani 等人）的基础模型。其他模型各有选择；真正常见的，是各个头平分模型的宽度。",
        ),
        then={
            "holds": Text(
                "This model has as many.",
                "这个模型正是这么多。",
            ),
            "fails": Text(
                "Not in this model.",
                "这个模型不是。",
            ),
        },
        rule_numbers={"note_heads": NOTE_HEADS},
    ),
    Claim(
        name="C6",
        chapter=5,
        claim=Text(
            "The sets are q₁, k₁, v₁, then q₂, v₂, z₂, and so on up to q₇, v₇, z₇: with them x has "
            "eight representations.",
            "各组是 q₁、k₁、v₁，接着 q₂、v₂、z₂，一直到 q₇、v₇、z₇，于是 x 有八种表示。",
        ),
        statistic=Text(
            "In a layer of this model, a word has {value} sets, each of a q, a k, a v and a z. The "
            "note's list runs from {start} to {last}: it names {listed}, and calls them {said}.",
            "在这个模型的一层里，一个词有 {value} 组，每组都有 q、k、v 和 z。"
            "笔记的列表从 {start} 到 {last}，列出了 {listed} 组，却说有 {said} 种。",
        ),
        rule=Text(
            "It holds if the note's list names as many sets as there are.",
            "如果笔记的列表与实际的组数相同，就成立。",
        ),
        judge=_list_of_sets,
        says=Text(
            "A slip of the pen: counted from zero, the list would name as many as the note says; and the second set has a k₂ like every other.",
            "这是笔误：从零数起，列表才与笔记所说的数目相同；而且第二组和其他组一样，也有 k₂。",
        ),
        then={
            "holds": Text(
                "Here the list names every set, and one fewer than the note says.",
                "在这里，列表正好列出了所有组，却比笔记所说的少一组。",
            ),
            "fails": Text(
                "The list does not fit this model.",
                "这个列表与这个模型不符。",
            ),
        },
    ),
    Claim(
        name="C7",
        chapter=4,
        claim=Text(
            "z₁ is the result: of the first word, of one head, and of all heads together.",
            "z₁ 就是结果：第一个词的结果、一个头的结果、所有头合起来的结果。",
        ),
        statistic=Text(
            "The note writes z₁ for {value} different things. For “{word}” in the first layer: what one "
            "head gives the word ({first_shape} numbers, length {first_length}), what that head gives "
            "all tokens ({head_shape}, length {head_length}), and the word after all heads and Add & "
            "Norm ({all_shape} numbers, length {all_length}).",
            "笔记用 z₁ 指 {value} 种不同的东西。在第一层，对“{word}”而言：一个头给这个词的输出"
            "（{first_shape} 个数，长度 {first_length}），这个头给全部词元的输出（{head_shape}，"
            "长度 {head_length}），以及经过所有头和 Add & Norm 之后的这个词（{all_shape} 个数，长度 {all_length}）。",
        ),
        rule=Text(
            "It holds if the three are the same numbers; they differ if one has more of them, or if "
            "a number differs by more than {same}.",
            "如果三者是同样的数，就成立；个数不同，或有一个数相差超过 {same}，就算不同。",
        ),
        judge=_which_z,
        says=Text(
            "Here the output of a head always carries its head, and what follows W_O and Add & Norm is the z of the layer.",
            "在这里，头的输出总是标明是哪个头；经过 W_O 和 Add & Norm 之后的，才叫这一层的 z。",
        ),
        then={
            "holds": Text(
                "Here they are the same numbers: one word, one head, and nothing after it.",
                "这里三者是同样的数：只有一个词、一个头，后面什么也没有。",
            ),
            "fails": Text(
                "One name for several things.",
                "一名多指。",
            ),
        },
        rule_numbers={"same": f"{SAME:.0e}"},
    ),
    Claim(
        name="C11",
        chapter=1,
        claim=Text(
            "Each head has its own W_Q, W_K and W_V.",
            "每个头都有自己的 W_Q、W_K、W_V。",
        ),
        statistic=Text(
            "In {value} of {all_heads} heads, all three matrices differ from those of every other head "
            "of the layer. They are kept as one matrix of {whole} each, cut into slices of {slice}.",
            "{all_heads} 个头中有 {value} 个，三个矩阵都与同层其他头的不同。"
            "它们各存为一个 {whole} 的大矩阵，每个头取其中 {slice} 的一片。",
        ),
        rule=Text(
            "Two matrices differ if they are farther apart than {own} of their size (Frobenius norm). "
            "It holds for every head, or on average if for more than {most} of them.",
            "两个矩阵之差（Frobenius 范数）超过自身大小的 {own}，就算不同。所有头都如此，就是对每个头成立；"
            "超过 {most} 的头如此，就是只在平均上成立。",
        ),
        judge=_own_projections,
        says=Text(
            "One large multiplication does the work of all heads; which columns belong to which head is a matter of counting.",
            "一次大的矩阵乘法就算完了所有头；哪些列属于哪个头，数一数就知道。",
        ),
        then={
            "every": Text(
                "True.",
                "正确。",
            ),
            "average": Text(
                "True of most heads; the others share a matrix here.",
                "大多数头如此；其余的头在这里共用某个矩阵。",
            ),
            "fails": Text(
                "Not in this model: heads share matrices here.",
                "在这个模型里不对：这里的头共用矩阵。",
            ),
        },
        rule_numbers={"own": f"{OWN:.0%}", "most": f"{MOST:.0%}"},
    ),
    Claim(
        name="C12",
        chapter=1,
        claim=Text(
            "Linear and Scaled Dot-Product Attention both come in as many copies as there are heads.",
            "线性层和缩放点积注意力的份数都与头数相同。",
        ),
        statistic=Text(
            "In every layer the columns of W_Q, W_K and W_V make {linear} slices of {d_head}, and attention "
            "gives {value} outputs; the model has {heads} heads.",
            "每一层里，W_Q、W_K、W_V 的列都能分成 {linear} 片，每片 {d_head} 列，注意力给出 {value} 份输出；"
            "模型有 {heads} 个头。",
        ),
        rule=Text(
            "It holds if both numbers equal the number of heads in every layer.",
            "如果在每一层，两个数都等于头数，就成立。",
        ),
        judge=_copies,
        says=Text(
            "In self-attention, V, K and Q at the bottom of the note's figure are all the same x.",
            "在自注意力里，笔记图中底部的 V、K、Q 都是同一个 x。",
        ),
        then={
            "holds": Text(
                "Precise.",
                "说得准确。",
            ),
            "fails": Text(
                "Here the numbers of copies differ.",
                "这里的份数不相同。",
            ),
        },
    ),
)
