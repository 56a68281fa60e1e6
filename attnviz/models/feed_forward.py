"""Feed-forward: of a long text, some tokens at a time.

It widens every token, about four times, and holds that twice: before and after its activation.
No token looks at another there, so the whole of a long text need never lie in memory.
"""

from collections.abc import Callable
from functools import partial
from inspect import Parameter, signature

from jaxtyping import Float
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from attnviz.models import precision
from attnviz.models.parts import PART, in_parts

_METHODS = ("feed_forward_chunk", "ff_chunk")  # of which transformers says that they may be cut
_MODULE = "mlp"  # what most decoders call it, with and without experts
_OF_A_TOKEN = (nn.Linear, Conv1D, nn.LayerNorm, nn.RMSNorm, nn.Dropout)
_ACTIVATIONS = ("torch.nn.modules.activation", "transformers.activations")


def cut_feed_forward(model: nn.Module) -> None:
    """Have every feed-forward of a model compute a long text in parts, once, at load."""
    for module in model.modules():
        for name in _METHODS:
            if hasattr(module, name):
                setattr(module, name, partial(_of_parts, getattr(module, name)))
        mlp = getattr(module, _MODULE, None)
        if isinstance(mlp, nn.Module) and _is_token_by_token(mlp):
            mlp.forward = partial(_of_parts, mlp.forward)


def _is_token_by_token(module: nn.Module) -> bool:
    """Whether a module is made of what acts on one token alone, and is given nothing else."""
    given = signature(module.forward).parameters.values()
    takes_one = [one.default for one in given] == [Parameter.empty]
    parts = list(module.children())
    return takes_one and bool(parts) and all(map(_acts_on_a_token, parts))


def _acts_on_a_token(part: nn.Module) -> bool:
    if list(part.children()):
        return False
    return isinstance(part, _OF_A_TOKEN) or type(part).__module__ in _ACTIVATIONS


def _of_parts(
    compute: Callable[[Tensor], Tensor], hidden: Float[Tensor, "*batch token d_model"]
) -> Float[Tensor, "*batch token d_model"]:
    """What `compute` gives; of a long text on a CPU, part by part."""
    tokens = hidden.shape[-2]
    if tokens <= PART or hidden.device != precision.CPU:
        return compute(hidden)
    return in_parts(lambda part: compute(hidden[..., part, :]), tokens, axis=-2)
