"""The state of each page, and that state as parameters of an address, field by field.

Whatever an old, broken or foreign link holds, the nearest valid state is read, and what had
to be dropped is named. A state is a mapping from the names of fields to values; a field that
is not in it, or stands as at the start, is left out of the link.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from attnviz.analysis.find import targets
from attnviz.analysis.lens import Between, Lens, MapKind, Unit
from attnviz.analysis.measures import measures
from attnviz.core.heads import HeadId, Kind
from attnviz.pictures.kinds import kinds
from attnviz.pictures.lines import Arrangement, Direction
from attnviz.pictures.style import MOST_HEADS
from attnviz.share import codec
from attnviz.share.codec import (
    VERSION,
    flag,
    head_text,
    heads_text,
    one_of,
    range_text,
    read_head,
    read_heads,
    read_range,
    share,
    text_parameters,
    whole,
)
from attnviz.texts import LANGUAGES, Language
from attnviz.training.run import MOST_LAYERS, MOST_SEED, MOST_STEPS
from attnviz.training.tasks import tasks

MOST_LINK = 6_000  # characters after the ?: servers and proxies refuse lines beyond 8,000
MOST_TOKEN = 100_000
FOLDED = tuple(kind for kind in kinds().values() if kind.view and kind.is_folded)
USUAL_ARRANGEMENT: Arrangement = "beside"  # stacked where the page is narrow
BY_LAYER = "layer"
SORTS = (BY_LAYER, *(one.name for one in measures()))  # of the tiles of the overview
USUAL_VIEWS = ("overview", "heatmaps", "lines", "table")
VIEWS = tuple(dict.fromkeys([*USUAL_VIEWS, *(kind.view for kind in FOLDED)]))
TABS = ("lines", *(kind.view for kind in FOLDED if kind.takes != "pair"), "table")
Looks = Literal["step", "course"]  # where heads look, at one step of a training or over all
Combine = Literal["each", "mean", "maximum"]
ANY, ONE_TOKEN = "any", "token"  # heads are found by a measure; by one token; else by a target
FINDS = (ANY, *targets(), ONE_TOKEN)
LONG = "long"  # says that a text was too long for this link


State = Mapping[str, Any]
Params = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a link holds."""

    name: str  # in the state
    parameter: str  # in the address
    read: Callable[[str], Any]  # raises ValueError
    write: Callable[[Any], str] = str
    start: Any = None
    is_text: bool = False  # typed by a person: of any length and any characters


def linked(
    parameter: str,
    read: Callable[[str], Any],
    write: Callable[[Any], str] = str,
    *,
    is_text: bool = False,
) -> dict[str, Any]:
    """How a field of a page's state stands in a link: under `parameter`, unless as at first.

    `read` raises `ValueError` where it cannot read a text, `PartlyReadError` where it can in part.
    """
    return {"parameter": parameter, "read": read, "write": write, "is_text": is_text}


def _typed(parameter: str) -> dict[str, Any]:
    return linked(parameter, codec.read_text, is_text=True)


def option(parameter: str, *options: str) -> dict[str, Any]:
    """How a field that is one of a few words stands in a link."""
    return linked(parameter, one_of(*options))


def _yes(parameter: str) -> dict[str, Any]:
    return linked(parameter, flag, lambda value: str(int(value)))


def _read_pins(text: str) -> tuple[str, ...]:
    """Pinned tokens: q3 is the query at place 3, k0 the key at place 0."""
    pins = tuple(text.split(".")) if text else ()
    for pin in pins:
        one_of("q", "k")(pin[:1])
        whole(0, MOST_TOKEN)(pin[1:])
    return pins


def _read_span(text: str) -> tuple[int, int]:
    """The first and the last token of a span, as 100-227."""
    first, last = map(whole(0, MOST_TOKEN), text.split("-"))
    if first > last:
        raise ValueError(text)
    return first, last


def _span(span: tuple[int, int]) -> str:
    return "-".join(map(str, span))


def _read_heads(text: str) -> tuple[HeadId, ...]:
    heads = read_heads(text)
    if len(heads) > MOST_HEADS - 2:
        raise ValueError(text)
    return heads


def _read_views(text: str) -> tuple[str, ...]:
    """Which parts of the viewer an embedded page shows."""
    return tuple(one_of(*VIEWS)(part) for part in text.split("-") if part)


def _read_opened(text: str) -> tuple[str, ...]:
    """Which pictures below the others are open."""
    folded = one_of(*(kind.view for kind in FOLDED))
    return tuple(folded(part) for part in text.split("-") if part)


def _read_task(text: str) -> str:
    return one_of(*tasks())(text)


def _read_number_of_heads(text: str) -> int:
    return int(one_of("1", "2", "4", "8")(text))


def _number(value: float) -> str:
    return f"{value:.10g}"


# ---- the state of a page: what was chosen there; None is what the page itself begins with


@dataclass(frozen=True, kw_only=True)
class PageState:
    """What the state of every page has."""

    language: Language | None = field(default=None, metadata=option("lang", *LANGUAGES))


@dataclass(frozen=True, kw_only=True)
class SentenceState(PageState):
    """What is read, and by which model."""

    text: str | None = field(default=None, metadata=_typed("s"))
    pair: str = field(default="", metadata=_typed("p"))
    model: str | None = field(default=None, metadata=_typed("m"))
    target: str = field(default="", metadata=_typed("t"))  # of an encoder–decoder


@dataclass(frozen=True, kw_only=True)
class ViewState(PageState):
    """How a trace is looked at: heads, lines, lens, pins, table, further pictures."""

    a: HeadId | None = field(default=None, metadata=linked("ha", read_head, head_text))
    b: HeadId | None = field(default=None, metadata=linked("hb", read_head, head_text))
    more: tuple[HeadId, ...] = field(default=(), metadata=linked("hm", _read_heads, heads_text))
    combine: Combine = field(default="each", metadata=option("show", *get_args(Combine)))
    map: MapKind = field(default="raw", metadata=option("map", *get_args(MapKind)))
    arrangement: Arrangement | None = field(
        default=None, metadata=option("arr", *get_args(Arrangement))
    )
    direction: Direction = field(default="horizontal", metadata=option("dir", *get_args(Direction)))
    unit: Unit = field(default="piece", metadata=option("unit", *get_args(Unit)))
    hide_special: bool = field(default=False, metadata=_yes("nosp"))
    renormalise: bool = field(default=False, metadata=_yes("renorm"))
    at_least: float = field(default=Lens().at_least, metadata=linked("min", share, _number))
    strongest: int = field(default=100, metadata=linked("top", whole(5, 100)))
    between: Between = field(default="all", metadata=option("texts", *get_args(Between)))
    sort_by: str = field(default=BY_LAYER, metadata=option("sort", *SORTS))
    tab: str | None = field(default=None, metadata=option("see", *TABS))
    span: tuple[int, int] | None = field(default=None, metadata=linked("span", _read_span, _span))
    pins: tuple[str, ...] = field(default=(), metadata=linked("pin", _read_pins, ".".join))
    table_open: bool = field(default=False, metadata=_yes("tab"))
    table_head: int = field(default=0, metadata=linked("tabh", whole(0, MOST_HEADS - 1)))
    table_query: int = field(default=0, metadata=linked("tabq", whole(0, MOST_TOKEN)))
    finder_open: bool = field(default=False, metadata=_yes("find"))
    finder_what: str = field(default=ANY, metadata=option("findat", *FINDS))
    finder_token: int | None = field(default=None, metadata=linked("findk", whole(0, MOST_TOKEN)))
    finder_by: str = field(
        default="previous", metadata=option("findby", *(one.name for one in measures()))
    )
    finder_range: tuple[float, float] | None = field(
        default=None, metadata=linked("findin", read_range, range_text)
    )
    # pictures that links of another time open; a tab that is chosen takes their place
    opened: tuple[str, ...] = field(default=(), metadata=linked("open", _read_opened, "-".join))


@dataclass(frozen=True, kw_only=True)
class ExploreState(ViewState, SentenceState):
    """The page Explore. `views` are the parts that an embedded page shows; none: all of them.

    `kind` is the attention that is looked at in an encoder–decoder.
    """

    views: tuple[str, ...] = field(default=(), metadata=linked("views", _read_views, "-".join))
    kind: Kind = field(default="cross", metadata=option("kind", *codec.KINDS))


@dataclass(frozen=True, kw_only=True)
class TrainState(ViewState):
    """The page Train."""

    view: Literal["one", "compare"] = field(default="one", metadata=option("do", "one", "compare"))
    task: str | None = field(default=None, metadata=linked("task", _read_task))
    heads: int = field(default=8, metadata=linked("heads", _read_number_of_heads))
    layers: int | None = field(default=None, metadata=linked("layers", whole(1, MOST_LAYERS)))
    seed: int = field(default=0, metadata=linked("seed", whole(0, MOST_SEED)))
    steps: int | None = field(default=None, metadata=linked("steps", whole(1, MOST_STEPS)))
    is_trained: bool = field(default=False, metadata=_yes("run"))
    step: int | None = field(default=None, metadata=linked("at", whole(0, MOST_STEPS)))
    looks_over: Looks = field(default="step", metadata=option("looks", *get_args(Looks)))
    looks_at: int = field(default=0, metadata=linked("lookat", whole(0, MOST_HEADS - 1)))
    own_text: str | None = field(default=None, metadata=_typed("own"))
    compare_task: str | None = field(default=None, metadata=linked("pair_task", _read_task))
    is_compared: bool = field(default=False, metadata=_yes("ran"))


def fields_of(page: type[PageState]) -> tuple[Field, ...]:
    """What a link to a page holds, by the state of that page."""
    start = page()
    return tuple(
        Field(one.name, start=getattr(start, one.name), **one.metadata) for one in fields(page)
    )


EXPLORE, TRAIN = map(fields_of, (ExploreState, TrainState))


@dataclass(frozen=True, slots=True)
class Link:
    """The parameters of an address; `too_long` names typed texts that did not fit."""

    params: dict[str, str]
    too_long: tuple[str, ...] = ()


def to_link(state: State, fields: Sequence[Field], most: int = MOST_LINK) -> Link:
    """A state as a link of up to `most` characters; a typed text is left out if it is too long."""
    written = {one.name: _written(one, state.get(one.name)) for one in fields}
    texts = [one.name for one in fields if one.is_text]
    room = most - sum(_length(params) for name, params in written.items() if name not in texts)
    too_long = []
    for name in texts:
        if _length(written[name]) > room:
            too_long.append(name)
        else:
            room -= _length(written[name])
    params = {LONG: "1"} if too_long else {}
    for name, of_field in written.items():
        params |= {} if name in too_long else of_field
    return Link({"v": VERSION, **params} if params else {}, tuple(too_long))


def _length(params: Params) -> int:
    """Characters of some of a link's parameters, with what parts them from the others."""
    return len(urlencode(params)) + 1 if params else 0


def from_link(
    params: Params, fields: Sequence[Field], most: int = codec.MOST_PARAMETER
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The state that a link names, and what had to be dropped: parameters, or entries of one.

    Parameters longer than `most` characters are dropped. Those that no field owns are not
    looked at.
    """
    state: dict[str, Any] = {}
    dropped = [name for name in ("v", LONG) if params.get(name, _USUAL[name]) != _USUAL[name]]
    for one in fields:
        for parameter, read in readers(one):
            if parameter not in params:
                continue
            if one.name in state:  # as it is, and compressed too
                dropped.append(parameter)
                continue
            try:
                state[one.name] = read(_bounded(params[parameter], most))
            except codec.PartlyReadError as part:
                state[one.name] = part.found
                dropped += [f"{parameter}: {entry}" for entry in part.unread]
            except ValueError:
                dropped.append(parameter)
    return state, tuple(dropped)


_USUAL = {"v": VERSION, LONG: ""}


def _written(one: Field, value: Any) -> dict[str, str]:
    """The parameters of a field; none if it is as at the start."""
    if value is None or value == one.start:
        return {}
    if one.is_text:
        return text_parameters(one.parameter, value)
    return {one.parameter: one.write(value)}


def readers(one: Field) -> list[tuple[str, Callable[[str], Any]]]:
    """The parameters of a field, each with what reads it."""
    plain = (one.parameter, one.read)
    return [plain, (f"{one.parameter}z", codec.read_compressed)] if one.is_text else [plain]


def _bounded(text: str, most: int) -> str:
    if len(text) > most:
        raise ValueError(text[:20])
    return text
