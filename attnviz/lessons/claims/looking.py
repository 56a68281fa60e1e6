"""Where heads look: at themselves, nearby, each in its own way.

Statistics after Clark et al. 2019, "What Does BERT Look At?", §3 (offsets, special tokens) and
§6 (divergence of heads); shares of z by norm after Kobayashi et al. 2021. Queries are words
alone: what a special token does with its attention is no statement about words.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from attnviz.analysis.allowed import allowed_in_layer
from attnviz.analysis.difference import most_different
from attnviz.analysis.divergences import divergences
from attnviz.analysis.lens import renormalise
from attnviz.analysis.lift import distances, lift, lift_by_distance
from attnviz.analysis.mixing import norms
from attnviz.analysis.own_weight import own_part, self_over_others, self_wins
from attnviz.analysis.recompute import heads_from_x, largest_error
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.digits import printed
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

Statistic = Callable[..., Float[np.ndarray, "head *more"]]


@dataclass(frozen=True, slots=True, eq=False)
class WordWeights:
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

    def allowed(self, layer: int) -> Bool[np.ndarray, "#head query key"] | None:
        """The keys that each word may look at in a layer; None: all."""
        allowed = allowed_in_layer(self.trace, layer)
        return None if allowed is None else allowed[:, self.words][:, :, self.keys]

    def layers(self) -> Iterator[Float[np.ndarray, "head query key"]]:
        """All layers, one at a time."""
        return map(self.layer, range(self.trace.model.layers))

    def over_layers(
        self, statistic: Statistic, pairs: Shaped[np.ndarray, "query key"]
    ) -> Float[np.ndarray, "layer head *more"]:
        """A statistic of the weights, of `pairs` and of what is allowed, for all layers."""
        layers = range(self.trace.model.layers)
        return np.stack([statistic(self.layer(n), pairs, self.allowed(n)) for n in layers])


def word_weights(trace: Trace, hide_special: bool, least: int = 1) -> WordWeights:
    """What the words of a sentence look at.

    Raises:
        LessonError: if there are fewer than `least` words, or a word would look at itself alone.
    """
    need_words(trace, max(least, 2) if hide_special else least)
    words = np.array([token.position for token in trace.tokens if not token.is_special])
    keys = words if hide_special else np.arange(len(trace.tokens))
    return WordWeights(trace, distances(words, keys), words, keys, hide_special)


def _word_weights(case: Case, least: int = 1) -> WordWeights:
    """What the words of a case look at."""
    return word_weights(case.trace, case.hide_special, least)


# ---- a word looks at itself


def on_itself(wins: Float[np.ndarray, "*head"], self_lift: float) -> Verdict:
    """The verdict from each head's share of such queries, and the mean lift of self."""
    return over_heads(wins > MOST, self_lift >= LARGE)


def _self(case: Case) -> Trial:
    rows = _word_weights(case)
    wins = rows.over_layers(self_wins, rows.apart)
    self_lift = float(rows.over_layers(lift, rows.apart == 0).mean())
    value = int((wins > MOST).sum())
    numbers = {
        "value": value,
        "all_heads": wins.size,
        "words": len(rows.words),
        "keys": len(rows.keys),
        "lift": printed(self_lift, 2),
        "special": f"{_on_special(rows):.1%}",
    }
    return Trial(on_itself(wins, self_lift), numbers, float(value))


def _on_special(rows: WordWeights) -> float:
    """The share of the words' attention on special tokens, mean over all heads."""
    special = [rows.trace.tokens[key].is_special for key in rows.keys]
    return float(np.mean([w[..., special].sum(axis=-1).mean() for w in rows.layers()]))


# ---- near words and far ones


def nearby(near: Float[np.ndarray, "*head"], far: Float[np.ndarray, "*head"]) -> Verdict:
    """The verdict from each head's lift on near and on far tokens."""
    return over_heads(near >= far + NEARER, bool(near.mean() >= far.mean() + NEARER))


def _near_and_far(rows: WordWeights) -> Float[np.ndarray, "pair layer head"]:
    near, far = (rows.apart > 0) & (rows.apart <= NEAR), rows.apart > NEAR
    return np.stack([rows.over_layers(lift, pairs) for pairs in (near, far)])


def _near(case: Case) -> Trial:
    rows = _word_weights(case, least=NEAR + 2)
    near, far = _near_and_far(rows)
    value = float(near.mean() - far.mean())
    curve = rows.over_layers(lift_by_distance, rows.apart).mean(axis=(0, 1))
    numbers = {
        "value": printed(value, 2),
        "near": printed(float(near.mean()), 2),
        "far": printed(float(far.mean()), 2),
        "agree": int((near >= far + NEARER).sum()),
        "all_heads": near.size,
        "reach": NEAR,
        "curve": " · ".join(printed(float(value), 2) for value in curve[:CURVE]),
    }
    return Trial(nearby(near, far), numbers, value)


# ---- two pictures


def _mechanisms(case: Case) -> Trial:
    trace = case.trace
    need_heads(trace)
    errors = np.array(
        [
            largest_error(trace.head_output(layer)[head], recomputed[head])
            for layer, heads in all_heads_on(trace).items()
            for recomputed in [heads_from_x(trace.record(layer), trace.residual(layer))]
            for head in heads
        ]
    )
    needs_its_own = errors > TOLERANCE
    value = int(needs_its_own.sum())
    head_a, head_b, divergence = most_different(trace)
    numbers = {
        "value": value,
        "served": errors.size - value,
        "all_heads": errors.size,
        "error": tiny(float(errors.max())),
        "one": head_a,
        "other": head_b,
        "divergence": printed(divergence, 2),
    }
    verdict = over_heads(needs_its_own, value > MOST * errors.size)
    return Trial(verdict, numbers, float(value))


def _divergences(rows: WordWeights) -> dict[tuple[HeadId, HeadId], float]:
    """The Jensen–Shannon divergence of every two heads of one layer, in bits."""
    bits_of = {}
    for layer, weights in enumerate(rows.layers()):
        bits = divergences(weights)
        for head, other_head in combinations(range(len(bits)), 2):
            bits_of[HeadId(layer, head), HeadId(layer, other_head)] = float(bits[head, other_head])
    return bits_of


def all_different(bits: Float[np.ndarray, " pair"]) -> Verdict:
    """The verdict from the divergence of every two heads."""
    return over_heads(bits >= APART, bool(bits.mean() >= APART))


def _different(case: Case) -> Trial:
    need_heads(case.trace)
    bits_of = _divergences(_word_weights(case))
    bits = np.array(list(bits_of.values()))
    value = float(bits.mean())
    alike, unlike = min(bits_of, key=bits_of.__getitem__), max(bits_of, key=bits_of.__getitem__)
    numbers = {
        "value": printed(value, 3),
        "pairs": len(bits_of),
        "apart": int((bits >= APART).sum()),
        "alike": "–".join(map(str, alike)),
        "least": printed(bits_of[alike], 3),
        "unlike": "–".join(map(str, unlike)),
        "most": printed(bits_of[unlike], 3),
    }
    return Trial(all_different(bits), numbers, value)


# ---- z₁ looks at x₁


def more_on_itself(of_heads: Float[np.ndarray, " head"], of_mean: float) -> Verdict:
    """The verdict from each head's share of such pairs, and from that of their mean weights."""
    return over_heads(of_heads >= CLEARLY, of_mean >= CLEARLY)


def _own_word(case: Case) -> Trial:
    rows = _word_weights(case, least=ENOUGH_WORDS)
    weights, allowed = rows.layer(0), rows.allowed(0)
    of_heads = self_over_others(weights, rows.apart, allowed)
    may = None if allowed is None else np.asarray(allowed.any(axis=0))
    value = float(self_over_others(weights.mean(axis=0), rows.apart, may))
    numbers = {
        "value": f"{value:.1%}",
        "agree": int((of_heads >= CLEARLY).sum()),
        "heads": len(of_heads),
        "raw": f"{float(weights.mean(axis=0)[rows.apart == 0].mean()):.1%}",
        "kept": f"{own_part(norms(rows.trace, 0), rows.words):.1%}",
    }
    return Trial(more_on_itself(of_heads, value), numbers, value)


CLAIMS = (
    Claim(
        name="C13",
        chapter=7,
        judge=_self,
        rule_numbers={"most": f"{MOST:.0%}", "large": LARGE},
    ),
    Claim(
        name="C14",
        chapter=7,
        judge=_near,
        rule_numbers={"nearer": NEARER},
    ),
    Claim(
        name="C15",
        chapter=7,
        judge=_mechanisms,
        rule_numbers={"tolerance": tiny(TOLERANCE), "most": f"{MOST:.0%}"},
    ),
    Claim(
        name="C16",
        chapter=7,
        judge=_different,
        rule_numbers={"apart_from": APART},
    ),
    Claim(
        name="C20",
        chapter=8,
        judge=_own_word,
        rule_numbers={"clearly": f"{CLEARLY:.0%}", "least": ENOUGH_WORDS},
    ),
)
