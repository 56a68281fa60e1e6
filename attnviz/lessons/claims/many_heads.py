"""Several sets side by side: how many, which is which, and whose W is whose."""

import numpy as np
from jaxtyping import Bool, Float

from attnviz.analysis.apart import apart
from attnviz.core.trace import Trace
from attnviz.digits import printed
from attnviz.lessons.claims import (
    Case,
    Claim,
    Trial,
    holds_if,
    need_heads,
    need_words,
    over_heads,
)

NOTE_HEADS = 8  # "usually eight heads"
NOTE_SETS = range(1, 8)  # "q₁ … q₇": the numbers of the note's list
OWN = 0.01  # matrices differ if they are farther apart than this, relative to their size
SAME = 1e-6  # arrays are the same if no number differs by more
MOST = 0.5  # of the heads: from here on, on average


def _usually_eight(case: Case) -> Trial:
    heads = case.trace.model.heads
    numbers = {"value": heads, "note_heads": NOTE_HEADS, "model": case.trace.model}
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
    distinct: list[np.ndarray] = []
    for array in arrays:
        if not any(_same(array, other) for other in distinct):
            distinct.append(array)
    return len(distinct)


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
        matrix: np.ndarray = getattr(trace.learned[layer], name).weight
        return matrix.reshape(len(matrix), trace.model.heads, -1).transpose(1, 0, 2)

    three = [own_matrices(of_heads(name)) for name in ("query", "key", "value")]
    is_own: np.ndarray = np.all(three, axis=0)
    return is_own


def _own_projections(case: Case) -> Trial:
    trace = case.trace
    need_heads(trace)
    is_own = np.stack([_own(trace, layer) for layer in range(trace.model.layers)])
    value = int(is_own.sum())
    d_model, concat = trace.learned[0].query.weight.shape
    numbers = {
        "value": value,
        "all_heads": is_own.size,
        "whole": f"{d_model} × {concat}",
        "slice": f"{d_model} × {concat // trace.model.heads}",
    }
    return Trial(over_heads(is_own, value > MOST * is_own.size), numbers, float(value))


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
        judge=_usually_eight,
        rule_numbers={"note_heads": NOTE_HEADS},
    ),
    Claim(
        name="C6",
        chapter=5,
        judge=_list_of_sets,
    ),
    Claim(
        name="C7",
        chapter=4,
        judge=_which_z,
        rule_numbers={"same": f"{SAME:.0e}"},
    ),
    Claim(
        name="C11",
        chapter=1,
        judge=_own_projections,
        rule_numbers={"own": f"{OWN:.0%}", "most": f"{MOST:.0%}"},
    ),
    Claim(
        name="C12",
        chapter=1,
        judge=_copies,
    ),
)
