"""What one head can do in principle: weights written by hand, and every text it may see."""

from dataclasses import replace
from itertools import product

import numpy as np
import torch

from attnviz.models.small.encoder import Encoder
from attnviz.training.held_out import HeldOut
from attnviz.training.loop import examine
from attnviz.training.ring import LENGTH
from attnviz.training.run import checked
from attnviz.training.tasks import Task, task_called

SMALL = 0.002  # how much a digit changes the weight that it gets
PLACES = np.arange(LENGTH)
DIGITS = np.arange(10) - 4.5
BEFORE, AFTER, MINUS_BEFORE, MINUS_AFTER = range(22, 26)  # after 10 digits and 12 places


def by_hand(task: Task) -> Encoder:
    """One head, one layer, no feed-forward network, that tells before from after.

    Its weights are 1 ± SMALL × digit on both neighbours, and its values ± 1 + SMALL × digit,
    with signs by place that differ between any two places two apart. To the first order in
    SMALL, the digit cancels on one neighbour and doubles on the other.
    """
    encoder = Encoder(checked(task, 1, 1, 0, None).shape)
    sign = np.where(PLACES % 4 < 2, 1.0, -1.0)  # at a place; the opposite two places on
    query, key, value, output = np.zeros((4, 64, 64))
    query[PLACES, 10 + PLACES] = 8 * 40  # √d_head, and a score that leaves the others nothing
    query[12, 10 + PLACES] = 8 * sign[PLACES - 1]
    for step in (-1, 1):
        key[(PLACES + step) % LENGTH, 10 + PLACES] = 1
    key[12, :10] = SMALL * DIGITS
    value[0, 10 + PLACES], value[1, 10 + PLACES] = sign, -sign
    value[:2, :10] = SMALL * DIGITS
    output[[BEFORE, AFTER], [0, 1]] = 1
    output[[MINUS_BEFORE, MINUS_AFTER], [0, 1]] = -1  # the mean of z stays what it is
    answers = np.zeros((2, 10, 64))
    spread = (2 / 64 - (2 / 64) ** 2) ** 0.5  # what LayerNorm divides by, SMALL aside
    for question, (plus, minus) in enumerate(((BEFORE, MINUS_BEFORE), (AFTER, MINUS_AFTER))):
        answers[question, :, plus] = DIGITS * spread / (2 * SMALL)
        answers[question, :, minus] = -answers[question, :, plus]
    bias = np.tile(-(DIGITS**2) / 2, 2)
    attention = encoder.blocks()[0].attention
    assert encoder.places is not None
    with torch.no_grad():
        for parameter, numbers in (
            (encoder.symbols.weight, np.eye(10, 64)),
            (encoder.places.weight, np.eye(LENGTH, 64, 10)),
            (attention.w_q.weight, query),
            (attention.w_k.weight, key),
            (attention.w_v.weight, value),
            (attention.w_o.weight, output),
            (encoder.answers.weight, answers.reshape(20, 64)),
            (encoder.answers.bias, bias),
        ):
            parameter.copy_(torch.from_numpy(numbers))
    return encoder


def every_pair(task: Task) -> HeldOut:
    """All pairs of neighbours at every place, the other digits at random."""
    texts = task.draw(np.random.default_rng(0), LENGTH * 100)
    for text, (place, before, after) in zip(
        texts, product(PLACES, range(10), range(10)), strict=True
    ):
        text[[place - 1, (place + 1) % LENGTH]] = before, after
    return HeldOut((texts,), frozenset())


def test_one_head_without_a_feed_forward_network_can_answer_two_looks() -> None:
    task = replace(task_called("two-looks"), d_ff=0)
    exam, _ = examine(by_hand(task), every_pair(task), task)
    assert exam.asked == 1_200 * LENGTH * 2
    assert exam.right == exam.asked
