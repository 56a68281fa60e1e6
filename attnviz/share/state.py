"""The state of a page as parameters of an address, field by field.

Whatever an old, broken or foreign link holds, the nearest valid state is read, and what had
to be dropped is named. A state is a mapping from the names of fields to values; a field that
is not in it, or stands as at the start, is left out of the link.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from attnviz.analysis.lens import Lens
from attnviz.pictures.kinds import kinds
from attnviz.pictures.style import MOST_HEADS
from attnviz.share import codec
from attnviz.share.codec import (
    VERSION,
    flag,
    head_text,
    heads_text,
    one_of,
    read_head,
    read_heads,
    share,
    text_parameters,
    whole,
)
from attnviz.texts import LANGUAGES
from attnviz.training.run import MOST_LAYERS, MOST_SEED, MOST_STEPS
from attnviz.training.tasks import tasks

MOST_LINK = 6_000  # characters after the ?: servers and proxies refuse lines beyond 8,000
MOST_TOKEN = 100_000
FOLDED = tuple(kind for kind in kinds().values() if kind.view and kind.is_folded)
USUAL_VIEWS = ("overview", "heatmaps", "lines", "table")
VIEWS = (*USUAL_VIEWS, *(kind.view for kind in FOLDED))
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


def _typed(name: str, parameter: str, start: str | None = None) -> Field:
    return Field(name, parameter, codec.read_text, start=start, is_text=True)


def _option(name: str, parameter: str, *options: str) -> Field:
    return Field(name, parameter, one_of(*options), start=options[0])


def _yes(name: str, parameter: str) -> Field:
    return Field(name, parameter, flag, lambda value: str(int(value)), False)


def _pins_text(pins: Sequence[str]) -> str:
    return ".".join(pins)


def _read_pins(text: str) -> tuple[str, ...]:
    """Pinned tokens: q3 is the query at place 3, k0 the key at place 0."""
    pins = tuple(text.split(".")) if text else ()
    for pin in pins:
        one_of("q", "k")(pin[:1])
        whole(0, MOST_TOKEN)(pin[1:])
    return pins


def _up_to(most: int) -> Callable[[str], tuple[tuple[int, int], ...]]:
    def read(text: str) -> tuple[tuple[int, int], ...]:
        heads = read_heads(text)
        if len(heads) > most:
            raise ValueError(text)
        return heads

    return read


def _read_views(text: str) -> tuple[str, ...]:
    """Which parts of the viewer an embedded page shows."""
    return tuple(one_of(*VIEWS)(part) for part in text.split("-") if part)


def _number(value: float) -> str:
    return f"{value:.10g}"


SENTENCES = (_typed("text", "s"), _typed("pair", "p", ""), _typed("model", "m"))
LANGUAGE = Field("language", "lang", one_of(*LANGUAGES))
VIEWER = (
    Field("a", "ha", read_head, head_text),
    Field("b", "hb", read_head, head_text),
    Field("more", "hm", _up_to(MOST_HEADS - 2), heads_text, ()),
    _option("combine", "show", "each", "mean", "maximum"),
    _option("arrangement", "arr", "stacked", "beside", "overlaid"),
    _option("direction", "dir", "horizontal", "vertical"),
    _option("unit", "unit", "piece", "word"),
    _yes("hide_special", "nosp"),
    _yes("renormalise", "renorm"),
    Field("at_least", "min", share, _number, Lens().at_least),
    Field("strongest", "top", whole(5, 100), start=100),
    Field("pins", "pin", _read_pins, _pins_text, ()),
    _yes("table_open", "tab"),
    Field("table_head", "tabh", whole(0, MOST_HEADS - 1), start=0),
    Field("table_query", "tabq", whole(0, MOST_TOKEN), start=0),
    *(_yes(f"{kind.view}_open", kind.view) for kind in FOLDED),
)
TRAINING = (
    _option("view", "do", "one", "compare"),
    Field("task", "task", lambda text: one_of(*tasks())(text)),
    Field("heads", "heads", lambda text: int(one_of("1", "2", "4", "8")(text)), start=8),
    Field("layers", "layers", whole(1, MOST_LAYERS)),
    Field("seed", "seed", whole(0, MOST_SEED), start=0),
    Field("steps", "steps", whole(1, MOST_STEPS)),
    _yes("is_trained", "run"),
    Field("step", "at", whole(0, MOST_STEPS)),
    _typed("own_text", "own"),
    Field("compare_task", "pair_task", lambda text: one_of(*tasks())(text)),
    _yes("is_compared", "ran"),
)
EMBEDDED = Field("views", "views", _read_views, "-".join, ())  # none chosen: the usual
EXPLORE = (*SENTENCES, LANGUAGE, *VIEWER, EMBEDDED)
TRAIN = (*TRAINING, LANGUAGE, *VIEWER)
WALKTHROUGH = (*SENTENCES, LANGUAGE)


@dataclass(frozen=True, slots=True)
class Link:
    """The parameters of an address; `too_long` names typed texts that did not fit."""

    params: dict[str, str]
    too_long: tuple[str, ...] = ()


def to_link(
    state: State, fields: Sequence[Field], more: Params | None = None, most: int = MOST_LINK
) -> Link:
    """A state as a link of up to `most` characters.

    `more` are parameters of another kind that share the address.
    """
    params = {**(more or {})}
    too_long = []
    for field in fields:
        value = state.get(field.name)
        if value is None or value == field.start:
            continue
        written = _written(field, value)
        if len(urlencode({**params, **written})) > most and field.is_text:
            too_long.append(field.name)
        else:
            params |= written
    if too_long:
        params[LONG] = "1"
    return Link({"v": VERSION, **params} if params else {}, tuple(too_long))


def from_link(
    params: Params, fields: Sequence[Field], most: int = codec.MOST_PARAMETER
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The state that a link names, and the parameters that had to be dropped.

    Parameters longer than `most` characters are dropped. Those that no field owns are not
    looked at: they may be another reader's.
    """
    state: dict[str, Any] = {}
    dropped = [name for name in ("v", LONG) if params.get(name, _USUAL[name]) != _USUAL[name]]
    for field in fields:
        for parameter, read in _readers(field):
            if parameter not in params:
                continue
            try:
                state[field.name] = read(_bounded(params[parameter], most))
            except ValueError:
                dropped.append(parameter)
    return state, tuple(dropped)


def unknown(
    params: Params, fields: Sequence[Field], others: Collection[str] = ()
) -> tuple[str, ...]:
    """The names of parameters that neither a field nor one of `others` reads.

    What a frame says to Streamlit, or the page around it adds for itself (`__…`), is no part
    of a link.
    """
    known = {name for field in fields for name, _ in _readers(field)} | {"v", LONG, *others}
    strange = [name for name in params if name not in known and not name.startswith(_OF_FRAMES)]
    return tuple(name if len(name) <= _MOST_NAME else f"{name[:_MOST_NAME]}…" for name in strange)


_OF_FRAMES = ("embed", "__")
_MOST_NAME = 40  # characters that are said of a name that nobody knows
_USUAL = {"v": VERSION, LONG: ""}


def _written(field: Field, value: Any) -> dict[str, str]:
    if field.is_text:
        return text_parameters(field.parameter, value)
    return {field.parameter: field.write(value)}


def _readers(field: Field) -> list[tuple[str, Callable[[str], Any]]]:
    plain = (field.parameter, field.read)
    return [plain, (f"{field.parameter}z", codec.read_compressed)] if field.is_text else [plain]


def _bounded(text: str, most: int) -> str:
    if len(text) > most:
        raise ValueError(text[:20])
    return text
