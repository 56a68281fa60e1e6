"""What an overview says: of all heads of a trace, or of one map."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from attnviz.analysis.formula import formula as formula_of
from attnviz.core.heads import PREFIXES
from attnviz.core.trace import Trace
from attnviz.pictures import style
from attnviz.pictures.overview.record import Tiles
from attnviz.pictures.picture import title
from attnviz.pictures.provenance import (
    given_weights_notes,
    intervention_notes,
    layer_notes,
    with_interventions,
)
from attnviz.pictures.shown import Shown
from attnviz.texts import Language, Message, say


def overview_words(
    trace: Trace,
    rows: Sequence[str],
    columns: Sequence[str],
    tiles: Tiles,
    language: Language,
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """What an overview of the heads of a trace says; `rows` and `columns` are its labels."""
    card, kind = trace.model, trace.check_kind("self")
    sizes: dict[str, Any] = {"layers": card.layers, "heads": card.heads}
    block = _largest_block(tiles)
    source = "given" if card.source == "given" else "softmax"
    softmax = {"softmax": formula_of(trace, trace.heads)}
    named = Message(f"overview.formula_{source}", softmax)
    formula = with_interventions(named, trace, trace.heads).text(language)
    key = "overview.pooled" if block > 1 else "overview.exact"
    drawn = say(key, language, block=block, cells=f"{block**2:,}", formula=formula)
    hatched = [] if tiles.denied is None else [say("overview.hatched", language)]
    changed = [
        *intervention_notes(trace, language),
        *given_weights_notes(trace, language),
        *layer_notes(trace, language),
    ]
    note = " ".join([drawn, *hatched, *extra, *changed])
    model, name = card.called(language), say(f"overview.title_{kind}", language, **sizes)
    sizes |= {"queries": len(rows), "keys": len(columns)}
    sizes |= {"rows": len(tiles.row_edges) - 1, "columns": len(tiles.column_edges) - 1}
    of = "" if kind == "self" else f" ({say(f'kind.{kind}', language)})"
    alt = say("overview.alt", language, model=model, kind=of, note=note, **sizes)
    return {
        "layers": card.layers,
        "heads": card.heads,
        "prefix": PREFIXES[kind],
        "title": title(trace, name, language),
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **_spoken(language, signed=False),
    }


def map_words(view: Shown, tiles: Tiles, language: Language) -> dict[str, Any]:
    """What the overview of one map says."""
    attention = view.map
    kind = "signed" if attention.is_signed else "share"
    block = _largest_block(tiles)
    pooled = "_pooled" if block > 1 else ""
    drawn = say(f"overview.map_{kind}{pooled}", language, block=block)
    hatched = [] if attention.allowed is None else [say("overview.hatched", language)]
    note = " ".join([drawn, *hatched])
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
    spoken = _spoken(language, signed=attention.is_signed)
    spoken["words"]["rest"] = say(f"map.rest{'_signed' if attention.is_signed else ''}", language)
    return {
        "layers": 1,
        "heads": 1,
        "alone": True,
        "title": name,
        "note": note,
        "alt": alt,
        **_sides(rows, columns, tiles),
        **spoken,
    }


def _largest_block(tiles: Tiles) -> int:
    """The longest side of a block that shares a cell, in tokens."""
    edges = (tiles.row_edges, tiles.column_edges)
    return max((end - start for side in edges for start, end in pairwise(side)), default=1)


def _sides(rows: Sequence[str], columns: Sequence[str], tiles: Tiles) -> dict[str, Any]:
    return {
        "rows": {"labels": list(rows), "edges": list(tiles.row_edges)},
        "columns": {"labels": list(columns), "edges": list(tiles.column_edges)},
    }


def _spoken(language: Language, *, signed: bool) -> dict[str, Any]:
    """The words under the pointer, and the colours of A and B."""
    kind = "_signed" if signed else ""
    texts = ("not_allowed", "hidden", "rest", "click_sets", "canvas_help")
    read = ("read", "read_block", "pixel")
    return {
        "signed": signed,
        "words": {
            **{name: say(f"overview.{name}", language) for name in texts},
            **{name: say(f"overview.{name}{kind}", language) for name in read},
        },
        "colours": {
            mode: [getattr(code, mode) for code in style.HEAD_CODES[:2]] for mode in style.MODES
        },
    }
