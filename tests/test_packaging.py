"""The package: its pins agree, it can be built, and what is built starts the app."""

import os
import re
import socket
import subprocess
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import attnviz
from attnviz.__main__ import main
from attnviz.runtime.settings import settings
from tests.browser.conftest import free_port, wait_until_up
from tests.waiting import CEILING

ROOT = Path(__file__).parents[1]


def test_the_pins_are_versions_that_the_package_accepts() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    pins = dict(line.split("==") for line in lines)
    wanted = [*project["dependencies"], *project["optional-dependencies"]["app"]]
    accepted = {requirement.name: requirement for requirement in map(Requirement, wanted)}
    assert set(pins) <= set(accepted)
    for name, version in pins.items():
        assert accepted[name].specifier.contains(version), name


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what `pip install .` puts in place."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_the_app_and_no_tests(installed: Path) -> None:
    for name in ("app.py", "pages/explore.py", ".streamlit/config.toml"):
        assert (installed / "attnviz" / "ui" / "app" / name).is_file(), name
    assert (installed / "attnviz" / "ui" / "server" / "main.py").is_file()
    texts = {file.relative_to(ROOT) for file in (ROOT / "attnviz" / "texts").rglob("*.toml")}
    assert Path("attnviz/texts/zh/chapters/01_qkv.toml") in texts
    assert not [file for file in texts if not (installed / file).is_file()]
    assert (installed / "attnviz" / "pictures" / "lines" / "lines.js").is_file()
    assert not (installed / "tests").exists()
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert re.search(r"attnviz ?= ?attnviz.__main__:main", entry.read_text())


def test_what_is_installed_starts_the_app_from_any_folder(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "attnviz", "serve", "--port", str(port)]
    environment = {"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(address, process)
        page = urllib.request.urlopen(f"{address}/train").read()  # noqa: S310
        assert b"streamlit" in page.lower()
    finally:
        process.terminate()
        assert process.wait(timeout=CEILING) is not None, "the server is this very process"


def test_without_the_extra_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("attnviz.__main__.find_spec", lambda _: None)
    assert main([]) == 2
    assert "pip install 'attnviz[app]'" in capsys.readouterr().err


def test_settings_that_are_none_stop_the_server_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATTNVIZ_TOKENS", "many")
    settings.cache_clear()
    try:
        assert main(["serve"]) == 2
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert "“tokens” cannot be “many”" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--port", "99999"], "99999 is no port"),
        (["--port", "0"], "0 is no port"),
        (["--port", "-1"], "-1 is no port"),
        (["--host", "300.1.2.3"], "cannot listen at 300.1.2.3, port 8501"),
        (["--host", "192.0.2.1"], "cannot listen at 192.0.2.1, port 8501"),
        (["--host", "x" * 100], "cannot listen at xxx"),
    ],
)
def test_where_nobody_can_listen_is_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments]) == 2
    written = capsys.readouterr()
    assert sentence in written.err
    assert len(written.err.splitlines()) == 1
    assert not written.out, "no address is named that does not answer"


def test_a_port_in_use_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["serve", "--port", port]) == 2
    assert f"port {port}: Address already in use" in capsys.readouterr().err


def test_public_mode_is_handed_on_to_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def execv(*_: object) -> None:
        assert os.environ["ATTNVIZ_PUBLIC"] == "1"
        raise SystemExit(0)

    monkeypatch.setenv("ATTNVIZ_PUBLIC", "0")
    settings.cache_clear()
    monkeypatch.setattr("os.execv", execv)
    try:
        with pytest.raises(SystemExit):
            main(["serve", "--public"])
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_the_command_becomes_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    become: list[list[str]] = []

    def execv(_: str, command: list[str]) -> None:
        become.append(command)
        raise SystemExit(0)

    monkeypatch.setattr("os.execv", execv)
    with pytest.raises(SystemExit):
        main(["serve", "--host", "127.0.0.1", "--port", "9000"])
    assert become[0][-4:] == ["--server.address", "127.0.0.1", "--server.port", "9000"]
    assert attnviz.__version__
