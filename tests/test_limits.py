"""A script has its own limits: what a server's settings say does not touch it."""

import ast
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

import attnviz
from attnviz.runtime.limits import ProcessLimits
from attnviz.runtime.settings import Settings, read_settings
from tests.waiting import CEILING

PACKAGE = Path(attnviz.__file__).parent
READERS = {"ui", "__main__.py"}  # who may read a server's settings

SCRIPT = """
import sys
import numpy as np
import attnviz

model = attnviz.load()
trace = attnviz.trace("The cat sat on the mat.", model, interventions=[attnviz.HeadOff(0, 1)])
attnviz.trace("A sentence.", "minilm", "And another.")
for picture in (
    attnviz.overview(trace),
    attnviz.lines(trace, [(0, 2)], attnviz.Lens(hide_special=True)),
    attnviz.heatmap(trace, (0, 2)),
    attnviz.arcs(trace, (0, 2)),
    attnviz.comparison(trace, [(0, 2), (1, 8)]),
    attnviz.highlights(trace, (0, 2)),
    attnviz.explore(trace),
):
    assert picture.to_html()
assert len(attnviz.measure(trace)) == 72
assert attnviz.find(trace, "previous")
assert len(trace.to_frame([(0, 2)])) == len(trace.tokens) ** 2
assert attnviz.contrast(trace).divergence > 0
for seen in (
    attnviz.norm_weighted(trace, (0, 2)),
    attnviz.rollout(trace),
    attnviz.flow(trace),
    attnviz.difference(trace, (0, 2), (1, 8)),
):
    assert attnviz.heatmap(seen).to_svg()
assert len(attnviz.between_sentences(attnviz.trace("A sentence.", "minilm", "And another."))) == 72
training = attnviz.train("one-hop", heads=1, steps=2)
assert training.steps == 2
assert attnviz.trace(training.run.task.alphabet.example, training.model)
for chapter in attnviz.chapters():
    scene = chapter.scene(trace)
    assert chapter.figure(trace, scene).panels
assert attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5)).tokens
missing = set(attnviz.__all__) - {"load", "trace", "overview", "lines", "heatmap", "arcs",
    "comparison", "explore", "measure", "train", "chapters", "find", "contrast", "norm_weighted",
    "rollout", "flow", "difference", "between_sentences", "highlights"}
for name in missing:
    assert isinstance(getattr(attnviz, name), type), f"{name} is a function that was not tried"
assert not [name for name in sys.modules if name.startswith("attnviz.ui")]
"""


def server_settings(value: str, file: Path) -> dict[str, str]:
    """An environment in which every setting is `value`, and the file of settings is none."""
    file.write_text("this is no = = TOML", encoding="utf-8")
    names = {f"ATTNVIZ_{field.name.upper()}": value for field in fields(Settings)}
    return {**os.environ, **names, "ATTNVIZ_SETTINGS": str(file)}


@pytest.mark.parametrize("value", ["nonsense", "1"])
def test_a_script_is_not_touched_by_what_a_server_is_told(value: str, tmp_path: Path) -> None:
    """One character, one token, one MB of memory and nobody in the queue: for servers alone."""
    environment = server_settings(value, tmp_path / "mine.toml")
    command = [sys.executable, "-W", "error::UserWarning", "-c", SCRIPT]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=CEILING, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_command_draws_whatever_a_server_is_told(tmp_path: Path) -> None:
    environment = server_settings("nonsense", tmp_path / "mine.toml")
    command = [sys.executable, "-m", "attnviz", "A cat.", "-o", str(tmp_path / "heads.html")]
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=CEILING, check=False
    )
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "heads.html").stat().st_size > 1000


def sources() -> list[tuple[str, ast.Module]]:
    """Every module of the package, by its path below it."""
    return [
        (str(file.relative_to(PACKAGE)), ast.parse(file.read_text(encoding="utf-8")))
        for file in sorted(PACKAGE.rglob("*.py"))
    ]


def names_in(tree: ast.Module) -> set[str]:
    """All names that a module imports, reads or calls."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def test_only_the_app_and_the_command_read_settings_and_environment() -> None:
    readers = {
        path
        for path, tree in sources()
        if names_in(tree) & {"attnviz.runtime.settings", "environ", "getenv", "os.environ"}
    }
    others = {path for path in readers if path.split("/")[0] not in READERS}
    of_glibc = "runtime/memory.py"  # no setting of ours: whether somebody has tuned the C library
    assert others == {"runtime/settings.py", of_glibc}
    assert {"__main__.py", "ui/__init__.py"} <= readers, "the test finds them"


def test_results_that_grow_are_in_the_one_cache() -> None:
    """No cache beside it: none of Streamlit, none that counts entries instead of bytes."""
    others = {"cache_resource", "cache_data", "lru_cache", "functools.lru_cache"}
    assert {path for path, tree in sources() if names_in(tree) & others} == set()


def test_a_server_has_every_limit_of_a_script_and_its_own_numbers() -> None:
    server, script = read_settings({}), ProcessLimits()
    assert isinstance(server, ProcessLimits)
    assert script.memory_mb == 0, "no ceiling"
    for name in ("passes_waiting", "passes_at_once", "passes_of_one", "trainings_waiting"):
        assert getattr(server, name) < 1_000 < getattr(script, name)
    for name in ("characters", "tokens", "hub_seconds"):
        assert getattr(server, name) == getattr(script, name), "texts are read alike"
