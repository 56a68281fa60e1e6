"""The numbers of the chapter's figures: z of every head, what each adds to Z, and their sum."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from attnviz.core.heads import HeadId
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError, LessonError
from attnviz.experiments.rerun import heads_off
from attnviz.lessons.engine import Scene

MOST = 12  # heads that are drawn one by one; of more, the others together
DECIMALS = 3  # of a summand


@dataclass(frozen=True, slots=True)
class Block:
    """A head of the strip, or the heads that are not drawn one by one."""

    heads: tuple[HeadId, ...]

    @property
    def head(self) -> HeadId:
        """Its first head."""
        return self.heads[0]

    @property
    def is_one(self) -> bool:
        """Whether it is one head."""
        return len(self.heads) == 1

    @property
    def label(self) -> str:
        """H3, or H11…H15."""
        first = f"H{self.head.head}"
        return first if self.is_one else f"{first}…{self.heads[-1].head}"


@dataclass(frozen=True, eq=False)
class Sum:
    """How one component of Z comes together for one word, with some heads switched off."""

    trace: Trace
    layer: int
    focus: Token
    component: int
    off: tuple[HeadId, ...]

    @classmethod
    def of(cls, scene: Scene) -> "Sum":
        """The sum that the controls of a scene say."""
        layer = scene.head().layer
        off = tuple(sorted(head for head in scene.heads("off") if head.layer == layer))
        return cls(scene.trace, layer, scene.token, scene.number("component"), off)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The heads of the layer, one by one as far as there is room."""
        heads = [HeadId(self.layer, head) for head in range(self.trace.model.heads)]
        alone = len(heads) if len(heads) <= MOST else MOST - 1
        rest = tuple(heads[alone:])
        return (*(Block((head,)) for head in heads[:alone]), *([Block(rest)] if rest else []))

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The word, and as in the note one more: the next word, or the one before."""
        tokens, at = self.trace.tokens, self.focus.position
        beside = [tokens[n] for n in (at + 1, at - 1) if 0 <= n < len(tokens)]
        words = [token for token in beside if not token.is_special] or beside
        return tuple(sorted([self.focus, *words[:1]], key=lambda token: token.position))

    @property
    def concat(self) -> int:
        """The width of the strip."""
        return len(self._matrix)

    @property
    def width(self) -> int:
        """The width of Z."""
        return int(self._matrix.shape[1])

    @property
    def d_head(self) -> int:
        """The width of one z."""
        return self.concat // self.trace.model.heads

    @cached_property
    def _matrix(self) -> Float[np.ndarray, "concat d_model"]:
        return self.trace.learned[self.layer].output.weight

    @property
    def bias(self) -> float:
        """What W_O adds to the component besides: its bias."""
        return float(self.trace.learned[self.layer].output.bias[self.component])

    def z(self, head: HeadId, token: Token) -> Float[np.ndarray, " d_head"]:
        """What a head found for a token."""
        row: np.ndarray = self.trace.head_output(self.layer)[head.head, token.position]
        return row

    def rows(self, block: Block) -> range:
        """The rows of W_O that read a block of the strip."""
        return range(block.head.head * self.d_head, (block.heads[-1].head + 1) * self.d_head)

    def products(self, head: HeadId) -> Float[np.ndarray, " d_head"]:
        """The products of z with its rows of W_O, number by number, for the component."""
        column = self.trace.output_projection(head)[:, self.component]
        products: np.ndarray = self.z(head, self.focus).astype(np.float64) * column
        return products

    def part(self, block: Block) -> float:
        """What a block adds to the component when nothing is switched off."""
        return float(sum(self.products(head).sum() for head in block.heads))

    def left(self, block: Block) -> float:
        """The same without the heads that are off."""
        on = [head for head in block.heads if head not in self.off]
        return float(sum(self.products(head).sum() for head in on))

    def is_off(self, block: Block) -> bool:
        """Whether every head of a block is off."""
        return all(head in self.off for head in block.heads)

    @property
    def before(self) -> float:
        """The component of Z as the trace has it."""
        return float(self._z[self.focus.position, self.component])

    @cached_property
    def _z(self) -> Float[np.ndarray, "token d_model"]:
        """Z of the trace."""
        return self.trace.attention_output(self.layer)

    @cached_property
    def _left(self) -> Float[np.ndarray, "token d_model"]:
        """Z less what the heads that are off had added."""
        left = self._z
        for head in self.off:
            left = left - self.trace.contribution(head)
        return left

    @cached_property
    def again(self) -> Trace | None:
        """The model's run with these heads off; None if it cannot be run again."""
        try:
            return heads_off(self.trace, self.off)
        except (CaptureError, LessonError):
            return None

    @cached_property
    def after(self) -> float | None:
        """The component as the model computes it with these heads off."""
        if self.again is None:
            return None
        z = self.again.attention_output(self.layer)
        return float(z[self.focus.position, self.component])

    @property
    def left_over(self) -> float:
        """The component less what the heads that are off had added."""
        return float(self._left[self.focus.position, self.component])

    def projected(self, token: Token) -> Float[np.ndarray, " d_model"]:
        """Z of a token, less what the heads that are off had added."""
        row: np.ndarray = self._left[token.position]
        return row

    @property
    def components(self) -> tuple[int, ...]:
        """The components of Z that are drawn: the first few, and the chosen one."""
        few = min(4, self.width)
        if self.component < few:
            return tuple(range(few))
        return (*range(few - 1), self.component)
