"""The runtime: settings, queues, memory and caches, each at its bound."""

import ctypes
import gc
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

import attnviz
from attnviz.errors import BusyError, SettingsError
from attnviz.lessons.claims import Case, Claim, Trial, claims
from attnviz.models import catalogue
from attnviz.models import load as loading
from attnviz.models.load import Model
from attnviz.pictures.kinds import kinds
from attnviz.pictures.shown import shown
from attnviz.runtime import memory, queue
from attnviz.runtime.cache import MB, WORTH, Cache, Store, pinning, store
from attnviz.runtime.memory import resident_mb
from attnviz.runtime.queue import LeftError, Queue, Visitor, asked_by, in_turn
from attnviz.runtime.settings import read_settings, settings
from attnviz.runtime.sizes import pieces_of, size_of
from attnviz.training import checkpoint
from attnviz.training.checkpoint import load_shipped
from attnviz.ui import caches
from attnviz.ui.caches import LinesKey, TraceKey
from attnviz.ui.pages.walkthrough import claims as trial_page
from tests.waiting import CEILING, until

# ---- settings


def test_the_file_holds_every_setting_and_private_is_the_default() -> None:
    found = read_settings({})
    assert not found.public
    assert found.allowed_models == ()
    assert found.passes_at_once >= 1
    assert settings() == read_settings({}), "nothing is set in the environment of the tests"


def test_each_setting_can_be_set_by_environment() -> None:
    found = read_settings(
        {
            "ATTNVIZ_PUBLIC": "1",
            "ATTNVIZ_ALLOWED_MODELS": "owner/one, owner/two,",
            "ATTNVIZ_MEMORY_MB": "3000",
        }
    )
    assert (found.public, found.memory_mb) == (True, 3000)
    assert found.allowed_models == ("owner/one", "owner/two")
    assert not read_settings({"ATTNVIZ_PUBLIC": "no"}).public


def test_another_file_may_be_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('characters = 100\nallowed_models = ["owner/one"]\n', encoding="utf-8")
    found = read_settings({"ATTNVIZ_SETTINGS": str(file), "ATTNVIZ_TOKENS": "7"})
    assert (found.characters, found.tokens) == (100, 7)
    assert found.kept_mb == read_settings({}).kept_mb


@pytest.mark.parametrize(
    ("environment", "text", "said"),
    [
        ({"ATTNVIZ_TOKENS": "many"}, "", "“tokens” cannot be “many”"),
        ({"ATTNVIZ_TOKENS": "-1"}, "", "“tokens” cannot be “-1”"),
        ({"ATTNVIZ_TOKENS": "2"}, "", "“tokens” cannot be “2”"),  # the special ones alone
        ({"ATTNVIZ_PASSES_AT_ONCE": "0"}, "", "“passes_at_once” cannot be “0”"),
        ({}, "characters = 0", "“characters” cannot be “0”"),
        ({"ATTNVIZ_HOSTS": "https://a.example.org"}, "", "“hosts” cannot be"),
        ({"ATTNVIZ_HOSTS": "a.example.org:8443"}, "", "“hosts” cannot be"),
        ({"ATTNVIZ_PUBLIC": "perhaps"}, "", "“public” cannot be “perhaps”"),
        ({}, "tokens = true", "“tokens” cannot be “True”"),
        ({}, "public = 1", "“public” cannot be “1”"),
        ({}, "allowed_models = [1]", "“allowed_models” cannot be"),
        ({}, "colour = 3", "no setting “colour”"),
        ({}, "tokens = ", "mine.toml is missing or is no TOML"),
    ],
)
def test_what_is_no_setting_gets_a_sentence(
    tmp_path: Path, environment: dict[str, str], text: str, said: str
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        read_settings({**environment, "ATTNVIZ_SETTINGS": str(file)})


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a process of its own: settings and queues are read anew."""

    def forget() -> None:
        settings.cache_clear()
        queue.passes.cache_clear()

    forget()
    yield monkeypatch
    monkeypatch.undo()
    forget()


# ---- memory


def test_where_the_system_does_not_say_there_is_no_ceiling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise psutil.AccessDenied

    assert resident_mb() > 50
    monkeypatch.setattr(psutil, "Process", refused)
    assert resident_mb() == 0


class Machine:
    """A process whose memory is what the test says."""

    def __init__(self, megabytes: float) -> None:
        self.megabytes = megabytes
        self.let_go: list[float] = []

    def lets_go(self) -> bool:
        """Each time half a gigabyte, down to one."""
        if self.megabytes <= 1000:
            return False
        self.let_go.append(self.megabytes)
        self.megabytes = max(1000, self.megabytes - 500)
        return True


@pytest.fixture
def machine(environment: pytest.MonkeyPatch) -> Machine:
    found = Machine(3000)
    environment.setenv("ATTNVIZ_MEMORY_MB", "2000")
    settings.cache_clear()
    environment.setattr(memory, "resident_mb", lambda: found.megabytes)
    environment.setattr(memory, "_let_go", [found.lets_go])
    environment.setattr(memory, "_full_since", [])
    return found


def test_above_the_ceiling_is_let_go_before_anything_is_refused(machine: Machine) -> None:
    with in_turn():
        assert machine.megabytes == 2000
    assert machine.let_go == [3000, 2500], "no more than was needed"
    assert memory.full_for() == 0


def test_what_does_not_fit_then_waits_for_room_and_begins(
    machine: Machine, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(memory, "_let_go", [])
    told: list[int] = []

    def tell(place: int) -> None:
        told.append(place)
        machine.megabytes = 1500  # somebody else's work has ended

    with asked_by(Visitor("one", tell)), in_turn():
        assert machine.megabytes == 1500
    assert told == [1]
    assert memory.full_for() == 0


def test_nothing_waits_for_memory_for_ever(
    machine: Machine, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(memory, "_let_go", [])
    environment.setenv("ATTNVIZ_MEMORY_SECONDS", "0")
    settings.cache_clear()
    with pytest.raises(BusyError, match="memory is full"), in_turn():
        raise AssertionError("the work began")
    assert memory.full_for() > 0
    environment.setenv("ATTNVIZ_MEMORY_MB", "0")
    settings.cache_clear()
    assert memory.has_room(), "0 is no ceiling"


def test_who_left_waits_for_no_memory(machine: Machine, environment: pytest.MonkeyPatch) -> None:
    environment.setattr(memory, "_let_go", [])
    with pytest.raises(LeftError), asked_by(Visitor("one", has_left=lambda: True)), in_turn():
        raise AssertionError("the work began")


def test_the_size_of_a_record_is_that_of_its_arrays(note: attnviz.Trace) -> None:
    array = np.zeros(1000)
    assert size_of(array) == 8000
    assert size_of((array, array, array[10:20])) == pytest.approx(8000, abs=300), "one memory"
    assert size_of({"a": b"x" * 500}) == pytest.approx(500, abs=300)
    assert size_of([None, 3, True]) < 300
    heads, tokens, layers = 12, 27, 6
    least = layers * tokens * 4 * (3 * heads * 32 + 2 * 384)
    assert least < size_of((note.attention, note.streams)) < 2 * least


def test_small_objects_are_one_piece_so_that_their_account_takes_no_memory() -> None:
    small = tuple(bytes([n % 256]) * (100 + n) for n in range(1000))
    shared = np.zeros(10_000, np.uint8)
    one, other = (small, shared), (shared[5:], "another")
    pieces = pieces_of(one)
    assert len(pieces) == 2
    assert sum(pieces.values()) > sum(map(len, small)) + shared.nbytes
    assert pieces.keys() & pieces_of(other).keys() == {shared.ctypes.data}


def test_the_size_of_a_figure_is_that_of_its_numbers(note: attnviz.Trace) -> None:
    figure = attnviz.heatmap(note, (0, 2)).figure
    assert 27 * 27 * 4 < size_of(figure) < 40 * 27 * 27


def test_freed_memory_goes_back_to_the_system() -> None:
    many = [bytes(1_000) for _ in range(200_000)]
    full = resident_mb()
    del many
    assert memory.collect()
    assert resident_mb() < full


AS_A_SERVER = """
import sys, threading
import numpy as np
from attnviz.runtime.memory import resident_mb, return_freed

if sys.argv[1] == "tuned":
    assert return_freed()
np.ones(4_000_000)  # the C library then puts what is smaller among the small things
before, stay = resident_mb(), []
begin = threading.Barrier(8)

def work():
    begin.wait()
    large = []
    for _ in range(20):
        large.append(np.ones(100_000))  # 0.8 MB, as a layer's queries
        stay.append(np.ones(1_000))
    begin.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(resident_mb() - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_arrays_between_small_things_of_many_threads_go_back_when_they_are_freed() -> None:
    """128 MB of arrays and 1.3 MB that stay between them; nothing is collected or trimmed."""

    def left(how: str) -> float:
        command = [sys.executable, "-c", AS_A_SERVER, how]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=CEILING)
        return float(run.stdout)

    assert left("tuned") < 10
    assert left("as it comes") > 60, "the test can fail"


AS_A_SCRIPT = """
import resource, sys
import numpy as np
from attnviz.runtime.memory import resident_mb, use_freed_again

if sys.argv[1] == "tuned":
    assert use_freed_again()
    assert not use_freed_again(), "once"

def taken():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def text(tokens, arrays):
    return [np.ones(384 * tokens, np.float32) for _ in range(arrays)]

np.ones(400_000)  # 3 MB: the C library then puts what is smaller into one heap
text(512, 36)
before = taken()
text(512, 36)
again = taken() - before
np.ones(4_000_000)
before = resident_mb()
long = text(8_192, 20)
del long[::2]
apart = resident_mb() - before - sum(one.nbytes for one in long) / 1e6
print(again, apart)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_a_script_takes_no_new_memory_for_its_next_text_and_none_between_long_arrays() -> None:
    """36 arrays of 512 tokens, twice; and 20 of 8,192, of which every second is let go."""

    def ran(how: str) -> tuple[float, float]:
        command = [sys.executable, "-c", AS_A_SCRIPT, how]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=CEILING)
        pages, megabytes = map(float, run.stdout.split())
        return pages, megabytes

    pages, megabytes = ran("tuned")
    assert pages < 500
    assert megabytes < 20
    pages, megabytes = ran("as it comes")
    assert pages > 5_000, "the test can fail"
    assert megabytes > 80, "the test can fail"


@pytest.mark.parametrize("name", ["GLIBC_TUNABLES", "MALLOC_TRIM_THRESHOLD_"])
def test_what_somebody_has_chosen_of_the_c_library_is_left(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_is_tuned", threading.Event())
    monkeypatch.setattr(memory, "_tune", lambda _: pytest.fail("it is set"))
    monkeypatch.setenv(name, "1")
    assert not memory.use_freed_again()


def test_cycles_are_freed_although_no_collection_runs_by_itself() -> None:
    class Circle:
        """Holds itself, and something large."""

        def __init__(self) -> None:
            self.itself, self.large = self, np.ones(1_000_000)

    gc.disable()
    try:
        gone = weakref.ref(Circle())
        assert gone() is not None
        memory.collect()
        assert gone() is None
    finally:
        gc.enable()


# ---- the queue


def ends(thread: threading.Thread) -> None:
    """Wait for a thread that nothing holds up."""
    thread.join(CEILING)
    assert not thread.is_alive()


class Crowd:
    """Visitors with threads of their own, and the order in which their work ran."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.ran: list[str] = []
        self.told: dict[str, list[int]] = {}
        self.threads: list[threading.Thread] = []

    def asks(self, session: str, name: str, *, is_light: bool = False) -> None:
        """`session` asks for work; returns once it waits."""
        waiting = self.queue.waiting
        told = self.told.setdefault(name, [])

        def work() -> None:
            visitor = Visitor(session, told.append)
            with self.queue.turn(visitor, is_light=is_light):
                self.ran.append(name)

        self.threads.append(threading.Thread(target=work))
        self.threads[-1].start()
        until(lambda: self.queue.waiting > waiting)


def test_sessions_take_turns_whoever_asked_for_more() -> None:
    crowd = Crowd(Queue(at_once=1, waiting=99))
    with crowd.queue.turn(Visitor("first")):
        for n in range(3):
            crowd.asks("greedy", f"greedy {n}")
        crowd.asks("modest", "modest 0")
        crowd.asks("late", "late 0")
        for n in range(1, 3):
            crowd.asks("late", f"late {n}")
    for thread in crowd.threads:
        ends(thread)
    assert crowd.ran == [
        *("greedy 0", "modest 0", "late 0"),
        *("greedy 1", "late 1", "greedy 2", "late 2"),
    ]
    first_told = {name: places[0] for name, places in crowd.told.items()}
    assert first_told == {
        "greedy 0": 1,
        "greedy 1": 2,
        "greedy 2": 3,
        "modest 0": 2,
        "late 0": 3,
        "late 1": 5,
        "late 2": 7,
    }


def test_light_work_does_not_wait_for_what_takes_long() -> None:
    crowd = Crowd(Queue(at_once=2, waiting=99, for_light=1))
    with crowd.queue.turn(Visitor("slow")):
        crowd.asks("other", "long")
        with crowd.queue.turn(Visitor("quick"), is_light=True):
            crowd.asks("quick too", "short", is_light=True)
            assert crowd.ran == []
        ends(crowd.threads[1])
        assert crowd.ran == ["short"], "the last place is kept for light work"
    ends(crowd.threads[0])
    assert crowd.ran == ["short", "long"]


def test_light_and_other_work_take_turns() -> None:
    crowd = Crowd(Queue(at_once=1, waiting=99))
    with crowd.queue.turn(Visitor("first")):
        for n in range(3):
            crowd.asks(f"light {n}", f"light {n}", is_light=True)
            crowd.asks(f"long {n}", f"long {n}")
    for thread in crowd.threads:
        ends(thread)
    assert {crowd.ran[n].split()[0] for n in (0, 2, 4)} in ({"light"}, {"long"})
    assert len({crowd.ran[n].split()[0] for n in (0, 1)}) == 2


def test_who_comes_when_the_queue_is_full_is_told_so() -> None:
    crowd = Crowd(Queue(at_once=1, waiting=1))
    with crowd.queue.turn(Visitor("first")):
        crowd.asks("second", "second")
        refused = pytest.raises(BusyError, match="1 person is already waiting")
        with refused, crowd.queue.turn(Visitor("third")):
            raise AssertionError("the work began")
    ends(crowd.threads[0])
    assert crowd.queue.waiting == 0


def test_one_session_may_ask_for_so_much_at_once() -> None:
    crowd = Crowd(Queue(at_once=1, waiting=99, of_one=2))
    with crowd.queue.turn(Visitor("first")):
        crowd.asks("greedy", "a")
        crowd.asks("greedy", "b", is_light=True)
        refused = pytest.raises(BusyError, match="2 things that are not computed yet")
        with refused, crowd.queue.turn(Visitor("greedy")):
            raise AssertionError("the work began")
        crowd.asks("modest", "c")
    for thread in crowd.threads:
        ends(thread)
    assert sorted(crowd.ran) == ["a", "b", "c"]


def test_work_of_who_left_is_dropped() -> None:
    queue_, left = Queue(at_once=1, waiting=9), threading.Event()
    dropped: list[str] = []

    def work() -> None:
        try:
            with queue_.turn(Visitor("gone", has_left=left.is_set)):
                dropped.append("computed")
        except LeftError:
            dropped.append("dropped")

    with queue_.turn(Visitor("first")):
        thread = threading.Thread(target=work)
        thread.start()
        until(lambda: queue_.waiting > 0)
        left.set()
        ends(thread)
        assert dropped == ["dropped"]
        assert queue_.waiting == 0


def test_who_waits_for_a_turn_is_told_the_place(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ATTNVIZ_PASSES_AT_ONCE", "1")
    settings.cache_clear()
    told: list[int] = []
    waits = threading.Event()

    def tell(place: int) -> None:
        told.append(place)
        waits.set()

    def work() -> int:
        with asked_by(Visitor("second", tell)), in_turn(), in_turn():  # inside, no second turn
            return 7

    with ThreadPoolExecutor(1) as pool, in_turn():
        second = pool.submit(work)
        assert waits.wait(CEILING)
    assert second.result(CEILING) == 7
    assert told == [1]


# ---- the cache


def test_the_cache_is_bounded_in_bytes_the_oldest_first() -> None:
    cache: Cache[bytes] = Cache(Store(1))
    for n in range(5):
        cache.put(n, bytes([n]) * 300_000)
    assert [n for n in range(5) if cache.peek(n) is not None] == [2, 3, 4]
    assert cache.peek(2) is not None
    cache.put(5, b"x" * 300_000)
    assert [n for n in range(6) if cache.peek(n) is not None] == [2, 4, 5], "3 was asked for least"
    cache.put("too large", b"x" * 2 * MB)
    assert cache.peek("too large") is None, "what is beyond the bound by itself is not kept"


def test_all_kinds_share_one_budget() -> None:
    store = Store(1)
    traces: Cache[bytes] = Cache(store)
    pictures: Cache[bytes] = Cache(store)
    traces.put(1, b"t" * 600_000)
    pictures.put(1, b"p" * 600_000)
    assert (len(traces), len(pictures)) == (0, 1)
    assert 0.6 <= store.megabytes < 0.61


def test_what_two_answers_share_counts_once_and_as_long_as_any_is_kept() -> None:
    store = Store(10)
    cache: Cache[tuple[np.ndarray, bytes]] = Cache(store)
    shared = np.zeros(500_000, np.uint8)
    cache.put("trace", (shared, b"a"))
    cache.put("picture", (shared[10:20], b"b"))
    assert 0.5 <= store.megabytes < 0.51
    cache.put("trace", (np.zeros(1), b"c"))  # the trace is gone, and its picture holds it still
    assert 0.5 <= store.megabytes < 0.51
    cache.put("picture", (np.zeros(1), b"d"))
    assert store.megabytes < 0.01


def test_a_pinned_answer_is_never_let_go() -> None:
    store = Store(1)
    cache: Cache[bytes] = Cache(store)
    with pinning():
        cache.put("opening", b"o" * 400_000)
    for n in range(5):
        cache.put(n, bytes([n]) * 500_000)
    assert cache.peek("opening") is not None
    assert cache.peek(4) is not None
    assert store.let_go(0.0)
    assert cache.peek("opening") is not None
    assert len(cache) == 1
    assert not store.let_go(0.0), "nothing is left to let go of"


def test_what_is_pinned_is_counted_and_takes_no_place_of_the_rest() -> None:
    """A model larger than the budget stays, and answers are cached beside it as before."""
    store = Store(1)
    models: Cache[np.ndarray] = Cache(store, is_pinned=True)
    answers: Cache[bytes] = Cache(store)
    models.put("large", np.zeros(3 * MB, np.uint8))
    for n in range(4):
        answers.put(n, bytes([n]) * 300_000)
    assert list(answers) == [1, 2, 3]
    assert 3.9 <= store.megabytes < 3.91
    store.let_idle_go(megabytes=0, seconds=0)
    assert not store.let_go(0.0)
    assert (list(models), list(answers)) == (["large"], [])
    models.drop("large")
    assert store.megabytes == 0


def test_what_a_pinned_value_shares_counts_as_pinned() -> None:
    store = Store(1)
    shared = np.zeros(2 * MB, np.uint8)
    pinned: Cache[np.ndarray] = Cache(store, is_pinned=True)
    views: Cache[np.ndarray] = Cache(store)
    pinned.put("whole", shared)
    views.put("part", shared[:10])
    assert list(views) == ["part"], "letting go of it would free nothing"
    assert store.megabytes == 2
    pinned.put("whole", np.zeros(1, np.uint8))  # the view alone holds it now, beyond the budget
    assert list(views) == []
    assert store.megabytes < 0.001


def test_the_models_are_in_the_one_store(tmp_path: Path) -> None:
    from tests.conftest import save_tiny

    model = attnviz.load(str(save_tiny(tmp_path / "counted")))
    parameters = sum(parameter.nbytes for parameter in model.module.parameters())
    assert parameters <= size_of(model) < 1.3 * parameters + 20_000
    before = store().megabytes
    loading._models.drop(model.name)
    assert before - store().megabytes == pytest.approx(size_of(model) / MB, rel=0.01)
    assert attnviz.load(model.name) is not model


def test_models_and_shipped_trainings_outlive_memory_pressure(tmp_path: Path) -> None:
    from tests.conftest import save_tiny

    name = next(iter(checkpoint.shipped()))
    model, training = attnviz.load(str(save_tiny(tmp_path / "stays"))), load_shipped(name)
    store().let_go(0.0)
    store().let_idle_go(megabytes=0, seconds=0)
    assert attnviz.load(model.name) is model
    assert load_shipped(name) is training


def test_models_go_after_the_answers_and_the_built_in_ones_never(
    tmp_path: Path, minilm: Model
) -> None:
    from tests.conftest import save_tiny

    names = [attnviz.load(str(save_tiny(tmp_path / f"m{n}"))).name for n in range(2)]
    assert attnviz.load(names[0]).name == names[0]  # asked for last
    while names[1] in set(loading._models):
        assert names[0] in set(loading._models), "the one asked for longest ago goes first"
        assert loading.let_go_of_a_model()
    while loading.let_go_of_a_model():
        pass
    assert set(loading._models) <= set(catalogue.BUILT_IN)
    assert attnviz.load("minilm") is minilm
    assert not loading.is_loaded(names[0])


def test_who_waits_for_another_may_give_up_and_takes_nothing_with_it() -> None:
    cache: Cache[int] = Cache(Store(1))
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        assert go_on.wait(CEILING)
        return 7

    def give_up() -> None:
        raise LeftError

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.compute_once, "key", slow)
        assert begun.wait(CEILING)
        with pytest.raises(LeftError):
            cache.compute_once("key", lambda: 8, while_waiting=give_up)
        go_on.set()
        assert first.result(CEILING) == 7
    assert cache.compute_once("key", lambda: 9) == 7
    assert not cache._under_way


def test_a_value_that_is_not_to_be_kept_is_computed_again() -> None:
    cache: Cache[int] = Cache(Store(1))
    made = iter(range(9))
    values = [
        cache.compute_once("key", lambda: next(made), is_kept=lambda value: value > 1)
        for _ in range(4)
    ]
    assert values == [0, 1, 2, 2]


def test_a_claim_is_tried_once_in_a_turn_and_in_the_budget(
    note: attnviz.Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, bool]] = []

    def try_one(claim: Claim, _: Case) -> Trial:
        tried.append((claim.name, queue._has_turn.get()))
        return Trial("holds")

    monkeypatch.setattr(trial_page, "try_claim", try_one)
    monkeypatch.setattr(trial_page, "_trials", Cache(Store(1)))
    key, claim = TraceKey("a model", "revision", note.text, None), claims()[0]
    with ThreadPoolExecutor(4) as pool:
        trials = list(pool.map(lambda _: trial_page.trial_of(key, False, note, claim), range(8)))
    assert tried == [(claim.name, True)]
    assert all(trial is trials[0] for trial in trials)
    trial_page.trial_of(key, True, note, claim)
    assert len(tried) == 2, "with special tokens hidden it is another"


def test_what_nobody_asks_for_is_let_go_down_to_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr("attnviz.runtime.cache.time.monotonic", lambda: clock[0])
    store = Store(10)
    cache: Cache[bytes] = Cache(store)
    for n in range(5):
        cache.put(n, bytes([n]) * 900_000)
        clock[0] += 10
    assert cache.peek(0) is not None  # asked for now, at 150
    store.let_idle_go(megabytes=1, seconds=25)
    assert [n for n in range(5) if cache.peek(n) is not None] == [0, 3, 4]
    clock[0] += 100
    store.let_idle_go(megabytes=1, seconds=25)
    assert len(cache) == 1, "a little stays"


def test_what_took_long_stays_longer_although_nobody_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A text of thousands of tokens is looked at for minutes, and half a minute goes by sooner."""
    clock = [100.0]
    monkeypatch.setattr("attnviz.runtime.cache.time.monotonic", lambda: clock[0])
    store = Store(10)
    cache: Cache[bytes] = Cache(store)

    def slow() -> bytes:
        clock[0] += 10
        return b"slow"

    cache.compute_once("slow", slow)
    for name in ("quick", "later"):
        cache.compute_once(name, lambda: b"quick")
    clock[0] += WORTH * 10 - 1
    store.let_idle_go(megabytes=0, seconds=30)
    assert list(cache) == ["slow"], "what is older does not keep what is newer"
    clock[0] += 1
    store.let_idle_go(megabytes=0, seconds=30)
    assert list(cache) == []


def test_a_picture_keeps_no_trace(note: attnviz.Trace, minilm: Model) -> None:
    """What the page keeps of a picture is far less than the trace that it was drawn of."""
    key = TraceKey(minilm.name, minilm.card.revision, note.text, None)
    chosen = LinesKey(note.heads[:2], None, "horizontal", "stacked", ())
    one = shown(note, note.heads[:1])[0]
    cached = (
        caches.lines_of(key, chosen, attnviz.Lens(), "en", note),
        caches.packet_of(key, kinds()["heatmap"], one, "en"),
        caches._tiles.peek(key) or caches.overview_of(key, note).tiles,
    )
    arrays = {id(array) for n in range(6) for array in (note.queries(n), note.keys(n))}
    cached_arrays = {id(one) for one in gc.get_referents(*cached)}
    assert not arrays & cached_arrays
    assert size_of(cached) < size_of((note.attention, note.streams)) / 2


def test_two_who_ask_at_once_compute_once() -> None:
    cache: Cache[int] = Cache(Store(1))
    made: list[int] = []
    asked: list[int] = []

    def make() -> int:
        made.append(1)
        until(lambda: len(asked) >= 8)
        return 5

    def ask(n: int) -> int:
        asked.append(n)
        return cache.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(16))) == [5] * 16
    assert made == [1]


def test_what_failed_is_not_kept_and_is_tried_again() -> None:
    cache: Cache[int] = Cache(Store(1))

    def fail() -> int:
        raise attnviz.TextError("empty")

    for _ in range(2):
        with pytest.raises(attnviz.TextError):
            cache.get("key", fail)
    assert cache.get("key", lambda: 3) == 3


def test_an_answer_inside_an_answer_never_waits_for_itself(environment: pytest.MonkeyPatch) -> None:
    """One place, many who ask for the inner answer alone or for the outer that needs it."""
    environment.setenv("ATTNVIZ_PASSES_AT_ONCE", "1")
    settings.cache_clear()
    inner: Cache[int] = Cache(Store(1))
    outer: Cache[int] = Cache(Store(1))
    asked: list[int] = []

    def slow() -> int:
        until(lambda: len(asked) >= 16)
        return 1

    def ask(n: int) -> int:
        asked.append(n)
        key = n // 4
        if n % 2:
            return inner.get(key, slow, is_light=n % 3 == 0)
        return outer.get(key, lambda: inner.get(key, slow) + 1)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(32), timeout=CEILING))
    assert found == [1 if n % 2 else 2 for n in range(32)]


# ---- at every limit


def test_a_text_beyond_the_budget_gets_a_sentence(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.conftest import save_tiny

    environment.setenv("ATTNVIZ_CHARACTERS", "20")
    environment.setenv("ATTNVIZ_TOKENS", "5")
    settings.cache_clear()
    model = attnviz.load(str(save_tiny(tmp_path / "tight")))
    with pytest.raises(attnviz.TextError, match="21 characters; at most 20"):
        attnviz.trace("a" * 21, model)
    trace = attnviz.trace("a cat sat on a mat", model)
    assert len(trace.tokens) == trace.model.max_tokens == 5
    assert trace.left_out[0].tokens == 3
