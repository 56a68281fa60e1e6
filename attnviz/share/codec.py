"""Values as short ASCII texts, and back. What cannot be read raises `ValueError`.

A text that people typed stands in the address as it is while it is short, and compressed
(zlib, base64url) when it is long.
"""

import base64
import re
import zlib
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import get_args
from urllib.parse import quote

from attnviz.core.heads import AnyHead, HeadId, Kind, as_head

VERSION = "1"
KINDS = tuple(kind for kind in get_args(Kind) if kind != "self")
MOST_PARAMETER = 5_000  # characters of one parameter; longer ones are not read
MOST_TEXT = 100_000  # characters that a compressed parameter may unfold to
_SHORT = 300  # characters of an address from which compressing is tried
_BETWEEN, _IS = ";", "="
_PLAIN = re.compile("[0-9]{1,9}(\\.[0-9]{1,12})?")
_HALF = re.compile("[\ud800-\udfff]")  # a lone surrogate, which has no UTF-8


class PartlyReadError(ValueError):
    """Of a text of several entries, what could be read, and the names of the others."""

    def __init__(self, found: Mapping[str, object], unread: Sequence[str]) -> None:
        super().__init__(", ".join(unread))
        self.found, self.unread = found, unread


def joined(values: Mapping[str, str]) -> str:
    """Several named texts as one."""
    return _BETWEEN.join(f"{name}{_IS}{text}" for name, text in values.items())


def parted(text: str) -> dict[str, str]:
    """The counterpart of `joined`; what has no name is passed over."""
    parts = [part.partition(_IS) for part in text.split(_BETWEEN) if part]
    return {key: value for key, sign, value in parts if sign}


def head_text(head: AnyHead) -> str:
    """A head as 0.2; one of an encoder–decoder as 0.2.cross."""
    return ".".join(map(str, head))


def read_head(text: str) -> HeadId:
    """The counterpart of `head_text`."""
    layer, head, *kind = text.split(".")  # ValueError: no head
    if not kind:
        return HeadId(read_count(layer), read_count(head))
    (of,) = kind  # ValueError: too many
    return as_head((read_count(layer), read_count(head), one_of(*KINDS)(of)))


def heads_text(heads: tuple[AnyHead, ...]) -> str:
    """Heads as 0.2-1.8."""
    return "-".join(head_text(head) for head in heads)


def read_heads(text: str) -> tuple[HeadId, ...]:
    """The counterpart of `heads_text`."""
    return tuple(read_head(part) for part in text.split("-") if part)


def read_count(text: str) -> int:
    """A whole number that is not negative, in ASCII digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise ValueError(text)
    return int(text)


def text_parameters(name: str, text: str) -> dict[str, str]:
    """A typed text as a parameter: `name` if short, `name` + z if it is compressed."""
    text = _HALF.sub("\ufffd", text)
    if len(quote(text, safe="")) <= _SHORT:
        return {name: text}
    packed = zlib.compress(text.encode(), 9)
    return {f"{name}z": base64.urlsafe_b64encode(packed).decode().rstrip("=")}


def read_compressed(text: str) -> str:
    """The counterpart of a compressed parameter. Never unfolds more than is allowed."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unfolding = zlib.decompressobj()
        found = unfolding.decompress(packed, 4 * MOST_TEXT)
    except (NotBase64, zlib.error) as problem:
        raise ValueError(text[:20]) from problem
    if not unfolding.eof or unfolding.unused_data:
        raise ValueError(text[:20])
    return read_text(found.decode())


def read_text(text: str) -> str:
    """A typed text, if it is not beyond what a link may hold, and of whole characters."""
    if len(text) > MOST_TEXT or _HALF.search(text):
        raise ValueError(text[:20])
    return text


@cache
def one_of(*options: str) -> Callable[[str], str]:
    """A reader of one of a few words."""

    def read(text: str) -> str:
        if text not in options:
            raise ValueError(text)
        return text

    return read


@cache
def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within limits."""

    def read(text: str) -> int:
        number = read_count(text)
        if not least <= number <= most:
            raise ValueError(text)
        return number

    return read


def share(text: str) -> float:
    """A number from 0 to 1."""
    number = float(text)
    if not (text.isascii() and 0 <= number <= 1):
        raise ValueError(text)
    return number


def flag(text: str) -> bool:
    """1 or 0."""
    return one_of("0", "1")(text) == "1"


def read_range(text: str) -> tuple[float, float]:
    """Two numbers, 0 or more and in order, as 0.1-0.9."""
    low, high = map(_plain, text.split("-"))
    if low > high:
        raise ValueError(text)
    return low, high


def _plain(text: str) -> float:
    if not _PLAIN.fullmatch(text):
        raise ValueError(text)
    return float(text)


def range_text(within: tuple[float, float]) -> str:
    """The counterpart of `read_range`."""
    return "-".join(f"{one:.6f}".rstrip("0").rstrip(".") for one in within)
