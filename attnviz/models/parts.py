"""Parts: what a long text is computed in, where no token looks at another."""

from collections.abc import Callable

from jaxtyping import Shaped
from torch import Tensor

from attnviz.core.tiles import blocks

PART = 512  # tokens


def in_parts(compute: Callable[[slice], Tensor], tokens: int, axis: int) -> Shaped[Tensor, "*axes"]:
    """What `compute` gives for all tokens, part by part into one tensor along an axis."""
    first, *others = blocks(tokens, 1, PART)
    of_first = compute(first)
    sizes = list(of_first.shape)
    sizes[axis] = tokens
    whole = of_first.new_empty(sizes)
    whole.narrow(axis, 0, first.stop).copy_(of_first)
    del of_first
    for part in others:
        whole.narrow(axis, part.start, part.stop - part.start).copy_(compute(part))
    return whole
