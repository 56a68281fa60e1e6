"""The model: what is loaded once, shared by all who ask for it, and never written to."""

from dataclasses import dataclass, field

from tokenizers import Tokenizer
from torch import nn

from attnviz.core.card import Capability, ModelCard
from attnviz.models.places import Place
from attnviz.models.small.alphabet import Alphabet
from attnviz.models.task_head import TaskHead
from attnviz.runtime.sizes import ELSEWHERE


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one text may hold."""

    tokens: int
    characters: int


@dataclass(frozen=True, slots=True)
class Target:
    """How a decoder that writes a text of its own is started."""

    start: int | None  # the token that it reads first; None: the last of the text, moved there
    ends: frozenset[int]  # tokens that end a text, which it never reads
    generates: bool  # whether it has a head that says the next token


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model, shared and read only."""

    name: str
    card: ModelCard
    limits: Limits
    tokenizer: Tokenizer  # without truncation and padding, so encoding keeps no state
    unknown_token: str | None
    mask_token: str | None
    byte_level: bool  # whether pieces stand for bytes
    gives_types: bool  # whether the tokenizer tells the segments of a pair apart
    segments: int  # rows of the model's segment embedding; 0: it has none
    module: nn.Module
    places: tuple[Place, ...]  # where it attends, in the order of the pass
    capabilities: frozenset[Capability] = field(  # what there is to ask its traces for
        metadata={ELSEWHERE: True}  # texts that all models share
    )
    alphabet: Alphabet | None = None  # of an encoder of our own: all that it was trained on
    is_watched: bool = False  # whether its attention is code of its own: see `models/watch.py`
    target: Target | None = None  # of an encoder–decoder
    task_head: TaskHead | None = None  # what predicts, if something does
