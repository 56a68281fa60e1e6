"""Folders: what people give as a model, and the folder in it that holds one.

A name may be quoted, begin with ~ or file://, end with slashes, or be the address of a model's
page at the hub. A folder may be the hub's cache, what Trainer or sentence-transformers wrote, or
a file of the model. What is none is named for what it is.
"""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from attnviz.errors import ModelError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
WEIGHTS_INDEX = "model.safetensors.index.json"
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model")
_ADAPTER = "adapter_config.json"
_QUOTES = "\"'`“”‘’«»「」"
_PAGE = re.compile(r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(.*)", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z+.-]+://.*", re.IGNORECASE)  # of anything else
_NO_MODELS = (
    *("datasets", "spaces", "papers", "docs", "collections", "blog", "models", "organizations"),
    *("api", "tasks", "learn", "posts", "settings", "chat"),
)
_SHOWS_VERSION = ("tree", "blob", "resolve", "raw", "commit", "commits")
_MAIN = "main"
_CACHED, _SNAPSHOTS = "models--", "snapshots"
_STEP = re.compile(r"checkpoint-(\d+)")
FILES = (".json", ".safetensors", ".txt", ".model")
_LISTED = 6


class Found(NamedTuple):
    """A folder that holds a model."""

    folder: Path
    title: str
    vocabulary: Path  # the folder that holds its tokenizer


def plain_name(given: str) -> str:
    """A name without what is around it: quotes, file://, a page of the hub, ~, slashes at its end.

    Raises:
        ModelError: if it is the address of something that is no model of the hub.
    """
    name = given.strip().strip(_QUOTES).strip()
    if page := _PAGE.fullmatch(name):
        return _of_page(page[1], name)
    if name.lower().startswith("file://"):
        name = url2pathname(urlsplit(name).path)
    elif _ADDRESS.fullmatch(name):
        raise ModelError("no_model_page", address=name)
    if name.startswith("~"):
        with suppress(RuntimeError):  # of a person who has no home here
            name = str(Path(name).expanduser())
    return name.rstrip("/\\") or name


def _of_page(path: str, address: str) -> str:
    """The hub id of a model's page: org/name, whatever follows it."""
    parts = [unquote(part) for part in re.split("[?#]", path)[0].split("/") if part]
    if not parts or parts[0] in _NO_MODELS:
        raise ModelError("no_model_page", address=address)
    shows = next((n for n, part in enumerate(parts) if part in _SHOWS_VERSION), None)
    if shows is None:
        return "/".join(parts[:2])
    version = parts[shows + 1] if len(parts) > shows + 1 else _MAIN
    if version != _MAIN:
        raise ModelError("hub_version", model="/".join(parts[:shows]), version=version)
    return "/".join(parts[:shows])


def model_folder(given: Path) -> Found:
    """The folder in or at `given` that holds a model.

    Raises:
        ModelError: if there is none; the sentence says what it is instead.
    """
    at = given.resolve()
    if at.is_file():
        if given.suffix not in FILES:
            raise ModelError("file_kind", file=given.name)
        at = given.absolute().parent  # a file in the hub's cache is a link to elsewhere
    folder = _inside(at)
    _check_kind(folder)
    parent = folder.parent
    vocabulary = folder
    if _STEP.fullmatch(folder.name) and not has_vocabulary(folder) and has_vocabulary(parent):
        vocabulary = parent  # Trainer may leave the tokenizer beside its checkpoints
    return Found(folder, _title(folder, at), vocabulary)


def _inside(at: Path) -> Path:
    """The folder that is meant where another stands around it."""
    if at.name == _SNAPSHOTS and at.parent.name.startswith(_CACHED):
        at = at.parent
    if (at / _SNAPSHOTS).is_dir():
        return _snapshot(at)
    for module in _transformer_modules(at):
        if (at / module / CONFIG).is_file():
            return at / module
    if (at / CONFIG).is_file() or (at / _ADAPTER).is_file():
        return at
    steps = [(int(found[1]), one) for one in _folders(at) if (found := _STEP.fullmatch(one.name))]
    if steps:
        return max(steps)[1]
    inside = [one.name for one in _folders(at) if _is_model(one)]
    if inside:
        named = ", ".join(inside[:_LISTED]) + (" …" if len(inside) > _LISTED else "")
        raise ModelError("models_inside", folder=at.name, models=named)
    return at


def _snapshot(cached: Path) -> Path:
    """The snapshot in the hub's cache: that of main, or the newest."""
    main = cached / "refs" / _MAIN
    if main.is_file():
        found = cached / _SNAPSHOTS / main.read_text(encoding="utf-8").strip()
        if found.is_dir():
            return found
    snapshots = _folders(cached / _SNAPSHOTS)
    if not snapshots:
        raise ModelError("no_config", folder=_cached_name(cached), file=CONFIG)
    return max(snapshots, key=lambda one: one.stat().st_mtime)


def _transformer_modules(at: Path) -> list[str]:
    """The subfolders in which sentence-transformers keeps the transformer."""
    paths = [path for path, kind in _modules(at).items() if kind.endswith("Transformer")]
    known = [path for path in [*paths, "0_Transformer"] if path and ".." not in Path(path).parts]
    return [] if (at / CONFIG).is_file() else known


def _modules(at: Path) -> dict[str, str]:
    """The modules that sentence-transformers lists in a folder: the kind of each, by its path."""
    listed: Any = _read(at / "modules.json")
    modules = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {str(one.get("path", "")): str(one.get("type", "")) for one in modules}


def _check_kind(folder: Path) -> None:
    """Make sure that a folder is none of those that look like a model and are none."""
    adapter: Any = _read(folder / _ADAPTER)
    config: Any = _read(folder / CONFIG)
    has_weights = any((folder / name).is_file() for name in (WEIGHTS, WEIGHTS_INDEX))
    if isinstance(adapter, dict) and not has_weights:
        base = str(adapter.get("base_model_name_or_path") or "?")
        kind = str(adapter.get("peft_type") or "PEFT")
        raise ModelError("adapter", folder=folder.name, kind=kind, base=base)
    names = set(config) if isinstance(config, dict) else set()
    kind = _modules(folder.parent).get(folder.name, "Transformer")
    is_pooling = any(name.startswith("pooling_mode") for name in names)
    if "model_type" not in names and (is_pooling or not kind.endswith("Transformer")):
        raise ModelError("pooling_module", folder=folder.name)


def _title(folder: Path, given: Path) -> str:
    """What pictures call a model: with the folder around it, where its own name says little."""
    if folder.parent.name == _SNAPSHOTS:
        return _cached_name(folder.parent.parent)
    if _STEP.fullmatch(folder.name):
        return f"{folder.parent.name}/{folder.name}"
    return given.name if folder.parent == given else folder.name


def _cached_name(cached: Path) -> str:
    """org/name of a folder models--org--name."""
    return cached.name.removeprefix(_CACHED).replace("--", "/")


def has_vocabulary(folder: Path) -> bool:
    """Whether a folder holds what a tokenizer is made of."""
    return any((folder / name).is_file() for name in _VOCABULARIES)


def _is_model(folder: Path) -> bool:
    return (folder / CONFIG).is_file() or (folder / _SNAPSHOTS).is_dir()


def _folders(at: Path) -> list[Path]:
    """The folders in a folder, by name; none where it cannot be read."""
    try:
        return sorted(one for one in at.iterdir() if one.is_dir())
    except OSError:
        return []


def _read(file: Path) -> object:
    """What a JSON file holds; None where there is none, or it is damaged."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
