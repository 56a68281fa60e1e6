"""Checks every shape and type in attnviz's signatures while the tests run, and only then.

jaxtyping compares the axes of a call's arrays with each other, and binds all arguments anew to
do so; a signature without an axis has nothing to compare, and beartype alone checks its types.
"""

import inspect
import random
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import partial
from typing import Any, Literal, get_args, get_origin

import jaxtyping
from beartype._check.code import codemain
from jaxtyping import AbstractArray, install_import_hook, jaxtyped

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
    if any(names_axes(hint) for hint in hints if hint != own):
        return jaxtyped(made, typechecker=typechecker)
    if function is made:
        return typechecker(made)
    made.__init__ = typechecker(function)
    return made


# beartype picks the element of a list that it looks at by chance: by its own, or a thread that
# still works would change the state in which hypothesis draws its cases.
codemain.getrandbits = random.Random(0).getrandbits  # type: ignore[attr-defined]  # noqa: S311
# What the import hook writes above every function and class.
jaxtyping.jaxtyped = checked  # type: ignore[assignment]
install_import_hook("attnviz", "beartype.beartype")
