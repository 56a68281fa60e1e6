"""Folders and names as people have them: understood, or named for what they are."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.errors import ModelError
from attnviz.models.catalogue import find
from attnviz.models.folders import plain_name
from tests.conftest import save_tiny
from tests.tiny_families import opened

TEXT = "the cat sat"


@pytest.fixture(scope="module")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("folders") / "tiny")


@pytest.fixture(scope="module")
def expected(tiny_folder: Path) -> np.ndarray:
    return attnviz.trace(TEXT, opened(tiny_folder)).layer_weights(1)


def is_it(given: Path | str, title: str, expected: np.ndarray) -> None:
    """Whether a name leads to the model, under a title that people know it by."""
    model = opened(given) if isinstance(given, Path) else attnviz.load(given)
    assert model.card.title == title
    np.testing.assert_array_equal(attnviz.trace(TEXT, model).layer_weights(1), expected)


# ---- names


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (' "/models/my model/" ', "/models/my model"),
        ("'/models/a'", "/models/a"),
        ("“/models/a”", "/models/a"),
        ("file:///models/my%20model/", "/models/my model"),
        ("~/models/", os.path.expanduser("~/models")),  # noqa: PTH111
        ("/", "/"),
        ("org/name", "org/name"),
        ("https://huggingface.co/org/name/tree/main", "org/name"),
        ("https://huggingface.co/org/name", "org/name"),
        ("http://www.huggingface.co/org/name/", "org/name"),
        ("huggingface.co/bert-base-uncased", "bert-base-uncased"),
        ("https://huggingface.co/bert-base-uncased/blob/main/config.json", "bert-base-uncased"),
        ("https://hf.co/org/name?library=transformers#usage", "org/name"),
        ("https://huggingface.co/org/name/resolve/main/model.safetensors", "org/name"),
        ("https://huggingface.co/org/name/discussions/3", "org/name"),
    ],
)
def test_what_stands_around_a_name_is_taken_away(given: str, name: str) -> None:
    assert plain_name(given) == name


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("https://huggingface.co/datasets/org/name", "no page of a model"),
        ("https://huggingface.co/spaces/org/name", "no page of a model"),
        ("https://huggingface.co/", "no page of a model"),
        ("https://huggingface.co/org/name/tree/v2.0", "names the version “v2.0” of “org/name”"),
    ],
)
def test_an_address_of_something_else_is_named(given: str, says: str) -> None:
    with pytest.raises(ModelError, match=says) as problem:
        attnviz.load(given)
    assert problem.value.text("zh") != problem.value.text("en")


@pytest.mark.parametrize("around", ["{}/", "'{}'", '"{}"', "file://{}", " {} ", "{}//"])
def test_one_model_is_loaded_once_whatever_stands_around_it(around: str, tiny_folder: Path) -> None:
    assert attnviz.load(around.format(tiny_folder)) is attnviz.load(tiny_folder)


def test_a_home_folder(
    tiny_folder: Path, expected: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tiny_folder.parent))
    is_it("~/tiny", "tiny", expected)
    with pytest.raises(ModelError, match="There is no folder"):
        attnviz.load("~nobody-of-that-name/tiny")


# ---- folders


def test_the_hubs_cache_at_each_of_its_depths(
    tiny_folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    cached = tmp_path / "hub" / "models--org--name"
    for number, snapshot in enumerate(("abc", "def")):
        shutil.copytree(tiny_folder, cached / "snapshots" / snapshot)
        os.utime(cached / "snapshots" / snapshot, (number, number))
    for at in (cached, cached / "snapshots", cached / "snapshots" / "abc"):
        is_it(at, "org/name", expected)
    assert find(str(cached)).folder.name == "def", "the newest, where main is not known"
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("abc")
    assert find(str(cached)).folder.name == "abc"
    with pytest.raises(ModelError, match="holds some: models--org--name"):
        opened(tmp_path / "hub")


def test_a_cache_of_links_is_read_by_any_of_its_files(
    tiny_folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    snapshot = tmp_path / "models--org--name" / "snapshots" / "abc"
    blobs = tmp_path / "models--org--name" / "blobs"
    shutil.copytree(tiny_folder, blobs)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(sorted(blobs.iterdir())):
        blob = file.rename(blobs / str(number))
        (snapshot / file.name).symlink_to(blob)
    is_it(snapshot, "org/name", expected)
    is_it(snapshot / "model.safetensors", "org/name", expected)


def test_what_trainer_writes(tiny_folder: Path, expected: np.ndarray, tmp_path: Path) -> None:
    out = tmp_path / "run"
    for step in (50, 500, 100):
        shutil.copytree(tiny_folder, out / f"checkpoint-{step}")
    is_it(out / "checkpoint-50", "run/checkpoint-50", expected)
    is_it(out, "run/checkpoint-500", expected)
    for file in (out / "checkpoint-500").glob("*token*"):
        shutil.move(file, out / file.name)
    is_it(out / "checkpoint-500", "run/checkpoint-500", expected)


@pytest.mark.parametrize("has_config", [False, True])
def test_an_adapter_is_named_with_what_to_do(has_config: bool, tmp_path: Path) -> None:
    folder = tmp_path / "lora"
    folder.mkdir()
    adapter = {"peft_type": "LORA", "base_model_name_or_path": "org/base"}
    (folder / "adapter_config.json").write_text(json.dumps(adapter))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    if has_config:
        (folder / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(
        ModelError, match=r"adapter .LORA. for “org/base”.*merge_and_unload"
    ) as says:
        opened(folder)
    assert "适配器" in says.value.text("zh")


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_folder_of_sentence_transformers(
    is_listed: bool, tiny_folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "my-embedder"
    shutil.copytree(tiny_folder, folder / "0_Transformer")
    if is_listed:
        kinds = {"0_Transformer": "Transformer", "1_Pooling": "Pooling", "2_Dense": "Dense"}
        listed = [
            {"idx": n, "path": path, "type": f"sentence_transformers.models.{kind}"}
            for n, (path, kind) in enumerate(kinds.items())
        ]
        (folder / "modules.json").write_text(json.dumps(listed))
    is_it(folder, "my-embedder", expected)
    others = [("1_Pooling", '{"pooling_mode_mean_tokens": true}')]
    others += [("1_Pooling", '{"pooling_mode": "mean"}')]
    others += [("2_Dense", '{"in_features": 24}')] if is_listed else []
    for name, config in others:
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "config.json").write_text(config)
        with pytest.raises(ModelError, match=r"pooling\. Give the folder above"):
            opened(folder / name)


@pytest.mark.parametrize("file", ["config.json", "adapter_config.json", "modules.json"])
def test_json_of_any_depth_is_damaged_and_no_traceback(
    file: str, tiny_folder: Path, expected: np.ndarray, tmp_path: Path
) -> None:
    folder = tmp_path / "deep"
    shutil.copytree(tiny_folder, folder)
    (folder / file).write_text("[" * 100_000)
    if file == "config.json":
        with pytest.raises(ModelError, match=r"config\.json is damaged"):
            opened(folder)
    else:
        is_it(folder, "deep", expected)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a/b",
        "hf://a/b",
        "https://huggingface.co/models?search=bert",
        "https://huggingface.co/organizations/x",
    ],
)
def test_an_address_of_anything_else_is_no_folder(address: str) -> None:
    with pytest.raises(ModelError, match="is no page of a model"):
        plain_name(address)


def test_a_commit_is_a_version() -> None:
    with pytest.raises(ModelError, match="the version “abc” of “a/b”"):
        plain_name("https://huggingface.co/a/b/commit/abc")


def test_what_is_no_model_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_folder, tmp_path / "several" / "a")
    shutil.copytree(tiny_folder, tmp_path / "several" / "b")
    with pytest.raises(ModelError, match="is no model itself, but holds some: a, b"):
        opened(tmp_path / "several")
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"“model\.gguf” is a file that is not read"):
        opened(tmp_path / "model.gguf")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"“empty” is no model: it has no config\.json"):
        opened(tmp_path / "empty")
    pointer = tmp_path / "pointer"
    shutil.copytree(tiny_folder, pointer)
    (pointer / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(ModelError, match="pointer of Git LFS"):
        opened(pointer)
