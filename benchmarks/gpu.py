"""What a model on an accelerator shows, beside the same model on the CPU, and what it costs there.

`make bench-gpu`, or `python -m benchmarks.gpu [OUT] [FOLDER]`: writes gpu.json into OUT (docs);
FOLDER holds what is looked at in the place of the embedded model. `benchmarks.gpu_page` makes the
page of it.
"""

import json
import platform
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

import attnviz
from attnviz.analysis.measure import measure
from attnviz.capture.reading import read
from attnviz.capture.variants import residuals
from attnviz.core.intervention import Intervention
from attnviz.core.trace import Trace
from attnviz.models import precision, proof
from attnviz.models.catalogue import EMBEDDED, find
from attnviz.models.model import Model
from attnviz.models.opening import open_model
from benchmarks import length
from tests.tiny_families import SIZES, opened, saved_family, saved_in_half, saved_with_head

TEXT, TARGET = "the cat sat on the mat , singing .", "the mat sat on"
SENTENCE = (
    "The Law will never be perfect , but its application should be just - this is what we are "
    "missing , in my opinion ."
)
DOCS = Path(__file__).parents[1] / "docs"
DTYPES = (torch.float32, torch.float16, torch.bfloat16)
FAMILIES_S = 150.0  # what is not begun by then is left out, and said
PAIRS = 9
Row = dict[str, Any]


@contextmanager
def on_cpu() -> Iterator[None]:
    """Models that are loaded inside stay on the CPU."""
    with patch.object(precision, "device", lambda: precision.CPU):
        yield


def both(made: Callable[[], Model]) -> tuple[Model, Model]:
    """One model where torch's accelerator is, and once more on the CPU."""
    with on_cpu():
        reference = made()
    return made(), reference


def named(dtype: torch.dtype) -> str:
    """As people write it."""
    return str(dtype).removeprefix("torch.")


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the largest number, or of 1."""
    if found.shape != expected.shape or (np.isnan(found) != np.isnan(expected)).any():
        return float("inf")
    found, expected = (np.nan_to_num(np.asarray(one, float)) for one in (found, expected))
    return float(np.abs(found - expected).max(initial=0) / max(1, np.abs(expected).max(initial=0)))


# ---- the parts


def machine() -> Row:
    """Where this runs."""
    asked = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    place = precision.device()
    card = "none"
    if place.type == "cuda":
        card = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "card": card or place.type,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "date": str(date.today()),
    }


def families(folder: Path) -> list[Row]:
    """Every family of docs/models.md in every precision: its proof there, and beside the CPU."""
    rows, end = [], time.monotonic() + FAMILIES_S
    for kind in SIZES:
        for dtype in DTYPES:
            row: Row = {"family": kind, "asked": named(dtype)}
            if time.monotonic() > end:
                row |= {"failed": "left out: no time"}
            else:
                row |= guarded(lambda k=kind, d=dtype: family(k, d, folder))  # type: ignore[misc]
            rows.append(row)
            print(row, flush=True)
    return rows


def family(kind: str, dtype: torch.dtype, folder: Path) -> Row:
    """One of them."""
    saved = saved_in_half(folder / f"{kind}-{named(dtype)}", kind, dtype)
    model, reference = both(lambda: opened(saved))
    row: Row = {"dtype": model.card.dtype, "device": precision.of_module(model.module).type}
    if row["device"] == "cpu" != precision.device().type:
        row["why"] = reason(model)
    found = proof.measured(model)
    row["proof"] = max(one.size for one in found)
    row["of_tolerance"] = max(one.size / one.tolerance for one in found)
    target = TARGET if model.target else None
    seen, expected = (attnviz.trace(TEXT, one, target=target) for one in (model, reference))
    row["weights"] = max(
        float(np.abs(seen.weights(head) - expected.weights(head)).max()) for head in expected.heads
    )
    row["stated"] = precision.between_devices(dtype)
    return row


def reason(model: Model) -> str:
    """Why a model stays on the CPU."""
    head = None if model.task_head is None else model.task_head.module
    precision.to_device(precision.device(), model.module, head)
    try:
        proof.prove(model)
    except (attnviz.AttnvizError, RuntimeError, TypeError) as problem:
        return f"{type(problem).__name__}: {problem}"[:300]
    finally:
        precision.to_device(precision.CPU, model.module, head)
    return "what its head says is not the same there"


CHANGES: dict[str, list[Intervention]] = {
    "head off": [attnviz.HeadOff(1, 3)],
    "weights uniform": [attnviz.WeightsUniform(2, 1)],
    "pair knocked out": [attnviz.PairKnockedOut(2, 1, 3, 2)],
    "token masked": [attnviz.TokenMasked(3)],
}


def quantities(model: Model) -> dict[str, np.ndarray]:
    """What a reader sees of a sentence."""
    trace = attnviz.trace(SENTENCE, model)
    layers = range(trace.model.layers)
    variants = residuals(read(SENTENCE, None, model), model, list(CHANGES.values()))
    found = {
        "weights": np.stack([trace.layer_weights(layer) for layer in layers]),
        "scores": np.stack([trace.scores(head) for head in trace.heads]),
        "z of each head": np.stack([trace.head_output(layer) for layer in layers]),
        "r of the last layer": trace.residual(trace.model.layers),
        "norm-weighted": attnviz.norm_weighted(trace, (1, 3)).values,
        "rollout": attnviz.rollout(trace).values,
        "measures": measure(trace).select_dtypes("number").to_numpy(),
        "measures, norm-weighted": measure(trace, weighting="norm")
        .select_dtypes("number")
        .to_numpy(),
        "variants of a sweep": variants,
    }
    for name, changes in CHANGES.items():
        changed = attnviz.trace(SENTENCE, model, interventions=changes)
        found[name] = np.stack([changed.layer_weights(layer) for layer in layers])
    return found


def embedded(folder: Path | None) -> Row:
    """The embedded model, number by number, and what it leaves on the card."""
    model, reference = both(lambda: open_model(find(str(folder or EMBEDDED))))
    seen, expected = quantities(model), quantities(reference)
    place = precision.of_module(model.module)
    before = torch.accelerator.memory_allocated() if place.type != "cpu" else 0
    trace = attnviz.trace(SENTENCE, model)
    after = torch.accelerator.memory_allocated() if place.type != "cpu" else 0
    return {
        "of": str(folder or "all-MiniLM-L6-v2"),
        "device": place.type,
        "apart": {name: apart(seen[name], expected[name]) for name in expected},
        "bytes_left_on_card": after - before,
        "in_threads": threads(model, trace),
        "tf32": tf32(model, expected["weights"]),
    }


def threads(model: Model, alone: Trace) -> float:
    """The largest difference of weights that eight threads compute at once to those of one."""
    with ThreadPoolExecutor(8) as pool:
        traces = list(pool.map(lambda _: attnviz.trace(SENTENCE, model), range(32)))
    return max(
        float(np.abs(one.layer_weights(layer) - alone.layer_weights(layer)).max())
        for one in traces
        for layer in range(one.model.layers)
    )


def tf32(model: Model, expected: np.ndarray) -> Row:
    """Weights beside the CPU's though a script asks for TF32, and the answer if it got it."""
    given = proof.probe(model.card, place=precision.of_module(model.module))
    with precision.inference(model.module):
        exact = model.module(**given)[0]
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        trace = attnviz.trace(SENTENCE, model)
        with torch.inference_mode():
            coarse = model.module(**given)[0]
    finally:
        torch.set_float32_matmul_precision(before)
    found = np.stack([trace.layer_weights(layer) for layer in range(trace.model.layers)])
    return {
        "weights": apart(found, expected),
        "answer_in_tf32": apart(coarse.cpu().numpy(), exact.cpu().numpy()),
    }


def convolutions(folder: Path) -> Row:
    """What cuDNN's convolutions answer as torch is set by default, and in a capture."""
    saved = saved_in_half(folder / "convolutions", "convbert", torch.float32)
    model, reference = both(lambda: opened(saved))
    answers = []
    for one in (model, reference):
        given = proof.probe(one.card, place=precision.of_module(one.module))
        with torch.inference_mode():
            plain = one.module(**given)[0].cpu().numpy()
        with precision.inference(one.module):
            answers.append((plain, one.module(**given)[0].cpu().numpy()))
    (plain, exact), (_, expected) = answers
    return {"by_default": apart(plain, expected), "in_a_capture": apart(exact, expected)}


def predictions(folder: Path) -> list[Row]:
    """The first answer at each token, and a text that an encoder–decoder writes by itself."""
    rows: list[Row] = []
    for kind, built in (("gpt2", AutoModelForCausalLM), ("bert", AutoModelForMaskedLM)):
        saved = saved_with_head(folder / f"{kind}-head", kind, built)
        model, reference = both(lambda saved=saved: opened(saved))  # type: ignore[misc]
        seen, expected = (attnviz.trace(TEXT, one).predictions.top for one in (model, reference))
        shares = [np.array([row[0].probability for row in top], float) for top in (seen, expected)]
        words = [[row[0].text for row in top] for top in (seen, expected)]
        device = precision.of_module(model.module).type
        rows.append(
            {"model": kind, "device": device, "apart": apart(*shares), "same": words[0] == words[1]}
        )
    saved = saved_family(folder / "t5-writes", "t5")
    model, reference = both(lambda: opened(saved))
    texts = [
        [str(token) for token in attnviz.trace(TEXT, one).sequences["target"]]
        for one in (model, reference)
    ]
    rows.append({"model": "t5 writes", "same": texts[0] == texts[1], "tokens": len(texts[1])})
    return rows


def lengths(folder: Path) -> list[Row]:
    """The length table in each precision."""
    module, tokenizer = length.long_parts()
    rows = []
    for dtype in DTYPES:
        saved = folder / f"long-{named(dtype)}"
        module.to(dtype).save_pretrained(saved)
        tokenizer.save_pretrained(saved)
        model = opened(saved)
        for tokens in length.LENGTHS:
            length.measure(model, tokens, 1)  # kernels are chosen in the first pass
            rows.append(
                {
                    "dtype": model.card.dtype,
                    "device": precision.of_module(model.module).type,
                    "pairs": PAIRS,
                    **length.measure(model, tokens, PAIRS),
                }
            )
            print(rows[-1], flush=True)
    return rows


# ---- the whole


def guarded(work: Callable[[], Row]) -> Row:
    """What a part gives, or how it failed: the others go on."""
    try:
        return work()
    except Exception:  # noqa: BLE001  # of any kind: it is written down
        return {"failed": traceback.format_exc()[-1_500:]}


def main(out: Path, folder: Path | None) -> None:
    """Every part; what is there so far is written after each."""
    found: Row = {}
    with tempfile.TemporaryDirectory() as name:
        parts: dict[str, Callable[[], Any]] = {
            "machine": machine,
            "embedded": lambda: embedded(folder),
            "families": lambda: families(Path(name)),
            "predictions": lambda: predictions(Path(name)),
            "convolutions": lambda: convolutions(Path(name)),
            "lengths": lambda: lengths(Path(name)),
        }
        for part, work in parts.items():
            begun = time.monotonic()
            found[part] = guarded(work)
            print(part, f"{time.monotonic() - begun:.0f} s", found[part], flush=True)
            (out / "gpu.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    given = [Path(one) for one in sys.argv[1:3]]
    main(given[0] if given else DOCS, given[1] if len(given) > 1 else None)
