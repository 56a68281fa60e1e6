"""Trains the small encoder over ten seeds and writes docs/small-encoder.md.

Run it with `python -m benchmarks.small_encoder`; about ten minutes on one core.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import process_time

from attnviz.training.record import Training
from attnviz.training.tasks import task_called, tasks
from attnviz.training.train import train

DOCUMENT = Path(__file__).parents[1] / "docs" / "small-encoder.md"
SEEDS = 10
FEWER = 4  # beside the main question
COLUMNS = (
    *("task", "layers", "heads", "also", "parameters"),
    *("steps", "accuracy", "theory", "CPU s", "seeds"),
)

INTRODUCTION = """\
# The small encoder: what it learns, with how many heads and layers

Written by `python -m benchmarks.small_encoder`. Accuracy is measured on 1,024 new texts
after training: the median over the seeds, with the smallest and the largest in brackets.
Set-ups beside the main question were trained with fewer seeds: see the last column.
CPU s is the CPU time of the first seed's training, on one core. “Theory” is the best that
one even average over the looks can reach (`attnviz/training/ring.py`); a head with uneven
weights may go a little beyond. The parameters do not depend on the heads.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a set-up, trained with several seeds."""

    task: str
    heads: int
    layers: int = 1
    seeds: int = SEEDS
    steps: int | None = None
    d_model: int | None = None
    d_ff: int = 0
    positions: bool = True

    def trainings(self) -> Iterator[Training]:
        """One training a seed."""
        task = task_called(self.task)
        changed = replace(
            task,
            d_model=self.d_model or task.d_model,
            d_ff=self.d_ff,
            positions="learned" if self.positions else "none",
        )
        for seed in range(self.seeds):
            yield train(changed, self.heads, self.layers, seed, self.steps)

    @property
    def extras(self) -> str:
        """What differs from the task's own set-up."""
        parts = [
            f"{self.d_model} wide" if self.d_model else "",
            f"feed-forward {self.d_ff}" if self.d_ff else "",
            "" if self.positions else "no positions",
        ]
        return ", ".join(part for part in parts if part) or "–"


def heads_at_equal_parameters() -> list[Row]:
    """The same parameters, cut into one, two, four or eight heads."""
    names = ("reverse", "two-looks", "four-looks", "eight-looks")
    return [Row(name, heads) for name in names for heads in (1, 2, 4, 8)]


def other_means_than_heads() -> list[Row]:
    """Whether width, a feed-forward network or more steps replace heads."""
    return [
        Row("eight-looks", 1, d_model=160, seeds=FEWER),
        Row("two-looks", 1, d_ff=256, seeds=FEWER),
        Row("four-looks", 1, d_ff=256, seeds=FEWER),
        Row("four-looks", 1, d_ff=256, steps=2000, seeds=FEWER),
        Row("eight-looks", 1, d_ff=256, seeds=FEWER),
        Row("two-looks", 1, steps=2000, seeds=FEWER),
        Row("two-looks", 8, positions=False, seeds=FEWER),
    ]


def layers() -> list[Row]:
    """Where a second layer is needed, and where more parameters do not replace it."""
    return [
        Row("one-hop", 1),
        Row("one-hop", 8),
        Row("two-hop", 8),
        Row("two-hop", 8, d_ff=256, seeds=FEWER),
        Row("two-hop", 8, d_model=96, seeds=FEWER),
        *(Row("two-hop", heads, layers=2) for heads in (1, 4, 8)),
        *(Row("brackets", heads, layers=1, seeds=FEWER) for heads in (1, 4)),
        *(Row("brackets", heads, layers=2, seeds=FEWER) for heads in (1, 4, 8)),
    ]


def words_and_characters() -> list[Row]:
    """Readable English, and Chinese and English characters."""
    return [
        *(Row("it", heads, depth) for depth in (1, 2) for heads in (1, 4)),
        *(Row("first-seen", heads, seeds=FEWER) for heads in (1, 8)),
    ]


def table(title: str, rows: list[Row]) -> Iterator[str]:
    """A section with one table."""
    yield f"\n## {title}\n"
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for row in rows:
        yield _line(row)


def _line(row: Row) -> str:
    trainings = row.trainings()
    started = process_time()
    first = next(trainings)
    seconds = process_time() - started
    trained = [first, *trainings]
    accuracies = sorted(training.accuracy for training in trained)
    theory = tasks()[row.task].one_head
    shown = f"{theory:.4f}" if theory and row.heads == row.layers == 1 and not row.d_ff else ""
    line = (
        f"| {row.task} | {row.layers} | {row.heads} | {row.extras} "
        f"| {first.parameters:,} | {first.steps:,} "
        f"| {median(accuracies):.3f} ({accuracies[0]:.3f}–{accuracies[-1]:.3f}) | {shown} "
        f"| {seconds:.1f} | {row.seeds} |"
    )
    print(line, flush=True)
    return line


def main() -> None:
    """Measure everything and write the document."""
    lines = [
        INTRODUCTION.rstrip(),
        *table("Heads at equal parameters", heads_at_equal_parameters()),
        *table("Other means than heads", other_means_than_heads()),
        *table("Layers", layers()),
        *table("Words and characters", words_and_characters()),
    ]
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
