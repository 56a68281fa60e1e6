"""What a long text costs: capture ÷ forward, memory above the model, one row of one head.

The model has the shape of the embedded one (6 × 12 heads, width 384) with room for 8,192 tokens,
and random weights.
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import psutil
import torch
from torch import nn
from transformers import BertConfig, BertModel

from attnviz.capture.reading import Reading, read
from attnviz.capture.run import capture
from attnviz.capture.variants import inputs
from attnviz.models import precision
from attnviz.models.in_memory import held
from attnviz.models.load import Model
from attnviz.runtime.sizes import size_of
from benchmarks.tables import table
from tests.long_models import MOST, long_model, long_text

LENGTHS = (512, 2_048, MOST)
PAIRS = {512: 9, 2_048: 5, MOST: 2}
ROWS = 50
SHAPE: dict[str, Any] = {
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1_536,
    "max_position_embeddings": MOST,
}


def long_parts() -> tuple[Any, Any]:
    """The model as transformers has it, and its tokenizer."""
    _, tokenizer = long_model("llama", layers=1)
    torch.manual_seed(0)
    config = BertConfig(**SHAPE, vocab_size=len(tokenizer))
    module: Any = BertModel(config, add_pooling_layer=False)
    return module.train(False), tokenizer


@dataclass(frozen=True, slots=True)
class Run:
    """How long a call took, how much memory it took at the most, and what it gave."""

    seconds: float
    peak: float  # bytes beyond what the process held
    card: float  # bytes beyond what lay on the accelerator, 0 without one
    found: Any


def run(work: Callable[[], Any], module: nn.Module) -> Run:
    """One call that runs a model, watched until its device is done."""
    process, most, over = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss
    on_card = precision.of_module(module).type != "cpu"
    lying = _lying_on_card() if on_card else 0

    def watch() -> None:
        while not over.wait(0.005):
            most.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    precision.wait_for(module)
    start = time.perf_counter()
    found = work()
    precision.wait_for(module)
    seconds = time.perf_counter() - start
    over.set()
    watcher.join()
    card = torch.accelerator.max_memory_allocated() - lying if on_card else 0
    return Run(seconds, max(0.0, float(max(most) - before)), card, found)


def _lying_on_card() -> int:
    """Bytes there now, from which the most is counted."""
    torch.accelerator.reset_peak_memory_stats()
    return int(torch.accelerator.memory_allocated())


def _pairs(
    passed: Callable[[], Run], captured: Callable[[], Run], pairs: int, *, keeps: bool
) -> tuple[list[Run], list[Run]]:
    """So many passes and captures in turn; a trace is let go before the next, or all are kept."""
    forwards: list[Run] = []
    captures: list[Run] = []
    for _ in range(pairs):
        if not keeps:
            captures = [replace(one, found=None) for one in captures]
        forwards.append(passed())
        captures.append(captured())
    return forwards, captures


def _ratio(forwards: list[Run], captures: list[Run]) -> float:
    return median(c.seconds / f.seconds for c, f in zip(captures, forwards, strict=True))


def measure(model: Model, tokens: int, pairs: int) -> dict[str, float]:
    """All numbers at one length, from so many pairs of a forward pass and a capture."""
    reading: Reading = read(long_text(tokens), None, model)
    given = inputs([reading], model)

    def plain() -> None:
        with precision.inference(model.module):
            model.module(**given)

    def captured() -> Run:
        return run(lambda: capture(reading, model), model.module)

    def passed() -> Run:
        return run(plain, model.module)

    with_others = _pairs(passed, captured, pairs, keeps=True)
    beside = _ratio(*with_others)
    forward_peak, peak = (max(one.peak for one in runs) for runs in with_others)  # of new memory
    del with_others
    forwards, captures = _pairs(passed, captured, pairs, keeps=False)
    attention, streams = captures[-1].found
    record = attention["self", 3]

    def row(number: int) -> Run:
        return run(lambda: record.weights(5, slice(number, number + 1)), model.module)

    rows = [row(number) for number in range(ROWS)]
    return {
        "tokens": tokens,
        "capture": _ratio(forwards, captures),
        "beside": beside,
        "forward_s": median(one.seconds for one in forwards),
        "capture_s": median(one.seconds for one in captures),
        "kept_mb": size_of((dict(attention), streams)) / 1e6,
        "peak_mb": peak / 1e6,
        "forward_peak_mb": forward_peak / 1e6,
        "card_mb": max(one.card for one in captures) / 1e6,
        "forward_card_mb": max(one.card for one in forwards) / 1e6,
        "row_ms": 1_000 * median(one.seconds for one in rows),
        "head_s": run(lambda: record.weights(5), model.module).seconds,
    }


COLUMNS = {
    "tokens": ("tokens", "{:,.0f}"),
    "capture": ("capture ÷ forward", "{:.2f}"),
    "beside": ("the traces before kept", "{:.2f}"),
    "forward_s": ("forward, s", "{:.2f}"),
    "kept_mb": ("kept, MB", "{:,.0f}"),
    "peak_mb": ("capture at its peak, MB above the model", "{:,.0f}"),
    "forward_peak_mb": ("forward at its peak, MB", "{:,.0f}"),
    "row_ms": ("one row of one head, ms", "{:.2f}"),
    "head_s": ("one head whole, s", "{:.2f}"),
}


def markdown(rows: list[dict[str, float]]) -> str:
    """The table."""
    about = (
        "A long text: the same shape with room for 8,192 tokens and random weights; medians of\n"
        "pairs measured back to back. First the trace before is let go, as in a script that reads\n"
        "text after text; then all stay, so that each takes new memory of the system, page by page."
    )
    return f"{about}\n\n{table(COLUMNS, rows)}"


def measured(most_pairs: int = max(PAIRS.values())) -> list[dict[str, float]]:
    """One row a length."""
    model = held(*long_parts())
    found = []
    for tokens in LENGTHS:
        found.append(measure(model, tokens, min(PAIRS[tokens], most_pairs)))
        print(found[-1], file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(markdown(measured(*map(int, sys.argv[1:]))))
