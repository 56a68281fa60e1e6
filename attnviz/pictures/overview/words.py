"""What an overview says: of all heads of a trace, or of one map."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from attnviz.analysis.formula import formula as formula_of
from attnviz.analysis.lens import Lens, MapKind
from attnviz.core.heads import PREFIXES
from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.overview.tiles import Tiles, boundaries
from attnviz.pictures.picture import title
from attnviz.pictures.provenance import (
    given_weights_notes,
    intervention_notes,
    layer_notes,
    with_interventions,
)
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, Message, running, say


def overview_words(
    trace: Trace,
    rows: Sequence[str],
    columns: Sequence[str],
    tiles: Tiles,
    language: Language,
    extra: Sequence[str] = (),
    map_kind: MapKind = "raw",
) -> dict[str, Any]:
    """What an overview of the heads of a trace says; `rows` and `columns` are its labels."""
    card, kind = trace.model, trace.check_kind("self")
    sizes: dict[str, Any] = {"layers": card.layers, "heads": card.heads}
    block, of_layers = _largest_block(tiles), Lens(map=map_kind).is_of_layers
    of = "" if map_kind == "raw" else "_layers" if of_layers else "_norm"
    key = f"overview.pooled{of}" if block > 1 else f"overview.exact{of}"
    formula = _formula(trace, map_kind).text(language)
    drawn = say(key, language, block=block, cells=f"{block**2:,}", formula=formula)
    hatched = [] if tiles.denied is None else [say("overview.hatched", language)]
    changed = [
        *intervention_notes(trace, language),
        *given_weights_notes(trace, language),
        *layer_notes(trace, language),
    ]
    note = running([drawn, *hatched, *extra, *changed])
    of_kind = "" if kind == "self" else f" ({say(f'kind.{kind}', language)})"
    named = f"overview.title_{kind if map_kind == 'raw' else map_kind}"
    name = say(named, language, **sizes) + ("" if map_kind == "raw" else of_kind)
    sizes |= {"queries": len(rows), "keys": len(columns)}
    sizes |= {"rows": len(tiles.row_edges) - 1, "columns": len(tiles.column_edges) - 1}
    alt = say(
        f"overview.alt{'_layers' if of_layers else ''}",
        language,
        model=card.called(language),
        name=name,
        kind=of_kind,
        note=note,
        **sizes,
    )
    return {
        "layers": 1 if of_layers else card.layers,
        "heads": card.layers if of_layers else card.heads,
        "ofLayers": of_layers,
        "prefix": PREFIXES[kind],
        "title": title(trace, name, language),
        "name": name,
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **_spoken(language, block, signed=False),
    }


def _formula(trace: Trace, kind: MapKind) -> Message:
    """How the numbers of all tiles came about."""
    if kind != "raw":
        of = "derived.norm_formula" if kind == "norm_weighted" else f"overview.formula_{kind}"
        return Message(of)
    source = "given" if trace.model.source == "given" else "softmax"
    softmax = {"softmax": formula_of(trace, trace.heads)}
    return with_interventions(Message(f"overview.formula_{source}", softmax), trace, trace.heads)


def map_words(view: Shown, tiles: Tiles, language: Language) -> dict[str, Any]:
    """What the overview of one map says."""
    attention = view.map
    kind = "signed" if attention.is_signed else "share"
    block = _largest_block(tiles)
    pooled = "_pooled" if block > 1 else ""
    drawn = say(f"overview.map_{kind}{pooled}", language, block=block)
    hatched = [] if attention.allowed is None else [say("overview.hatched", language)]
    note = running([drawn, *hatched])
    name = view.name(language)
    alt = say(
        "overview.map_alt",
        language,
        name=name,
        rows=len(attention.rows),
        columns=len(attention.columns),
        note=note,
    )
    rows, columns = ([place.text for place in side] for side in (attention.rows, attention.columns))
    spoken = _spoken(language, block, signed=attention.is_signed)
    spoken["words"]["rest"] = say(f"map.rest{'_signed' if attention.is_signed else ''}", language)
    return {
        "layers": 1,
        "heads": 1,
        "alone": True,
        "title": name,
        "name": name,
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **spoken,
    }


def tile_counts(tiles: Tiles, language: Language, *, signed: bool) -> list[str]:
    """What is pooled and what is not allowed, as short as a figure alone has room for."""
    counts, block = [], _largest_block(tiles)
    if block > 1:
        counts.append(say(f"hidden.pooled{'_signed' if signed else ''}", language, block=block))
    if tiles.denied is not None:
        cells = int(np.broadcast_to(tiles.denied, tiles.levels.shape).sum(dtype=int))
        counts.append(say("hidden.hatched", language, cells=f"{cells:,}"))
    return counts


def named_tiles(every: tuple[int, int], language: Language) -> list[str]:
    """That only every k-th head or layer is named; nothing where all are."""
    heads, layers = every
    named = max(every) > 1
    return [say("hidden.tiles_named", language, heads=heads, layers=layers)] if named else []


def _largest_block(tiles: Tiles) -> int:
    """The longest side of a block that shares a cell, in tokens."""
    edges = (tiles.row_edges, tiles.column_edges)
    return max((end - start for side in edges for start, end in pairwise(side)), default=1)


def _sides(rows: Sequence[str], columns: Sequence[str], tiles: Tiles) -> dict[str, Any]:
    return {
        "rows": {"labels": list(rows), "edges": list(tiles.row_edges)},
        "columns": {"labels": list(columns), "edges": list(tiles.column_edges)},
        "boundaries": boundaries(tiles),
    }


def _spoken(language: Language, block: int, *, signed: bool) -> dict[str, Any]:
    """The words under the pointer, and the colours of A and B."""
    kind = "_signed" if signed else ""
    texts = ("not_allowed", "hidden", "rest", "click_sets", "canvas_help")
    names = ("read", "read_block", "pixel")
    return {
        "signed": signed,
        "words": {
            "slots": {"add": say("overview.click_add", language)},
            **{name: say(f"overview.{name}", language) for name in texts},
            **{name: say(f"overview.{name}{kind}", language) for name in names},
            "preview": say(
                f"overview.preview{kind}{'_block' if block > 1 else ''}",
                language,
                block=block,
                head="{head}",
                count="{count}",
            ),
        },
        "colours": {
            mode: [getattr(code, mode) for code in style.HEAD_CODES] for mode in style.MODES
        },
        "dashes": [code.dash for code in style.HEAD_CODES],
    }
