"""The house: what is public, and what an import may cost."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import attnviz
from attnviz.capture.interventions import interventions

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


def test_no_module_names_a_kind_of_intervention() -> None:
    """They speak to what all kinds have; a kind is named by its file and the public table alone."""
    root = Path(attnviz.__file__).parent
    public = root / "__init__.py"
    homes = {Path(str(sys.modules[kind.__module__].__file__)) for kind in interventions().values()}
    name = re.compile(rf"\b({'|'.join(kind.__name__ for kind in interventions().values())})\b")
    named = {path for path in root.rglob("*.py") if name.search(path.read_text("utf-8"))}
    assert named == {*homes, public}


@pytest.mark.parametrize("name", ["intervention", "trace", "weights"])
def test_the_core_needs_no_torch(name: str) -> None:
    assert not loaded_by(f"import attnviz.core.{name}") & {"torch", "transformers", "plotly"}


def test_the_core_needs_no_streamlit() -> None:
    found = loaded_by("import attnviz.capture.run")
    assert "torch" in found, "the check itself can see what is loaded"
    assert not found & {"streamlit", "plotly"}


def test_public_names_are_sorted_and_all_there() -> None:
    assert attnviz.__all__ == sorted(attnviz.__all__)
    assert set(attnviz._HOMES) == set(attnviz.__all__)
    for name in attnviz.__all__:
        assert getattr(attnviz, name) is not None
    assert set(attnviz.__all__) <= set(dir(attnviz))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = attnviz.no_such_name
