"""Training: it learns, it repeats itself, it stops, it shares and it queues."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.on_target import on_target
from attnviz.core.heads import HeadId
from attnviz.errors import TrainingError
from attnviz.runtime.cache import Cache, Store
from attnviz.runtime.queue import LeftError, Queue, Visitor
from attnviz.training.loop import learn
from attnviz.training.record import Report, Training
from attnviz.training.run import Run, checked
from attnviz.training.target_shares import mean_target_shares, target_shares
from attnviz.training.tasks import task_called
from attnviz.training.train import train
from tests.waiting import CEILING


def run_of(task: str = "two-looks", seed: int = 0, steps: int = 12, heads: int = 4) -> Run:
    return checked(task_called(task), heads, 1, seed, steps)


def learned(run: Run) -> Training:
    return learn(run, lambda _: None, lambda: False)


def assert_equal(one: Training, other: Training) -> None:
    assert one.accuracy == other.accuracy
    assert one.history == other.history
    for mine, theirs in zip(one.snapshots, other.snapshots, strict=True):
        assert mine.step == theirs.step
        for name, weight in mine.weights.items():
            assert torch.equal(weight, theirs.weights[name])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_lowers_the_loss(seed: int) -> None:
    training = learned(run_of("one-hop", seed, steps=40))
    assert training.history[-1].loss < 0.8 * training.history[0].loss
    assert training.loss < 0.8 * training.history[0].loss


def test_one_seed_one_result() -> None:
    assert_equal(learned(run_of()), learned(run_of()))
    other = learned(run_of(seed=1))
    assert other.history != learned(run_of()).history


def test_two_threads_equal_one_after_the_other() -> None:
    runs = [run_of(seed=seed, steps=30) for seed in (0, 1)]
    sequential = [learned(run) for run in runs]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(learned, runs))
    for one, other in zip(sequential, together, strict=True):
        assert_equal(one, other)


def test_nothing_global_is_left_changed() -> None:
    torch_state, threads = torch.get_rng_state(), torch.get_num_threads()
    numpy_state = str(np.random.get_state())
    learned(run_of())
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert torch.get_num_threads() == threads
    assert str(np.random.get_state()) == numpy_state


def test_training_inside_inference_mode() -> None:
    with torch.inference_mode():
        assert_equal(learned(run_of()), learned(run_of()))


def test_snapshots_are_a_series_that_ends_at_the_model() -> None:
    training = learned(run_of(steps=60))
    assert [snapshot.step for snapshot in training.snapshots] == list(range(0, 61, 3))
    first, last = training.snapshots[0], training.snapshots[-1]
    assert all(weight.dtype == torch.float32 for weight in last.weights.values())
    assert not torch.equal(first.weights["answers.weight"], last.weights["answers.weight"])
    final = dict(training.model.module.named_parameters())
    assert all(torch.equal(weight, final[name]) for name, weight in last.weights.items())


def test_every_snapshot_can_be_traced() -> None:
    training = learned(run_of(steps=4))
    text = training.run.task.alphabet.example
    revisions = set()
    for snapshot in training.snapshots:
        seen = attnviz.trace(text, training.model_at(snapshot))
        revisions.add(seen.model.revision)
        assert [token.text for token in seen.tokens] == list(text)
        for head in seen.heads:
            np.testing.assert_allclose(seen.weights(head).sum(axis=1), 1, atol=1e-6)
    assert len(revisions) == len(training.snapshots)


@pytest.mark.parametrize("heads", [1, 4])
def test_the_views_and_measures_work_on_it(heads: int) -> None:
    training = learned(run_of(steps=2, heads=heads))
    seen = attnviz.trace(training.run.task.alphabet.example, training.model)
    assert len(attnviz.measure(seen)) == heads
    assert seen.model.source == "trained"
    title = "two-looks 1×"
    assert attnviz.overview(seen).tiles.levels.shape == (1, heads, 12, 12)
    assert attnviz.overview(seen).packet()
    assert title in attnviz.lines(seen, [HeadId(0, 0), HeadId(0, heads - 1)]).alt
    assert title in attnviz.heatmap(seen, HeadId(0, heads - 1)).alt


def test_cancel_stops_between_steps() -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    training = learn(run_of(steps=500), lambda _: None, cancelled)
    assert (training.steps, asked) == (5, 6)
    assert training.was_stopped
    assert training.snapshots[-1].step == 5


@pytest.mark.parametrize("stop", [0, 7, 10])
def test_a_stopped_training_says_how_its_models_are_made_again(stop: int) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > stop

    stopped = train("one-hop", heads=1, seed=60 + stop, steps=50, cancelled=cancelled)
    assert stopped.steps == stop
    for snapshot in stopped.snapshots:
        card = stopped.model_at(snapshot).card
        again = eval(card.made_by, {"attnviz": attnviz})  # noqa: S307 (what is tested is that it runs)
        assert again.card.revision == card.revision


def test_a_stopped_training_is_not_kept() -> None:
    stopped = train("one-hop", heads=2, seed=77, steps=3, cancelled=lambda: True)
    whole = train("one-hop", heads=2, seed=77, steps=3)
    assert (stopped.steps, whole.steps) == (0, 3)


def test_progress_counts_up() -> None:
    reports: list[Report] = []
    learn(run_of(steps=10), reports.append, lambda: False)
    assert [report.step for report in reports] == list(range(1, 11))
    assert reports[-1].seconds_left == 0
    assert all(report.place == 0 and report.steps == 10 for report in reports)
    for report in reports:
        assert report.loss is not None
        assert report.accuracy is not None
        assert 0 <= report.accuracy <= 1


def test_the_same_run_is_shared() -> None:
    one = train("one-hop", heads=1, seed=5, steps=2)
    assert train("one-hop", heads=1, seed=5, steps=2) is one
    assert train("one-hop", heads=1, seed=6, steps=2) is not one


def test_two_who_ask_at_once_share_one_training() -> None:
    started, go_on = threading.Event(), threading.Event()
    seen_by_second: list[Report] = []

    def wait(_: Report) -> None:
        started.set()
        assert go_on.wait(CEILING)

    def watch(report: Report) -> None:
        seen_by_second.append(report)
        go_on.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(train, "one-hop", 1, 1, 91, 3, wait)
        assert started.wait(CEILING)
        second = pool.submit(train, "one-hop", 1, 1, 91, 3, watch)
        assert first.result() is second.result()
    assert seen_by_second[0].step == 1


def test_who_watches_takes_over_when_the_other_stops() -> None:
    started, watching = threading.Event(), threading.Event()

    def stop_once_watched() -> bool:
        if started.is_set():
            assert watching.wait(CEILING)
            return True
        return False

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(
            train, "one-hop", 1, 1, 92, 3, lambda _: started.set(), stop_once_watched
        )
        assert started.wait(CEILING)
        second = pool.submit(train, "one-hop", 1, 1, 92, 3, lambda _: watching.set())
        assert first.result().steps == 1
        assert second.result().steps == 3


def test_who_watches_may_give_up() -> None:
    started, go_on = threading.Event(), threading.Event()

    def wait(_: Report) -> None:
        started.set()
        assert go_on.wait(CEILING)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(train, "one-hop", 1, 1, 93, 3, wait)
        assert started.wait(CEILING)
        given_up = train("one-hop", 1, 1, 93, 3, cancelled=lambda: True)
        go_on.set()
        assert (given_up.steps, first.result().steps) == (0, 3)


def test_what_is_kept_is_in_the_budget_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def again(megabytes: int) -> bool:
        trainings: Cache[Training] = Cache(Store(megabytes))
        monkeypatch.setattr(sys.modules["attnviz.training.train"], "_trainings", trainings)
        first = train("one-hop", heads=1, seed=1000, steps=1)
        return train("one-hop", heads=1, seed=1000, steps=1) is first

    assert again(megabytes=10)
    assert not again(megabytes=0)


def test_the_queue_serves_in_order_and_tells_the_place() -> None:
    queue = Queue(at_once=1, waiting=9)
    order: list[str] = []
    told: dict[str, list[int]] = {"b": [], "c": []}
    waiting = {name: threading.Event() for name in told}

    def wait(name: str) -> None:
        def tell(place: int) -> None:
            told[name].append(place)
            waiting[name].set()

        with queue.turn(Visitor(name, tell)):
            order.append(name)

    with queue.turn(Visitor("a")):
        threads = []
        for name in told:
            threads.append(threading.Thread(target=wait, args=(name,)))
            threads[-1].start()
            assert waiting[name].wait(CEILING)
        order.append("a")
    for thread in threads:
        thread.join(CEILING)
    assert order == ["a", "b", "c"]
    assert told["b"] == [1]
    assert told["c"][0] == 2


def test_who_waits_may_give_up() -> None:
    queue = Queue(at_once=1, waiting=9)
    places: list[int] = []
    with queue.turn(Visitor("a")):
        with (
            pytest.raises(LeftError),
            queue.turn(Visitor("b", places.append, lambda: len(places) > 0)),
        ):
            raise AssertionError("the work began")
        with (
            pytest.raises(LeftError),
            queue.turn(Visitor("c", places.append, lambda: len(places) > 1)),
        ):
            raise AssertionError("the work began")
    assert places == [1, 1]


def test_at_most_two_train_at_once() -> None:
    inside, most = 0, 0
    lock, both = threading.Lock(), threading.Event()

    def progress(report: Report) -> None:
        nonlocal inside, most
        if report.place or report.step not in (1, 2):
            return
        with lock:
            inside += 1 if report.step == 1 else -1
            most = max(most, inside)
            if inside == 2:
                both.set()
        if report.step == 1:
            assert both.wait(CEILING)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda seed: train("one-hop", 1, 1, seed, 2, progress), range(200, 204)))
    assert most == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"heads": 3}, "3 heads.*1, 2, 4, 8, 16"),
        ({"heads": 0}, "0 heads"),
        ({"layers": 0}, "0 layers.*1 to 4"),
        ({"layers": 5}, "5 layers.*1 to 4"),
        ({"steps": 0}, "0 steps.*1 to 5,000"),
        ({"steps": 1_000_000}, "1,000,000 steps.*1 to 5,000"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_beyond_the_limits(arguments: dict[str, int], says: str) -> None:
    with pytest.raises(TrainingError, match=says):
        train("reverse", **arguments)  # type: ignore[arg-type]


def test_parameters_are_those_of_the_model() -> None:
    for heads in (1, 8):
        training = train("eight-looks", heads=heads, steps=1)
        counted = sum(p.numel() for p in training.model.module.parameters())
        assert training.parameters == counted == 22_992


def test_a_task_with_other_sizes_can_be_trained() -> None:
    wide = replace(task_called("two-looks"), d_ff=8, positions="none")
    training = train(wide, heads=2, steps=1)
    assert training.parameters == train("two-looks", 2, steps=1).parameters - 12 * 64 + 1096


def test_replies_name_the_answer_and_the_truth() -> None:
    training = learned(run_of("one-hop", steps=150, heads=1))
    replies = training.replies("7 6 5 4 3 2 1 0")
    assert [reply.right for reply in replies] == list("01234567")
    assert [reply.said for reply in replies] == list("01234567")
    early = training.replies("76543210", training.snapshots[0])
    assert [reply.right for reply in early] == list("01234567")
    assert [reply.said for reply in early] != list("01234567")


def test_replies_where_nothing_is_asked() -> None:
    training = train("it", heads=1, steps=1)
    right = [reply.right for reply in training.replies(training.run.task.alphabet.example)]
    assert right == [None] * 8 + ["dog"] + [None] * 2


def test_on_target_by_hand() -> None:
    head = np.array([[0.7, 0.2, 0.1], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    targets = np.array([[0, 1, 2], [2, -1, -1], [-1, -1, -1]])
    shares = on_target(np.stack([head, np.full((3, 3), 1 / 3)]), targets)
    np.testing.assert_allclose(shares, [[2.2 / 3, 0.1, 0], [1 / 3, 1 / 3, 0]])


def test_the_look_of_a_trained_head() -> None:
    training = learned(run_of("one-hop", steps=150, heads=1))
    text = "31415026"
    share = target_shares(training.model, training.run.task, text)
    weights = attnviz.trace(text, training.model).weights((0, 0))
    by_hand = np.mean([weights[query, int(key)] for query, key in enumerate(text)])
    assert share.shape == (1, 1, 1)
    assert share[0, 0, 0] == pytest.approx(by_hand)
    before = training.model_at(training.snapshots[0])
    assert share[0, 0, 0] > 0.8 > target_shares(before, training.run.task, text)[0, 0, 0]
    assert mean_target_shares(training.model, training.run.task)[0, 0, 0] > 0.8
