"""PNG at print size: drawn by the browser from an SVG, because only it has every font.

The server adds what a PNG should say about itself: dots an inch, and where the picture is from
and what it shows as text (PNG specification, 3rd edition, §11.3).
"""

import re
import struct
import xml.etree.ElementTree as ET
import zlib

import numpy as np

from attnviz.pictures.packet import pack

DOTS_PER_INCH = (300, 600)
_MM_PER_INCH = 25.4
_SVG = "{http://www.w3.org/2000/svg}"
MOST_PIXELS = 8_000  # of the longer side: browsers refuse much larger canvases


def png_packet(svg: str, name: str, dpi: int = 300, asked: int = 0) -> bytes:
    """What the browser needs: the SVG, the size in pixels, the file's name, chunks to add.

    `asked` counts how often it was asked for, so that it is saved as often.
    """
    wide, high = millimetres(svg)
    dots = dots_of(svg, dpi) / _MM_PER_INCH  # a millimetre
    size = {"width": round(wide * dots), "height": round(high * dots)}
    root = ET.fromstring(svg)  # noqa: S314 (our own)
    about, says = (root.findtext(f"{_SVG}{part}") or "" for part in ("metadata", "desc"))
    chunks = _resolution(dots) + _text("Description", about) + _text("Comment", says)
    meta = {"kind": "png", "svg": svg, "name": name, "asked": asked, **size}
    return pack(meta, {"chunks": np.frombuffer(chunks, np.uint8)})


def dots_of(svg: str, dpi: int) -> float:
    """How many dots an inch a picture can have, where it is too large for `dpi`."""
    return min(float(dpi), _MM_PER_INCH * MOST_PIXELS / max(millimetres(svg)))


def millimetres(svg: str) -> tuple[float, float]:
    """How wide and how high a picture is in print."""
    wide, high = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)mm"', svg)[:2])
    return wide, high


def _resolution(dots_per_mm: float) -> bytes:
    dots = round(1000 * dots_per_mm)
    return _chunk(b"pHYs", struct.pack(">IIB", dots, dots, 1))  # 1: dots a metre


def _text(keyword: str, said: str) -> bytes:
    return _chunk(b"iTXt", keyword.encode() + b"\0\0\0\0\0" + said.encode())


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check
