"""The budget: settings, queues, memory and what is kept, each at its bound."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.budget import memory, queue
from attnviz.budget.kept import MB, Kept
from attnviz.budget.memory import check_memory, resident_mb, size_of
from attnviz.budget.queue import Queue, in_turn, telling
from attnviz.budget.settings import read_settings, settings
from attnviz.errors import BusyError, SettingsError
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
    assert found.trace_entries == read_settings({}).trace_entries


@pytest.mark.parametrize(
    ("environment", "text", "said"),
    [
        ({"ATTNVIZ_TOKENS": "many"}, "", "“tokens” cannot be “many”"),
        ({"ATTNVIZ_TOKENS": "-1"}, "", "“tokens” cannot be “-1”"),
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
def budget(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a process of its own: settings and queues are read anew."""

    def forget() -> None:
        settings.cache_clear()
        queue.passes.cache_clear()

    forget()
    yield monkeypatch
    monkeypatch.undo()
    forget()


# ---- memory


def test_above_the_ceiling_nothing_new_is_begun(budget: pytest.MonkeyPatch) -> None:
    assert resident_mb() > 50
    check_memory()
    budget.setenv("ATTNVIZ_MEMORY_MB", "1")
    settings.cache_clear()
    with pytest.raises(BusyError, match="memory is full"), in_turn():
        raise AssertionError("the work began")
    budget.setenv("ATTNVIZ_MEMORY_MB", "0")
    settings.cache_clear()
    check_memory()


def test_where_the_system_does_not_say_there_is_no_ceiling(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "_STATM", tmp_path / "none")
    assert resident_mb() == 0


def test_the_size_of_a_record_is_that_of_its_arrays(note: attnviz.Trace) -> None:
    array = np.zeros(1000)
    assert size_of(array) == 8000
    assert size_of((array, array, array[10:20])) == 8000, "views share one memory"
    assert size_of({"a": b"x" * 500}) == pytest.approx(500, abs=60)
    assert size_of([None, 3, True]) == 0
    heads, tokens, layers = 12, 27, 6
    least = layers * tokens * 4 * (3 * heads * 32 + 2 * 384)
    assert least < size_of(note.layers) < 4 * least


def test_freed_memory_goes_back_to_the_system() -> None:
    held = [bytes(1_000) for _ in range(200_000)]
    full = resident_mb()
    del held
    assert memory.give_back()
    assert resident_mb() < full


# ---- the queue


def test_who_comes_when_the_queue_is_full_is_told_so() -> None:
    full = Queue(at_once=1, waiting=1)
    waits, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        with full.turn(lambda _: waits.set(), lambda: False):
            pass

    with full.turn(lambda _: None, lambda: False):
        second = threading.Thread(target=wait)
        second.start()
        assert waits.wait(CEILING)
        assert full.waiting == 1
        refused = pytest.raises(BusyError, match="1 people are already waiting")
        with refused, full.turn(lambda _: None, lambda: False):
            raise AssertionError("the work began")
        go_on.set()
    second.join(CEILING)
    assert full.waiting == 0


def test_who_waits_for_a_turn_is_told_the_place(budget: pytest.MonkeyPatch) -> None:
    budget.setenv("ATTNVIZ_PASSES_AT_ONCE", "1")
    settings.cache_clear()
    told: list[int] = []
    waits = threading.Event()

    def tell(place: int) -> None:
        told.append(place)
        waits.set()

    def work() -> int:
        with telling(tell), in_turn(), in_turn():  # work inside work has its turn already
            return 7

    with ThreadPoolExecutor(1) as pool, in_turn():
        second = pool.submit(work)
        assert waits.wait(CEILING)
    assert second.result(CEILING) == 7
    assert told == [1]


# ---- what is kept


def test_kept_is_bounded_in_number_and_in_bytes() -> None:
    kept: Kept[bytes] = Kept(3, 1)
    for n in range(5):
        kept.put(n, bytes([n]) * 100)
    assert [n for n in range(5) if kept.peek(n) is not None] == [2, 3, 4]
    kept.put("large", b"x" * (MB - 250))
    assert kept.megabytes < 1
    assert kept.peek("large") is not None
    assert len(kept) < 3
    kept.put("too large", b"x" * 2 * MB)
    assert kept.peek("too large") is None, "what is beyond the bound by itself is not kept"


def test_two_who_ask_at_once_compute_once() -> None:
    kept: Kept[int] = Kept(9, 1)
    made: list[int] = []
    asked: list[int] = []

    def make() -> int:
        made.append(1)
        until(lambda: len(asked) >= 8)
        return 5

    def ask(n: int) -> int:
        asked.append(n)
        return kept.get("key", make)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(16))) == [5] * 16
    assert made == [1]


def test_what_failed_is_not_kept_and_is_tried_again() -> None:
    kept: Kept[int] = Kept(9, 1)

    def fail() -> int:
        raise attnviz.TextError("empty")

    for _ in range(2):
        with pytest.raises(attnviz.TextError):
            kept.get("key", fail)
    assert kept.get("key", lambda: 3) == 3


def test_an_answer_inside_an_answer_never_waits_for_itself(budget: pytest.MonkeyPatch) -> None:
    """One place, many who ask for the inner answer alone or for the outer that needs it."""
    budget.setenv("ATTNVIZ_PASSES_AT_ONCE", "1")
    settings.cache_clear()
    inner: Kept[int] = Kept(9, 1)
    outer: Kept[int] = Kept(9, 1)
    asked: list[int] = []

    def slow() -> int:
        until(lambda: len(asked) >= 16)
        return 1

    def ask(n: int) -> int:
        asked.append(n)
        key = n // 4
        if n % 2:
            return inner.get(key, slow)
        return outer.get(key, lambda: inner.get(key, slow) + 1)

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(32), timeout=CEILING))
    assert found == [1 if n % 2 else 2 for n in range(32)]


# ---- at every limit


def test_a_text_beyond_the_budget_gets_a_sentence(
    budget: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.conftest import save_tiny

    budget.setenv("ATTNVIZ_CHARACTERS", "20")
    budget.setenv("ATTNVIZ_TOKENS", "5")
    settings.cache_clear()
    model = attnviz.load(str(save_tiny(tmp_path / "tight")))
    with pytest.raises(attnviz.TextError, match="21 characters; at most 20"):
        attnviz.trace("a" * 21, model)
    trace = attnviz.trace("a cat sat on a mat", model)
    assert len(trace.tokens) == trace.model.max_tokens == 5
    assert trace.left_out[0].tokens == 3
