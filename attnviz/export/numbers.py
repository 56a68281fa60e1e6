"""The numbers behind a picture: CSV for spreadsheets, JSON for programs, npz of a whole trace.

Every file says model, revision, sentence, heads, direction, formula, what the lens did, and
the version. Numbers are written in full: what is read back is what was drawn.
"""

import io
import json
from collections.abc import Iterable, Sequence

import numpy as np

from attnviz.core.trace import Trace
from attnviz.export.table import table
from attnviz.pictures.facts import facts
from attnviz.pictures.lines import drawn_as_lines
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, say

MOST_WEIGHTS = 1_000_000  # rows of a table; a spreadsheet holds 1,048,576
COLUMNS = ("head", "query", "query_place", "key", "key_place", "weight", "drawn")


def as_json(maps: Sequence[Shown], language: Language = "en") -> str:
    """Each map with its places, its weights, and which of them are drawn as lines."""
    direction = say("picture.direction", language)
    heads = [
        {
            "head": one.name(language),
            "formula": one.formula(language),
            "notes": one.notes(language),
            "places": [place.text for place in one.view.places],
            "weights": one.view.weights.tolist(),
            "drawn": drawn_as_lines(one.view).tolist(),
        }
        for one in maps
    ]
    whole = {**_facts(maps), "direction": direction, "maps": heads}
    return json.dumps(whole, ensure_ascii=False)


def as_csv(maps: Sequence[Shown], language: Language = "en") -> str:
    """One row a weight; the column `facts` says where they are from (see `export.table`)."""
    said = {
        **_facts(maps),
        "direction": say("picture.direction", language),
        "maps": {one.name(language): [one.formula(language), *one.notes(language)] for one in maps},
    }
    return table(COLUMNS, (row for one in maps for row in _rows(one, language)), said, language)


def as_npz(trace: Trace) -> bytes:
    """q, k, v, z and the residual stream of a whole trace, with its tokens and facts.

    Axes are named in `attnviz.core.trace`. Opens without pickle.
    """
    layers = range(trace.model.layers)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        facts=np.array(
            json.dumps(
                {**facts(trace), "again": Recipe("overview", trace).text}, ensure_ascii=False
            )
        ),
        tokens=np.array([token.text for token in trace.tokens]),
        queries=np.stack([trace.queries(n) for n in layers]),
        keys=np.stack([trace.keys(n) for n in layers]),
        values=np.stack([trace.values(n) for n in layers]),
        head_output=np.stack([trace.head_output(n) for n in layers]),
        residual=np.stack([trace.residual(depth) for depth in range(len(layers) + 1)]),
        scaling=np.array([trace.record(n).scaling for n in layers]),
    )
    return file.getvalue()


def _facts(maps: Sequence[Shown]) -> dict[str, object]:
    """Where the numbers are from, with the Python that makes them again."""
    first, heads = maps[0], [head for one in maps for head in one.heads]
    trace = first.trace
    recipe = Recipe("lines", trace, heads, first.lens, first.combination)
    fits = len(trace.heads) * len(trace.tokens) ** 2 <= MOST_WEIGHTS
    again = recipe.whole if fits else recipe.text
    return {**facts(trace), "again": again.replace("\n", "; ")}


def _rows(one: Shown, language: Language) -> Iterable[list[object]]:
    view, name, drawn = one.view, one.name(language), drawn_as_lines(one.view)
    for (row, column), weight in np.ndenumerate(view.weights):
        query, key = view.places[row], view.places[column]
        yield [
            name,
            query.text,
            query.positions[0],
            key.text,
            key.positions[0],
            float(weight),
            bool(drawn[row, column]),
        ]
