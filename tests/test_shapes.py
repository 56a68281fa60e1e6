"""What `tests.shapes` refuses: wrong types and wrong axes, of functions and of records."""

import gc
import random
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import jaxtyping
import numpy as np
import pytest
from beartype import beartype
from beartype.roar import BeartypeCallHintParamViolation, BeartypeCallHintReturnViolation
from jaxtyping import Float

from attnviz.pictures.style import signed_level
from tests.shapes import names_axes

Matrix = Float[np.ndarray, "q k"]
check = jaxtyping.jaxtyped(typechecker=beartype)


@check
def times(a: Float[np.ndarray, "n k"], b: Float[np.ndarray, "k m"]) -> Float[np.ndarray, "n m"]:
    return a @ b if a.any() else a


@check
def doubled(count: int) -> str:
    return 2 * str(count) if count else count  # type: ignore[return-value]


@check
def joined(words: list[str]) -> str:
    return " ".join(words)


@check
@dataclass(frozen=True)
class Named:
    name: str
    others: list[int] = field(default_factory=list)


@check
@dataclass(frozen=True)
class Two:
    weights: Matrix
    scores: Matrix


def test_axes_of_one_call_are_compared() -> None:
    assert times(np.ones((2, 3)), np.ones((3, 4))).shape == (2, 4)
    with pytest.raises(BeartypeCallHintParamViolation, match="size of dimension k is 2"):
        times(np.ones((2, 3)), np.ones((2, 4)))
    with pytest.raises(BeartypeCallHintReturnViolation, match="size of dimension m is 3"):
        times(np.zeros((2, 3)), np.ones((3, 4)))


class Pairs:
    count = 2

    @check
    def of(self, all_of_them: int) -> Float[np.ndarray, "{self.count} {all_of_them}//2"]:
        return np.ones((2, all_of_them // 2 if all_of_them < 8 else 0))


def test_an_axis_may_speak_of_what_was_given() -> None:
    assert Pairs().of(4).shape == Pairs().of(all_of_them=5).shape == (2, 2)
    with pytest.raises(BeartypeCallHintReturnViolation, match="all_of_them}//2=4"):
        Pairs().of(8)


def test_axes_of_another_call_are_not() -> None:
    for size in (2, 3):
        assert times(np.ones((size, size)), np.ones((size, 4))).shape == (size, 4)


class Enclosed:
    """Something that a function may enclose."""


def adding(number: int, enclosed: Enclosed) -> Callable[..., int]:
    @check
    def added(other: int, *, times: int = 1) -> int:
        assert enclosed
        return number + times * other if other else other

    return added


def test_functions_within_functions_are_checked_each_time() -> None:
    kept = [Enclosed(), Enclosed()]
    first, second = (adding(n, one) for n, one in enumerate(kept))
    assert (first(2), second(2), second(2, times=3)) == (2, 3, 7)
    for added in (first, second):
        with pytest.raises(BeartypeCallHintParamViolation, match="other='2'"):
            added("2")
    gone = [weakref.ref(one) for one in kept]
    del kept, first, second, added
    gc.collect()
    assert [one() for one in gone] == [None, None]


def test_types_are_checked_where_there_is_no_axis() -> None:
    assert doubled(3) == "33"
    with pytest.raises(BeartypeCallHintParamViolation):
        doubled("3")  # type: ignore[arg-type]
    with pytest.raises(BeartypeCallHintReturnViolation):
        doubled(0)


def test_records_are_checked_as_they_are_made() -> None:
    assert Named("a").others == []
    with pytest.raises(BeartypeCallHintParamViolation):
        Named("a", ["b"])  # type: ignore[list-item]
    with pytest.raises(BeartypeCallHintParamViolation, match="size of dimension q is 3"):
        Two(np.ones((2, 3)), np.ones((3, 2)))


def test_checks_leave_chance_to_others() -> None:
    """Hypothesis refuses a draw during which another thread changed the state."""
    before = random.getstate()
    for _ in range(10):
        joined(["a", "b", "c"])
    assert random.getstate() == before
    with pytest.raises(BeartypeCallHintParamViolation):
        joined([1, 2, 3])  # type: ignore[list-item]


def test_the_package_is_checked() -> None:
    with pytest.raises(BeartypeCallHintParamViolation):
        signed_level("1", 2.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "hint", [Matrix, Matrix | None, dict[str, Matrix], Callable[[Matrix], int], "Matrix"]
)
def test_axes_are_found_however_deep(hint: object) -> None:
    assert names_axes(hint)
    assert not names_axes(dict[str, Callable[[int], str | None]])
    assert not names_axes(Literal["n k"]), "a string that is a value"
