"""Writes docs/models.md: every text family that the tests prove, and what is said of the others.

`python -m tests.families_table` (make models).
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from attnviz.errors import AttnvizError
from attnviz.models import proof
from attnviz.models.load import Model
from tests.tiny_families import REFUSED, SIZES, opened, refused_family, saved_family

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
_SHOWN = {  # in the order in which a reader asks
    "heads": "q, k, v, z",
    "output": "W_O",
    "projections": "W_Q, W_K, W_V",
    "norms": "Add & Norm",
    "streams": "x, r",
}
_HEAD = """# Models

Written by `make models`; a test holds it to what is computed today. Each family is a tiny random
model (two layers, width 32, random weights large enough that heads differ), saved to a folder with
a tokenizer and loaded like any other. When a model is loaded, what the hooks show is held against
the model's own eager attention (`attn_implementation="eager"`, `output_attentions=True`): weights,
weights · v against z, Σ z W_O + b against the output of W_O, r of each layer, and the answer with
hooks against the answer without. It is offered if all of it is equal to 1e-5 in float32, of the
largest number, at least of 1. At every capture, weights · v is held against the z that the model
went on with.

A family file (`attnviz/models/families/`) is needed by none: one pass shows where a model attends.
Families whose attention is code of their own show their weights alone, as their softmax gives them
(*softmax* below); everything that is drawn of weights can be drawn of them.

A folder that was saved with a head that predicts (masked or causal language model, sequence or
token classification, question answering) is loaded with it, and `trace.predictions` is what that
head says of the captured run; at load it is held against the whole model's own answer, equal to
1e-5. A head that wants more of its base than its answer is left aside, and so is one that says a
number and no class.

The same families on a GPU, in float32, float16 and bfloat16: [gpu.md](gpu.md).

## Shown

| family | kind | seen through | captured besides weights | largest difference |
|---|---|---|---|---|
"""
_MIDDLE = """
## Refused

| family | what is said |
|---|---|
"""


@dataclass(frozen=True)
class Row:
    """A family as the page says it; differences are of the machine that wrote it."""

    family: str
    says: str
    is_shown: bool


def row_of(model: Model) -> Row:
    """What the page says of a model that is shown, without the difference."""
    besides = [said for name, said in _SHOWN.items() if name in model.capabilities]
    how = "softmax" if model.is_watched else "interface"
    said = f"{model.card.architecture} | {how} | {', '.join(besides) or 'nothing'}"
    return Row(model.card.family, said, is_shown=True)


def written() -> list[Row]:
    """The rows of the page, as they stand."""
    shown, refused = PAGE.read_text(encoding="utf-8").split("## Refused")
    rows = re.findall(r"^\| `([\w-]+)` \| (.+?)(?: \| [\d.e+-]+)? \|$", shown, re.MULTILINE)
    others = re.findall(r"^\| `([\w-]+)` \| (.+) \|$", refused, re.MULTILINE)
    found = [Row(family, says, is_shown=True) for family, says in rows]
    return found + [Row(family, says, is_shown=False) for family, says in others]


def page() -> str:
    """The page, computed."""
    with tempfile.TemporaryDirectory() as folder:
        shown = [_shown(Path(folder), kind) for kind in SIZES]
        refused = [_refused(Path(folder), kind) for kind in REFUSED]
    return _HEAD + "\n".join(shown) + "\n" + _MIDDLE + "\n".join(refused) + "\n"


def _shown(folder: Path, kind: str) -> str:
    model = opened(saved_family(folder / kind, kind))
    largest = max(one.size for one in proof.measured(model))
    return f"| `{kind}` | {row_of(model).says} | {largest:.0e} |"


def _refused(folder: Path, kind: str) -> str:
    try:
        opened(refused_family(folder / kind, kind))
    except AttnvizError as problem:
        return f"| `{kind}` | {problem.text('en')} |"
    raise ValueError(f"{kind} is shown")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
