"""Model families: what of a model cannot be seen while it runs.

One file a family, each with a `FAMILY`; found by discovery, so a new family is one
new file. Most need none: `models/scout.py` finds by one pass where a model attends. What is the
same for all families (capture, weights) is written once, in `models/hooks.py` and `capture/`.
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules


@dataclass(frozen=True, slots=True)
class Family:
    """The places of one family's parts, as dotted paths.

    `layers` is looked up in the model; the others in one layer.
    """

    model_types: tuple[str, ...]
    layers: str
    attention: str  # calls the attention function
    query: str  # W_Q, a Linear, as are the next three
    key: str
    value: str
    output: str  # W_O
    norm: str  # the LayerNorm of the attention block's Add & Norm
    after_attention: str  # its output is z: the attention block with its Add & Norm
    positions_after_padding: bool = False  # the first token's position is that of [PAD] plus 1


@cache
def families() -> dict[str, Family]:
    """All families, by the `model_type` that a transformers configuration carries."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return {kind: module.FAMILY for module in modules for kind in module.FAMILY.model_types}
