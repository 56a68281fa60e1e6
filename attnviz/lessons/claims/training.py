"""More is better, one layer is not enough: claims that only a task can judge."""

from attnviz.lessons.claims import Case, Claim, Trial, holds_if
from attnviz.training import checkpoint
from attnviz.training.record import Training

ONE_HEAD, MANY_HEADS = "eight-looks-1x1", "eight-looks-1x8"  # the same task and parameters
ONE_HEAD_A_LAYER = "two-hop-2x1"
GAIN = 0.05  # of the answers, from which more heads are better
ENOUGH = 0.95  # an accuracy that leaves little to win


def _guessing(training: Training) -> float:
    return 1 / len(training.run.task.choices)


def gains(one: float, many: float, other: float) -> tuple[float, float]:
    """What many heads win over `one` on a task, and what is left to win over `other`."""
    return many - one, 1 - other


def _more_is_better(case: Case) -> Trial:
    del case  # better is a matter of a task: the sentence cannot tell
    one_head, many_heads, in_layers = map(
        checkpoint.load_shipped, (ONE_HEAD, MANY_HEADS, ONE_HEAD_A_LAYER)
    )
    value = min(gains(one_head.accuracy, many_heads.accuracy, in_layers.accuracy))
    numbers = {
        "value": f"{value:.1%}",
        "parameters": f"{many_heads.parameters:,}",
        "many_heads": many_heads.run.heads,
        "one": f"{one_head.accuracy:.1%}",
        "many": f"{many_heads.accuracy:.1%}",
        "other": f"{in_layers.accuracy:.1%}",
    }
    return Trial(holds_if(value >= GAIN), numbers, value)


def _better(case: Case) -> Trial:
    del case  # a belief about features: the sentence cannot tell, the task can
    one_head, many_heads = map(checkpoint.load_shipped, (ONE_HEAD, MANY_HEADS))
    theory = many_heads.run.task.theory(many_heads.run.layers) or _guessing(many_heads)
    value = many_heads.accuracy
    numbers = {
        "value": f"{value:.1%}",
        "guessing": f"{_guessing(many_heads):.1%}",
        "heads": many_heads.run.heads,
        "looks": many_heads.run.task.questions,
        "one": f"{one_head.accuracy:.1%}",
        "theory": f"{theory:.1%}",
        "parameters": f"{many_heads.parameters:,}",
    }
    return Trial(holds_if(value > max(theory, one_head.accuracy)), numbers, value)


def _one_layer(case: Case) -> Trial:
    del case  # a claim about every task: one task is enough to refute it
    shallow, deep = map(checkpoint.load_shipped, (MANY_HEADS, ONE_HEAD_A_LAYER))
    value = shallow.accuracy
    numbers = {
        "value": f"{value:.1%}",
        "guessing": f"{_guessing(shallow):.1%}",
        "deep": f"{deep.accuracy:.1%}",
        "deep_guessing": f"{_guessing(deep):.1%}",
        "hops": deep.run.task.needs_layers,
        "layers": deep.run.layers,
        "looks": shallow.run.task.questions,
    }
    return Trial(holds_if(value < ENOUGH), numbers, value)


CLAIMS = (
    Claim(
        name="C4",
        chapter=3,
        judge=_more_is_better,
        rule_numbers={"gain": f"{GAIN:.0%}"},
        of_model=False,
    ),
    Claim(
        name="C10",
        chapter=6,
        judge=_better,
        of_model=False,
    ),
    Claim(
        name="C17",
        chapter=8,
        judge=_one_layer,
        of_model=False,
        rule_numbers={"enough": f"{ENOUGH:.0%}"},
    ),
)
