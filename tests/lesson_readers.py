"""Answers read back from what a chapter has drawn, by the name of the question.

A reader takes the figure, not the tensors: it finds the arrays and numbers that the browser is
given. What it reads must be what the question's checker computes on its own.
"""

from collections.abc import Callable

import numpy as np
import pytest

from attnviz.core.trace import Trace
from attnviz.lessons.engine import Chapter, Figure, Scene, panel_of
from attnviz.lessons.questions import Answer
from attnviz.lessons.trace_values import question_head, question_layer, question_word
from attnviz.pictures.drawing import Drawing, Element
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language
from tests.figure_readers import whole

Read = Callable[[Chapter, Trace], Answer]


def maps(panel: object, name: str) -> list[np.ndarray]:
    """The arrays of a drawing whose canvas is called so, as the packet holds them."""
    assert isinstance(panel, Drawing)
    _, arrays = unpack(panel.packet)
    found: list[np.ndarray] = []
    names: dict[int, str] = {}  # what is drawn twice is in the packet once
    for one in panel.root.walk():
        if one.array is not None:
            array = arrays[names.setdefault(id(one.array), f"array{len(names)}")]
            np.testing.assert_array_equal(array, one.array.astype(np.float32))
            if one.attributes["aria-label"].startswith(f"{name}, "):
                found.append(array)
    return found


def values(panel: object, tag: str, kind: str = "") -> list[float]:
    """The numbers of all elements of a tag (and class), as printed for the browser."""
    return [float(e.attributes["data-value"]) for e in elements(panel, tag, kind)]


def elements(panel: object, tag: str, kind: str = "") -> list[Element]:
    """All elements of a tag (and class) that hold a number."""
    assert isinstance(panel, Drawing | Element)
    return [
        one
        for one in whole(panel.root if isinstance(panel, Drawing) else panel)
        if one.tag == tag
        and "data-value" in one.attributes
        and (not kind or one.attributes.get("class") == kind)
    ]


def figure_of(chapter: Chapter, trace: Trace, **choice: object) -> tuple[Figure, Scene]:
    scene = chapter.scene(trace, choice)  # type: ignore[arg-type]
    return chapter.figure(trace, scene), scene


def drawn(chapter: Chapter, trace: Trace, name: str, **choice: object) -> Drawing:
    """One part alone, drawn for a choice."""
    (part,) = (part for part in chapter.parts if part.name == name)
    return panel_of(part, chapter.scene(trace, choice))  # type: ignore[arg-type]


def first_figure(
    chapter: Chapter, trace: Trace, language: Language = "en", **choice: object
) -> Drawing:
    """The figure that a chapter opens with, drawn for a choice."""
    scene = chapter.scene(trace, choice, language)  # type: ignore[arg-type]
    panel = panel_of(chapter.parts[0], scene)
    assert isinstance(panel, Drawing)
    return panel


ODD_SENTENCES = ("Machines", "word " * 60, "小猫坐在垫子上。", "<b>x</b> 👩‍👩‍👧 ok")


def of_odd_sentences(test: Callable[..., None]) -> Callable[..., None]:
    """A test of each odd `text`, in each `language`."""
    marked = pytest.mark.parametrize("text", ODD_SENTENCES)(test)
    test_of_all: Callable[..., None] = pytest.mark.parametrize("language", LANGUAGES)(marked)
    return test_of_all


def whole_figure(chapter: Chapter, trace: Trace, language: Language) -> Figure:
    """A chapter's figure, of which every panel can be drawn, with tokens that are no markup."""
    figure = chapter.figure(trace, chapter.scene(trace, language=language))
    for panel in figure.panels.values():
        assert isinstance(panel, Drawing)
        assert "cannot" not in panel.values
        assert not [one for one in panel.root.walk() if one.tag == "b"]
    return figure


def content(trace: Trace) -> list[int]:
    return [token.position for token in trace.tokens if not token.is_special]


def at_addresses(panel: object, start: str) -> dict[str, float]:
    """The numbers of a drawn figure whose address begins so, by the rest of it."""
    assert isinstance(panel, Drawing)
    return {
        one.attributes["data-part"].removeprefix(start): float(one.attributes["data-value"])
        for one in panel.root.walk()
        if "data-value" in one.attributes and one.attributes.get("data-part", "").startswith(start)
    }


def longest(chapter: Chapter, trace: Trace) -> str:
    """The lengths beside the rows of Q, drawn around one word after another until all are seen."""
    head = question_head(trace)
    lengths: dict[str, float] = {}
    for at in range(len(trace.tokens)):
        if str(at) not in lengths:
            panel = drawn(chapter, trace, "projections", head=head, other=head, word=at)
            lengths |= at_addresses(panel, f"length.{head.layer}.{head.head}.")
    return str(max(content(trace), key=lambda at: lengths[str(at)]))


def most(chapter: Chapter, trace: Trace) -> str:
    """The columns of the ladder, strongest first; where all are special tokens, what is behind."""
    head, at = question_head(trace), question_word(trace).position
    panel = drawn(chapter, trace, "live", head=head, word=at)
    shown = at_addresses(panel, f"A.{head.layer}.{head.head}.{at}.")
    assert isinstance(panel, Drawing)
    weights = {str(key): float(weight) for key, weight in enumerate(panel.values["weights"])}
    assert shown.items() <= weights.items()
    found = [key for key in shown if int(key) in content(trace)] or map(str, content(trace))
    return max(found, key=weights.__getitem__)


def most_seen(chapter: Chapter, trace: Trace) -> str:
    head = question_head(trace)
    panel = drawn(chapter, trace, "wall", head=head, map="weights")
    (weights,) = maps(panel, str(head))
    return str(max(content(trace), key=lambda at: float(weights[:, at].sum())))


def largest(chapter: Chapter, trace: Trace) -> str:
    panel = drawn(chapter, trace, "sum", word=question_word(trace).position)
    lengths = values(panel, "div", "bar")[:-1]  # the last one is the bias
    return str(int(np.argmax(lengths)))


def which_z(chapter: Chapter, trace: Trace) -> str:
    """Compare the number in the question's own words with those in the boxes."""
    question = next(q for q in chapter.questions if q.name == "which-z")
    shown = float(str(question.asked(trace)["shown"]).replace("−", "-"))
    panel = drawn(chapter, trace, "strip")
    assert isinstance(panel, Drawing)
    boxes = {
        one.attributes["data-option"].removeprefix("which-z."): float(one.attributes["data-value"])
        for one in panel.root.walk()
        if one.attributes.get("data-option", "").startswith("which-z.")
    }
    assert question.options is not None
    names = [option.name for option in question.options(trace)]
    return min(names, key=lambda name: abs(boxes[name] - shown))


def spare(chapter: Chapter, trace: Trace) -> float:
    """The first number of the drawn curve that is above the limit."""
    panel = drawn(chapter, trace, "many")
    assert isinstance(panel, Drawing)
    lines = [e for e in panel.root.walk() if e.tag == "polyline"]
    moves = [float(n) for n in lines[0].attributes["data-values"].split()]
    return float(next((k - 1 for k, move in enumerate(moves) if move > 0.05), len(moves) - 1))


def weights_of(chapter: Chapter, trace: Trace, **choice: object) -> np.ndarray:
    """The upper head's weights from the maps of the figure; of a long text, from its numbers."""
    choice = {"view": "maps", **choice}
    panel, scene = drawn(chapter, trace, "lines", **choice), chapter.scene(trace, choice)  # type: ignore[arg-type]
    assert isinstance(panel, Drawing)
    head = scene.head()
    at = content(trace) if scene.choice["special"] == "hidden" else list(range(len(trace.tokens)))
    weights = np.zeros((len(trace.tokens), len(trace.tokens)))
    weights[np.ix_(at, at)] = panel.values[str(head)]
    tiles = [e.attributes for e in panel.root.walk() if e.attributes.get("class") == "tile"]
    for tile in tiles:
        _, layer, index, query, key = tile["data-part"].split(".")
        if (int(layer), int(index)) == tuple(head[:2]):
            assert weights[int(query), int(key)] == float(tile["data-value"])
    assert len(tiles) >= min(len(at), 27) ** 2
    return weights


def hub(chapter: Chapter, trace: Trace) -> str:
    weights = weights_of(chapter, trace)
    return str(max(content(trace), key=lambda at: float(weights[:, at].sum())))


def self_strongest(chapter: Chapter, trace: Trace) -> float:
    weights, at = weights_of(chapter, trace), content(trace)
    return float(sum(weights[n].max() <= weights[n, n] for n in at))


def on_special(chapter: Chapter, trace: Trace) -> float:
    weights = weights_of(chapter, trace, special="shown")
    special = [token.position for token in trace.tokens if token.is_special]
    return float(weights[:, special].sum(axis=1).mean())


def together(chapter: Chapter, trace: Trace) -> str:
    panel = drawn(
        chapter, trace, "average", layer=question_layer(trace), word=question_word(trace).position
    )
    weights = values(panel, "div", "bar")
    return str(max(content(trace), key=lambda at: weights[at]))


NORMS = 2  # the column of the norm decomposition, after raw attention and rollout


def adds(chapter: Chapter, trace: Trace) -> str:
    at = question_word(trace).position
    panel = drawn(chapter, trace, "shares", layer=0, word=at)
    table = np.array(values(panel, "td")).reshape(len(trace.tokens), -1)
    others = [token.position for token in trace.tokens if token.position != at]
    if not others:
        return "none"
    return str(max(others, key=lambda other: float(table[other, NORMS])))


def own(chapter: Chapter, trace: Trace) -> float:
    panel = drawn(chapter, trace, "whose", word=question_word(trace).position)
    table = np.array(values(panel, "td")).reshape(trace.model.layers, -1)
    return float(table[-1, NORMS])


READERS: dict[str, Read] = {
    "1.longest": longest,
    "2.most": most,
    "3.most-seen": most_seen,
    "4.largest": largest,
    "4.which-z": which_z,
    "5.spare": spare,
    "6.together": together,
    "7.hub": hub,
    "7.self": self_strongest,
    "7.special": on_special,
    "8.adds": adds,
    "8.own": own,
}
