"""The house: what is public, and what an import may cost."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import attnviz
from attnviz.capture.interventions import interventions
from attnviz.ui.state import SessionValue

LONGEST_FILE = 350  # lines

HEAVY = ("torch", "transformers", "streamlit", "plotly", "pandas", "numpy")


def loaded_by(statement: str) -> set[str]:
    """Which heavy packages a fresh Python has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_attnviz_costs_nothing() -> None:
    assert loaded_by("import attnviz") == set()


@pytest.mark.parametrize("name", ["difference", "lens", "measure", "describe", "combine"])
def test_analysis_needs_no_torch(name: str) -> None:
    assert not loaded_by(f"import attnviz.analysis.{name}") & {"torch", "transformers", "plotly"}


@pytest.mark.parametrize("name", ["overview", "lines", "heatmap"])
def test_figures_need_neither_torch_nor_streamlit(name: str) -> None:
    found = loaded_by(f"import attnviz.pictures.{name}")
    assert not found & {"torch", "transformers", "streamlit"}


def test_pandas_is_whole_before_plotly_looks_for_it() -> None:
    """Plotly would take one that another thread has begun to import for a whole one."""
    seen = (
        "from attnviz import AttentionMap, heatmap; seen = AttentionMap.from_values([[1.0]], ['a'])"
    )
    assert "pandas" not in loaded_by(f"{seen}; import plotly.graph_objects")
    assert "plotly" not in loaded_by(f"{seen}; heatmap(seen)")
    assert "pandas" in loaded_by(f"{seen}; heatmap(seen).figure")


def test_no_module_names_a_kind_of_intervention() -> None:
    """They speak to what all kinds have; a kind is named by its file and the public table alone."""
    root = Path(attnviz.__file__).parent
    public = root / "__init__.py"
    homes = {Path(str(sys.modules[kind.__module__].__file__)) for kind in interventions().values()}
    name = re.compile(rf"\b({'|'.join(kind.__name__ for kind in interventions().values())})\b")
    named = {path for path in root.rglob("*.py") if name.search(path.read_text("utf-8"))}
    assert named == {*homes, public}


def session_names(source: str) -> list[str]:
    """Where a module speaks of a session's state: as a name, an attribute, an import, a text."""
    said = []
    for node in ast.walk(ast.parse(source)):
        names = (
            getattr(node, "id", None),
            getattr(node, "attr", None),
            getattr(node, "name", None),
            getattr(node, "value", None),
        )
        said += [name for name in names if name in ("session_state", "SessionState")]
    return said


def test_one_module_knows_the_state_of_a_session() -> None:
    root = Path(attnviz.__file__).parents[1]
    files = [root / "app.py", *root.glob("pages/*.py"), *root.glob("attnviz/**/*.py")]
    found = {path for path in files if session_names(path.read_text("utf-8"))}
    assert found == {root / "attnviz" / "ui" / "state.py"}


@pytest.mark.parametrize(
    "source",
    [
        "import streamlit as st\nst.session_state.x = 1",
        "from streamlit import session_state",
        "from streamlit import session_state as kept",
        "getattr(st, 'session_state')",
        "def f(session): return session.session_state['x']",
    ],
)
def test_the_scan_for_the_state_of_a_session_sees_every_way_to_it(source: str) -> None:
    assert session_names(source)


def remembered() -> list[SessionValue[Any]]:
    """All that a session may remember besides the states of pages."""
    ui = Path(attnviz.__file__).parent / "ui"
    files = [path for path in ui.rglob("*.py") if "SessionValue(" in path.read_text("utf-8")]
    names = [path.relative_to(ui.parents[1]).with_suffix("").parts for path in files]
    modules = [import_module(".".join(name)) for name in names]
    return [one for m in modules for one in vars(m).values() if isinstance(one, SessionValue)]


def test_what_a_session_starts_with_cannot_be_changed_for_all() -> None:
    """A start that one session could change would be every other session's, too."""
    starts = {one.name: one.start for one in remembered()}
    assert not [n for n, start in starts.items() if isinstance(start, (list, dict, set))]
    assert {"job", "dropped", "answers_aside", "given"} <= set(starts), "the check itself sees them"


def test_no_two_parts_of_the_app_remember_under_one_name() -> None:
    names = [one.name for one in {id(one): one for one in remembered()}.values()]
    assert len(names) == len(set(names))
    assert "values" not in names, "there the states of the pages are"


@pytest.mark.parametrize("name", ["intervention", "trace", "weights"])
def test_the_core_needs_no_torch(name: str) -> None:
    assert not loaded_by(f"import attnviz.core.{name}") & {"torch", "transformers", "plotly"}


def test_the_core_needs_no_streamlit() -> None:
    found = loaded_by("import attnviz.capture.run")
    assert "torch" in found, "the check itself can see what is loaded"
    assert not found & {"streamlit", "plotly"}


def test_every_place_that_the_plan_of_the_house_names_is_there() -> None:
    root = Path(attnviz.__file__).parents[1]
    named = re.findall(
        r"`([\w/*]+(?:/|\.py))`", (root / "docs" / "architecture.md").read_text("utf-8")
    )
    assert len(named) > 25
    starts = (root, root / "attnviz")
    missing = [name for name in named if not any(list(start.glob(name)) for start in starts)]
    assert [name for name in missing if "/" in name] == []


def test_public_names_are_sorted_and_all_there() -> None:
    assert attnviz.__all__ == sorted(attnviz.__all__)
    assert set(attnviz._HOMES) == set(attnviz.__all__)
    for name in attnviz.__all__:
        assert getattr(attnviz, name) is not None
    assert set(attnviz.__all__) <= set(dir(attnviz))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = attnviz.no_such_name


def test_no_file_of_code_is_longer_than_a_reader_holds() -> None:
    root = Path(attnviz.__file__).parent
    code = [file for kind in ("py", "js") for file in root.rglob(f"*.{kind}")]
    long = [file.name for file in code if len(file.read_text("utf-8").splitlines()) > LONGEST_FILE]
    assert long == []


AXES_NAMED = re.compile(r"""\w+\[np\.ndarray, '[^']*'\]""")


def arrays_without_axes(source: str) -> list[str]:
    """Public functions, methods and fields of a module with an array that says no axes."""
    return [name for name, types in public_types(ast.parse(source).body) if is_bare(types)]


def is_bare(types: str) -> bool:
    return "np.ndarray" in AXES_NAMED.sub("", types)


def public_types(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """What is public at the top of a module or class, with its annotations as one text."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_types(node.body)
        elif isinstance(node, ast.AnnAssign) and not ast.unparse(node.target).startswith("_"):
            yield ast.unparse(node.target), ast.unparse(node.annotation)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield (
                node.name,
                f"{ast.unparse(node.args)} → {node.returns and ast.unparse(node.returns)}",
            )


def test_every_public_array_says_its_axes() -> None:
    root = Path(attnviz.__file__).parent
    found = {
        str(path.relative_to(root)): bare
        for path in root.rglob("*.py")
        if (bare := arrays_without_axes(path.read_text("utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: np.ndarray) -> int: ...",
        "def f() -> tuple[Float[np.ndarray, 'row'], np.ndarray]: ...",
        "class A:\n    b: dict[str, np.ndarray]",
        "class A:\n    def b(self, c: list[np.ndarray]) -> None: ...",
    ],
)
def test_the_scan_for_arrays_without_axes_sees_them(source: str) -> None:
    assert arrays_without_axes(source)
