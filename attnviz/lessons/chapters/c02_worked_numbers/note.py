"""The note's own numbers."""

import math

import numpy as np

from attnviz.core.weights import softmax
from attnviz.digits import printed
from attnviz.lessons import note_example
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers
from attnviz.pictures import style
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import number_table
from attnviz.pictures.weighted_sum import WeightedSum, weighted_sum


def _table(width: int) -> WeightedSum:
    q, k, v = (note_example.X @ w for w in (note_example.W_Q, note_example.W_K, note_example.W_V))
    products = (q @ k.T)[0].astype(float)
    scores = products / math.sqrt(width)
    weights = softmax(scores)
    return WeightedSum(
        note_example.WORDS, products, scores, weights, v.astype(float), weights @ v, width**0.5
    )


def _draw_note(scene: Scene) -> Drawing:
    width = scene.number("width")
    table = _table(width)
    mode = scene.mode
    matrices = [
        _matrix("X", note_example.X, style.X, scene),
        element("span", "×", class_="sign"),
        _matrix("W_Q", note_example.W_Q, style.Q, scene),
        element("span", "=", class_="sign"),
        _matrix("Q", note_example.X @ note_example.W_Q, style.Q, scene),
        _matrix("K = X W_K", note_example.X @ note_example.W_K, style.K, scene),
        _matrix("V = X W_V", note_example.X @ note_example.W_V, style.V, scene),
    ]
    shares = [printed(float(w), 6) for w in table.weights]
    said = f"z₁ = {shares[0]} · v₁ + {shares[1]} · v₂"
    root = element(
        "div",
        element("div", *matrices, class_="row"),
        weighted_sum(table, mode, scene.language, decimals=(0, 4, 6, 6)),
        element("p", said, class_="formula"),
    )
    values = {"weights": table.weights, "scores": table.scores, "products": table.products}
    return Drawing(root, said, mode, values)


def _matrix(title: str, values: np.ndarray, paint: style.Paint, scene: Scene) -> Element:
    rows = (
        list(note_example.WORDS)
        if len(values) == len(note_example.WORDS)
        else [str(i) for i in range(len(values))]
    )
    columns = [str(i) for i in range(values.shape[1])]
    table = number_table(
        values.astype(float), rows, columns, paint, scene.mode, decimals=0, corner=title
    )
    return element("figure", table, class_="small")


def _note_numbers(scene: Scene) -> Numbers:
    width = scene.number("width")
    table = _table(width)
    gap = float(table.scores[0] - table.scores[1])
    return {
        "one": f"{table.products[0]:.0f}",
        "other": f"{table.products[1]:.0f}",
        "width": width,
        "divisor": f"{table.divisor:.4g}",
        "gap": f"{gap:.4g}",
        "factor": f"{math.exp(gap):.4g}",
        "cells": note_example.W_Q.shape[1],
        "drawn_divisor": f"{note_example.W_Q.shape[1] ** 0.5:.3f}",
    }


PART = Part("note", _draw_note, _note_numbers, uses=("width",))
