"""The packet: a picture's words and numbers as one block of bytes for the browser.

A little-endian uint32 says how long the JSON header is. The header holds, for each array,
name, type, shape and offset, and at its end `meta`; the arrays follow, each at a multiple of 8
bytes, so that the browser reads them without copying.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Shaped

_ALIGN = 8


def pack(meta: Mapping[str, Any], arrays: Mapping[str, Shaped[np.ndarray, "..."]]) -> bytes:
    """`meta` (JSON values) and `arrays` as one packet."""
    entries, blocks, offset = [], [], 0
    for name, array in arrays.items():
        block = np.ascontiguousarray(array).tobytes()
        entries.append(
            {"name": name, "type": array.dtype.name, "shape": array.shape, "offset": offset}
        )
        padding = -len(block) % _ALIGN
        blocks.append(block + b"\0" * padding)
        offset += len(block) + padding
    return _framed(_json({"arrays": entries, "meta": meta}), *blocks)


def with_meta(packet: bytes, more: Mapping[str, Any]) -> bytes:
    """The packet with `more` (JSON values by new names) in its meta, which is not empty."""
    start = _start_of_arrays(packet)
    whole = packet[4:start].rstrip()
    return _framed(whole[:-2] + b", " + _json(more)[1:] + b"}", packet[start:])


def pack_several(packets: Sequence[bytes], meta: Mapping[str, Any]) -> bytes:
    """Several packets, in their order, as one with `meta` (JSON values) about all of them."""
    blocks = {str(n): np.frombuffer(packet, np.uint8) for n, packet in enumerate(packets)}
    return pack(meta, blocks)


def _framed(header: bytes, *blocks: bytes) -> bytes:
    header += b" " * (-(len(header) + 4) % _ALIGN)
    return b"".join([len(header).to_bytes(4, "little"), header, *blocks])


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _start_of_arrays(packet: bytes) -> int:
    return 4 + int.from_bytes(packet[:4], "little")


def unpack(packet: bytes) -> tuple[dict[str, Any], dict[str, Shaped[np.ndarray, "..."]]]:
    """What `pack` was given."""
    start = _start_of_arrays(packet)
    header = json.loads(packet[4:start])
    arrays = {}
    for entry in header["arrays"]:
        count = int(np.prod(entry["shape"]))
        flat = np.frombuffer(packet, entry["type"], count, start + entry["offset"])
        arrays[entry["name"]] = flat.reshape(entry["shape"])
    return header["meta"], arrays
