"""Loading: from a name to a model that is ready to be looked into.

A model is loaded once per process and shared by all who ask for it; that of a folder once more
when its files have changed. Nothing writes to
it afterwards: parameters carry no gradient, hooks are registered once, and what a
capture records lives with the capture.

Importing this needs no torch: that comes with the first model, and takes seconds.
"""

from collections.abc import Hashable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz import checks
from attnviz.errors import ArgumentError, ModelError
from attnviz.models import catalogue
from attnviz.models.folders import plain_name
from attnviz.models.progress import Progress
from attnviz.runtime.cache import Cache

if TYPE_CHECKING:
    from attnviz.models.model import Limits as Limits
    from attnviz.models.model import Model as Model

KEPT_MODELS = 3  # besides the built-in ones

_stamps: dict[str, catalogue.Stamp] = {}  # of the folders that were read
_models: Cache[Any] = Cache(is_pinned=True)  # `Model`s; one in use stays, however large


def __getattr__(name: str) -> object:
    """`Model` and `Limits`, whose fields are torch's."""
    if name not in ("Limits", "Model"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from attnviz.models import model

    return getattr(model, name)


def load(
    name_or_folder: str | PathLike[str] = catalogue.EMBEDDED, progress: Progress | None = None
) -> "Model":
    """The model behind a catalogue name, a folder or a hub id; loaded once per process.

    Raises:
        ArgumentError: if it is neither a name nor a path.
        CaptureError: if its attention is not seen in full.
        ModelError: if there is none, or it is not one we can look into.
    """
    name = _name(name_or_folder)
    model = as_read(name)
    if model is None:
        # No turn of those who compute: a model may be on its way from the hub for minutes.
        model = _models.compute_once(name, lambda: _opened(name, progress))
        _drop_others()
    return model


def as_read(name: str) -> "Model | None":
    """The model that `load(name)` would give at once; None where it would read files."""
    name = plain_name(name)
    model: Model | None = _models.peek(name)
    now = None if model is None else catalogue.stamp(name)
    if now is not None and now != _stamps.get(name):
        _models.drop(name)
        return None
    return model


def _opened(name: str, progress: Progress | None) -> "Model":
    if (stamp := catalogue.stamp(name)) is not None:  # before: what changes meanwhile shows later
        _stamps[name] = stamp
    checkpoint = catalogue.find(name, progress)
    from attnviz.models.opening import open_model  # and torch with it

    return open_model(checkpoint, progress)


def _name(given: object) -> str:
    """The name of a model; a path, unlike text, is always that of a folder."""
    if isinstance(given, str):
        return plain_name(given)
    if not isinstance(given, PathLike) or not isinstance(given.__fspath__(), str):
        raise ArgumentError("model_object", value=checks.quoted(given))
    folder = Path(given).expanduser().absolute()
    if not folder.exists():
        raise ModelError("no_such_folder", folder=str(given))
    return str(folder)


def control_of(model: "Model") -> "Model":
    """The same architecture and tokenizer with random weights, to tell what training did.

    Loaded once per process, as `load` does. The control of a control is itself.

    Raises:
        ModelError: if `model` is an encoder of our own, whose control is its step 0.
    """
    if model.card.source == "control":
        return model
    if model.card.source == "memory":
        raise ModelError("no_control_of_object", model=model.card)
    if model.card.source == "trained":
        raise ModelError("no_control", model=model.card)
    return load(catalogue.control_name(model.name))


def is_loaded(name: str) -> bool:
    """Whether `load(name)` would answer at once."""
    return as_read(name) is not None


def let_go_of_a_model() -> bool:
    """Forget the model that nobody has asked for longest; False if all are built in."""
    oldest = _others()[:1]
    for name in oldest:
        _models.drop(name)
    return bool(oldest)


def _drop_others() -> None:
    """Keep the built-in models, and of others those that were asked for last."""
    for name in _others()[:-KEPT_MODELS]:
        _models.drop(name)
    for known in _stamps.keys() - set(_models):
        _stamps.pop(known, None)


def _others() -> list[Hashable]:
    """Models that are not built in, the least recently asked for first."""
    return [name for name in _models if name not in catalogue.BUILT_IN]
