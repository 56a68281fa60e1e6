"""Models from the Hugging Face hub: the only module that opens a connection."""

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError
from tqdm.asyncio import tqdm_asyncio

from attnviz.budget.settings import settings
from attnviz.errors import ModelError
from attnviz.models.progress import Progress


def download(name: str, patterns: Sequence[str], progress: Progress | None = None) -> Path:
    """The folder of a hub model, fetched where it is not in the local cache yet.

    Raises:
        ModelError: if the id is malformed or unknown, the model is gated, or the hub
            cannot be reached.
    """
    try:
        folder = snapshot_download(
            name,
            allow_patterns=list(patterns),
            etag_timeout=settings().hub_seconds,
            tqdm_class=_reporting(progress),
        )
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


def _reporting(progress: Progress | None) -> type[Any]:
    """A progress bar that reports to `progress` and prints nothing."""

    class Reporting(tqdm_asyncio):  # type: ignore[type-arg]  # generic in the stubs only
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)  # huggingface_hub's own argument
            super().__init__(*args, **{**kwargs, "disable": True})
            self.done = 0.0

        def update(self, n: int | float | None = 1) -> bool | None:
            self.done += n or 0
            if progress is not None and self.total:
                progress(min(1.0, self.done / self.total), "download")
            return None

    return Reporting
