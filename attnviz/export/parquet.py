"""Parquet, where pyarrow is installed: the app brings it, the library alone does not."""

import io
from collections.abc import Mapping
from importlib.util import find_spec

from attnviz.analysis.frame import Table
from attnviz.errors import ArgumentError


def parquet(table: Table, header: Mapping[str, object]) -> bytes:
    """A table as Parquet; `pandas.read_parquet` gives the header back as its `attrs["facts"]`.

    Raises:
        ArgumentError: if pyarrow is not installed.
    """
    if find_spec("pyarrow") is None:
        raise ArgumentError("no_pyarrow")
    named = table.copy()
    named.attrs["facts"] = dict(header)
    file = io.BytesIO()
    named.to_parquet(file, engine="pyarrow", index=False)
    return file.getvalue()
