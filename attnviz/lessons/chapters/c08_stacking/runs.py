"""The encoders of one layer and of two that are compared."""

from attnviz.training.run import Run, checked
from attnviz.training.tasks import task_called

ENCODERS = 2  # that the stack shows, as the note's figure does
SEED = 0


def hop_runs() -> tuple[Run, Run, Run]:
    """One layer for one hop, one layer for two hops, two layers for two hops."""
    one_hop, two_hop = task_called("one-hop"), task_called("two-hop")
    return (
        checked(one_hop, 1, 1, SEED, None),
        checked(two_hop, 1, 1, SEED, None),
        checked(two_hop, 1, ENCODERS, SEED, None),
    )
