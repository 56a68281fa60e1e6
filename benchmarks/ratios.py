"""What attnviz costs on the embedded model, as ratios measured in one run.

`make bench` writes docs/benchmark.md and docs/benchmark.json. A ratio is a median of
pairs, each measured back to back, so that a busy machine slows both sides alike.
"""

import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers import AutoModel

import attnviz
from attnviz.capture.reading import Reading, read
from attnviz.capture.run import capture
from attnviz.capture.variants import inputs
from attnviz.models import catalogue
from attnviz.models.load import Model
from benchmarks import first_screens, head_change, length
from benchmarks.peers import HEADING
from benchmarks.rerun import rerun_ratio
from benchmarks.tables import table

ROOT = Path(__file__).parents[1]
LENGTHS = (16, 64, 128, 512)
REPEATS = {16: 60, 64: 40, 128: 30, 512: 16}
FLOAT32 = 4


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(work: Callable[[], Any], base: Callable[[], Any], repeats: int) -> float:
    """The median of work ÷ base over pairs measured back to back."""
    work(), base()
    return median(seconds(work) / seconds(base) for _ in range(repeats))


def text_of(tokens: int) -> str:
    """A text of exactly so many tokens, special tokens included."""
    words = "the cat sat on the mat and looked at the rain in the street .".split()  # noqa: SIM905
    return " ".join(words[i % len(words)] for i in range(tokens - 2))


def eager_model(model: Model) -> Any:
    """The same weights as transformers loads them for `output_attentions`."""
    folder = catalogue.find(model.name).folder
    return AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)


def measure(model: Model, eager: Any, tokens: int) -> dict[str, float]:
    """All ratios at one length."""
    text = text_of(tokens)
    reading: Reading = read(text, None, model)
    given = inputs([reading], model)
    trace = attnviz.trace(text, model)
    a, b = (0, 2), (1, 8)
    repeats = REPEATS[tokens]

    def plain() -> None:
        with torch.inference_mode():
            model.module(**given)

    def with_attentions() -> None:
        with torch.inference_mode():
            eager(**given, output_attentions=True)

    everything = len(trace.heads) * tokens**2 * FLOAT32
    two = 2 * tokens**2 * FLOAT32
    heat = sum(len(attnviz.heatmap(trace, head).packet) for head in (a, b))
    overview = len(attnviz.overview(trace).packet(a, b))
    return {
        "tokens": len(trace.tokens),
        "capture": ratio(lambda: capture(reading, model), plain, repeats),
        "trace": ratio(lambda: attnviz.trace(text, model), plain, repeats),
        "eager_output_attentions": ratio(with_attentions, plain, repeats),
        "one_head": ratio(lambda: trace.weights(a), plain, repeats * 3),
        "measures": ratio(lambda: attnviz.measure(trace), plain, repeats),
        "overview_bytes": overview,
        "overview_to_float32": overview / everything,
        "two_heads_lines_to_float32": len(attnviz.lines(trace, [a, b]).packet) / two,
        "two_heads_heatmaps_to_float32": heat / two,
    }


COLUMNS = {
    "tokens": ("tokens", "{:.0f}"),
    "capture": ("capture ÷ forward", "{:.2f}"),
    "trace": ("text to trace ÷ forward", "{:.2f}"),
    "eager_output_attentions": ("eager with attentions ÷ forward", "{:.2f}"),
    "one_head": ("one head ÷ forward", "{:.4f}"),
    "measures": ("all measures of all heads ÷ forward", "{:.2f}"),
    "overview_bytes": ("overview, bytes", "{:,.0f}"),
    "overview_to_float32": ("overview ÷ float32 of all heads", "{:.3f}"),
    "two_heads_lines_to_float32": ("lines of two heads ÷ float32", "{:.2f}"),
    "two_heads_heatmaps_to_float32": ("heatmaps of two heads ÷ float32", "{:.2f}"),
}


def markdown(
    rows: list[dict[str, float]],
    long: list[dict[str, float]],
    rerun: dict[str, float],
    heads: list[dict[str, float | str]],
    screens: list[dict[str, float]],
) -> str:
    """The table, and how it was made."""
    return "\n".join(
        [
            "# What it costs",
            "",
            "Written by `make bench`. Medians of ratios, each pair measured back to back in one",
            f"run, one torch thread; {platform.machine()}, torch {torch.__version__}.",
            "“Forward” is a plain forward pass of the embedded model on torch's fast attention.",
            "",
            table(COLUMNS, rows),
            "",
            length.markdown(long),
            "",
            "On a card: [gpu.md](gpu.md).",
            "",
            "A rerun that changes head B, ÷ a rerun of an empty Streamlit page with torch loaded",
            f"(server side, 27 tokens): **{rerun['ratio']:.1f}** "
            f"({rerun['head_ms']:.1f} ms ÷ {rerun['empty_ms']:.1f} ms).",
            "",
            head_change.markdown(heads),
            "",
            first_screens.markdown(screens),
            "",
        ]
    )


def of_all_lengths() -> list[dict[str, float]]:
    """The ratios of capture, measures and pictures."""
    model = attnviz.load()
    eager = eager_model(model)
    return [measure(model, eager, tokens) for tokens in LENGTHS]


PARTS: dict[str, Callable[[], Any]] = {
    "lengths": of_all_lengths,
    "long": length.measured,
    "rerun": rerun_ratio,
    "head_change": head_change.measured,
    "first_screens": first_screens.measured,
}


def main() -> None:
    """Measure all parts, or those that are named and keep the others; print, write both files."""
    torch.set_num_threads(1)
    docs = ROOT / "docs"
    document, numbers = docs / "benchmark.md", docs / "benchmark.json"
    named = sys.argv[1:] or list(PARTS)
    kept = json.loads(numbers.read_text(encoding="utf-8"))
    found = {name: PARTS[name]() if name in named else kept[name] for name in PARTS}
    table = markdown(*found.values())
    print(table)
    _, heading, peers = document.read_text(encoding="utf-8").partition(HEADING)
    others = f"\n{heading}{peers}" if heading else ""  # what `make bench-peers` wrote
    document.write_text(table + others, encoding="utf-8")
    numbers.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
