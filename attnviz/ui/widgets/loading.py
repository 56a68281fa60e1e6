"""Loading a model, with its progress."""

import gc

from attnviz.errors import ModelError
from attnviz.models.load import Model, as_read, load
from attnviz.runtime.cache import Cache
from attnviz.runtime.settings import settings
from attnviz.ui.frame import language
from attnviz.ui.widgets.model import offered_models
from attnviz.ui.widgets.progress import with_progress


def loaded(name: str) -> Model:
    """A model by its name, with its progress while it is loaded.

    Raises:
        ModelError: if it cannot be loaded, or this server does not show it.
    """
    if settings().public and name not in offered_models():
        raise ModelError("not_allowed", known=", ".join(offered_models()))
    model = as_read(name)
    if model is None:
        model = with_progress(lambda report: load(name, report), language(), "load")
    settle(model.card.revision)
    return model


_settled: Cache[bool] = Cache(is_pinned=True)


def settle(revision: str) -> None:
    """Take what a loaded model keeps for good out of the garbage collector's walks, once."""
    _settled.compute_once(revision, _freeze)


def _freeze() -> bool:
    gc.collect()
    gc.freeze()
    return True
