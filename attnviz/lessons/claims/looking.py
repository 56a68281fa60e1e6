"""Where heads look: at themselves, nearby, each in its own way.

Statistics after Clark et al. 2019, "What Does BERT Look At?", §3 (offsets, special tokens) and
§6 (divergence of heads); shares of z by norm after Kobayashi et al. 2021. Queries are words
alone: what a special token does with its attention is no statement about words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

from attnviz.analysis.difference import most_different
from attnviz.analysis.divergences import divergences
from attnviz.analysis.lens import renormalise
from attnviz.analysis.lift import distances, lift, lift_by_distance
from attnviz.analysis.mixing import norms
from attnviz.analysis.recompute import heads_from_x, largest_error
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    Verdict,
    all_heads_on,
    need_heads,
    need_words,
    over_heads,
    tiny,
)
from attnviz.lessons.text import Text
from attnviz.pictures.tensor import printed

MOST = 0.5  # of the words, or of the heads
LARGE = 1.2  # times an even share: random weights stay at 1
NEAR = 2  # tokens away, at most
NEARER = 0.1  # of an even share, by which near words must exceed far ones
APART = 0.01  # bit, from which two heads look in different places: about 12 % of the attention
CLEARLY = 0.7  # of the pairs: chance is half of them
# The rank of a word's own weight among its n keys is uniform by chance, so over w words the share
# of pairs varies by √((n + 1) / (12 (n − 1) w)). From so many words on, two deviations stay below
# `CLEARLY`; in shorter sentences a head of random weights reaches it time and again.
ENOUGH_WORDS = 11
TOLERANCE = 1e-4  # of the largest number: float32 in the model, float64 here
CURVE = 6  # distances that the text names


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """The rows of the words, layer by layer: over all tokens, or over words alone."""

    trace: Trace
    apart: Int[np.ndarray, "query key"]  # how far each key is from the word
    words: Int[np.ndarray, " query"]  # their positions
    keys: Int[np.ndarray, " key"]
    hide_special: bool

    def layer(self, layer: int) -> Float[np.ndarray, "head query key"]:
        """The weights of a layer's heads. Rows sum to 1."""
        weights = self.trace.layer_weights(layer).astype(float)
        shown = weights[:, self.words][:, :, self.keys]
        return np.stack([renormalise(head) for head in shown]) if self.hide_special else shown

    def layers(self) -> Iterator[Float[np.ndarray, "head query key"]]:
        """All layers, one at a time."""
        return map(self.layer, range(self.trace.model.layers))


def looks(trace: Trace, hide_special: bool, least: int = 1) -> Looks:
    """What the words of a sentence look at.

    Raises:
        LessonError: if there are fewer than `least` words, or a word would look at itself alone.
    """
    need_words(trace, max(least, 2) if hide_special else least)
    words = np.array([token.position for token in trace.tokens if not token.is_special])
    keys = words if hide_special else np.arange(len(trace.tokens))
    return Looks(trace, distances(words, keys), words, keys, hide_special)


def _seen(case: Case, least: int = 1) -> Looks:
    """What the words of a case look at."""
    return looks(case.trace, case.hide_special, least)


# ---- a word looks at itself


def self_wins(
    weights: Float[np.ndarray, "*head query key"], apart: Int[np.ndarray, "query key"]
) -> Float[np.ndarray, "*head"]:
    """The share of the queries that give more to themselves than to any other key."""
    own = np.where(apart == 0, weights, -np.inf).max(axis=-1)
    other = np.where(apart == 0, -np.inf, weights).max(axis=-1)
    return np.asarray((own > other).mean(axis=-1))


def on_itself(wins: Float[np.ndarray, "*head"], self_lift: float) -> Verdict:
    """The verdict from each head's share of such queries, and the mean lift of self."""
    return over_heads(wins > MOST, self_lift >= LARGE)


def _self(case: Case) -> Trial:
    seen = _seen(case)
    wins = np.stack([self_wins(weights, seen.apart) for weights in seen.layers()])
    self_lift = float(np.mean([lift(weights, seen.apart == 0) for weights in seen.layers()]))
    value = int((wins > MOST).sum())
    numbers = {
        "value": value,
        "all_heads": wins.size,
        "words": len(seen.words),
        "keys": len(seen.keys),
        "lift": printed(self_lift, 2),
        "special": f"{_on_special(seen):.1%}",
    }
    return Trial(on_itself(wins, self_lift), numbers, float(value))


def _on_special(seen: Looks) -> float:
    """The share of the words' attention on special tokens, mean over all heads."""
    special = [seen.trace.tokens[key].is_special for key in seen.keys]
    return float(np.mean([w[..., special].sum(axis=-1).mean() for w in seen.layers()]))


# ---- near words and far ones


def nearby(near: Float[np.ndarray, "*head"], far: Float[np.ndarray, "*head"]) -> Verdict:
    """The verdict from each head's lift on near and on far tokens."""
    return over_heads(near >= far + NEARER, bool(near.mean() >= far.mean() + NEARER))


def _near_and_far(seen: Looks) -> Float[np.ndarray, "pair layer head"]:
    near, far = (seen.apart > 0) & (seen.apart <= NEAR), seen.apart > NEAR
    return np.stack([np.stack([lift(w, pairs) for w in seen.layers()]) for pairs in (near, far)])


def _near(case: Case) -> Trial:
    seen = _seen(case, least=NEAR + 2)
    near, far = _near_and_far(seen)
    value = float(near.mean() - far.mean())
    curve = np.mean([lift_by_distance(w, seen.apart) for w in seen.layers()], axis=(0, 1))
    numbers = {
        "value": printed(value, 2),
        "near": printed(float(near.mean()), 2),
        "far": printed(float(far.mean()), 2),
        "agree": int((near >= far + NEARER).sum()),
        "all_heads": near.size,
        "reach": NEAR,
        "curve": " · ".join(printed(float(one), 2) for one in curve[:CURVE]),
    }
    return Trial(nearby(near, far), numbers, value)


# ---- two pictures


def _mechanisms(case: Case) -> Trial:
    trace = case.trace
    need_heads(trace)
    errors = np.array(
        [
            largest_error(trace.head_output(layer)[head], again[head])
            for layer, heads in all_heads_on(trace).items()
            for again in [heads_from_x(trace.record(layer), trace.residual(layer))]
            for head in heads
        ]
    )
    needs_its_own = errors > TOLERANCE
    value = int(needs_its_own.sum())
    one, other, divergence = most_different(trace)
    numbers = {
        "value": value,
        "served": errors.size - value,
        "all_heads": errors.size,
        "error": tiny(float(errors.max())),
        "one": one,
        "other": other,
        "divergence": printed(divergence, 2),
    }
    verdict = over_heads(needs_its_own, value > MOST * errors.size)
    return Trial(verdict, numbers, float(value))


def _divergences(seen: Looks) -> dict[tuple[HeadId, HeadId], float]:
    """The Jensen–Shannon divergence of every two heads of one layer, in bits."""
    found = {}
    for layer, weights in enumerate(seen.layers()):
        bits = divergences(weights)
        for one, other in combinations(range(len(bits)), 2):
            found[HeadId(layer, one), HeadId(layer, other)] = float(bits[one, other])
    return found


def all_different(bits: Float[np.ndarray, " pair"]) -> Verdict:
    """The verdict from the divergence of every two heads."""
    return over_heads(bits >= APART, bool(bits.mean() >= APART))


def _different(case: Case) -> Trial:
    need_heads(case.trace)
    found = _divergences(_seen(case))
    bits = np.array(list(found.values()))
    value = float(bits.mean())
    alike, unlike = min(found, key=lambda h: found[h]), max(found, key=lambda h: found[h])
    numbers = {
        "value": printed(value, 3),
        "pairs": len(found),
        "apart": int((bits >= APART).sum()),
        "alike": "–".join(map(str, alike)),
        "least": printed(found[alike], 3),
        "unlike": "–".join(map(str, unlike)),
        "most": printed(found[unlike], 3),
    }
    return Trial(all_different(bits), numbers, value)


# ---- z₁ looks at x₁


def self_over_others(
    weights: Float[np.ndarray, "*head query key"], apart: Int[np.ndarray, "query key"]
) -> Float[np.ndarray, "*head"]:
    """The share of the pairs of a query and another key in which the query gives itself more."""
    own = np.where(apart == 0, weights, -np.inf).max(axis=-1, keepdims=True)
    return np.asarray((own > weights)[..., apart > 0].mean(axis=-1))


def more_on_itself(of_heads: Float[np.ndarray, " head"], of_mean: float) -> Verdict:
    """The verdict from each head's share of such pairs, and from that of their mean weights."""
    return over_heads(of_heads >= CLEARLY, of_mean >= CLEARLY)


def kept(lengths: Float[np.ndarray, "token token"], words: Int[np.ndarray, " word"]) -> float:
    """The mean share of a word's own part in its z, from the length of each token's part."""
    return float((lengths.diagonal() / lengths.sum(axis=1))[words].mean())


def _own_word(case: Case) -> Trial:
    seen = _seen(case, least=ENOUGH_WORDS)
    weights = seen.layer(0)
    of_heads = self_over_others(weights, seen.apart)
    value = float(self_over_others(weights.mean(axis=0), seen.apart))
    numbers = {
        "value": f"{value:.1%}",
        "agree": int((of_heads >= CLEARLY).sum()),
        "heads": len(of_heads),
        "raw": f"{float(weights.mean(axis=0)[seen.apart == 0].mean()):.1%}",
        "kept": f"{kept(norms(seen.trace, 0), seen.words):.1%}",
    }
    return Trial(more_on_itself(of_heads, value), numbers, value)


CLAIMS = (
    Claim(
        name="C13",
        chapter=7,
        claim=Text(
            "Each word's attention to itself is rather large.",
            "每个词对自己的注意力都比较大。",
        ),
        statistic=Text(
            "{words} words look at {keys} tokens. In {value} of {all_heads} heads, more than half of the "
            "words give themselves more than any other token; with random weights in {control_value}. Averaged "
            "over all heads, a word gives itself {lift} times an even share; with random weights "
            "{control_lift} times. Special tokens receive {special}.",
            "{words} 个词看 {keys} 个词元。{all_heads} 个头中有 {value} 个，过半的词给自己的权重大于给其他任何词元的；"
            "随机权重的对照是 {control_value} 个。所有头平均，一个词给自己的权重是均分时的 {lift} 倍；"
            "随机权重的对照是 {control_lift} 倍。特殊词元得到 {special}。",
        ),
        rule=Text(
            "It holds for every head if in each, more than {most} of the words put themselves first; on "
            "average if the mean over heads is at least {large} times an even share.",
            "如果在每个头里，超过 {most} 的词都把自己排在第一，就是对每个头成立；"
            "如果各头的平均值至少是均分时的 {large} 倍，就是只在平均上成立。",
        ),
        judge=_self,
        says=Text(
            "A much-copied sentence. Try it with and without the special tokens: counting them or not changes what is left for the word itself.",
            "这句话流传很广。请分别在显示和隐藏特殊词元时各试一次：算不算它们，会改变留给词自己的权重。",
        ),
        then={
            "every": Text(
                "Here it is true of each head. The note's own picture speaks against it.",
                "在这里，每个头都如此。笔记自己的图却并不支持它。",
            ),
            "average": Text(
                "Here it is true of the mean alone, not of each head. The note's own picture speaks against it.",
                "在这里，只有平均如此，并非每个头都如此。笔记自己的图也并不支持它。",
            ),
            "fails": Text(
                "It is not true here, and the note's own picture speaks against it too.",
                "在这里并不成立，笔记自己的图也不支持它。",
            ),
        },
        rule_numbers={"most": f"{MOST:.0%}", "large": LARGE},
    ),
    Claim(
        name="C14",
        chapter=7,
        claim=Text(
            "Attention to the neighbourhood is also rather large, to far words somewhat smaller.",
            "对附近的词，注意力也比较大；对远处的词，则小一些。",
        ),
        statistic=Text(
            "In multiples of an even share, averaged over all heads, words give {near} to tokens at most "
            "{reach} away and {far} to those farther off. The difference is {value}; with random weights "
            "{control_value}. In {agree} of {all_heads} heads near exceeds far. By distance, from zero on: "
            "{curve} (all rounded).",
            "以均分时的权重为一，所有头平均，词给相距不超过 {reach} 的词元 {near}，给更远的 {far}。"
            "两者之差为 {value}；随机权重的对照是 {control_value}。"
            "{all_heads} 个头中有 {agree} 个近大于远。从距离零算起，"
            "依次是 {curve}（均已四舍五入）。",
        ),
        rule=Text(
            "Near exceeds far if the difference is at least {nearer} of an even share. It holds for every "
            "head if it does so in each, and on average if it does so in the mean.",
            "两者之差至少为均分时权重的 {nearer}，才算近大于远。每个头都如此，就是对每个头成立；各头的平均如此，"
            "就是只在平均上成立。",
        ),
        judge=_near,
        says=Text(
            "A head that spreads evenly gives near and far words the same.",
            "权重均匀的头，给近处和远处的一样多。",
        ),
        then={
            "every": Text(
                "Here it is true of every head.",
                "在这里，每个头都如此。",
            ),
            "average": Text(
                "A statement about the mean: there are heads in which near words do not stand out.",
                "这是关于平均值的说法：有些头里，近处的词并不突出。",
            ),
            "fails": Text(
                "Here near words do not stand out, not even in the mean.",
                "在这里，近处的词并不突出，平均来看也是如此。",
            ),
        },
        rule_numbers={"nearer": NEARER},
    ),
    Claim(
        name="C15",
        chapter=7,
        claim=Text(
            "The two pictures show different attention mechanisms.",
            "两张图展示的是不同的注意力机制。",
        ),
        statistic=Text(
            "One formula, given x and each head's own W_Q, W_K and W_V, misses the model's z in {value} of "
            "{all_heads} heads; the largest error is {error} of the largest entry. Yet the two most "
            "different pictures, {one} and {other}, are {divergence} bit apart (Jensen–Shannon divergence).",
            "同一个公式，代入 x 和各个头自己的 W_Q、W_K、W_V，{all_heads} 个头中有 {value} 个算不出模型的 z；"
            "最大误差为最大元素的 {error}。然而差别最大的两张图 {one} 与 {other} 相差 {divergence} 比特"
            "（Jensen–Shannon 散度）。",
        ),
        rule=Text(
            "A head has a mechanism of its own if the formula misses its z by more than {tolerance} of "
            "the largest entry. It holds for every head if all have one, on average if more than {most} do.",
            "如果公式算出的 z 与实际相差超过最大元素的 {tolerance}，这个头就算另有机制。所有头都另有机制，"
            "就是对每个头成立；超过 {most} 的头如此，就是只在平均上成立。",
        ),
        judge=_mechanisms,
        says=Text(
            "Different weights are enough for different pictures.",
            "只要权重不同，图就会不同。",
        ),
        then={
            "every": Text(
                "Here the formula gives the z of no head: each has a mechanism of its own.",
                "在这里，没有一个头的 z 能由这个公式算出：每个头都另有机制。",
            ),
            "average": Text(
                "Here most heads have a mechanism that the formula does not describe.",
                "在这里，大多数头的机制不是这个公式所描述的。",
            ),
            "fails": Text(
                "One formula serves {served} of {all_heads} heads: two pictures are two heads, not two methods.",
                "{all_heads} 个头中有 {served} 个用的是同一个公式：两张图是两个头，不是两种方法。",
            ),
        },
        rule_numbers={"tolerance": tiny(TOLERANCE), "most": f"{MOST:.0%}"},
    ),
    Claim(
        name="C16",
        chapter=7,
        claim=Text(
            "Different attention results give different feature vectors: heads differ.",
            "不同的注意力结果得到不同的特征向量：各个头互不相同。",
        ),
        statistic=Text(
            "Over {pairs} {pairs:pair|pairs} of heads of one layer, the rows of two heads differ by {value} bit "
            "(Jensen–Shannon divergence, mean); with random weights by {control_value}. {apart} {apart:pair looks|pairs look} in "
            "different places. Most alike: {alike}, {least} bit; most different: {unlike}, {most} bit.",
            "对同层的 {pairs} 对头，两个头的各行平均相差 {value} 比特（Jensen–Shannon 散度）；"
            "随机权重的对照是 {control_value}。其中 {apart} 对看的地方不同。最相似的是 {alike}，{least} 比特；"
            "最不同的是 {unlike}，{most} 比特。",
        ),
        rule=Text(
            "Two heads look in different places from {apart_from} bit on. It holds for every head if all "
            "pairs do, and on average if their mean does.",
            "相差 {apart_from} 比特以上，算作看的地方不同。每一对都如此，就是对每个头成立；"
            "平均值如此，就是只在平均上成立。",
        ),
        judge=_different,
        says=Text(
            "This compares where heads look; what they write differs by their v and W_O as well.",
            "这里比较的是各头看哪里；它们写出什么，还取决于各自的 v 和 W_O。",
        ),
        then={
            "every": Text(
                "True of every two heads here, in degrees.",
                "在这里，任意两个头都如此，只是程度不同。",
            ),
            "average": Text(
                "True in the mean; some pairs look in the same places.",
                "平均来看如此；有些头看的地方相同。",
            ),
            "fails": Text(
                "Not here: in the mean, two heads look in the same places.",
                "在这里不成立：平均来看，两个头看的地方相同。",
            ),
        },
        rule_numbers={"apart_from": APART},
    ),
    Claim(
        name="C20",
        chapter=8,
        claim=Text(
            "z₁ may look more at x₁, and z₂ more at x₂.",
            "z₁ 可能更多地看 x₁，z₂ 更多地看 x₂。",
        ),
        statistic=Text(
            "In the first layer, mean over heads, a word gives itself more than another token in {value} "
            "of all pairs; with random weights in {control_value}. {agree} of {heads} {heads:head|heads} {agree:does|do} so clearly. Its "
            "attention to itself is {raw}; with the residual connection, {kept} of z is the word's own "
            "(random weights: {control_kept}).",
            "在第一层，各头平均，一个词给自己的权重大于给另一个词元的，占全部词对的 {value}；"
            "随机权重的对照是 {control_value}。{heads} 个头中有 {agree} 个明显如此。"
            "词对自己的注意力为 {raw}；算上残差连接，z 中有 {kept} 来自词自己（随机权重："
            "{control_kept}）。",
        ),
        rule=Text(
            "Half of the pairs would be chance. It holds for every head if each reaches {clearly} of the "
            "pairs, and on average if the mean of the heads does. With fewer than {least} words, chance "
            "alone could reach it.",
            "达到一半只能算偶然。每个头都达到全部词对的 {clearly}，就是对每个头成立；各头的平均达到，"
            "就是只在平均上成立。不足 {least} 个词时，单凭偶然也可能达到。",
        ),
        judge=_own_word,
        says=Text(
            "The residual connection, which the note leaves out, keeps z₁ close to x₁ whatever the attention does (shares by norm: Kobayashi et al.).",
            "笔记没有画出的残差连接，不论注意力看哪里，都让 z₁ 接近 x₁（占比按范数计算：Kobayashi 等人）。",
        ),
        then={
            "every": Text(
                "Here every head of the first layer does.",
                "在这里，第一层的每个头都如此。",
            ),
            "average": Text(
                "Here the mean of the heads does, and not each of them.",
                "在这里，各头的平均如此，并非每个头都如此。",
            ),
            "fails": Text(
                "Here it is not clear: in the mean, a word does not look at itself that much more.",
                "在这里并不明显：平均来看，词并没有这样偏向自己。",
            ),
        },
        rule_numbers={"clearly": f"{CLEARLY:.0%}", "least": ENOUGH_WORDS},
    ),
)
