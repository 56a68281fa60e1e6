"""The page docs/gpu.md, from what `benchmarks.gpu` has measured."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from attnviz.models import precision
from benchmarks.tables import table

Row = dict[str, Any]
DTYPES = ("float32", "float16", "bfloat16")
PAGE = Path(__file__).parents[1] / "docs" / "gpu.md"
MEASURED = PAGE.with_suffix(".json")

HEAD = """# On a GPU

Written by `make bench-gpu`, on a machine with an accelerator that torch sees.

| date | card, driver, memory | torch | transformers | NumPy | Python |
| --- | --- | --- | --- | --- | --- |
| {date} | {card} | {torch} | {transformers} | {numpy} | {python} |

A model is built and proved on the CPU, in float32 and then in the numbers of its folder. It goes to
the accelerator, is proved there once more, and stays on the CPU if it does not add up there or
finds no room. A capture's arrays leave the card as NumPy, and weights are computed from them in
float32. Products of float32 are computed in float32 while a model runs: TF32 and autocast are off
in the passes of attnviz, whatever a script has asked for, and as they were after them. Small
models of ours train and run on the CPU: there a step is too short for a card.
"""
FAMILIES = """
## What was proved

Every family of [models.md](models.md), a tiny random model in each precision: {count} folders, of
which {on_card} run on the card. *In a proof*: the largest difference between what the hooks show
and the model's own eager attention, both on the card; beside it the part of its tolerance that it
takes (`precision.tolerance`, and in half precision as much more as scores are large). *Beside the
CPU*: the largest difference of an attention weight to that of the same folder on the CPU, each
through all its layers, and how much that may be (`precision.between_devices`).

"""
PROOF = {
    "dtype": ("runs in", "{}"),
    "models": ("folders", "{}"),
    "proof": ("in a proof", "{:.0e}"),
    "part": ("of its tolerance", "{:.0%}"),
    "weights": ("beside the CPU", "{:.0e}"),
    "stated": ("may be", "{:.3g}"),
}
EMBEDDED = """
## One sentence through the embedded model

{of} in float32, the sentence of the note, card against CPU:
the largest difference as a share of the largest number, at least of 1.

"""
SAID = """
Bytes that a trace leaves on the card: {bytes_left_on_card}. Thirty-two traces in eight threads at
once differ from one alone by {in_threads:.0e}. Where a script asks for TF32
(`torch.set_float32_matmul_precision("high")`), weights differ from the CPU's by {weights:.0e}, as
before; the model's own answer would differ by {answer_in_tf32:.0e}. cuDNN's convolutions are in
TF32 unless somebody says otherwise: so ConvBERT's answer is {by_default:.0e} away from the CPU's,
and in a pass of attnviz {in_a_capture:.0e}. What heads predict is the same at every token, to
{predictions:.0e}, and a T5 writes the same {tokens} tokens.
"""
LENGTHS = """
## A long text

The shape of the embedded model (6 × 12 heads, width 384) with room for 8,192 tokens and random
weights, as in [benchmark.md](benchmark.md), from a folder in each precision; medians of {pairs}
pairs of a plain forward pass and a capture, the card waited for. All that is kept leaves the card
(q, k, v, z, x and r of each layer, as float32), and a few rows of each head are held against z by
NumPy. That takes about as long as on any machine, and the pass itself next to nothing: so the
aim of the CPU, a ratio of 1.05, is out of reach here.

"""
LONG = {
    "dtype": ("numbers", "{}"),
    "tokens": ("tokens", "{:,}"),
    "capture": ("capture ÷ forward", "{:.1f}"),
    "forward_ms": ("forward, ms", "{:.1f}"),
    "capture_ms": ("capture, ms", "{:.0f}"),
    "kept_mb": ("kept, MB", "{:,.0f}"),
    "card_mb": ("capture at its peak on the card, MB above the model", "{:,.0f}"),
    "forward_card_mb": ("forward at its peak, MB", "{:,.0f}"),
    "row_ms": ("one row of one head, ms", "{:.2f}"),
    "head_s": ("one head whole, s", "{:.3f}"),
}
EACH = """
## Each family

The largest difference of a weight beside the CPU, by the precision that the folder was saved in.

"""


def page(found: Row) -> str:
    """The whole of it."""
    rows = [row for row in found["families"] if "failed" not in row]
    on_card = [row for row in rows if row["device"] != "cpu"]
    predicted = found["predictions"]
    said = {
        **found["embedded"],
        **found["embedded"]["tf32"],
        **found["convolutions"],
        "predictions": max(row["apart"] for row in predicted if "apart" in row),
        "tokens": predicted[-1]["tokens"],
    }
    apart = [f"| {name} | {size:.0e} |" for name, size in found["embedded"]["apart"].items()]
    long = [
        {**row, "forward_ms": 1_000 * row["forward_s"], "capture_ms": 1_000 * row["capture_s"]}
        for row in found["lengths"]
    ]
    parts = [
        HEAD.format(**found["machine"]),
        FAMILIES.format(count=len(rows), on_card=len(on_card)),
        table(PROOF, [proved(on_card, dtype) for dtype in DTYPES]),
        "\n\n" + elsewhere(rows),
        EMBEDDED.format(**said),
        "\n".join(["| | largest difference |", "| --- | ---: |", *apart]) + "\n",
        SAID.format(**said),
        LENGTHS.format(pairs=long[0]["pairs"]),
        table(LONG, long),
        "\n" + EACH,
        families(rows),
    ]
    return "".join(parts) + "\n"


def proved(rows: Sequence[Row], dtype: str) -> Row:
    """A precision: how many folders run in it, and the largest differences of all."""
    of = [row for row in rows if row["dtype"] == dtype]
    return {
        "dtype": dtype,
        "models": len(of),
        "proof": max(row["proof"] for row in of),
        "part": max(row["of_tolerance"] for row in of),
        "weights": max(row["weights"] for row in of),
        "stated": precision.between_devices(getattr(torch, dtype)),
    }


def elsewhere(rows: Sequence[Row]) -> str:
    """What runs in other numbers than its folder's, and what stays on the CPU."""
    other = [f"`{r['family']}` in {r['asked']}" for r in rows if r["asked"] != r["dtype"]]
    stay = [f"`{r['family']}` in {r['asked']} ({r['why']})" for r in rows if r["device"] == "cpu"]
    lines = [
        "In float32 all the same, on the CPU as on the card, since their code cannot be run in\n"
        f"half precision or gives no numbers in it:\n{', '.join(other) or 'none'}.",
        f"Stay on the CPU: {'; '.join(stay) or 'none'}.",
    ]
    return "\n\n".join(lines) + "\n"


def families(rows: Sequence[Row]) -> str:
    """A line a family."""
    by_family: dict[str, Row] = {}
    for row in rows:
        by_family.setdefault(row["family"], {"family": f"`{row['family']}`"})[row["asked"]] = row[
            "weights"
        ]
    columns = {"family": ("family", "{}"), **{name: (name, "{:.0e}") for name in DTYPES}}
    return table(columns, list(by_family.values()))


if __name__ == "__main__":
    PAGE.write_text(page(json.loads(MEASURED.read_text("utf-8"))), encoding="utf-8")
