"""Layout: from what a pass shows, or a family file says, to the places of a model's attention."""

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from attnviz.core.attention import AttentionKey
from attnviz.core.card import (
    AbsentNorm,
    AbsentProjection,
    Capability,
    LayerWeights,
    Norm,
    Projection,
)
from attnviz.core.heads import Kind
from attnviz.models import hooks
from attnviz.models.families import Family
from attnviz.models.places import Place, by_block, by_module
from attnviz.models.scout import Attended, Inputs, Ran, Scout, first, same, scout
from attnviz.models.streams import read_only
from attnviz.models.watch import SoftmaxScout, watch_inside, watching


def places_of_family(module: nn.Module, family: Family) -> tuple[Place, ...]:
    """The places that a family file names."""

    def part(layer: nn.Module, path: str) -> Any:
        return reduce(getattr, path.split("."), layer)

    layers: list[nn.Module] = list(part(module, family.layers).children())
    return tuple(
        Place(
            key=("self", number),
            attention=part(layer, family.attention),
            learned=layer_weights(
                *(
                    part(layer, path)
                    for path in (family.query, family.key, family.value, family.output, family.norm)
                )
            ),
            output=part(layer, family.output),
            block=layer,
            after_attention=part(layer, family.after_attention),
        )
        for number, layer in enumerate(layers)
    )


def places_seen(module: nn.Module, found: Scout, is_encoder_decoder: bool) -> tuple[Place, ...]:
    """The places that one pass has shown."""
    names = {part: name for name, part in module.named_modules()}
    keys = _keys(found.attended, names, is_encoder_decoder)
    blocks = _blocks(found, names, keys)
    starts = [call.before for call in found.attended] + [len(found.projections)]
    return tuple(
        _place(call, key, block, found, found.projections[start:end])
        for call, key, block, (start, end) in zip(
            found.attended, keys, blocks, pairwise(starts), strict=True
        )
    )


def _place(
    call: Attended, key: AttentionKey, block: Ran | None, found: Scout, after: list[Ran]
) -> Place:
    """One place: `after` are the projections that ran between its call and the next."""
    z = call.z
    output = None if z is None else first(after, lambda run: same(run.given, z))
    three = None if block is None else _projections(call, found, block.given)
    norm = None
    if three and block and output and key[0] == "self":  # else what follows is no Add & Norm
        norm = _norm(found, output, block.given)
    query, keys, value = three or [AbsentProjection("projections")] * 3
    return Place(
        key=key,
        attention=call.module,
        learned=LayerWeights(
            query=query,
            key=keys,
            value=value,
            output=AbsentProjection("output") if output is None else projection(output.module),
            norm=AbsentNorm() if norm is None else norm_of(norm.module),
        ),
        output=None if output is None else output.module,
        block=None if block is None else block.module,
        after_attention=None if norm is None else norm.module,
    )


def _keys(
    attended: Sequence[Attended], names: dict[nn.Module, str], is_encoder_decoder: bool
) -> list[AttentionKey]:
    """The kind and the layer of each call: of a decoder, cross attention looks at the source."""
    counts: dict[Kind, int] = {}
    keys: list[AttentionKey] = []
    for call in attended:
        kind: Kind = "self"
        if is_encoder_decoder and call.queries != call.keys:
            kind = "cross"
        elif is_encoder_decoder:
            kind = "encoder" if "encoder" in names[call.module].split(".") else "decoder"
        keys.append((kind, counts.get(kind, 0)))
        counts[kind] = counts.get(kind, 0) + 1
    return keys


def _blocks(
    found: Scout, names: dict[nn.Module, str], keys: Sequence[AttentionKey]
) -> list[Ran | None]:
    """The layer around each call; none if they are no residual stream, one upon the other."""
    runs_of: dict[nn.Module, list[Ran]] = {}
    for run in found.layers:
        runs_of.setdefault(run.module, []).append(run)
    none: list[Ran | None] = [None] * len(keys)
    chains: dict[Kind, list[Ran]] = {}
    used: dict[tuple[nn.Module, Kind], int] = {}
    for (kind, _), call in zip(keys, found.attended, strict=True):
        around = [one for one in runs_of if _is_in(names[call.module], names[one])]
        if not around:
            return none
        block = min(around, key=lambda one: len(names[one]))
        number = used.get((block, kind), 0)
        used[block, kind] = number + 1
        runs = runs_of[block]
        if number >= len(runs) or runs[number].given.shape[:-1] != (1, call.queries):
            return none  # what runs there is no "batch token d_model"
        chains.setdefault(kind, []).append(runs[number])
    if not all(_goes_on(*two) for chain in chains.values() for two in pairwise(chain)):
        return none
    return [chains[kind][layer] for kind, layer in keys]


def _goes_on(below: Ran, above: Ran) -> bool:
    return below.returned is not None and same(below.returned, above.given)


def _projections(call: Attended, found: Scout, x: torch.Tensor) -> list[Projection] | None:
    """W_Q, W_K and W_V: what reads x, and gives q, k and v side by side."""
    if call.q_k_v is None:
        return None
    reading_x = [run for run in found.projections[: call.before] if same(run.given, x)]
    runs = [_giving(heads, reading_x) for heads in call.q_k_v]
    return [projection(run.module) for run in runs if run] if all(runs) else None


def _giving(heads: torch.Tensor, runs: list[Ran]) -> Ran | None:
    """The projection whose output, cut into heads, is q, k or v."""
    rows = heads.transpose(1, 2)  # from "batch head token d_head" to "batch token head d_head"
    return first(runs, lambda run: run.returned is not None and same(run.returned, rows))


def _norm(found: Scout, output: Ran, x: torch.Tensor) -> Ran | None:
    """Add & Norm: the LayerNorm of x + W_O."""
    if output.returned is None or output.returned.shape != x.shape:
        return None
    added = output.returned + x
    return first(found.norms, lambda run: same(run.given, added))


def scouted(module: nn.Module, given: Inputs, is_watched: bool) -> Scout:
    """What one pass shows: of the attention function, or of softmax in a model's own code."""
    if not is_watched:
        return scout(module, given, hooks.recording)
    lengths = frozenset(one.shape[1] for one in given.values())
    handles = watch_inside(module.modules())
    try:
        return scout(module, given, lambda found: watching(SoftmaxScout(found, lengths)))
    finally:
        for handle in handles:
            handle.remove()


def watch(places: Sequence[Place], is_watched: bool = False) -> None:
    """Hook every part of the places for capture, once, at load."""
    for block in by_block(places):
        hooks.watch_block(block)
    for output in by_module(places, "output"):
        hooks.watch_output(output)
    for module in by_module(places, "after_attention"):
        hooks.watch_after_attention(module)
    if is_watched:
        watch_inside(by_module(places, "attention"))


def beside(module: nn.Module, found: Scout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The numbers of the layers that attend, and the kinds of those that stand among them.

    Such as layers of linear attention. Nothing, where every layer attends.
    """
    names = {part: name for name, part in module.named_modules()}
    attending = {names[call.module] for call in found.attended}
    stacks: dict[str, list[nn.Module]] = {}
    for run in found.layers:
        stack, _, _ = names[run.module].rpartition(".")
        if run.module not in stacks.setdefault(stack, []):
            stacks[stack].append(run.module)
    layers = min((s for s in stacks if any(_is_in(n, s) for n in attending)), key=len, default="")
    numbers, others = [], []
    for number, layer in enumerate(stacks.get(layers, ())):
        if any(_is_in(name, names[layer]) for name in attending):
            numbers.append(str(number))
        else:
            others.append(_kind_of(module, layer, number))
    return (tuple(numbers), tuple(others)) if others else ((), ())


def _is_in(name: str, outer: str) -> bool:
    return f"{name}.".startswith(f"{outer}.")


def _kind_of(module: nn.Module, layer: nn.Module, number: int) -> str:
    """What a configuration calls a layer, else its class."""
    config: Any = getattr(module, "config", None)
    kinds = getattr(config, "layer_types", None) or getattr(config, "layers_block_type", None)
    return str(kinds[number]) if kinds and number < len(kinds) else type(layer).__name__


def shown(places: Sequence[Place], is_watched: bool = False) -> frozenset[Capability]:
    """What there is to ask a trace of such a model for."""
    learned = [place.learned for place in places]
    found: dict[Capability, bool] = {
        "weights": True,
        "heads": not is_watched,
        "output": not any(isinstance(one.output, AbsentProjection) for one in learned),
        "projections": not any(isinstance(one.query, AbsentProjection) for one in learned),
        "streams": all(place.block is not None for place in places),
        "norms": not any(isinstance(one.norm, AbsentNorm) for one in learned),
    }
    return frozenset(what for what, is_shown in found.items() if is_shown)


def layer_weights(
    query: nn.Module, key: nn.Module, value: nn.Module, output: nn.Module, norm: nn.Module
) -> LayerWeights:
    """A layer's learned numbers as `Trace` keeps them: what a model lacks is 0, a gain 1."""
    q, k, v, o = map(projection, (query, key, value, output))
    return LayerWeights(q, k, v, o, norm_of(norm))


def projection(linear: Any) -> Projection:
    """The matrix and bias of a Linear, or of a Conv1D, which keeps it the other way round."""
    weight = _read_only(linear.weight, 1.0)
    if not isinstance(linear, Conv1D):
        weight = weight.T
    return Projection(weight, _read_only(linear.bias, 0.0, weight.shape[1]))


def norm_of(norm: Any) -> Norm:
    """The gain, bias and epsilon of a LayerNorm."""
    size = norm.normalized_shape[0]
    return Norm(_read_only(norm.weight, 1.0, size), _read_only(norm.bias, 0.0, size), norm.eps)


def _read_only(parameter: torch.Tensor | None, absent_is: float, size: int = 0) -> np.ndarray:
    """A parameter's own numbers, or, where the model has none, `size` times `absent_is`."""
    array = np.full(size, absent_is, np.float32) if parameter is None else read_only(parameter)
    array.flags.writeable = False
    return array
