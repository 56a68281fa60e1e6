"""PNG at print size: drawn by the browser from an SVG, because only it has every font.

The server adds what a PNG should say about itself: 300 dots an inch, and the provenance of the
picture as text (PNG specification, 3rd edition, §11.3).
"""

import json
import re
import struct
import zlib

import numpy as np

from attnviz.core.trace import Trace
from attnviz.pictures.packet import pack
from attnviz.pictures.provenance import provenance

DOTS_PER_INCH = 300
_MM_PER_INCH = 25.4
_MOST_PIXELS = 8_000  # of the longer side: browsers refuse much larger canvases


def png_packet(svg: str, trace: Trace, name: str, asked: int = 0) -> bytes:
    """What the browser needs: the SVG, the size in pixels, the file's name, chunks to add.

    `asked` counts how often it was asked for, so that it is saved as often.
    """
    wide, high = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)mm"', svg)[:2])
    dots = min(DOTS_PER_INCH / _MM_PER_INCH, _MOST_PIXELS / max(wide, high))  # a millimetre
    size = {"width": round(wide * dots), "height": round(high * dots)}
    chunks = _resolution(dots) + _text(json.dumps(provenance(trace)))
    meta = {"svg": svg, "name": name, "asked": asked, **size}
    return pack(meta, {"chunks": np.frombuffer(chunks, np.uint8)})


def _resolution(dots_per_mm: float) -> bytes:
    dots = round(1000 * dots_per_mm)
    return _chunk(b"pHYs", struct.pack(">IIB", dots, dots, 1))  # 1: dots a metre


def _text(description: str) -> bytes:
    return _chunk(b"iTXt", b"Description\0\0\0\0\0" + description.encode())


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
