"""Models from the Hugging Face hub: the only module that opens a connection."""

import errno
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import snapshot_download, try_to_load_from_cache
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
from tqdm.asyncio import tqdm_asyncio

from attnviz.errors import ModelError
from attnviz.models.progress import Progress
from attnviz.runtime.limits import limits

_LOOK_UP_SECONDS = 0.1


def download(name: str, patterns: Sequence[str], progress: Progress | None = None) -> Path:
    """The folder of a hub model, fetched where it is not in the local cache yet.

    Raises:
        ModelError: if the id is malformed or unknown, the model is gated, or the hub
            cannot be reached.
    """
    heard = [time.monotonic()]  # when the hub last gave a sign of life

    def report(share: float, what: str) -> None:
        heard.append(time.monotonic())
        if progress is not None:
            progress(share, what)

    def fetch() -> str:
        return str(
            snapshot_download(name, allow_patterns=list(patterns), tqdm_class=_reporting(report))
        )

    try:
        folder = _unless_silent(fetch, heard, float(limits().hub_seconds))
    except HFValidationError as problem:
        raise ModelError("hub_malformed", model=name) from problem
    except GatedRepoError as problem:
        raise ModelError("hub_gated", model=name) from problem
    except RepositoryNotFoundError as problem:
        raise ModelError("hub_unknown", model=name) from problem
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ModelError("disk_full" if full else "hub_unreachable", model=name) from problem
    except httpx2.HTTPError as problem:
        raise ModelError("hub_unreachable", model=name) from problem
    return Path(folder)


def cached(name: str, file: str) -> Path | None:
    """A file of a hub model in the local cache; None where it is not there. Asks nobody."""
    try:
        found = try_to_load_from_cache(name, file)
    except HFValidationError:
        return None
    return Path(found) if isinstance(found, str) else None


def _unless_silent(fetch: Callable[[], str], heard: Sequence[float], seconds: float) -> str:
    """What `fetch` brings, as long as something is heard now and then.

    The client's own time limits do not hold for every request, and it tries again and again.

    Raises:
        TimeoutError: if nothing was heard for so many seconds. What hangs is left to itself.
    """
    future: Future[str] = Future()

    def run() -> None:
        try:
            future.set_result(fetch())
        except BaseException as problem:  # noqa: BLE001 (handed on to who waits)
            future.set_exception(problem)

    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            return future.result(_LOOK_UP_SECONDS)
        except TimeoutError:
            if future.done() or time.monotonic() - heard[-1] > seconds:
                raise


def _reporting(progress: Progress) -> type[Any]:
    """A progress bar that reports to `progress` and prints nothing."""

    class Reporting(tqdm_asyncio):  # type: ignore[type-arg]  # generic in the stubs only
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)  # huggingface_hub's own argument
            super().__init__(*args, **{**kwargs, "disable": True})
            self.done = 0.0

        def update(self, n: int | float | None = 1) -> bool | None:
            self.done += n or 0
            if self.total:
                progress(min(1.0, self.done / self.total), "download")
            return None

    return Reporting
