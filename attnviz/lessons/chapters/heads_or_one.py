"""Chapter 6: the multi-head block, and what one head or eight can learn with equal parameters."""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb, factorial, prod

import numpy as np
from jaxtyping import Float

from attnviz.analysis import recompute
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.lessons.accuracies import accuracies, accuracy
from attnviz.lessons.controls import Pick, layer_control, word_control
from attnviz.lessons.engine import (
    Chapter,
    Numbers,
    Option,
    Outcome,
    Part,
    Question,
    Scene,
    TeacherNote,
)
from attnviz.lessons.facts import layer_asked, name, word
from attnviz.lessons.options import words
from attnviz.lessons.text import Text
from attnviz.lessons.trained import finished, shipped
from attnviz.pictures import style
from attnviz.pictures.bars import Bar, bars
from attnviz.pictures.curve import Series, curve
from attnviz.pictures.drawing import Drawing, Element, element
from attnviz.pictures.tensor import numbers, printed, tensor
from attnviz.texts import Language, say
from attnviz.training.held_out import TEXTS as TEXTS_A_STEP
from attnviz.training.looks import TEXTS, mean_looks
from attnviz.training.record import Point, Training
from attnviz.training.run import Run, checked
from attnviz.training.tasks import Task, task_called, tasks

HEADS = (1, 2, 4, 8)
SEEDS = range(4)
TASK, COUNTER_TASK = "eight-looks", "reverse"
EVERY = 5  # of the points of a learning curve, so that they stay apart
HALF = 0.5  # of a head's attention, from which a place counts as its job


# ---- the block, with the sizes of the loaded model

TITLE = Text("{model} · every layer · heads: {heads}", "{model} · 每一层 · 头数：{heads}")
LINEAR = Text("Linear", "线性层")
ATTENTION = Text("Scaled dot-product attention", "缩放点积注意力")
CONCAT = Text("Concat", "拼接")
OUTPUT = Text("Multi-head attention", "多头注意力")
IN_CHAPTER = Text("chapter {number}", "第 {number} 章")
ONE_SET, ONE_HEAD, PROJECTION = 1, 2, 4  # the chapters that take the boxes apart


def _draw_block(scene: Scene) -> Drawing:
    shapes = _shapes(scene.trace)
    inputs = [
        element(
            "div",
            _box(f"{letter} = x", shapes["x"]),
            _arrow(),
            _box(f"{scene.say(LINEAR)} W_{letter}", shapes["linear"], scene, ONE_SET),
            class_="flow",
        )
        for letter in "VKQ"
    ]
    title = scene.say(TITLE)
    root = element(
        "div",
        element("p", title, class_="title"),
        element("div", *inputs, class_="row"),
        _arrow(),
        _box(scene.say(ATTENTION), shapes["attention"], scene, ONE_HEAD),
        _arrow(),
        _box(scene.say(CONCAT), shapes["concat"], scene, PROJECTION),
        _arrow(),
        _box(f"{scene.say(LINEAR)} W_O", shapes["output"], scene, PROJECTION),
        _arrow(),
        _box(scene.say(OUTPUT), shapes["x"]),
        element("p", "Concat(softmax(Q Kᵀ / √d_head) V) W_O", class_="formula"),
        class_="flow",
    )
    steps = (
        f"x {shapes['x']}",
        f"{scene.say(LINEAR)} {shapes['linear']}",
        f"{scene.say(ATTENTION)} {shapes['attention']}",
        f"{scene.say(CONCAT)} {shapes['concat']}",
        f"W_O {shapes['output']}",
    )
    return Drawing(root, f"{title}. {' → '.join(steps)}", scene.mode, {"shapes": shapes})


def _shapes(trace: Trace) -> dict[str, str]:
    """What goes through the block: rows × columns of vectors, inputs → outputs of matrices."""
    card, tokens = trace.model, len(trace.tokens)
    wide = card.heads * card.d_head
    return {
        "x": f"{tokens} × {card.d_model}",
        "linear": f"{card.heads} × ({card.d_model} → {card.d_head})",
        "attention": f"{card.heads} × ({tokens} × {card.d_head})",
        "concat": f"{tokens} × {wide}",
        "output": f"{wide} → {card.d_model}",
    }


def _box(title: str, shape: str, scene: Scene | None = None, number: int | None = None) -> Element:
    where = None
    if scene is not None and number is not None:
        where = element("div", scene.say(IN_CHAPTER, number=number), class_="aside")
    return element(
        "div", element("strong", title), element("div", shape, class_="shape"), where, class_="box"
    )


def _arrow() -> Element:
    return element("div", "↓", class_="arrow", aria_hidden="true")


def _block_numbers(scene: Scene) -> Numbers:
    card = scene.trace.model
    return {"wide": card.heads * card.d_head}


# ---- one average of all heads, on the learner's sentence

AVERAGE_TITLE = Text(
    "{model} · layer {layer} · weights of {word}, mean of its {heads} heads; rounded",
    "{model} · 第 {layer} 层 · {word} 的权重，{heads} 个头的平均；四舍五入",
)
AVERAGE_IS = Text(
    "bars: mean over the heads of softmax(q·kᵀ / √d_head); map: head by head",
    "柱形：各头 softmax(q·kᵀ / √d_head) 的平均；下图：逐个头",
)


def _draw_average(scene: Scene) -> Drawing:
    rows = _rows(scene)
    mean = rows.mean(axis=0, dtype=float)
    tokens = [name(token) for token in scene.trace.tokens]
    layer, at = scene.number("layer"), scene.number("word")
    title = scene.say(AVERAGE_TITLE, layer=layer, word=name(scene.token))
    heads = [str(HeadId(layer, head)) for head in range(len(rows))]
    score = getattr(style.SCORE, scene.mode)
    root = element(
        "div",
        element("p", title, class_="title"),
        bars([Bar(*pair, score) for pair in zip(tokens, mean.tolist(), strict=True)], label=title),
        element("p", scene.say(AVERAGE_IS), class_="formula"),
        tensor(
            rows,
            "softmax",
            heads,
            style.SCORE,
            scene.mode,
            scene.language,
            columns=tokens,
        ),
    )
    alt = f"{title}. {tokens[at]} → {tokens[int(mean.argmax())]}: {printed(float(mean.max()), 3)}"
    return Drawing(root, alt, scene.mode, {"mean": mean, "rows": rows})


def _rows(scene: Scene) -> Float[np.ndarray, "head key"]:
    """What each head of the layer gives to each token, from the chosen word."""
    weights: np.ndarray = scene.trace.layer_weights(scene.number("layer"))[:, scene.number("word")]
    return weights


def _average_numbers(scene: Scene) -> Numbers:
    """Special tokens aside, as in the question: they take most of many rows."""
    tokens = [token for token in scene.trace.tokens if not token.is_special]
    rows = _rows(scene)[:, [token.position for token in tokens]]
    mean = rows.mean(axis=0, dtype=float)
    best = int(mean.argmax())
    return {
        "word": name(scene.token),
        "best": name(tokens[best]),
        "share": printed(float(mean[best]), 3),
        "agree": int((rows.argmax(axis=1) == best).sum()),
        "favourites": len(set(rows.argmax(axis=1).tolist())),
    }


# ---- the trainings of this chapter


def _task(scene: Scene) -> Task:
    return task_called(str(scene.choice["task"]))


def _run(scene: Scene, task: Task, heads: int) -> Run:
    return checked(task, heads, 1, scene.number("seed"), None)


def _groups(scene: Scene) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """The runs on the task, and on the task that needs one look only."""
    counter = task_called(COUNTER_TASK)
    return (
        tuple(_run(scene, _task(scene), heads) for heads in HEADS),
        tuple(_run(scene, counter, heads) for heads in (HEADS[0], HEADS[-1])),
    )


def _runs(scene: Scene) -> tuple[Run, ...]:
    return sum(_groups(scene), ())


def _called(heads: int, language: Language) -> str:
    if heads == 1:
        return say("train.compare_head", language)
    return say("train.compare_heads", language, heads=heads)


# ---- accuracy, side by side

GROUP = Text(
    "{task} · one layer, seed {seed}, {steps} steps · parameters with any number of heads: {parameters}",
    "{task} · 一层，种子 {seed}，{steps} 步 · 不论几个头，参数量都是 {parameters}",
)
THEORY = Text("theory", "理论值")
AVERAGE = Text("one even average", "一次均匀平均")
MEASURED = Text(
    "Share of right answers on texts held out of the training; rounded.",
    "在没有训练过的文本上答对的比例；四舍五入。",
)


def _draw_bars(scene: Scene) -> Drawing:
    found = {run: finished(scene, run) for run in _runs(scene)}
    groups = [_group(scene, runs, found) for runs in _groups(scene)]
    measured = scene.say(MEASURED)
    root = element("div", *groups, element("p", measured, class_="formula"))
    said = "; ".join(
        f"{_task_name(run, scene)} · {_called(run.heads, scene.language)}: {accuracy(training)}"
        for run, training in found.items()
    )
    values = {
        "accuracies": {run.name: t and t.accuracy for run, t in found.items()},
        "theory": _task(scene).theory(layers=1),
    }
    return Drawing(root, f"{said}. {measured}", scene.mode, values)


def _group(scene: Scene, runs: Sequence[Run], found: dict[Run, Training | None]) -> Element:
    """The bars of one task, and what one average can reach there."""
    title = scene.say(
        GROUP,
        task=_task_name(runs[0], scene),
        seed=scene.number("seed"),
        steps=runs[0].steps,
        parameters=f"{runs[0].shape.parameters:,}",
    )
    theory = runs[0].task.theory(layers=1)
    drawn = accuracies(
        [(_called(run.heads, scene.language), found[run]) for run in runs],
        scene.mode,
        label=title,
        theory=None if theory is None else (scene.say(THEORY), theory),
    )
    return element("div", element("p", title, class_="title"), drawn)


def _task_name(run: Run, scene: Scene) -> str:
    return say(f"task.{run.task.name}", scene.language)


def _bars_numbers(scene: Scene) -> Numbers:
    task, runs = _task(scene), _runs(scene)
    return {
        "asks": say(f"task.{task.name}_asks", scene.language),
        "theory": printed(task.theory(layers=1) or 0.0, 4),
        "other": say(f"task.{COUNTER_TASK}", scene.language),
        "other_asks": say(f"task.{COUNTER_TASK}_asks", scene.language),
        "done": sum(finished(scene, run) is not None for run in runs),
        "all": len(runs),
    }


# ---- which head looks where

NOT_YET = Text(
    "{task} with {count} heads and seed {seed} is not trained yet. Press Train.",
    "{task}（{count} 个头，种子 {seed}）还没有训练。请按“训练”。",
)
LOOKS_TITLE = Text(
    "{title} · mean weight on the place so far before (−) or after (+), over {texts} texts; rounded",
    "{title} · 落在前（−）后（+）第几个位置上的平均权重，共 {texts} 段文本；四舍五入",
)
FOUND = Text(
    "Here {single} of {count} heads {single:gives|give} more than half of {single:its|their} attention to one place; the strongest "
    "share is {share}, of {head} on {place}.",
    "这里 {count} 个头中有 {single} 个把一半以上的注意力给了同一个位置；"
    "最大的权重是 {share}，由 {head} 给了 {place}。",
)


def _widest(scene: Scene) -> Training | None:
    """The training with the most heads, if it is finished."""
    return finished(scene, _run(scene, _task(scene), HEADS[-1]))


def _draw_looks(scene: Scene) -> Drawing:
    training = _widest(scene)
    if training is None:
        return _notice(_not_yet(scene), scene)
    shares = mean_looks(training.model, training.run.task)[0]
    card = training.model.card
    rows = [str(HeadId(0, head)) for head in range(card.heads)]
    title = scene.say(LOOKS_TITLE, title=card.called(scene.language), texts=TEXTS)
    table = numbers(
        shares, rows, _places(training), style.SCORE, scene.mode, decimals=2, largest=1.0
    )
    root = element("div", element("p", title, class_="title"), table)
    return Drawing(root, f"{title}. {_found(scene, training)}", scene.mode, {"looks": shares})


def _places(training: Training) -> list[str]:
    """The looks as signed distances: these tasks ask for offsets alone."""
    return [look.removeprefix("offset").replace("-", "−") for look in training.run.task.looks]


def _not_yet(scene: Scene) -> str:
    task = say(f"task.{_task(scene).name}", scene.language)
    return scene.say(NOT_YET, task=task, count=HEADS[-1], seed=scene.number("seed"))


def _found(scene: Scene, training: Training) -> str:
    shares = mean_looks(training.model, training.run.task)[0]
    head, look = np.unravel_index(int(shares.argmax()), shares.shape)
    return scene.say(
        FOUND,
        single=int((shares.max(axis=1) > HALF).sum()),
        count=len(shares),
        share=printed(float(shares.max()), 2),
        head=HeadId(0, int(head)),
        place=_places(training)[int(look)],
    )


def _looks_numbers(scene: Scene) -> Numbers:
    training = _widest(scene)
    return {"found": _not_yet(scene) if training is None else _found(scene, training)}


def _notice(text: str, scene: Scene) -> Drawing:
    return Drawing(element("p", text, class_="notice"), text, scene.mode, {"notice": text})


# ---- the course of the trainings

COURSE_TITLE = Text(
    "{task} · accuracy while training, each point on the next {texts} texts or fewer, before they "
    "are trained on",
    "{task} · 训练过程中的准确率，每个点用接下来的至多 {texts} 段文本，先测量，再训练",
)
NO_COURSE = Text(
    "No learning curve yet: an encoder that comes with the program has its final weights alone. "
    "Train one here, and its curve appears.",
    "还没有学习曲线：随程序提供的编码器只有最终的权重。在这里训练一个，曲线就会出现。",
)


def _draw_course(scene: Scene) -> Drawing:
    courses = _courses(scene)
    if not courses:
        return _notice(scene.say(NO_COURSE), scene)
    codes = dict(zip(HEADS, style.HEAD_CODES, strict=False))
    task = _task(scene)
    title = scene.say(
        COURSE_TITLE, task=say(f"task.{task.name}", scene.language), texts=TEXTS_A_STEP
    )
    theory = task.theory(layers=1)
    series = [
        Series(
            _called(heads, scene.language),
            [point.accuracy for point in points],
            getattr(codes[heads], scene.mode),
            codes[heads].dash,
        )
        for heads, points in courses.items()
    ]
    steps = [point.step for point in next(iter(courses.values()))]
    drawn = curve(
        steps,
        series,
        scene.mode,
        name_across=say("train.step", scene.language),
        level=None if theory is None else (theory, f"{scene.say(AVERAGE)}: {printed(theory, 4)}"),
        largest=1.0,
    )
    root = element("div", element("p", title, class_="title"), drawn)
    last = "; ".join(f"{one.name}: {printed(one.values[-1], 3)}" for one in series)
    values = {"steps": steps, "courses": {n: [p.accuracy for p in c] for n, c in courses.items()}}
    return Drawing(root, f"{title}. {last}", scene.mode, values)


def _courses(scene: Scene) -> dict[int, Sequence[Point]]:
    """Every fifth point of each finished training that has a history, by its heads."""
    done = [finished(scene, _run(scene, _task(scene), heads)) for heads in HEADS]
    return {
        t.run.heads: t.history[EVERY - 1 :: EVERY]
        for t in done
        if t and not t.was_stopped and t.history
    }


def _course_numbers(scene: Scene) -> Numbers:
    return {"shown": len(_courses(scene)), "most": len(HEADS)}


# ---- checkers


def _one_average(trace: Trace) -> Outcome:
    """By counting: every way in which the looks can share symbols, with how many texts have it."""
    del trace
    task = task_called(TASK)
    looks, symbols = len(task.looks), len(task.choices)
    right = sum(_texts(counts, symbols) * max(counts) for counts in _profiles(looks))
    share = right / (looks * symbols**looks)
    trained = next(t for run, t in shipped().items() if run.task.name == TASK and run.heads == 1)
    said = {
        "share": f"{share:.4f}",
        "most": f"{share * looks:.2f}",
        "measured": f"{trained.accuracy:.4f}",
    }
    return Outcome(share, said)


def _asked_average(trace: Trace) -> Numbers:
    del trace
    task = task_called(TASK)
    return {"looks": len(task.looks), "symbols": len(task.choices)}


def _profiles(looks: int) -> list[tuple[int, ...]]:
    """How often each different symbol stands there: the partitions of the number of looks."""
    return [
        counts
        for different in range(1, looks + 1)
        for counts in combinations_with_replacement(range(1, looks + 1), different)
        if sum(counts) == looks
    ]


def _texts(counts: tuple[int, ...], symbols: int) -> int:
    """In how many ways so many places can hold symbols that often."""
    places = factorial(sum(counts)) // prod(map(factorial, counts))
    names = comb(symbols, len(counts)) * factorial(len(counts))
    return places * names // prod(map(factorial, Counter(counts).values()))


def _needed(task: Task) -> int:
    """On how many places the answers at a token depend, found by changing them one by one."""
    text = np.zeros((1, task.alphabet.most), dtype=int)
    before = task.answers(text)[0]
    depends = np.zeros(text.shape[1], dtype=int)
    for place in range(text.shape[1]):
        changed = text.copy()
        changed[0, place] = 1
        depends += (task.answers(changed)[0] != before).any(axis=-1)
    return int(depends.max())


def _counter_task(trace: Trace) -> Outcome:
    del trace
    needed = _needed(task_called(COUNTER_TASK))
    said = {"needed": needed, "other_needed": _needed(task_called(TASK))}
    return Outcome("same" if needed == 1 else "more", said)


def _asked_counter(trace: Trace) -> Numbers:
    del trace
    return {"few": HEADS[0], "many": HEADS[-1]}


def _numbers_held(trace: Trace) -> Outcome:
    """What the matrices hold now, and what they would with one head of all their width."""
    learned, wide = trace.learned[0], trace.model.heads * trace.model.d_head
    matrices = (learned.query, learned.key, learned.value, learned.output)
    now = sum(matrix.weight.size for matrix in matrices)
    width = trace.residual(0).shape[1]
    one = 3 * width * wide + wide * width
    value = "same" if one == now else "fewer" if one < now else "more"
    return Outcome(value, {"now": f"{now:,}", "one": f"{one:,}"})


def _together(trace: Trace) -> Outcome:
    """The word with the largest mean weight over the heads, in float64, row by row."""
    layer, at = layer_asked(trace), word(trace).position
    rows = recompute.weights(trace.record(layer))[:, at]
    allowed = [token.position for token in trace.tokens if not token.is_special]
    mean = sum(rows) / len(rows)
    best = max(allowed, key=lambda position: float(mean[position]))
    agree = sum(max(allowed, key=lambda position: float(row[position])) == best for row in rows)
    said = {"best": name(trace.tokens[best]), "share": f"{float(mean[best]):.4f}", "agree": agree}
    return Outcome(str(best), said)


MORE_SAME_LESS = (
    Option("more", Text("more", "更多")),
    Option("same", Text("the same", "一样")),
    Option("less", Text("less", "更少")),
)

QUESTIONS = (
    Question(
        name="one-head",
        ask=Text(
            "Each token has to name the {looks} digits around it, out of {symbols} possible ones. One "
            "head averages them evenly. What share of the answers can it get right?",
            "每个词元都要说出周围的 {looks} 个数字，每个有 {symbols} 种可能。只有一个头，"
            "把它们均匀地平均起来。它最多能答对多大比例？",
        ),
        explain=Text(
            "{share}, rounded. The average tells which digits are there, not where: the best answer is "
            "the most frequent one, which stands there {most} times of {looks} in the mean. "
            "The encoder with one head that was trained got {measured}. Uneven weights are not bound "
            "by this share; with this training one head hardly gets beyond it.",
            "约 {share}。平均值只说明有哪些数字，不说明在哪里：最好的答案是出现最多的那个，"
            "平均在 {looks} 个中占 {most} 个。实际训练的单头编码器答对 {measured}（四舍五入）。"
            "不均匀的权重不受这个上限约束；只是照这样训练，一个头几乎超不过它。",
        ),
        check=_one_average,
        asked=_asked_average,
        tolerance=lambda _: 0.10,
        is_law=True,
        before="bars",
    ),
    Question(
        name="counter-task",
        ask=Text(
            "On Reverse every token names the digit at the mirrored place. With {many} heads instead of "
            "{few}, and equal parameters, how many answers are right?",
            "在“倒序”任务里，每个词元说出镜像位置上的数字。参数量不变，把 {few} 个头换成 {many} 个头，"
            "答对的会怎样？",
        ),
        explain=Text(
            "The same. Changing the digits one by one shows how many places the answer of a token depends "
            "on: {needed}. One head can look there. On Eight looks: {other_needed}.",
            "一样。逐个改动数字就知道：一个词元的答案只取决于 {needed} 个位置，一个头就能看到。"
            "而在“看八处”里，它取决于 {other_needed} 个位置。",
        ),
        check=_counter_task,
        options=lambda _: MORE_SAME_LESS,
        asked=_asked_counter,
        is_law=True,
        before="bars",
    ),
    Question(
        name="numbers-held",
        ask=Text(
            "Give {model} one head as wide as its {heads} heads together. How many numbers do W_Q, W_K, "
            "W_V and W_O of a layer hold then?",
            "把 {model} 的 {heads} 个头换成一个与它们总宽度相同的头。"
            "这时一层的 W_Q、W_K、W_V、W_O 共有多少个数？",
        ),
        explain=Text(
            "As many: {one}; with {heads} heads it is {now}, since each head has a thin slice of its own.",
            "一样多：{one} 个；{heads} 个头时是 {now} 个，因为每个头只占其中一窄条。",
        ),
        check=_numbers_held,
        options=lambda _: (
            Option("fewer", Text("fewer", "更少")),
            Option("same", Text("as many", "一样多")),
            Option("more", Text("more", "更多")),
        ),
        is_law=True,
    ),
    Question(
        name="together",
        ask=Text(
            "Average the weights of all {heads} heads of layer {layer} into one. Which word then gets the "
            "most from {word}? Special tokens aside.",
            "把第 {layer} 层 {heads} 个头的权重取平均。这时 {word} 把最大的权重给了哪个词？"
            "（不计特殊词元）",
        ),
        explain=Text(
            "{best}, with {share} (rounded). Heads that choose that word themselves: {agree} of {heads}. "
            "One average cannot say what the others look at.",
            "{best}，权重 {share}（四舍五入）。但 {heads} 个头中，"
            "自己也选这个词的有 {agree} 个。一个平均值说不出其余的头在看什么。",
        ),
        check=_together,
        options=words,
        asked=lambda trace: {"layer": layer_asked(trace)},
        before="average",
    ),
)


# ---- the chapter


def _tasks_with_a_theory(trace: Trace) -> Sequence[str]:
    del trace
    return [task.name for task in tasks().values() if task.one_head is not None]


CHAPTER = Chapter(
    number=6,
    name="heads-or-one",
    title=Text("One head or eight? Train and see", "一个头还是八个头？训练一下看看"),
    goal=Text(
        "See on a task when more heads help, and when they do not.",
        "用任务看清：多几个头，什么时候有用，什么时候没用。",
    ),
    text=Text(
        "One head makes one weighted average. Spread evenly, it tells which symbols are around, but not "
        "which came from where; uneven weights can tell more, but one head seldom learns them with this "
        "training. Several thin heads look at several places at once, and have no more parameters "
        "than one wide head. Where a single look is enough, they gain nothing.",
        "一个头只做一次加权平均。如果权重均匀，就只知道周围有哪些符号，说不清各在哪里；不均匀的权重能说出更多，"
        "但照这样训练，一个头很难学会。几个窄的头可以同时看几处，参数量并不比一个宽的头大。如果只需要看一处，"
        "多几个头也没有好处。",
    ),
    takeaway=Text(
        "With equal training, heads help where one place must look at several places at once.",
        "同样的训练下，只有需要同时看几处时，多几个头才有用。",
    ),
    misconception=Text(
        "“More heads are always better, and cost more parameters.” They share one width, and help only "
        "where several looks are needed.",
        "“头越多越好，参数也越多。”其实各头平分同一个宽度，而且只有需要同时看几处时才有用。",
    ),
    minutes=6,
    controls=(
        Pick(
            "task",
            Text("Task", "任务"),
            _tasks_with_a_theory,
            lambda _: TASK,
            lambda value, _, language: say(f"task.{value}", language),
        ),
        layer_control(layer_asked),
        word_control(),
        Pick("seed", Text("Seed", "种子"), lambda _: SEEDS, lambda _: SEEDS[0]),
    ),
    runs=_runs,
    parts=(
        Part(
            "block",
            Text("The block, with its real sizes", "多头注意力模块和真实的尺寸"),
            Text(
                "V, K and Q are the three inputs of the block. In self-attention all three are the same x. "
                "Linear layers and attention stand here {heads} times, once a head; Concat puts "
                "{heads} × {d_head} = {wide} numbers a token side by side, and W_O brings them to {d_model}.",
                "V、K、Q 是这个模块的三个输入；在自注意力里，三个都是同一个 x。线性层和注意力各有 {heads} 份，"
                "每个头一份。拼接把每个词元的 {heads} × {d_head} = {wide} 个数排成一行，W_O 再把它变成 {d_model} 个。",
            ),
            _draw_block,
            _block_numbers,
        ),
        Part(
            "average",
            Text("One average on your sentence", "在你的句子上做一次平均"),
            Text(
                "Special tokens aside, the average gives most to {best}: {share}. Heads that choose that word "
                "themselves: {agree} of {heads}; different words that the heads choose: {favourites}. One "
                "average blends them all. Numbers are rounded.",
                "不计特殊词元，取平均后最大的权重 {share} 给了 {best}。{heads} 个头中，"
                "自己也选这个词的有 {agree} 个；各头选中的不同的词有 {favourites} 个。"
                "一次平均把它们全混在一起。数字都经四舍五入。",
            ),
            _draw_average,
            _average_numbers,
            uses=("layer", "word"),
        ),
        Part(
            "bars",
            Text("Equal parameters, more heads", "参数相同，头数不同"),
            Text(
                "{asks} In theory one even average can reach {theory}, rounded. The counter-task is {other}: "
                "{other_asks} Trained so far: {done} of {all}; Train starts the others, shown as “…”. "
                "Given a feed-forward network or many more steps, one head does better: the bars compare "
                "equal budgets.",
                "{asks}理论上，一次均匀平均最多能达到 {theory}（四舍五入）。对照任务是“{other}”："
                "{other_asks}已训练 {done} 个，共 {all} 个；显示“…”的尚未训练，按“训练”开始。"
                "如果有前馈网络，或者步数多得多，一个头也会更好：柱形图比较的是相同的预算。",
            ),
            _draw_bars,
            _bars_numbers,
        ),
        Part(
            "looks",
            Text("Which head looks where", "哪个头看哪里"),
            Text(
                "A row is a head, a column a place that the task asks for. A head need not have one job. {found}",
                "一行是一个头，一列是任务要看的一个位置。一个头不一定只做一件事。{found}",
            ),
            _draw_looks,
            _looks_numbers,
        ),
        Part(
            "course",
            Text("While it learns", "学习的过程"),
            Text(
                "Trainings on this task with a curve: {shown} of {most}. The dashed line is what one even "
                "average can reach.",
                "这个任务上有曲线的训练：{shown} 个，共 {most} 个。虚线是一次均匀平均能达到的上限。",
            ),
            _draw_course,
            _course_numbers,
        ),
    ),
    questions=QUESTIONS,
    teacher=TeacherNote(
        ask_aloud=Text(
            "Before training: draw the bars for each number of heads, on both tasks.",
            "训练之前：为两个任务各画出不同头数的柱形。",
        ),
        expect=Text(
            "Most draw rising bars for both tasks. Ask what a second look could add on Reverse.",
            "多数人把两个任务都画成越来越高。可以反问：在“倒序”里，再看一处能多知道什么？",
        ),
        if_different=Text(
            "Between the ends, bars vary with the seed. Compare seeds before you explain a bar.",
            "中间的柱形会随种子变化。解释之前，先换几个种子比较。",
        ),
    ),
)
