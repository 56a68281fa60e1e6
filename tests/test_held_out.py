"""The exam of a training: on texts that no step saw, every answer counted once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from attnviz.errors import ModelError, TrainingError
from attnviz.models.small.alphabet import Alphabet
from attnviz.models.small.encoder import Encoder
from attnviz.texts import LANGUAGES
from attnviz.training import checkpoint, loop
from attnviz.training.held_out import HeldOut, hold_out, to_learn
from attnviz.training.loop import examined_by, learn
from attnviz.training.record import Training
from attnviz.training.run import Run, checked
from attnviz.training.tasks import NOTHING, Task, task_called, tasks
from attnviz.training.tasks.brackets import balanced
from attnviz.training.tasks.it import sentences
from attnviz.ui.widgets import training_texts

LETTERS = Alphabet(tuple("abcdefgh"), fewest=2, most=2, example="ab")


def run_of(task: str | Task, seed: int = 0, steps: int | None = None, heads: int = 1) -> Run:
    return checked(task_called(task) if isinstance(task, str) else task, heads, 1, seed, steps)


def learned(run: Run) -> Training:
    return learn(run, lambda _: None, lambda: False)


def texts_of(held_out: HeldOut) -> set[tuple[int, ...]]:
    return {tuple(text) for texts in held_out.texts for text in texts.tolist()}


def letters(texts: int, *, at_a_time: int = 64, ask: int = 2) -> Task:
    """A task of so many texts, of two letters each: name the first, at so many places."""
    known = np.array([[n // 8, n % 8] for n in range(texts)])

    def draw(generator: np.random.Generator, wanted: int) -> np.ndarray:
        drawn: np.ndarray = known[generator.integers(texts, size=min(wanted, at_a_time))]
        return drawn

    def answers(drawn: np.ndarray) -> np.ndarray:
        first: np.ndarray = np.repeat(drawn[:, :1, None], 2, axis=1)
        first[:, ask:] = NOTHING
        return first

    return Task(
        name="letters",
        alphabet=LETTERS,
        target_names=("first",),
        choices=tuple("abcdefgh"),
        draw=draw,
        answers=answers,
        targets=lambda drawn: np.zeros((1, *drawn.shape), dtype=int),
        steps=20,
        d_model=16,
    )


@pytest.mark.parametrize("name", tasks())
def test_no_step_of_a_whole_training_sees_a_text_of_the_exam(name: str) -> None:
    run = run_of(name, seed=3)
    held_out = examined_by(run)
    examined = texts_of(held_out)
    assert held_out.is_new
    assert 100 < len(examined) == sum(map(len, held_out.texts)) <= 1024
    steps = to_learn(run.task, held_out, np.random.default_rng([run.seed, 0]))
    for _ in range(run.steps):
        texts, answers = next(steps)
        assert not examined.intersection(map(tuple, texts.tolist()))
        np.testing.assert_array_equal(answers, run.task.answers(texts))


@pytest.mark.parametrize("name", ["it", "brackets", "first-seen", "two-hop"])
def test_the_loop_learns_from_those_texts_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    measured = loop._measured

    def watched(encoder: Encoder, texts: np.ndarray, answers: np.ndarray):  # type: ignore[no-untyped-def]
        seen[torch.is_grad_enabled()].update(map(tuple, texts.tolist()))
        return measured(encoder, texts, answers)

    monkeypatch.setattr(loop, "_measured", watched)
    training = learned(run_of(name, steps=40))
    learnt, examined = seen[True], seen[False]
    assert len(learnt) > 100
    assert not learnt & examined
    assert training.exam is not None
    assert training.exam.texts == len(examined)


def test_most_texts_of_every_length_stay_for_the_training() -> None:
    held_out = examined_by(run_of("brackets"))
    shares = {texts.shape[1]: len(texts) for texts in held_out.texts}
    assert not {2, 4, 6} & set(shares), "1, 2 and 5 texts are too few to hold one out"
    for length, count in shares.items():
        assert 1 <= count <= len(balanced(length // 2)) / 8
    (of_it,) = examined_by(run_of("it")).texts
    assert 0.9 * len(sentences()) / 8 < len(of_it) <= len(sentences()) / 8


def test_the_texts_of_an_exam_depend_on_task_and_seed_alone() -> None:
    one, more = (texts_of(examined_by(run_of("it", heads=heads))) for heads in (1, 8))
    assert one == more
    assert one == texts_of(examined_by(run_of("it", steps=7)))
    assert one != texts_of(examined_by(run_of("it", seed=1)))


@pytest.mark.no_cover
@pytest.mark.parametrize("name", ["brackets-2x4", "two-hop-1x1"])
def test_the_share_is_counted_answer_by_answer(name: str) -> None:
    training = checkpoint.load(checkpoint.shipped()[name])
    alphabet = training.run.task.alphabet
    replies = [
        reply
        for text in texts_of(examined_by(training.run))
        for reply in training.replies(alphabet.text(list(text)))
    ]
    right = sum(reply.said == reply.right for reply in replies)
    assert training.exam is not None
    assert (training.exam.right, training.exam.asked) == (right, len(replies))
    assert training.accuracy == right / len(replies)
    assert 0.3 < training.accuracy < 0.97, "neither all right nor by chance"


def test_step_k_is_the_model_after_k_steps() -> None:
    run = run_of("one-hop", steps=20, seed=2)
    training = learned(run)
    drawn = to_learn(run.task, examined_by(run), np.random.default_rng([run.seed, 0]))
    batches = [next(drawn) for _ in range(21)]
    assert [point.step for point in training.history] == list(range(1, 21))
    for point in training.history:
        texts, answers = batches[point.step]
        model = training.at_step(point.step).module
        with torch.inference_mode():
            said = model(torch.from_numpy(texts)).argmax(dim=-1).numpy()
        assert point.accuracy == (said == answers).mean()


@pytest.mark.parametrize(("texts", "held_out"), [(1, 0), (2, 0), (7, 0), (8, 1), (15, 1), (16, 2)])
def test_small_tasks(texts: int, held_out: int) -> None:
    training = learned(run_of(letters(texts)))
    assert training.exam is not None
    assert training.exam.held_out == bool(held_out)
    assert training.exam.texts == (held_out or texts)
    assert training.exam.asked == 2 * training.exam.texts
    assert training.loss >= 0


def test_fewer_texts_than_a_step_would_take() -> None:
    task = letters(64, at_a_time=3)
    run = run_of(task)
    held_out = examined_by(run)
    examined = texts_of(held_out)
    assert len(examined) == 8
    steps = to_learn(task, held_out, np.random.default_rng(0))
    sizes = {len(next(steps)[0]) for _ in range(100)}
    assert sizes == {1, 2, 3}
    assert learned(run).exam is not None


def test_texts_that_ask_nothing_are_left_out() -> None:
    """Their loss would be no number."""
    task = letters(64, at_a_time=1)

    def answers(drawn: np.ndarray) -> np.ndarray:
        asked = task.answers(drawn).copy()
        asked[drawn[:, 1] % 2 == 0] = NOTHING
        return asked

    training = learned(run_of(replace(task, answers=answers)))
    assert training.exam is not None
    assert training.exam.asked == 2 * training.exam.texts
    assert all(np.isfinite(point.loss) for point in training.history)
    assert all(weight.isfinite().all() for weight in training.snapshots[-1].weights.values())


@pytest.mark.parametrize("task", [letters(8, at_a_time=0), letters(8, ask=0)])
def test_a_task_without_questions_is_refused(task: Task) -> None:
    for language in LANGUAGES:
        with pytest.raises(TrainingError) as refused:
            hold_out(task, np.random.default_rng(0))
        assert "letters" in refused.value.text("zh" if language == "zh" else "en")


SAID = {
    "en": ("held out of the training", "too few texts to hold any out", "as its file says"),
    "zh": ("没有训练过的文本上的准确率", "文本太少", "文件中写的准确率"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_on_which_texts(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_texts, "language", lambda: language)
    new, seen = (learned(run_of(letters(texts))) for texts in (64, 4))
    old = replace(new, exam=None)
    for training, said in zip((new, seen, old), SAID[language], strict=True):
        text = training_texts.outcome(training)
        assert said in text
        assert f"{training.accuracy:.3f}" in text
        others = [other for other in SAID[language] if other != said]
        assert not any(other in text for other in others)
        if training.exam is not None:
            for count in (training.exam.right, training.exam.asked, training.exam.texts):
                assert str(count) in text


# ---- in a file


def told(file: Path, change: Callable[[dict[str, object]], object]) -> None:
    """Change what a file says about its training, and nothing else."""
    with safe_open(file, "pt") as opened:
        metadata = dict(opened.metadata())
    facts = json.loads(metadata["training"])
    change(facts)
    save_file(load_file(file), file, metadata | {"training": json.dumps(facts)})


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "saved.safetensors"
    checkpoint.save(learned(run_of("two-hop", steps=5)), file)
    return file


def test_a_file_keeps_its_exam(saved: Path) -> None:
    assert checkpoint.load(saved).exam == learned(run_of("two-hop", steps=5)).exam


def test_a_file_of_an_earlier_version_opens_and_does_not_know(saved: Path) -> None:
    before = checkpoint.load(saved)
    told(saved, lambda facts: facts.pop("exam"))
    old = checkpoint.load(saved)
    assert old.exam is None
    assert (old.run, old.accuracy, old.loss) == (before.run, before.accuracy, before.loss)
    checkpoint.save(old, saved)
    assert checkpoint.load(saved).exam is None


@pytest.mark.parametrize(
    "exam",
    [
        {"texts": 0, "asked": 8, "right": 4, "held_out": True},
        {"texts": 1, "asked": 8, "right": 9, "held_out": True},
        {"texts": 1, "asked": 8, "right": -1, "held_out": True},
        {"texts": 1, "asked": 0, "right": 0, "held_out": True},
        {"texts": 1, "asked": 8.0, "right": 4, "held_out": True},
        {"texts": 1, "asked": 8, "right": 4, "held_out": 1},
        {"texts": 1, "asked": 8, "right": 4},
        {"texts": 1, "asked": 8, "right": 5, "held_out": True},
        [1, 8, 4, True],
    ],
)
def test_an_exam_that_cannot_be_is_refused(saved: Path, exam: object) -> None:
    told(saved, lambda facts: facts.update(exam=exam, accuracy=0.5))
    with pytest.raises(ModelError, match=r"saved\.safetensors is no trained encoder"):
        checkpoint.load(saved)
    told(
        saved,
        lambda facts: facts.update(exam={"texts": 1, "asked": 8, "right": 4, "held_out": True}),
    )
    assert checkpoint.load(saved).accuracy == 0.5
