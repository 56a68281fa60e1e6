"""Where the two diagrams stand: on a screen and on a phone, with their maps or without."""

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.core.maps import Place
from attnviz.pictures.elements import Area, Number, Point
from attnviz.pictures.elements.weight_lines import Edges, room_for

_WIDE, _HIGH, _FOOT = 1200, 738, 62
_SIZE, _LONGEST = 17, 11  # of letters, and of them in a token
_FAR_SIZE, _FAR_LONGEST, _FAR_HIGH = 22.6, 7, 720  # on a projector
_FAR_HEADER, _FAR_LINES = 34, 84  # height there of what a map stands below
_SMALL = 20  # of the letters beside and below
_MARGIN = 200  # left of the tokens, for the name of the head
_NARROW, _LETTERS = 390, 11
_STEP = 11.5  # between tokens that stand across a phone
_ROW = 17  # and down it
_LINES = 110  # height of the lines on a phone


@dataclass(frozen=True, slots=True)
class Layout:
    """One form of the figure: all its places."""

    width: int
    height: int
    edges: tuple[Edges, Edges]
    tiles: tuple[Area, ...]  # of the maps
    labels: tuple[tuple[Point, Point, Point], ...]  # of the head, the queries and the keys
    anchors: tuple[str, str]
    foot: Point
    longest: int  # letters of a token
    large: Number
    small: Number
    names_columns: bool = True  # of a map: where it stands below the lines, their keys do


def wide(places: Sequence[Place], with_maps: bool) -> Layout:
    """On a screen."""
    return _wide(places, with_maps, _SIZE, _LONGEST, _HIGH)


def projected(places: Sequence[Place], with_maps: bool) -> Layout:
    """On a projector: all of it above the bar, its letters read from afar."""
    if with_maps:
        return _projected_maps(places)
    return _wide(places, with_maps, _FAR_SIZE, _FAR_LONGEST, _FAR_HIGH)


def _projected_maps(places: Sequence[Place]) -> Layout:
    """The heads beside each other: the lines of each, and below them its map, column for column."""
    count, half = len(places), _WIDE / 2
    room = room_for(places, _FAR_SIZE, _FAR_LONGEST)
    top = _FAR_HEADER + room
    below = top + _FAR_LINES + room
    across = min(half - room - 10, 80 * count)
    edges, tiles, labels = [], [], []
    for left in (0, half):
        area = Area(left + room, top, across, _FAR_LINES)
        edges.append(Edges(area, count, _FAR_SIZE))
        tiles.append(Area(area.x, below, across, _FAR_HIGH - _FOOT - below))
        labels.append(((left, 18), (left + 112, 18), (left + 300, 18)))
    return Layout(
        width=_WIDE,
        height=_FAR_HIGH,
        edges=(edges[0], edges[1]),
        tiles=tuple(tiles),
        labels=tuple(labels),
        anchors=("start", "start"),
        foot=(0, _FAR_HIGH - _FOOT + 20),
        longest=_FAR_LONGEST,
        large=28,
        small=_FAR_SIZE,
        names_columns=False,
    )


def _wide(
    places: Sequence[Place], with_maps: bool, size: Number, longest: int, high: int
) -> Layout:
    count = len(places)
    room = room_for(places, size, longest)
    across = _WIDE - _MARGIN - 10
    step = (across - room) / (2 * count) if with_maps else across / count
    step = min(step, 80)
    band = (high - _FOOT) / 2
    if with_maps:
        band = max(band, count * step + 2 * room + 16)
    height = band - 2 * room - 8
    edges, tiles, labels = [], [], []
    for index in range(2):
        top = index * band + room
        area = Area(_MARGIN, top, count * step, height)
        edges.append(Edges(area, count, size))
        middle = top + height / 2
        labels.append(((0, middle), (0, top - 14), (0, area.bottom + 14)))
        if with_maps:
            side = count * step
            tiles.append(Area(_WIDE - 10 - side, top + height - side, side, side))
    return Layout(
        width=_WIDE,
        height=round(2 * band) + _FOOT,
        edges=(edges[0], edges[1]),
        tiles=tuple(tiles),
        labels=tuple(labels),
        anchors=("start", "start"),
        foot=(0, 2 * band + 14),
        longest=longest,
        large=28,
        small=max(size, _SMALL),
    )


def narrow(places: Sequence[Place], with_maps: bool) -> Layout:
    """On a phone."""
    count, longest = len(places), 12
    size = 12 if count <= 25 else _LETTERS
    room = room_for(places, size, longest)
    left = room if with_maps else 10
    upright = (_NARROW - left - 10) / count < _STEP
    edges, tiles, labels = [], [], []
    y = 0.0
    for _ in range(2):
        y += 44
        name = (0, y - 32)
        if upright:
            area = Area(room, y, _NARROW - 2 * room, count * _ROW)
            query, key, y = (2, y - 10), (_NARROW - 2, y - 10), area.bottom + 16
        else:
            area = Area(left, y + room, min(_NARROW - left - 10, 44 * count), _LINES)
            query, key = (_NARROW - 2, y - 32), (_NARROW - 2, y - 14)
            y = area.bottom + room
        edges.append(Edges(area, count, size, upright))
        labels.append((name, query, key))
        if with_maps:
            tiles.append(Area(area.x, y + 8, area.width, area.width))
            y = tiles[-1].bottom + room
    return Layout(
        width=_NARROW,
        height=round(y) + 100,
        edges=(edges[0], edges[1]),
        tiles=tuple(tiles),
        labels=tuple(labels),
        anchors=("start", "end") if upright else ("end", "end"),
        foot=(0, y + 22),
        longest=longest,
        large=17,
        small=_LETTERS,
    )
