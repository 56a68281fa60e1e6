"""Trains the small encoder and decoder over ten seeds and writes docs/small-encoder.md.

Run it with `python -m benchmarks.small_encoder`; about a quarter of an hour on one core.
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
    *("task", "layers", "heads", "also", "parameters", "steps"),
    *("accuracy", "texts", "even average", "CPU s", "seeds"),
)

INTRODUCTION = """\
# The small encoder and decoder: what they learn, with how many heads and layers

Written by `python -m benchmarks.small_encoder`. Accuracy is the share of right answers after
training, every answer counted once, rounded: the median over the seeds, with the smallest and
the largest in brackets. It is measured on texts that no step of the training saw, all different;
the column “texts” says on how many. For each seed they are one in eight of the different texts
of each length that a survey before the first step brings (`attnviz/training/held_out.py`), so
the long texts of *brackets*, of which there are most, weigh most.
Set-ups beside the main question were trained with fewer seeds: see the last column.
CPU s is the CPU time of the first seed's training, on one core. The parameters do not depend
on the heads.

“Even average” is the best that one average with equal weights over the looks can reach
(`attnviz/training/ring.py`, checked by counting every text). It is no limit of one head: its
weights may differ, with the place and with the digit. Weights written by hand let one head
without a feed-forward network answer all of *two-looks* (`tests/test_one_head.py`); with this
training it got as far as the table says. In the same way, a layer that sees one whole digit
besides its own can be right in 0.426 of *two-hop*; a head averages over several places, and
the table shows how far it got.

The last table is of the decoder: the same code with a causal mask, 16 wide.
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
        Row("two-hop", 1),
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


def decoders() -> list[Row]:
    """Our decoder: what needs two layers, and what one mean can count."""
    return [
        *(Row("induction", heads, depth, seeds=FEWER) for depth in (1, 2) for heads in (1, 4)),
        *(Row("count-brackets", heads, seeds=FEWER) for heads in (1, 4)),
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
        f"| {median(accuracies):.3f} ({accuracies[0]:.3f}–{accuracies[-1]:.3f}) "
        f"| {_texts(trained)} | {shown} | {seconds:.1f} | {row.seeds} |"
    )
    print(line, flush=True)
    return line


def _texts(trained: list[Training]) -> str:
    """On how many held-out texts the trainings were examined."""
    exams = [training.exam for training in trained if training.exam and training.exam.held_out]
    least, most = (choose(exam.texts for exam in exams) for choose in (min, max))
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"


def main() -> None:
    """Measure everything and write the document."""
    lines = [
        INTRODUCTION.rstrip(),
        *table("Heads at equal parameters", heads_at_equal_parameters()),
        *table("Other means than heads", other_means_than_heads()),
        *table("Layers", layers()),
        *table("Words and characters", words_and_characters()),
        *table("Decoders", decoders()),
    ]
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
