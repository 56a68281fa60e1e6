"""Predicting: what the head of a model says of a run that was captured, in words."""

from functools import cache

from torch import Tensor

from attnviz.capture.written import Vocabulary
from attnviz.core.characters import visible
from attnviz.core.predictions import Prediction, Predictions
from attnviz.models import precision
from attnviz.models.model import Model
from attnviz.models.task_head import Heard, TaskHead

MOST = 5  # predictions of a token
_ENDS = ("start", "end")  # of an answer


def predictions_of(model: Model, heard: Heard) -> Predictions | None:
    """The likeliest answers at each token; None of a model without such a head."""
    head = model.task_head
    if head is None or heard.given is None:
        return None
    vocabulary = Vocabulary.of(model)
    says = cache(lambda number: _said(number, head, vocabulary))
    top: list[tuple[Prediction, ...]] = []
    with precision.inference(model.module):
        for scores in head.scores(heard.answer, heard.given):
            probabilities = _probabilities(scores.float(), head)
            likeliest = probabilities.topk(min(MOST, probabilities.shape[-1]))
            top += [
                tuple(Prediction(*says(number), share) for share, number in zip(*row, strict=True))
                for row in zip(likeliest.values.tolist(), likeliest.indices.tolist(), strict=True)
            ]
    return Predictions(head.predicts, tuple(top), head.sequence)


def _probabilities(scores: Tensor, head: TaskHead) -> Tensor:
    if head.has_several:
        return scores.sigmoid()
    return scores.softmax(dim=0 if head.predicts == "question-answering" else -1)


def _said(number: int, head: TaskHead, vocabulary: Vocabulary) -> tuple[str, str]:
    """A choice as people read it, and its piece or label."""
    if head.predicts == "question-answering":
        return _ENDS[number], _ENDS[number]
    if head.choices:
        return visible(head.choices[number]), head.choices[number]
    return vocabulary.text(number), vocabulary.tokenizer.id_to_token(number) or ""
