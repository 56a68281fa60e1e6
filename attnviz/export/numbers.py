"""The numbers behind a picture: CSV for spreadsheets, JSON for programs, npz of a whole trace.

Every file says model, revision, sentence, heads, direction, formula, what the lens did, and
the version. Numbers are written in full: what is read back is what was drawn. Where nothing
is allowed there is no number.
"""

import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from attnviz.core.attention import AttentionRecord
from attnviz.core.maps import AttentionMap
from attnviz.core.one_kind import of_kind
from attnviz.core.trace import Trace
from attnviz.export.parquet import parquet
from attnviz.export.table import table
from attnviz.pictures.lines.words import drawn_as_lines
from attnviz.pictures.provenance import provenance
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, say

MOST_WEIGHTS = 1_000_000  # rows of a table; a spreadsheet holds 1,048,576
COLUMNS = ("head", "query", "query_place", "key", "key_place", "weight", "drawn")


def as_json(maps: Sequence[Shown], language: Language = "en") -> str:
    """Each map with its places, its values, and which of them are drawn as lines."""
    about = {**_provenance(maps, language), "direction": say("picture.direction", language)}
    # One map after the other: as objects, a map's numbers take many times their text.
    each = ", ".join(json.dumps(_map(view, language), ensure_ascii=False) for view in maps)
    return f'{json.dumps(about, ensure_ascii=False)[:-1]}, "maps": [{each}]}}'


def as_csv(maps: Sequence[Shown], language: Language = "en") -> str:
    """One row a value; the column `facts` says where they are from (see `export.table`)."""
    columns, rows = _table(maps, language)
    return table(columns, rows, _header(maps, language), language)


def as_parquet(maps: Sequence[Shown], language: Language = "en") -> bytes:
    """The same rows as Parquet.

    Raises:
        ArgumentError: if pyarrow, which writes it, is not installed.
    """
    import pandas as pd

    columns, rows = _table(maps, language)
    return parquet(pd.DataFrame(rows, columns=list(columns)), _header(maps, language))


def _header(maps: Sequence[Shown], language: Language) -> dict[str, object]:
    said = {
        view.name(language): [*_formula(view, language), *view.notes(language)] for view in maps
    }
    return {
        **_provenance(maps, language),
        "direction": say("picture.direction", language),
        "maps": said,
    }


def _table(
    maps: Sequence[Shown], language: Language
) -> tuple[tuple[str, ...], Iterable[list[object]]]:
    masked = any(view.map.allowed is not None for view in maps)
    columns = (*COLUMNS, "allowed") if masked else COLUMNS
    return columns, (row for view in maps for row in _rows(view, language, masked=masked))


def as_npz(drawn: Trace | AttentionMap) -> bytes:
    """q, k, v, z and the residual stream of a whole trace; or the values of one map.

    Of an encoder–decoder those of each kind, as encoder_queries; of a model that shows no more,
    its weights. With what else weights come from: scaling, a mask as `allowed`, a bias as `added`,
    softcap, sinks, and the weights of changed heads (see `_besides`). With tokens and provenance.
    Axes of a trace are named in `attnviz.core.trace`, those of a map are "row column". Opens
    without pickle.
    """
    file = io.BytesIO()
    arrays = _of_map(drawn) if isinstance(drawn, AttentionMap) else _of_trace(drawn)
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _of_map(attention: AttentionMap) -> dict[str, Any]:
    named = {"title": attention.title, "formula": attention.formula}
    texts = {name: message.text() for name, message in named.items() if message is not None}
    return {
        "facts": np.array(json.dumps({**provenance(None), **texts, "scale": attention.scale})),
        "rows": np.array([place.text for place in attention.rows]),
        "columns": np.array([place.text for place in attention.columns]),
        "values": np.where(attention.denied, np.nan, attention.values),
        "allowed": ~attention.denied,
        "shown": attention.shown,
    }


def _of_trace(trace: Trace) -> dict[str, Any]:
    if trace.given is not None:
        trace.require("heads")  # their own file is the one that they came from
    about = {**provenance(trace), "again": Recipe("overview", trace).text}
    whole = {"facts": np.array(json.dumps(about, ensure_ascii=False))}
    kinds = trace.kinds
    if kinds == ("self",):
        return {**whole, **_of_kind(trace)}
    each = {kind: _of_kind(of_kind(trace, kind)) for kind in kinds}
    parts = {f"{kind}_{name}": part for kind, of in each.items() for name, part in of.items()}
    return {**whole, **parts}


def _of_kind(trace: Trace) -> dict[str, np.ndarray]:
    """What a trace with one kind of attention holds; the weights themselves, where no more."""
    layers = range(trace.model.layers)
    found = {"tokens": np.array([token.text for token in trace.query_tokens()])}
    if trace.query_tokens() is not trace.key_tokens():
        found["key_tokens"] = np.array([token.text for token in trace.key_tokens()])
    if "heads" in trace.capabilities:
        found |= {
            "queries": np.stack([trace.queries(n) for n in layers]),
            "keys": np.stack([trace.keys(n) for n in layers]),
            "values": np.stack([trace.values(n) for n in layers]),
            "head_output": np.stack([trace.head_output(n) for n in layers]),
            "scaling": np.array([trace.record(n).scaling for n in layers]),
            **_besides([trace.record(n) for n in layers]),
        }
    else:
        found["weights"] = np.stack([trace.layer_weights(n) for n in layers])
    if "streams" in trace.capabilities and len(trace.sequences) == 1:
        # those of cross-attention are the encoder's and the decoder's
        found["residual"] = np.stack(trace.streams[next(iter(trace.sequences))].residual)
    return found


def _besides(records: Sequence[AttentionRecord]) -> dict[str, np.ndarray]:
    """What weights come from besides q, k and scaling, "#head #query key" for masks and biases.

    One array for all layers where they share it, else one a layer: allowed_3, or of a head that
    an intervention changed, weights_3_0.
    """
    arrays: dict[str, np.ndarray] = {}
    for name in ("allowed", "added"):  # no stack: a mask of diagonals takes no memory
        each = [getattr(record, name) for record in records]
        is_shared = each[0] is not None and all(array is each[0] for array in each)
        arrays |= {name: each[0]} if is_shared else _by_layer(name, each)
    for name in ("softcap", "sinks"):
        each = [getattr(record, name) for record in records]
        is_whole = all(number is not None for number in each)
        arrays |= {name: np.stack(each)} if is_whole else _by_layer(name, each)
    for n, record in enumerate(records):
        for head in {*record.changed_scores, *record.changed_weights}:
            arrays[f"weights_{n}_{head}"] = record.weights(head)
    return arrays


def _by_layer(name: str, each: Sequence[Any]) -> dict[str, Any]:
    """What only some layers have, or each has its own, as allowed_3."""
    return {f"{name}_{n}": one for n, one in enumerate(each) if one is not None}


def _map(view: Shown, language: Language) -> dict[str, Any]:
    attention = view.map
    rows, columns = ([place.text for place in side] for side in (attention.rows, attention.columns))
    values = attention.values.astype(object)  # Python's own numbers, and None
    values[attention.denied] = None
    return {
        "head": view.name(language),
        "formula": view.formula(language),
        "notes": view.notes(language),
        "scale": attention.scale,
        **({"places": rows} if attention.rows == attention.columns else {}),
        "rows": rows,
        "columns": columns,
        "weights": values.tolist(),
        **({} if attention.allowed is None else {"allowed": attention.allowed.tolist()}),
        "drawn": drawn_as_lines(attention).tolist(),
    }


def _formula(view: Shown, language: Language) -> list[str]:
    return [formula] if (formula := view.formula(language)) else []


def _provenance(maps: Sequence[Shown], language: Language) -> dict[str, object]:
    """Where the numbers are from, with the Python that makes them again where that is known."""
    source = maps[0].source
    if source is None:
        return provenance(None)
    trace, heads = source.trace, [head for one in maps for head in one.heads]
    recipe = Recipe("lines", trace, heads, source.lens, source.combination, language=language)
    fits = trace.given is None or trace.given.weights.size <= MOST_WEIGHTS
    again = recipe.whole if fits else recipe.text
    return {**provenance(trace), "again": again.replace("\n", "; ")}


def _rows(view: Shown, language: Language, *, masked: bool) -> Iterable[list[object]]:
    attention, name = view.map, view.name(language)
    drawn, denied = drawn_as_lines(attention), attention.denied
    for (row, column), value in np.ndenumerate(attention.values):
        query, key = attention.rows[row], attention.columns[column]
        allowed = not denied[row, column]
        yield [
            name,
            query.text,
            query.positions[0],
            key.text,
            key.positions[0],
            float(value) if allowed else None,
            bool(drawn[row, column]),
            *([allowed] if masked else []),
        ]
