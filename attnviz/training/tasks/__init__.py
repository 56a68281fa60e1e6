"""Tasks: what a small encoder or decoder is trained on, with the places where attention should go.

One file a task, each with a `TASK`; found by discovery, so a new task is one new file.
The contract: texts are symbols of the alphabet, answers are classes, and targets are
places in the text; −1 stands where nothing is asked and where there is no target. Of a decoder
(`is_causal`) no target is later than its query. Where no single token decides, there are no
targets at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
from jaxtyping import Int

from attnviz import checks
from attnviz.errors import TrainingError
from attnviz.models.small.alphabet import Alphabet
from attnviz.models.small.shape import EncoderShape, Positions

NOTHING = -1

Texts = Int[np.ndarray, "text token"]
Answers = Int[np.ndarray, "text token question"]
Targets = Int[np.ndarray, "target text query"]


@dataclass(frozen=True, slots=True)
class Task:
    """Texts, the right answers, and the tokens that each answer depends on."""

    name: str
    alphabet: Alphabet
    target_names: tuple[str, ...]  # what each target is, by its name in the catalogue's `look`
    choices: tuple[str, ...]  # what each class says
    draw: Callable[[np.random.Generator, int], Texts]  # that many texts of one length
    answers: Callable[[Texts], Answers]
    targets: Callable[[Texts], Targets]  # the token that should be looked at
    steps: int  # enough to learn it with `needs_heads` and `needs_layers`
    questions: int = 1  # asked about every token
    needs_heads: int = 1
    needs_layers: int = 1
    one_head: float | None = None  # what the best single average of one layer can reach
    d_model: int = 64
    d_ff: int = 0
    positions: Positions = "learned"
    is_causal: bool = False  # for a decoder: a token sees no later one

    def theory(self, layers: int) -> float | None:
        """What one even average can reach: a statement about one layer."""
        return self.one_head if layers == 1 else None

    def shape(self, heads: int, layers: int) -> EncoderShape:
        """The encoder, or decoder, for this task. Its parameters do not depend on `heads`."""
        return EncoderShape(
            symbols=len(self.alphabet.symbols),
            tokens=self.alphabet.most,
            classes=len(self.choices),
            questions=self.questions,
            d_model=self.d_model,
            heads=heads,
            layers=layers,
            d_ff=self.d_ff,
            positions=self.positions,
            is_causal=self.is_causal,
        )


@cache
def tasks() -> dict[str, Task]:
    """All tasks, by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return {task.name: task for task in sorted((m.TASK for m in modules), key=lambda t: t.name)}


def task_called(name: str) -> Task:
    """The task of that name.

    Raises:
        TrainingError: if there is none.
    """
    if not isinstance(name, str) or name not in tasks():
        said = name if isinstance(name, str) else checks.quoted(name)
        raise TrainingError("no_such_task", task=said, known=", ".join(tasks()))
    return tasks()[name]
