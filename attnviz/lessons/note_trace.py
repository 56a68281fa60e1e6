"""The note's sentence through the embedded model, as data: seen before any model is loaded.

`make opening` writes the file. It holds q and k of every head, of which weights are computed as
those of any trace; what else is asked for is asked of the model itself.
"""

import io
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.core.attention import Scored
from attnviz.core.card import ModelCard
from attnviz.core.partial import Again, LaterWeights, PartialTrace
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.runtime.limits import limits

FILE = Path(__file__).with_name("note_trace.npz")


def note_trace(again: Again) -> PartialTrace | None:
    """The trace that comes with the package; `again` brings the whole one, of the model itself.

    None where this process reads only shorter texts.
    """
    with np.load(FILE) as file:
        facts, queries, keys = json.loads(str(file["facts"])), file["queries"], file["keys"]
    for array in (queries, keys):
        array.flags.writeable = False
    tokens = tuple(Token(**token) for token in facts["tokens"])
    if len(tokens) > limits().tokens or len(facts["text"]) > limits().characters:
        return None
    card = _card(facts["model"])
    return PartialTrace(
        model=replace(card, max_tokens=min(card.max_tokens, limits().tokens)),
        text=facts["text"],
        pair=None,
        sequences={"text": tokens},
        left_out=(),
        attention={
            ("self", layer): Scored(
                queries=queries[layer],
                keys=keys[layer],
                scaling=facts["scaling"][layer],
                learned=LaterWeights(again, layer),
            )
            for layer in range(card.layers)
        },
        capabilities=frozenset(facts["capabilities"]),
        again=again,
    )


def _card(facts: dict[str, Any]) -> ModelCard:
    lists = {name: tuple(value) for name, value in facts.items() if isinstance(value, list)}
    return ModelCard(**{**facts, **lists})


def as_file(trace: Trace) -> bytes:
    """What `note_trace` reads, of a trace of the model itself."""
    layers = range(trace.model.layers)
    facts = {
        "model": asdict(trace.model),
        "text": trace.text,
        "tokens": [asdict(token) for token in trace.tokens],
        "scaling": [trace.record(layer).scaling for layer in layers],
        "capabilities": sorted(trace.capabilities),
    }
    file = io.BytesIO()
    np.savez_compressed(
        file,
        facts=np.array(json.dumps(facts, ensure_ascii=False)),
        queries=np.stack([trace.queries(layer) for layer in layers]),
        keys=np.stack([trace.keys(layer) for layer in layers]),
    )
    return file.getvalue()
