"""What a long text costs: capture ÷ forward, memory above the model, one row of one head.

The model has the shape of the embedded one (6 × 12 heads, width 384) with room for 8,192 tokens,
and random weights.
"""

import threading
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import psutil
import torch
from transformers import BertConfig, BertModel

import attnviz
from attnviz.capture.reading import Reading, read
from attnviz.capture.run import capture
from attnviz.capture.variants import inputs
from attnviz.models.in_memory import held
from attnviz.models.load import Model
from attnviz.runtime.sizes import size_of
from tests.long_models import MOST, long_model, long_text

LENGTHS = (512, 2_048, MOST)
PAIRS = {512: 9, 2_048: 5, MOST: 3}
ROWS = 50
SHAPE: dict[str, Any] = {
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1_536,
    "max_position_embeddings": MOST,
}


def long_bert() -> Model:
    """The model, looked into."""
    _, tokenizer = long_model("llama", layers=1)
    torch.manual_seed(0)
    config = BertConfig(**SHAPE, vocab_size=len(tokenizer))
    module: Any = BertModel(config, add_pooling_layer=False)
    return held(module.train(False), tokenizer)


def peak_of(work: Callable[[], Any]) -> float:
    """How many bytes a call takes beyond what the process held, at the most."""
    process, most, over = psutil.Process(), [0], threading.Event()
    before = process.memory_info().rss

    def watch() -> None:
        while not over.wait(0.005):
            most.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    over.set()
    watcher.join()
    return float(max(most) - before)


def seconds(work: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(model: Model, tokens: int) -> dict[str, float]:
    """All numbers at one length."""
    text = long_text(tokens)
    reading: Reading = read(text, None, model)
    given = inputs([reading], model)

    def plain() -> None:
        with torch.inference_mode():
            model.module(**given)

    def captured() -> None:
        capture(reading, model)

    plain()
    captured()
    ratios = [seconds(captured) / seconds(plain) for _ in range(PAIRS[tokens])]
    trace = attnviz.trace(text, model)
    rows = [seconds(lambda n=n: trace.row((3, 5), n)) for n in range(ROWS)]  # type: ignore[misc]
    return {
        "tokens": len(trace.tokens),
        "capture": median(ratios),
        "forward_s": seconds(plain),
        "kept_mb": (size_of(trace) - size_of(trace.tokens)) / 1e6,
        "peak_mb": peak_of(captured) / 1e6,
        "forward_peak_mb": peak_of(plain) / 1e6,
        "row_ms": 1_000 * median(rows),
        "head_s": seconds(lambda: trace.weights((3, 5))),
    }


COLUMNS = {
    "tokens": ("tokens", "{:,.0f}"),
    "capture": ("capture ÷ forward", "{:.2f}"),
    "forward_s": ("forward, s", "{:.2f}"),
    "kept_mb": ("kept, MB", "{:,.0f}"),
    "peak_mb": ("capture at its peak, MB above the model", "{:,.0f}"),
    "forward_peak_mb": ("forward at its peak, MB", "{:,.0f}"),
    "row_ms": ("one row of one head, ms", "{:.2f}"),
    "head_s": ("one head whole, s", "{:.2f}"),
}


def markdown(rows: list[dict[str, float]]) -> str:
    """The table."""
    header = [title for title, _ in COLUMNS.values()]
    body = [[form.format(row[name]) for name, (_, form) in COLUMNS.items()] for row in rows]
    lines = ["| " + " | ".join(line) + " |" for line in [header, ["---:"] * len(header), *body]]
    about = (
        "A long text: the same shape with room for 8,192 tokens and random weights; medians of\n"
        "pairs measured back to back."
    )
    return "\n".join([about, "", *lines])


def measured() -> list[dict[str, float]]:
    """One row a length."""
    model = long_bert()
    return [measure(model, tokens) for tokens in LENGTHS]


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(markdown(measured()))
