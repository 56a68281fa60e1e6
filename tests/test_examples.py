"""The example notebooks: run again, they say what they say in the repository."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.waiting import CEILING

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.ipynb"))


def outputs(notebook: Any) -> list[list[dict[str, str]]]:
    """What each code cell has put out, by kind. Complaints on stderr are passed over.

    Of a picture it is only that there is one: its bytes may differ from machine to machine.
    """
    return [
        [
            {
                **output.get("data", {"text": output.get("text", output.get("evalue", ""))}),
                **picture,
            }
            for output in cell.outputs
            if output.get("name") != "stderr"
            for picture in [{"text/html": "<iframe"} if "<iframe" in str(output) else {}]
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_runs_and_says_the_same(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # what `make run` installs
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    stored = nbformat.read(file, as_version=4)
    fresh = nbformat.read(file, as_version=4)
    here = {"metadata": {"path": str(file.parent)}}
    NotebookClient(fresh, timeout=CEILING, kernel_name="python3", resources=here).execute()
    assert outputs(fresh) == outputs(stored)
    kinds = {kind for cell in outputs(stored) for output in cell for kind in output}
    assert "text/html" in kinds, "pictures are shown, not described"
