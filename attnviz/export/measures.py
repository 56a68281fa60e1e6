"""All measures of all heads as a file: CSV, JSON, npz, Parquet. NaN is an empty cell, or null.

Each says where the numbers are from, and of each measure its formula, unit and source.
"""

import io
import json
from typing import Any

import numpy as np

from attnviz.analysis.frame import Table
from attnviz.analysis.measure import measure
from attnviz.analysis.measures import measures
from attnviz.core.trace import Trace
from attnviz.export.parquet import parquet
from attnviz.export.table import table
from attnviz.pictures.provenance import provenance
from attnviz.texts import Language


def measures_csv(trace: Trace, language: Language = "en") -> str:
    """One row a head: each measure, and on how many tokens it rests."""
    found = measure(trace, tokens=True)
    return table(list(found.columns), _rows(found), _header(trace, language), language)


def measures_json(trace: Trace, language: Language = "en") -> str:
    """The same as one object a head, in `table`."""
    found = measure(trace, tokens=True)
    heads = [dict(zip(found.columns, row, strict=True)) for row in _rows(found)]
    return json.dumps({**_header(trace, language), "table": heads}, ensure_ascii=False)


def measures_npz(trace: Trace, language: Language = "en") -> bytes:
    """The same as one array a column, each an entry a head; opens without pickle."""
    found = measure(trace, tokens=True)
    arrays: dict[str, Any] = {name: np.array(found[name].tolist()) for name in found.columns}
    header = np.array(json.dumps(_header(trace, language), ensure_ascii=False))
    file = io.BytesIO()
    np.savez_compressed(file, facts=header, **arrays)
    return file.getvalue()


def measures_parquet(trace: Trace, language: Language = "en") -> bytes:
    """The same as Parquet.

    Raises:
        ArgumentError: if pyarrow, which writes it, is not installed.
    """
    return parquet(measure(trace, tokens=True), _header(trace, language))


def _header(trace: Trace, language: Language) -> dict[str, object]:
    said = {
        one.name: {
            "name": one.title(language),
            "formula": one.formula(language),
            "unit": one.unit_name(language),
            "source": one.source,
        }
        for one in measures()
    }
    return {**provenance(trace), "measures": said}


def _rows(found: Table) -> list[list[object]]:
    """The rows in Python's own numbers, None where there is none."""
    columns = [found[name].astype(object).where(found[name].notna(), None) for name in found]
    return [list(row) for row in zip(*columns, strict=True)]
