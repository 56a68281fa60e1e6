"""What the pictures of a page show, read from the packets that it sends to the browser."""

from typing import Any

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from attnviz.digits import printed
from attnviz.pictures.packet import unpack

Packet = tuple[dict[str, Any], dict[str, np.ndarray]]


def sent(app: AppTest) -> dict[str, bytes]:
    """What each component is given, by its key."""
    return {str(one.key): one.proto.bytes for one in app.get("bidi_component")}


def pictures(app: AppTest, view: str) -> list[Packet]:
    """The pictures of an open tab: A, B, and A − B where it stands beside them; none if closed."""
    whole = sent(app).get(f"{view}_pictures")
    if whole is None:
        return []
    return [unpack(packet.tobytes()) for packet in unpack(whole)[1].values()]


def notes(app: AppTest, view: str) -> str:
    """What the pictures of a tab say that is hidden, merged or renormalised."""
    return "\n".join(note for meta, _ in pictures(app, view) for note in meta["head"]["map_notes"])


def numbers_table(app: AppTest) -> pd.DataFrame:
    """The table of the Numbers tab, as it is read; of a long text a column for its query."""
    meta, arrays = unpack(sent(app)["numbers_table"])
    texts = [
        ["" if np.isnan(value) else printed(float(value), 4) for value in row]
        for row in arrays["weights"]
    ]
    rows, columns = meta["rows"]["names"], meta["columns"]["names"]
    if meta["query"] is not None:
        rows = [rows[meta["query"]]]
    table = pd.DataFrame(texts, index=rows, columns=columns)
    if "denied" in arrays:
        table = table.mask(arrays["denied"].astype(bool), "▨")
    return table if meta["query"] is None else table.T
