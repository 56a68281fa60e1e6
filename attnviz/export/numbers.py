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
import pandas as pd

from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.export.table import table
from attnviz.pictures.facts import facts
from attnviz.pictures.lines import drawn_as_lines
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown
from attnviz.pictures.tensor import printed
from attnviz.texts import Language, say

MOST_WEIGHTS = 1_000_000  # rows of a table; a spreadsheet holds 1,048,576
COLUMNS = ("head", "query", "query_place", "key", "key_place", "weight", "drawn")
NOT_ALLOWED = "▨"  # in a table that is read


def as_json(maps: Sequence[Shown], language: Language = "en") -> str:
    """Each map with its places, its values, and which of them are drawn as lines."""
    about = {**_facts(maps), "direction": say("picture.direction", language)}
    # One map after the other: as objects, a map's numbers take many times their text.
    each = ", ".join(json.dumps(_map(one, language), ensure_ascii=False) for one in maps)
    return f'{json.dumps(about, ensure_ascii=False)[:-1]}, "maps": [{each}]}}'


def as_csv(maps: Sequence[Shown], language: Language = "en") -> str:
    """One row a value; the column `facts` says where they are from (see `export.table`)."""
    said = {
        **_facts(maps),
        "direction": say("picture.direction", language),
        "maps": {
            one.name(language): [*_formula(one, language), *one.notes(language)] for one in maps
        },
    }
    masked = any(one.map.allowed is not None for one in maps)
    columns = (*COLUMNS, "allowed") if masked else COLUMNS
    rows = (row for one in maps for row in _rows(one, language, masked=masked))
    return table(columns, rows, said, language)


def as_npz(drawn: Trace | AttentionMap) -> bytes:
    """q, k, v, z and the residual stream of a whole trace; or the values of one map.

    With tokens and facts. Axes of a trace are named in `attnviz.core.trace`, those of a map
    are "row column". Opens without pickle.
    """
    file = io.BytesIO()
    arrays = _of_map(drawn) if isinstance(drawn, AttentionMap) else _of_trace(drawn)
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def as_frame(seen: AttentionMap) -> pd.DataFrame:
    """A map as people read it: 4 decimals, nothing where a lens hides, a sign where not allowed."""
    texts = np.where(seen.shown, np.vectorize(_read, otypes=[str])(seen.values), "")
    texts[seen.denied] = NOT_ALLOWED
    rows, columns = ([place.name for place in side] for side in (seen.rows, seen.columns))
    return pd.DataFrame(texts.tolist(), index=rows, columns=columns)


def _read(value: float) -> str:
    return printed(float(value), 4)


def _of_map(seen: AttentionMap) -> dict[str, Any]:
    named = {"title": seen.title, "formula": seen.formula}
    said = {name: message.text() for name, message in named.items() if message is not None}
    return {
        "facts": np.array(json.dumps({**facts(None), **said, "scale": seen.scale})),
        "rows": np.array([place.text for place in seen.rows]),
        "columns": np.array([place.text for place in seen.columns]),
        "values": np.where(seen.denied, np.nan, seen.values),
        "allowed": ~seen.denied,
        "shown": seen.shown,
    }


def _of_trace(trace: Trace) -> dict[str, Any]:
    layers = range(trace.model.layers)
    about = {**facts(trace), "again": Recipe("overview", trace).text}
    return {
        "facts": np.array(json.dumps(about, ensure_ascii=False)),
        "tokens": np.array([token.text for token in trace.tokens]),
        "queries": np.stack([trace.queries(n) for n in layers]),
        "keys": np.stack([trace.keys(n) for n in layers]),
        "values": np.stack([trace.values(n) for n in layers]),
        "head_output": np.stack([trace.head_output(n) for n in layers]),
        "residual": np.stack([trace.residual(depth) for depth in range(len(layers) + 1)]),
        "scaling": np.array([trace.record(n).scaling for n in layers]),
    }


def _map(one: Shown, language: Language) -> dict[str, Any]:
    seen = one.map
    rows, columns = ([place.text for place in side] for side in (seen.rows, seen.columns))
    values = seen.values.astype(object)  # Python's own numbers, and None
    values[seen.denied] = None
    return {
        "head": one.name(language),
        "formula": one.formula(language),
        "notes": one.notes(language),
        "scale": seen.scale,
        **({"places": rows} if seen.rows == seen.columns else {}),
        "rows": rows,
        "columns": columns,
        "weights": values.tolist(),
        **({} if seen.allowed is None else {"allowed": seen.allowed.tolist()}),
        "drawn": drawn_as_lines(seen).tolist(),
    }


def _formula(one: Shown, language: Language) -> list[str]:
    return [formula] if (formula := one.formula(language)) else []


def _facts(maps: Sequence[Shown]) -> dict[str, object]:
    """Where the numbers are from, with the Python that makes them again where that is known."""
    source = maps[0].source
    if source is None:
        return facts(None)
    trace, heads = source.trace, [head for one in maps for head in one.heads]
    recipe = Recipe("lines", trace, heads, source.lens, source.combination)
    fits = len(trace.heads) * len(trace.tokens) ** 2 <= MOST_WEIGHTS
    again = recipe.whole if fits else recipe.text
    return {**facts(trace), "again": again.replace("\n", "; ")}


def _rows(one: Shown, language: Language, *, masked: bool) -> Iterable[list[object]]:
    seen, name, drawn, denied = one.map, one.name(language), drawn_as_lines(one.map), one.map.denied
    for (row, column), value in np.ndenumerate(seen.values):
        query, key = seen.rows[row], seen.columns[column]
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
