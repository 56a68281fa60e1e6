"""More is better, one layer is not enough: claims that only a task can judge."""

from attnviz.lessons.claims import Case, Claim, Trial, holds_if
from attnviz.lessons.text import Text
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
    one, many, other = map(checkpoint.load_shipped, (ONE_HEAD, MANY_HEADS, ONE_HEAD_A_LAYER))
    value = min(gains(one.accuracy, many.accuracy, other.accuracy))
    numbers = {
        "value": f"{value:.1%}",
        "parameters": f"{many.parameters:,}",
        "many_heads": many.run.heads,
        "one": f"{one.accuracy:.1%}",
        "many": f"{many.accuracy:.1%}",
        "other": f"{other.accuracy:.1%}",
    }
    return Trial(holds_if(value >= GAIN), numbers, value)


def _better(case: Case) -> Trial:
    del case  # a belief about features: the sentence cannot tell, the task can
    one, many = map(checkpoint.load_shipped, (ONE_HEAD, MANY_HEADS))
    theory = many.run.task.theory(many.run.layers) or _guessing(many)
    value = many.accuracy
    numbers = {
        "value": f"{value:.1%}",
        "guessing": f"{_guessing(many):.1%}",
        "heads": many.run.heads,
        "looks": many.run.task.questions,
        "one": f"{one.accuracy:.1%}",
        "theory": f"{theory:.1%}",
        "parameters": f"{many.parameters:,}",
    }
    return Trial(holds_if(value > max(theory, one.accuracy)), numbers, value)


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
        claim=Text("The more features, the better.", "特征越多越好。"),
        statistic=Text(
            "On trained encoders of {parameters} numbers each, {many_heads} heads raise the accuracy "
            "from {one} to {many} where many places matter at once. Where one place matters at a time, "
            "one head in each layer already reaches {other}, and no number of heads can win more than "
            "the rest. The smaller of the two gains is {value}.",
            "训练好的小编码器，参数同为 {parameters} 个：要同时看多处时，"
            "{many_heads} 个头把准确率从 {one} 提高到 {many}。每次只看一处时，"
            "每层一个头就已达到 {other}，再多的头最多也只能补上剩下的部分。两者中较小的增益是 {value}。",
        ),
        rule=Text(
            "It holds if on each of the two tasks more heads can win at least {gain} of the answers.",
            "如果在两个任务上，更多的头都能多答对至少 {gain}，就成立。",
        ),
        judge=_more_is_better,
        says=Text(
            "Better is a matter of a task. More heads help where several places must be looked at at once. What a model loses with single heads off, another chapter measures (Michel et al.).",
            "好不好，要由任务来判断。需要同时看几处时，多头才有帮助。关掉单个头会失去什么，"
            "另有一章来测量（Michel 等人）。",
        ),
        then={
            "holds": Text(
                "On both tasks more heads can win.",
                "在两个任务上，多几个头都还能提高。",
            ),
            "fails": Text(
                "Not in general: one task where more heads win nothing is enough.",
                "一般而言并非如此：只要有一个任务，多几个头没有提高，就足以否定。",
            ),
        },
        rule_numbers={"gain": f"{GAIN:.0%}"},
        of_model=False,
    ),
    Claim(
        name="C10",
        chapter=6,
        claim=Text(
            "The final z combines many features, so we consider it better.",
            "最终的 z 综合了很多特征，所以我们认为它更好。",
        ),
        statistic=Text(
            "Better can only be measured on a task. Asked for the {looks} digits around each digit, an "
            "encoder with {heads} heads is right in {value}, one with a single head and equally many "
            "parameters ({parameters}) in {one}. Guessing gives {guessing}; the best that one even "
            "average can reach is {theory}.",
            "好不好，只能在任务上衡量。要说出每个数字周围的 {looks} 个数字时，"
            "{heads} 个头的编码器准确率为 {value}；参数同样多（{parameters} 个）而只有一个头的，"
            "为 {one}。随机猜测是 {guessing}；一次均匀平均最多能达到 {theory}。",
        ),
        rule=Text(
            "It holds on this task if many heads do better than one head and than the best single even "
            "average.",
            "如果多头的准确率高于单头，也高于一次均匀平均的上限，在这个任务上就成立。",
        ),
        judge=_better,
        of_model=False,
        says=Text(
            "As it stands in the note it is a belief; the task decides, not the sentence.",
            "笔记里的说法只是一种信念；起决定作用的是任务，不是句子。",
        ),
        then={
            "holds": Text(
                "On this task, which needs many looks at once, it is true.",
                "在这个需要同时看多处的任务上，它是对的。",
            ),
            "fails": Text(
                "On this task it is not true.",
                "在这个任务上，它不对。",
            ),
        },
    ),
    Claim(
        name="C17",
        chapter=8,
        claim=Text("One layer is certainly not enough.", "只有一层肯定不够。"),
        statistic=Text(
            "One layer that names the {looks} digits around each digit is right in {value}; guessing gives "
            "{guessing}. Following {hops} pointers takes {layers} layers: they are right in {deep}, where "
            "guessing gives {deep_guessing}.",
            "只用一层去说出每个数字周围的 {looks} 个数字，准确率为 {value}；随机猜测是 {guessing}。"
            "连续追 {hops} 次指针则需要 {layers} 层：准确率为 {deep}，随机猜测是 {deep_guessing}。",
        ),
        rule=Text(
            "Certainly means on every task. It holds unless one layer already reaches {enough}.",
            "“肯定”是指在任何任务上。只要一层就能达到 {enough}，这个说法就不成立。",
        ),
        judge=_one_layer,
        of_model=False,
        says=Text(
            "Certainly is said of every task, so one task can refute it.",
            "“肯定”说的是任何任务，所以一个任务就足以否定它。",
        ),
        then={
            "holds": Text(
                "On this task one layer is not enough; on another it may be.",
                "在这个任务上，一层不够；在别的任务上也许够。",
            ),
            "fails": Text(
                "It depends on the task. A second layer can look at what the first has already looked at; where nothing of that kind is asked, one layer does.",
                "要看任务。第二层能去看第一层已经看到的东西；任务不需要这样时，一层就够了。",
            ),
        },
        rule_numbers={"enough": f"{ENOUGH:.0%}"},
    ),
)
