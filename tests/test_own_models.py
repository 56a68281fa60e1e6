"""A server's own models: what its menu says of them, fetched, and offered for a script."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.errors import ModelError, SettingsError
from attnviz.models import catalogue
from attnviz.models.load import Model
from attnviz.runtime.settings import AboutModel, read_settings, settings
from attnviz.ui.server import lifespan
from attnviz.ui.widgets import own_models
from tests.conftest import save_tiny
from tests.test_page import said
from tests.tokenizers_of_all_kinds import byte_level, saved, sentence_piece
from tests.waiting import CEILING

CHINESE, RUSSIAN = "我爱猫", "кот"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("own")
    return {
        "tiny": save_tiny(root / "tiny"),
        "pieces": saved(root / "pieces", sentence_piece()),
        "bytes": saved(root / "bytes", byte_level()),
    }


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Let this process have other settings."""

    def use(text: str) -> None:
        file = tmp_path / "mine.toml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setenv("ATTNVIZ_SETTINGS", str(file))
        settings.cache_clear()

    yield use
    settings.cache_clear()


def page() -> None:
    from attnviz.ui.pages.explore import explore

    explore()


def opened(text: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=CEILING)
    app.query_params["s"] = text
    app.run()
    assert not app.exception
    return app


# ---- what a server says of them


def test_a_model_has_its_languages_its_size_and_a_line(
    serve: Callable[[str], None], minilm: Model
) -> None:
    serve(
        """
allowed_models = ["org/one", "org/two"]
[about_models]
"org/one" = { languages = ["zh", "en"], size = "412 MB", says = "For *Chinese*.", says_zh = "中文" }
"""
    )
    app = opened("the cat")
    menu = app.selectbox(key="model")
    assert "org/one · zh, en · 412 MB" in menu.options
    assert "org/two" in menu.options
    assert own_models.line("org/one") == "For *Chinese*."
    assert own_models.line("org/two") == ""


def test_the_size_is_that_of_the_weights_that_are_here(
    serve: Callable[[str], None], folders: dict[str, Path]
) -> None:
    name = str(folders["tiny"])
    serve(f"allowed_models = [{name!r}]")
    size = (folders["tiny"] / "model.safetensors").stat().st_size
    assert catalogue.bytes_here(name) == size
    assert own_models.entry(name) == f"tiny · {size / 1000:,.0f} kB"
    assert catalogue.bytes_here("org/never-fetched") is None


@pytest.mark.parametrize("around", ["{}/", "'{}'", "file://{}", "{}/config.json"])
def test_the_size_of_a_folder_is_found_under_every_name_that_opens_it(
    folders: dict[str, Path], around: str
) -> None:
    size = (folders["tiny"] / "model.safetensors").stat().st_size
    assert catalogue.bytes_here(around.format(folders["tiny"])) == size


def test_many_languages_are_said_in_words(serve: Callable[[str], None]) -> None:
    serve('allowed_models = ["org/m"]\n[about_models]\n"org/m" = { languages = ["mul"] }\n')
    assert own_models.entry("org/m") == "org/m · many languages"


@pytest.mark.parametrize(
    "text",
    [
        "about_models = 3",
        '[about_models]\n"org/one" = "large"',
        '[about_models]\n"org/one" = { colour = "red" }',
        '[about_models]\n"org/one" = { languages = "zh" }',
        '[about_models]\n"org/one" = { size = 3 }',
    ],
)
def test_what_cannot_be_said_of_a_model_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="about_models"):
        read_settings({"ATTNVIZ_SETTINGS": str(file)})


def test_a_line_of_a_model_is_read_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[about_models]\n"a/b" = { languages = ["zh"] }\n', encoding="utf-8")
    found = read_settings({"ATTNVIZ_SETTINGS": str(file)})
    assert found.about_models == {"a/b": AboutModel(languages=("zh",))}
    assert read_settings({}).about_models == {}


# ---- which one knows a script


def languages(folders: dict[str, Path], **of: list[str]) -> str:
    lines = [f"allowed_models = {[str(folders[name]) for name in of]!r}", "[about_models]"]
    lines += [f"{str(folders[name])!r} = {{ languages = {codes!r} }}" for name, codes in of.items()]
    return "\n".join(lines)


def test_the_first_that_knows_the_script_is_one_click_away(
    serve: Callable[[str], None], folders: dict[str, Path], minilm: Model
) -> None:
    serve(languages(folders, tiny=["en"], bytes=["ja", "zh"], pieces=["mul"]))
    app = opened("猫爱吃鱼")
    assert "the same blank in place of each" in said(app)
    assert app.button(key="read_with").label == "Read it with bytes"
    app.button(key="read_with").click().run()
    assert not app.exception
    assert app.selectbox(key="model").value == str(folders["bytes"])
    assert "the same blank" not in said(app)
    assert "read_with" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("text", "of", "expected"),
    [
        ("猫", {"tiny": ["zh"]}, "tiny"),
        ("猫", {"tiny": ["en", "de"]}, None),
        ("猫", {"tiny": []}, None),
        (RUSSIAN, {"tiny": ["zh"], "bytes": ["en", "ru"]}, "bytes"),
        ("☃ 😊", {"tiny": ["en"]}, None),  # no letters: no script
    ],
)
def test_languages_say_which_scripts_are_known(
    text: str,
    of: dict[str, list[str]],
    expected: str | None,
    serve: Callable[[str], None],
    folders: dict[str, Path],
    tiny: Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(languages(folders, **of))
    monkeypatch.setattr(own_models, "is_loaded", lambda _: False)
    trace = attnviz.trace(f"the {text}", tiny)
    assert own_models.knowing(trace) == (str(folders[expected]) if expected else None)


def test_a_loaded_model_is_asked_whatever_is_said_of_it(
    serve: Callable[[str], None], folders: dict[str, Path], tiny: Model
) -> None:
    serve(languages(folders, pieces=["ru"], bytes=[]))
    for name in ("pieces", "bytes"):
        attnviz.load(folders[name])
    trace = attnviz.trace(f"the {RUSSIAN}", tiny)
    assert own_models.knowing(trace) == str(folders["bytes"])
    assert own_models.knowing(attnviz.trace("我", tiny)) == str(folders["pieces"])


# ---- fetched at the start


def test_models_are_fetched_when_it_is_asked_for_and_a_missing_one_is_passed_over(
    serve: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    noted: list[dict[str, Any]] = []

    def find(name: str) -> None:
        asked.append(name)
        if name == "org/gone":
            raise ModelError("hub_unknown", model=name)

    monkeypatch.setattr(catalogue, "find", find)
    monkeypatch.setattr(lifespan, "note", lambda event, **more: noted.append({event: more}))
    lifespan._fetch(["org/gone", "org/here"])
    assert asked == ["org/gone", "org/here"]
    assert noted[0] == {"fetch": {"model": "org/gone", "problem": "hub_unknown"}}
    assert noted[1]["fetch"]["model"] == "org/here"
    assert not read_settings({}).fetch_at_start
