"""Task heads: what a model says, from the answer of a run that was captured.

A folder that was saved by one of transformers' models for a task holds its head beside the base
model. The base runs once, for everything; the head's own code is then given what the base has
answered. When a model is loaded, that is held against the whole model's own answer.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from transformers import PreTrainedConfig
from transformers.models.auto import modeling_auto

from attnviz.core.predictions import Predicts
from attnviz.models import precision

_TASKS: dict[Predicts, str] = {  # what transformers calls them
    "masked-lm": "MASKED_LM",
    "causal-lm": "CAUSAL_LM",
    "sequence-classification": "SEQUENCE_CLASSIFICATION",
    "token-classification": "TOKEN_CLASSIFICATION",
    "question-answering": "QUESTION_ANSWERING",
}
CANNOT = (  # what a model's own code raises where its head asks its base for more than an answer
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
_AT_ONCE = 2**24  # scores that are held at a time: 64 MB

Scores = Float[Tensor, "token choice"]
Given = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class TaskHead:
    """A head that predicts, of one of transformers' models or of ours."""

    predicts: Predicts
    choices: tuple[str, ...] = ()  # the names of classes; (): the pieces of the vocabulary
    has_several: bool = False  # whether several classes may be true at once
    sequence: str = "text"
    module: nn.Module | None = None  # the whole model; None: the base answers with the scores
    base: str = ""  # what the whole calls its base

    def scores(self, answer: Any, given: Given) -> Iterator[Scores]:
        """What softmax or sigmoid is given, a part of the tokens at a time."""
        if self.module is None:
            yield self.of_answer(answer)
        elif self.predicts in ("question-answering", "sequence-classification"):
            yield self.of_answer(self._after(answer, given))
        else:
            yield from self._by_parts(answer, given)

    def of_answer(self, answer: Any) -> Scores:
        """The scores in what a whole model has answered."""
        if isinstance(answer, Tensor):  # an encoder or decoder of ours: its only question
            return answer[0, :, 0]
        if self.predicts == "question-answering":
            return torch.stack([answer.start_logits[0], answer.end_logits[0]], dim=-1)
        logits: Tensor = answer.logits
        return logits if self.predicts == "sequence-classification" else logits[0]

    def _by_parts(self, answer: Any, given: Given) -> Iterator[Scores]:
        """Scores of a vocabulary, few enough tokens at a time."""
        hidden = answer[0]
        config: Any = None if self.module is None else self.module.config
        choices = len(self.choices) or config.vocab_size
        step = max(1, _AT_ONCE // choices)
        for start in range(0, hidden.shape[1], step):
            part = slice(start, start + step)
            answer_here = type(answer)(last_hidden_state=hidden[:, part])
            given_here = {name: value[:, part] for name, value in given.items()}
            yield self.of_answer(self._after(answer_here, given_here))

    def _after(self, answer: Any, given: Given) -> Any:
        """The head's own code, on what its base has answered."""
        assert self.module is not None  # noqa: S101  # the callers have seen it
        head = copy(self.module)
        head.__dict__["_modules"] = {**self.module._modules, self.base: _Answered(answer, self._of)}
        return head(**given)

    @property
    def _of(self) -> nn.Module:
        found: nn.Module = getattr(self.module, self.base)
        return found


class _Answered:
    """Stands for a module that has run: answers what it has answered, and is it otherwise."""

    def __init__(self, answer: Any, module: nn.Module) -> None:
        self._answer, self._module = answer, module

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self._answer

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        return _Answered(self._answer, found) if isinstance(found, nn.Module) else found


@dataclass(slots=True)
class Heard:
    """What a base model was given, and has answered."""

    given: Given | None = None
    answer: Any = None


_heard: ContextVar[Heard | None] = ContextVar("attnviz_heard", default=None)


@contextmanager
def hearing() -> Iterator[Heard]:
    """Keep the answer of every watched base that runs in this thread, until the block ends."""
    heard = Heard()
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def watch_answer(base: nn.Module) -> None:
    """Hook a base model, once, at load. The hook does nothing while nobody is hearing."""

    def answering(_: nn.Module, __: tuple[Any, ...], given: dict[str, Any], answer: Any) -> None:
        if (heard := _heard.get()) is not None:
            heard.given, heard.answer = given, answer

    base.register_forward_hook(answering, with_kwargs=True)


def task_of(config: PreTrainedConfig, classes: tuple[str, ...]) -> tuple[Predicts, Any] | None:
    """What the head of a model's class predicts, and that class; None if it is no such head."""
    if config.is_encoder_decoder:
        return None
    for predicts, task in _TASKS.items():
        found = getattr(modeling_auto, f"MODEL_FOR_{task}_MAPPING").get(type(config), ())
        for one in found if isinstance(found, tuple) else (found,):
            if one.__name__ in classes:
                return predicts, one
    return None


def head_of(predicts: Predicts, whole: Any) -> TaskHead | None:
    """The head of one of transformers' models; None if what it says are no classes."""
    config, has_several = whole.config, False
    choices: tuple[str, ...] = ()
    if "classification" in predicts:
        choices = tuple(str(config.id2label.get(n, n)) for n in range(config.num_labels))
        has_several = config.problem_type == "multi_label_classification"
        if config.problem_type == "regression" or (len(choices) < 2 and not has_several):
            return None  # numbers, and no probabilities
    module = whole.train(False).requires_grad_(False)
    return TaskHead(predicts, choices, has_several, module=module, base=whole.base_model_prefix)


def head_of_target(module: Any) -> TaskHead | None:
    """What an encoder–decoder says comes next in its target, if it has its own head."""
    if not (module.config.is_encoder_decoder and module.can_generate()):
        return None
    return TaskHead("causal-lm", sequence="target")


def says_the_same(head: TaskHead, base: nn.Module, given: Given) -> bool:
    """Whether the head says of the base's answer what the whole model says of the text."""
    assert head.module is not None  # noqa: S101  # it is one of transformers'
    try:
        with precision.inference(head.module):
            parts = torch.cat(list(head.scores(base(**given), given)))
            whole = head.of_answer(head.module(**given))
    except CANNOT:
        return False
    if parts.shape != whole.shape:
        return False
    allowed = precision.tolerance(whole.dtype) * max(1.0, float(whole.abs().max()))
    return float((parts - whole).abs().max()) <= allowed
