"""Makes the checkpoints that come with the package: `python -m attnviz.training.ship`."""

from attnviz.training.checkpoint import SHIPPED, save
from attnviz.training.train import train

RECIPES = (  # task, heads, layers; seed 0 and the task's own steps
    ("eight-looks", 1, 1),
    ("eight-looks", 2, 1),
    ("eight-looks", 4, 1),
    ("eight-looks", 8, 1),
    ("two-hop", 1, 1),
    ("two-hop", 1, 2),
    ("brackets", 4, 2),
    ("it", 1, 2),
    ("induction", 1, 2),
    ("count-brackets", 1, 1),
)


def main() -> None:
    """Train every recipe and save it."""
    SHIPPED.mkdir(exist_ok=True)
    for task, heads, layers in RECIPES:
        training = train(task, heads, layers)
        file = SHIPPED / f"{task}-{layers}x{heads}.safetensors"
        save(training, file)
        size = file.stat().st_size / 1000
        print(
            f"{file.name}: accuracy {training.accuracy:.3f}, {training.parameters:,} parameters,"
            f" {training.seconds:.1f} s, {size:.0f} kB"
        )


if __name__ == "__main__":
    main()
