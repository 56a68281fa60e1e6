"""More is better, one layer is not enough: claims that only a task can judge.

Heads switched off one by one: Michel et al. 2019, "Are Sixteen Heads Really Better than One?".
"""

from functools import cache

from attnviz.lessons import lab
from attnviz.lessons.claims import Case, Claim, Trial, holds_if, over_heads
from attnviz.lessons.text import Text
from attnviz.training import checkpoint
from attnviz.training.record import Training

ONE_HEAD, MANY_HEADS = "eight-looks-1x1", "eight-looks-1x8"  # the same task and parameters
ONE_HEAD_A_LAYER = "two-hop-2x1"
LITTLE = 0.005  # 1 − cosine: a sentence vector that moved less has hardly moved
MOST = 0.5  # of the heads: from here on, on average
ENOUGH = 0.95  # an accuracy that leaves little to win


@cache
def _trained(name: str) -> Training:
    return checkpoint.load(checkpoint.shipped()[name])


def _guessing(training: Training) -> float:
    return 1 / len(training.run.task.choices)


def _more_is_better(case: Case) -> Trial:
    one, many, other = map(_trained, (ONE_HEAD, MANY_HEADS, ONE_HEAD_A_LAYER))
    here, control = (lab.each_head_off(t) for t in (case.trace, lab.control(case.trace)))
    value, control_value = int((here >= LITTLE).sum()), int((control >= LITTLE).sum())
    numbers = {
        "value": value,
        "control": control_value,
        "all_heads": here.size,
        "little": LITTLE,
        "parameters": f"{many.parameters:,}",
        "many_heads": many.run.heads,
        "one": f"{one.accuracy:.1%}",
        "many": f"{many.accuracy:.1%}",
        "other": f"{other.accuracy:.1%}",
    }
    verdict = over_heads(here >= LITTLE, value > MOST * here.size)
    return Trial(verdict, numbers, float(value), float(control_value))


def _better(case: Case) -> Trial:
    del case  # a belief about features: the sentence cannot tell, the task can
    one, many = map(_trained, (ONE_HEAD, MANY_HEADS))
    theory = many.run.task.theory(many.run.layers) or _guessing(many)
    value, control_value = many.accuracy, _guessing(many)
    numbers = {
        "value": f"{value:.1%}",
        "control": f"{control_value:.1%}",
        "heads": many.run.heads,
        "looks": many.run.task.questions,
        "one": f"{one.accuracy:.1%}",
        "theory": f"{theory:.1%}",
        "parameters": f"{many.parameters:,}",
    }
    return Trial(holds_if(value > max(theory, one.accuracy)), numbers, value, control_value)


def _one_layer(case: Case) -> Trial:
    del case  # a claim about every task: one task is enough to refute it
    shallow, deep = map(_trained, (MANY_HEADS, ONE_HEAD_A_LAYER))
    value, control_value = shallow.accuracy, _guessing(shallow)
    numbers = {
        "value": f"{value:.1%}",
        "control": f"{control_value:.1%}",
        "deep": f"{deep.accuracy:.1%}",
        "deep_control": f"{_guessing(deep):.1%}",
        "hops": deep.run.task.needs_layers,
        "layers": deep.run.layers,
        "looks": shallow.run.task.questions,
    }
    return Trial(holds_if(value < ENOUGH), numbers, value, control_value)


CLAIMS = (
    Claim(
        name="C4",
        chapter=3,
        claim=Text("The more features, the better.", "特征越多越好。"),
        statistic=Text(
            "Each of {all_heads} heads was switched off alone: {value} of them move the vector of your "
            "sentence by {little} or more (one minus cosine); with random weights {control}. On trained "
            "encoders of {parameters} numbers each, {many_heads} heads raise the accuracy from {one} to "
            "{many} where many places matter at once. Where one place matters at a time, one head in "
            "each layer already reaches {other}.",
            "逐个关掉 {all_heads} 个头：其中 {value} 个使你这句话的向量移动了至少 {little}（一减余弦）；"
            "随机权重的对照是 {control} 个。再看训练好的小编码器，参数同为 {parameters} 个：要同时看多处时，"
            "{many_heads} 个头把准确率从 {one} 提高到 {many}；每次只看一处时，每层一个头就已达到 {other}。",
        ),
        rule=Text(
            "A head counts if the sentence vector moves by {little} or more without it. The claim holds "
            "for every head if all count, and on average if more than {most} of them do.",
            "关掉后句子向量移动至少 {little} 的头算作有用。所有头都有用，就是对每个头成立；"
            "超过 {most} 的头有用，就是只在平均上成立。",
        ),
        judge=_more_is_better,
        says=Text(
            "Not in general. More heads help where several places must be looked at at once; many "
            "heads of a trained model can go one by one with little change (Michel et al.).",
            "一般而言并非如此。需要同时看几处时，多头才有帮助；训练好的模型里，许多头单独去掉影响都很小"
            "（Michel 等人）。",
        ),
        rule_numbers={"little": LITTLE, "most": f"{MOST:.0%}"},
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
            "parameters ({parameters}) in {one}. Guessing gives {control}; the best that one even "
            "average can reach is {theory}.",
            "好不好，只能在任务上衡量。要说出每个数字周围的 {looks} 个数字时，{heads} 个头的编码器准确率为 "
            "{value}；参数同样多（{parameters} 个）而只有一个头的，为 {one}。随机猜测是 {control}；"
            "单独一个均匀平均最多能到 {theory}。",
        ),
        rule=Text(
            "It holds on this task if many heads do better than one head and than the best single even "
            "average.",
            "如果多头的准确率高于单头，也高于单独一个均匀平均的上限，在这个任务上就成立。",
        ),
        judge=_better,
        says=Text(
            "As it stands in the note it is a belief. On a task that needs many looks at once it is "
            "true; the task decides, not the sentence.",
            "笔记里的说法只是一种看法。在需要同时看多处的任务上，它是对的；起决定作用的是任务，不是句子。",
        ),
    ),
    Claim(
        name="C17",
        chapter=8,
        claim=Text("One layer is certainly not enough.", "只有一层肯定不够。"),
        statistic=Text(
            "One layer that names the {looks} digits around each digit is right in {value}; guessing gives "
            "{control}. Following {hops} pointers takes {layers} layers: they are right in {deep}, where "
            "guessing gives {deep_control}.",
            "只用一层去说出每个数字周围的 {looks} 个数字，准确率为 {value}；随机猜测是 {control}。"
            "连续追 {hops} 次指针则需要 {layers} 层：准确率为 {deep}，随机猜测是 {deep_control}。",
        ),
        rule=Text(
            "Certainly means on every task. It holds unless one layer already reaches {enough}.",
            "“肯定”是指在任何任务上。只要一层就能达到 {enough}，这个说法就不成立。",
        ),
        judge=_one_layer,
        says=Text(
            "It depends on the task. A second layer can look at what the first has already looked at; "
            "where nothing of that kind is asked, one layer does.",
            "要看任务。第二层能去看第一层已经看到的东西；任务不需要这样时，一层就够了。",
        ),
        rule_numbers={"enough": f"{ENOUGH:.0%}"},
    ),
)
