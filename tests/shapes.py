"""Checks every shape and type in attnviz's signatures while the tests run, and only then.

beartype checks types. The axes of a call's arrays are compared with each other by jaxtyping, in
the memory of sizes that it keeps for each call: `jaxtyped` itself would bind all arguments anew
for its message, which took half of the tests' time.
"""

import inspect
import random
import typing
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import cache, partial, update_wrapper, wraps
from types import CellType, CodeType, FunctionType
from typing import Any, Literal, get_args, get_origin

import jaxtyping
from beartype._check.code import codemain
from jaxtyping import AbstractArray, install_import_hook
from jaxtyping._storage import pop_shape_memo, push_shape_memo

Check = Callable[[Any], Any]


def names_axes(hint: object) -> bool:
    """Whether an annotation holds the shape of an array, or a string that may hold one."""
    if isinstance(hint, str):
        return True
    if get_origin(hint) is Literal:  # its strings are values
        return False
    if isinstance(hint, list):  # the parameters of a Callable
        return any(map(names_axes, hint))
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return True
    return any(map(names_axes, get_args(hint)))


def checked(made: Any = None, *, typechecker: Check) -> Any:
    """What `jaxtyped` does, for the price of what there is to check."""
    if made is None:
        return partial(checked, typechecker=typechecker)
    function = made
    if inspect.isclass(made):
        if not is_dataclass(made) or "__init__" not in vars(made):
            return made
        function = made.__init__
    own = function.__qualname__.split(".")[-2:][0]  # the class in which it stands, if in one
    hints = inspect.get_annotations(function).values()
    is_inside = "<locals>" in function.__qualname__ and isinstance(function, FunctionType)
    check = checked_inside(function, typechecker) if is_inside else typechecker(function)
    if any(names_axes(hint) for hint in hints if hint != own):
        check = with_sizes_of_its_own(check)
    if function is made:
        return check
    made.__init__ = check
    return made


_inside: dict[CodeType, tuple[dict[str, Any], Any]] = {}  # annotations, check


def checked_inside(function: FunctionType, typechecker: Check) -> Check:
    """What beartype makes of a function within another: once, and not at each call of that one.

    It is made of the function without what it encloses, which it would keep.
    """
    hints, check = _inside.get(function.__code__, ({}, None))
    if check is None or hints != function.__annotations__:
        cells = tuple(CellType() for _ in function.__closure__ or ())
        hollow = FunctionType(function.__code__, function.__globals__, closure=cells)
        hollow.__defaults__, hollow.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
        for name in ("__module__", "__qualname__", "__annotations__"):
            setattr(hollow, name, getattr(function, name))
        check = typechecker(hollow)
        _inside[function.__code__] = function.__annotations__, check
    if "__beartype_func" not in (check.__kwdefaults__ or {}):
        return function  # nothing to check
    bound = FunctionType(check.__code__, check.__globals__, closure=check.__closure__)
    bound.__kwdefaults__ = {**check.__kwdefaults__, "__beartype_func": function}
    return update_wrapper(bound, function)


def with_sizes_of_its_own(function: Check) -> Check:
    """A function, each call of which binds the sizes of its axes, and forgets them at its end.

    What it is given is there for an axis such as "{self.heads}".
    """
    names = tuple(inspect.signature(function).parameters)

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        push_shape_memo({**dict(zip(names, given, strict=False)), **named})
        try:
            return function(*given, **named)
        finally:
            pop_shape_memo()

    return call


# beartype picks the element of a list that it looks at by chance: by its own, or a thread that
# still works would change the state in which hypothesis draws its cases.
codemain.getrandbits = random.Random(0).getrandbits  # type: ignore[attr-defined]  # noqa: S311
# Python 3.11 gathers the members of a protocol anew for each `isinstance`.
typing._get_protocol_attrs = cache(typing._get_protocol_attrs)  # type: ignore[attr-defined]
# What the import hook writes above every function and class.
jaxtyping.jaxtyped = checked  # type: ignore[assignment]
install_import_hook("attnviz", "beartype.beartype")
