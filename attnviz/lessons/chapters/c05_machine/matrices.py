"""The matrices of one layer that the figure draws, each once for both of its forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from attnviz.core.card import Projected
from attnviz.core.heads import HeadId
from attnviz.lessons.chapters.c05_machine.written import (
    Says,
    says_blended,
    says_joined,
    says_projected,
)
from attnviz.lessons.engine import Scene
from attnviz.pictures import style
from attnviz.pictures.elements.sentence_words import nearby
from attnviz.pictures.elements.thumbnail import Squares, blocks, squares
from attnviz.pictures.style import Paint

MOST_TOKENS, MOST_HEADS = 4, 12  # that are drawn
SQUARES, ACROSS, DOWN = 8, 4, 2  # of the model's width, of a head's, and of a head's in W_O

TRIPLE: tuple[tuple[Projected, str, Paint], ...] = (
    ("query", "Q", style.Q),
    ("key", "K", style.K),
    ("value", "V", style.V),
)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A matrix, its address, and what its squares stand for."""

    values: Float[np.ndarray, "row column"]
    name: str
    address: str
    paint: Paint
    squares: Squares
    says: Says | None = None  # of a number: how it is computed
    of_tokens: bool = True  # whether a row is a token


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One layer, around the chosen head and word."""

    number: int
    heads: int
    chosen: int
    tokens: Sequence[int]  # that are drawn
    column: Sequence[int]  # heads whose Z is drawn
    rows: Sequence[int]  # heads of which everything is drawn
    x: Matrix
    learned: Mapping[int, Sequence[Matrix]]  # W_Q, W_K and W_V, by head
    made: Mapping[int, Sequence[Matrix]]  # Q, K and V
    blended: Mapping[int, Matrix]  # Z
    joined: Mapping[int, Matrix]  # the rows of W_O that read a head
    output: Matrix
    r: Matrix


def layer_of(scene: Scene) -> Layer:
    """The layer of the chosen head, in at most so many tokens and heads as there is room for."""
    trace, chosen_head = scene.trace, scene.head().head
    number = scene.head().layer
    record, learned = trace.record(number), trace.learned[number].output.weight
    tokens = list(nearby(len(trace.tokens), scene.number("word"), MOST_TOKENS))
    column = list(nearby(record.heads, chosen_head, MOST_HEADS))
    rows = sorted({column[0], _between(column, chosen_head), column[-1]})
    written = trace.attention_output(number)

    def of_tokens(
        values: np.ndarray, name: str, address: str, paint: Paint, says: Says | None = None
    ) -> Matrix:
        across = SQUARES if address[0] in "XYR" else ACROSS
        columns = blocks(values.shape[1], across)
        rows = squares(values, [[token] for token in tokens], columns)
        return Matrix(values, name, address, paint, rows, says)

    def z(head: int) -> Matrix:
        values = record.head_output[head]
        of = HeadId(number, head)
        says = says_blended(scene, of, values) if head == chosen_head else None
        return of_tokens(values, f"z · {of}", f"Z.{number}.{head}", style.Z, says)

    def made(head: int) -> list[Matrix]:
        of = HeadId(number, head)
        read = (
            record.queries[head],
            *(record.shared(a, head) for a in (record.keys, record.values)),
        )
        return [
            of_tokens(
                values,
                f"{letter} · {of}",
                f"{letter}.{number}.{head}",
                paint,
                says_projected(scene, of, kind, values) if head == chosen_head else None,
            )
            for (kind, letter, paint), values in zip(TRIPLE, read, strict=True)
        ]

    return Layer(
        number,
        record.heads,
        chosen_head,
        tokens,
        column,
        rows,
        x=of_tokens(trace.residual(number), "X", f"X.{number}", style.X),
        learned={head: _learned(scene, HeadId(number, head)) for head in rows},
        made={head: made(head) for head in rows},
        blended={head: z(head) for head in column},
        joined={head: _joined(learned, HeadId(number, head), record.heads) for head in column},
        output=of_tokens(written, "Z", f"Y.{number}", style.Z, says_joined(scene, number, written)),
        r=of_tokens(trace.residual(number + 1), "R", f"R.{number}", style.R),
    )


def _between(column: Sequence[int], chosen: int) -> int:
    """The second head that is drawn in full: the chosen one, unless it is an end of the column."""
    return chosen if column[0] < chosen < column[-1] else column[min(1, len(column) - 1)]


def _learned(scene: Scene, head: HeadId) -> list[Matrix]:
    matrices = []
    for kind, letter, paint in TRIPLE:
        values = scene.trace.input_projection(head, kind).weight
        rows, columns = blocks(len(values), SQUARES), blocks(values.shape[1], ACROSS)
        address = f"W{letter}.{head.layer}.{head.head}"
        name = f"W_{letter} · {head}"
        shown = squares(values, rows, columns)
        matrices.append(Matrix(values, name, address, paint, shown, of_tokens=False))
    return matrices


def _joined(weight: np.ndarray, head: HeadId, heads: int) -> Matrix:
    wide = len(weight) // heads
    rows = [[head.head * wide + row for row in block] for block in blocks(wide, DOWN)]
    columns = blocks(weight.shape[1], SQUARES)
    address = f"WO.{head.layer}"
    shown = squares(weight, rows, columns)
    return Matrix(weight, "W_O", address, style.Z, shown, of_tokens=False)
