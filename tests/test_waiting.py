"""No test is decided by how fast the machine is: they wait for events, up to one far ceiling."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import waiting
from tests.waiting import CEILING, until

TESTS = Path(__file__).parent
HOME = TESTS / "waiting.py"
CLOCKS = {"sleep", "perf_counter", "monotonic", "time_ns", "process_time", "wait_for_timeout"}
WAITS = {"wait", "join", "result", "acquire"}  # take a number of seconds as their first argument
HARNESS = {"from_file", "from_function", "from_string"}  # of Streamlit: 3 s by themselves


def is_number(node: ast.expr) -> bool:
    """Whether a ceiling of its own is written there."""
    if isinstance(node, ast.BinOp):
        return is_number(node.left) and is_number(node.right)
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def complaints(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a file decides by time, or has a ceiling of its own, and how."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        named = node.func.id if isinstance(node.func, ast.Name) else named
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
        if named in CLOCKS:
            yield node.lineno, named
        is_method = isinstance(node.func, ast.Attribute)
        if is_method and named in WAITS and node.args and is_number(node.args[0]):
            yield node.lineno, f"{named} with a number"
        if any("timeout" in name and is_number(value) for name, value in keywords.items()):
            yield node.lineno, "a timeout that is a number"
        if named in HARNESS and "default_timeout" not in keywords:
            yield node.lineno, f"{named} without default_timeout"


def found_in(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [f"{file.name}:{line}: {what}" for line, what in complaints(tree)]


def test_no_test_is_decided_by_the_speed_of_the_machine() -> None:
    files = [file for file in TESTS.rglob("*.py") if file != HOME]
    assert [what for file in files for what in found_in(file)] == []


@pytest.mark.parametrize(
    "line",
    [
        "time.sleep(0.1)",
        "page.wait_for_timeout(500)",
        "assert time.perf_counter() - start < 1",
        "thread.join(30)",
        "future.result(timeout=60)",
        "expect(x).to_be_visible(timeout=120_000)",
        "page.set_default_timeout(timeout=2 * 1000)",
        "AppTest.from_file('x.py', default_timeout=60)",
        "AppTest.from_function(script).run()",
    ],
)
def test_each_way_to_decide_by_time_is_found(line: str) -> None:
    assert list(complaints(ast.parse(line)))


def test_what_waits_for_an_event_is_left_alone() -> None:
    text = "gate.wait(CEILING)\nAppTest.from_file(f, default_timeout=CEILING)\n', '.join(['1'])"
    assert not list(complaints(ast.parse(text)))


def test_waiting_ends_with_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, False, True])
    until(lambda: next(looks))
    with pytest.raises(AssertionError, match="cannot happen any more"):
        until(lambda: False, alive=lambda: False)
    monkeypatch.setattr(waiting, "CEILING", 2 * waiting.PAUSE)
    with pytest.raises(AssertionError, match="not within"):
        until(lambda: False)
    assert CEILING >= 300
