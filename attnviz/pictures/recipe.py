"""Recipe: the lines of Python that make a picture again."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.core.changed import changed, written
from attnviz.core.heads import HeadId, Kind
from attnviz.core.trace import Trace
from attnviz.texts import Language, say

_ALL: dict[str, Any] = {
    "threshold": sys.maxsize,  # none is left out
    "max_line_width": sys.maxsize,
    "formatter": {"float_kind": str},
}

# given by their names
_BY_NAME = ("combination", "direction", "arrangement", "parts", "map", "language")

Part = Literal["overview", "maps", "lines"]  # of an explorer
PARTS: tuple[Part, ...] = ("overview", "maps", "lines")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A call of the public function `make`, with everything that the picture depends on."""

    make: str
    trace: Trace
    heads: Sequence[HeadId] | HeadId = ()  # some, or the only one that it takes
    lens: Lens = Lens()  # noqa: RUF009 (frozen)
    combination: Combination | None = None
    direction: str = "horizontal"
    arrangement: str = "stacked"
    pins: Sequence[str] = ()
    parts: tuple[Part, ...] = PARTS
    map: str = "raw"
    language: Language = "en"

    def in_language(self, language: Language) -> "Recipe":
        """The same picture, which speaks this language."""
        return replace(self, language=language)

    @property
    def text(self) -> str:
        """Python that can be pasted and run; given weights are whoever pastes it to name."""
        return "\n".join(["import attnviz", *self._trace("weights", "allowed"), self._picture()])

    @property
    def whole(self) -> str:
        """The same with given weights written out, so that it runs by itself."""
        given = self.trace.given
        if given is None:
            return self.text
        mask = "" if given.allowed is None else _written(given.allowed.astype(int))
        call = self._trace(_written(given.weights), mask)
        return "\n".join(["import numpy", "import attnviz", *call, self._picture()])

    def _trace(self, weights: str, allowed: str) -> list[str]:
        trace = self.trace
        if trace.model.source == "given":
            (*keys, second) = trace.sequences.values()  # of two texts, the second one looks
            tokens = [token.piece for token in second]
            special = [token.position for token in second if token.is_special]
            title = trace.model.title
            arguments = [weights, repr(special), repr(title)]
            if trace.given is not None and trace.given.allowed is not None:
                arguments.append(f"allowed={allowed}")
            arguments += [f"keys={[token.piece for token in side]!r}" for side in keys]
            call = f"attnviz.Trace.from_weights(tokens, {', '.join(arguments)})"
            return [f"tokens = {tokens!r}", f"trace = {call}"]
        lines, model = [], repr(trace.model.name)
        if trace.model.source == "trained":
            lines, model = [f"model = {trace.model.made_by}"], "model"
        if trace.model.source == "memory":
            model = "model"  # whoever pastes it has it
        more = "" if trace.pair is None else f", pair={trace.pair!r}"
        if trace.model.source == "memory":
            more += ", tokenizer=tokenizer"
        if trace.target is not None:
            more += f", target={trace.target!r}"
        if trace.interventions:
            changes = ", ".join(f"attnviz.{one!r}" for one in trace.interventions)
            more += f", interventions=[{changes}]"
        call = f"trace = attnviz.trace({trace.text!r}, {model}{more})"
        if trace.model.architecture == "encoder-decoder" and len(trace.kinds) == 1:
            call += f".of_kind({trace.kinds[0]!r})"
        return [*lines, call]

    def _picture(self) -> str:
        arguments = ["trace"]
        if isinstance(self.heads, HeadId):
            arguments.append(repr(_pair(self.heads)))
        elif self.heads:
            arguments.append(repr(list(map(_pair, self.heads))))
        if self.lens != Lens():
            arguments.append(written(self.lens))
        more = {name: value for name, value in changed(self).items() if name in _BY_NAME}
        arguments += [f"{name}={value!r}" for name, value in more.items()]
        if self.pins:
            arguments.append(f"pins={list(self.pins)!r}")
        return f"attnviz.{self.make}({', '.join(arguments)})"


def again(recipe: Recipe | None, language: Language) -> list[str]:
    """How a picture is made again, as files say it; nothing where that is not known."""
    return [] if recipe is None else [say("file.again", language, command=recipe.text)]


def _pair(head: HeadId) -> tuple[int, int] | tuple[int, int, Kind]:
    return (head.layer, head.head) if head.kind == "self" else (head.layer, head.head, head.kind)


def _written(array: np.ndarray) -> str:
    """An array as nested lists, with the fewest digits that give each number exactly."""
    written = np.array2string(array, separator=", ", **_ALL)
    return f"numpy.array({written})".replace("\n", "")
