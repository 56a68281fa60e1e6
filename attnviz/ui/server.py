"""What the server does besides Streamlit's own work: it starts up before it is asked."""

import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from attnviz.errors import AttnvizError

# Many sessions share few cores: one thread for each computation serves them best, and
# threads that wait for one another are slowest of all. NumPy reads this when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_starting = threading.Lock()


def start() -> None:
    """Import torch and transformers, one thread at a time, and keep torch to one thread.

    Two sessions that open a cold link at once would import transformers at once, and its
    lazy module then misses names (ImportError: cannot import name 'AutoConfig').
    """
    with _starting:
        import_module("attnviz.tracing.capture")
        import_module("torch").set_num_threads(1)


@asynccontextmanager
async def warm_up(_: Any) -> AsyncIterator[None]:
    """Start up and load the embedded model while the first browser is still on its way."""
    threading.Thread(target=_load, daemon=True).start()
    yield


def _load() -> None:
    start()
    try:
        import_module("attnviz.models.load").load()
    except AttnvizError:
        return  # the page says it in a sentence
