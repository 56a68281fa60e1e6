"""The note's figure: two heads as lines, green above, red below, built in steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from attnviz.analysis.difference import jensen_shannon
from attnviz.core.maps import AttentionMap, Place
from attnviz.digits import equals, printed
from attnviz.errors import AttnvizError
from attnviz.lessons.chapters.c07_two_heads.layout import (
    Layout,
    narrow,
    projected,
    wide,
)
from attnviz.lessons.chapters.c07_two_heads.pair import Drawn, drawn
from attnviz.lessons.engine import Part, Scene
from attnviz.lessons.questions import Numbers, named_at
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.breaking import SEPARATOR
from attnviz.pictures.drawing import Drawing, Element
from attnviz.pictures.elements import at_step, text
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.elements.lettering import wrapped
from attnviz.pictures.elements.weight_lines import at_ends, cells, chooses, token, weight_lines
from attnviz.texts import running, say

text_of = texts_of(__name__)

MOST = {"lines": 41, "maps": 27}  # tokens of a figure
MOST_PROJECTED = {"lines": 41, "maps": 15}
NAMED = 3  # keys that a word's weights are written out for
STEPS = ("tokens", "word", "upper", "lower", "compare")
WORD, UPPER, LOWER, COMPARE = range(1, len(STEPS))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One head in the figure: the window of its map that there is room for."""

    drawn: Drawn
    window: slice
    focus: int | None  # the row of the word that is followed; None where it is hidden

    @property
    def map(self) -> AttentionMap:
        """All of it."""
        return self.drawn.map

    @property
    def weights(self) -> Float[np.ndarray, "query key"]:
        """All of the head's weights; of pairs that are not allowed, 0."""
        return np.where(self.map.shown, self.map.values, 0)

    @property
    def rows(self) -> Float[np.ndarray, "query key"]:
        """The weights that are drawn: those of the window."""
        rows: np.ndarray = self.weights[self.window, self.window]
        return rows

    @property
    def whole_rows(self) -> Float[np.ndarray, "query key"]:
        """The weights of the window's queries, on every key."""
        rows: np.ndarray = self.weights[self.window]
        return rows

    @property
    def parts(self) -> list[list[str]]:
        """The addresses of the weights."""
        head, letter = self.drawn.head, self.drawn.letter
        places = [place.positions[0] for place in self.map.rows[self.window]]
        return [[f"{letter}.{head.layer}.{head.head}.{q}.{k}" for k in places] for q in places]

    @property
    def row(self) -> int:
        """The row of the word that is followed, or the first."""
        return self.focus or 0


def _seen(scene: Scene, most: int) -> tuple[Seen, Seen]:
    """Both heads in the window of `most` tokens around the word that is followed."""
    upper, lower = drawn(scene)
    places = upper.map.rows
    at = [p.positions[0] for p in places]
    word = scene.number("word")
    row = at.index(word) if word in at else 0
    start = max(0, min(row - most // 2, len(places) - most))
    window = slice(start, min(start + most, len(places)))
    focus = row - start if word in at else None
    return Seen(upper, window, focus), Seen(lower, window, focus)


def _draw_lines(scene: Scene) -> Drawing:
    view = str(scene.choice["view"])
    both, far = _seen(scene, MOST[view]), _seen(scene, MOST_PROJECTED[view])
    sentences = _sentences(scene, both)
    alt = running([scene.say(text_of("figure.alt"), **_names(both)), *sentences])
    values: dict[str, object] = {str(seen.drawn.head): seen.weights for seen in both}
    return figure(
        _form(scene, both, wide),
        _form(scene, both, narrow),
        sentences,
        alt,
        scene.mode,
        scene.language,
        values=values,
        projected=_form(scene, far, projected),
    )


def _form(
    scene: Scene, both: Sequence[Seen], laid_out: Callable[[Sequence[Place], bool], Layout]
) -> Form:
    """The figure as it is laid out for one kind of screen."""
    places = both[0].map.rows[both[0].window]
    layout = laid_out(places, scene.choice["view"] == "maps")
    parts = [part for index, seen in enumerate(both) for part in _head(scene, seen, layout, index)]
    return Form(layout.width, layout.height, [*parts, *_foot(scene, both, layout)])


def _head(scene: Scene, seen: Seen, layout: Layout, index: int) -> list[Element]:
    """One of the two diagrams: its name, its tokens, its lines, its map if it is asked for."""
    mode, paint, edges = scene.mode, seen.drawn.paint, layout.edges[index]
    places, rows, parts, row = seen.map.rows[seen.window], seen.rows, seen.parts, seen.row
    first_step = UPPER if index == 0 else LOWER
    alone = at_step(WORD, weight_lines(edges, rows, [row], paint, mode, parts), until=UPPER)
    everyone = weight_lines(edges, rows, range(len(rows)), paint, mode, parts)
    numbers = at_ends(edges, rows[row], parts[row], paint, mode)
    elements = [
        *_labels(scene, seen, layout, index),
        alone if index == 0 else None,
        at_step(first_step, everyone),
        at_step(WORD, numbers, until=UPPER) if index == 0 else None,
        at_step(COMPARE, numbers),
        *_tokens(scene, seen, layout, index),
    ]
    if layout.tiles:
        names = [place.name for place in places]
        denied = seen.map.denied[seen.window, seen.window]
        not_allowed = say("picture.not_allowed_here", scene.language)
        says = [
            [
                f"{query} → {key}: "
                + (not_allowed if denied[q, k] else printed(float(rows[q, k]), 3))
                for k, key in enumerate(names)
            ]
            for q, query in enumerate(names)
        ]
        elements.append(
            at_step(first_step, cells(layout.tiles[index], rows, paint, mode, parts, says, denied))
        )
        elements += [at_step(first_step, one) for one in _tile_names(seen, layout, index, scene)]
    return [one for one in elements if one is not None]


def _tile_names(seen: Seen, layout: Layout, index: int, scene: Scene) -> list[Element]:
    """The tokens at the rows of a map, and at its columns where no lines stand above them."""
    area, places = layout.tiles[index], seen.map.rows[seen.window]
    edges = layout.edges[index]
    across = replace(edges, area=area, upright=False)
    down = replace(edges, area=area, upright=True)
    return [
        *(
            token(
                place,
                (across.query(n)[0], area.bottom),
                across,
                scene.mode,
                is_query=False,
                longest=layout.longest,
            )
            for n, place in enumerate(places)
            if layout.names_columns
        ),
        *(
            token(place, down.query(n), down, scene.mode, is_query=True, longest=layout.longest)
            for n, place in enumerate(places)
        ),
    ]


def _tokens(scene: Scene, seen: Seen, layout: Layout, index: int) -> list[Element]:
    """The tokens of both edges. Those above choose the word, those below answer."""
    places, edges = seen.map.rows[seen.window], layout.edges[index]
    question = named_at("hub", [seen.drawn.head, scene.choice["special"]])
    colour = getattr(seen.drawn.paint, scene.mode)
    elements = []
    for n, place in enumerate(places):
        at = place.positions[0]
        elements.append(
            token(
                place,
                edges.query(n),
                edges,
                scene.mode,
                is_query=True,
                longest=layout.longest,
                colour=colour if n == seen.focus else None,
                data_lights=" ".join(seen.parts[n]),
                data_says=_row_says(scene, seen, n),
                aria_label=place.name,
                **chooses("word", at),
            )
        )
        elements.append(
            token(
                place,
                edges.key(n),
                edges,
                scene.mode,
                is_query=False,
                longest=layout.longest,
                data_lights=" ".join(line[n] for line in seen.parts),
                data_option=None if place.is_special or index else f"{question}.{at}",
                aria_label=place.name,
            )
        )
    return elements


def _row_says(scene: Scene, seen: Seen, row: int) -> str:
    """Where a word looks, as a sum of the numbers shown."""
    places, weights = seen.map.rows[seen.window], seen.whole_rows[row]
    order = np.argsort(-weights, kind="stable")[:NAMED]
    left_over = float(seen.map.values[seen.window][row].sum() - weights[order].sum())
    terms = [(seen.map.columns[k].name, float(weights[k])) for k in order]
    others = len(seen.map.columns) - len(order)
    if others:
        terms.append((scene.say(text_of("figure.others"), others=others), left_over))
    total = printed(float(seen.map.values[seen.window][row].sum()), 2)
    digits = [printed(weight, 2) for _, weight in terms]
    written = " + ".join(f"{name} {digit}" for (name, _), digit in zip(terms, digits, strict=True))
    return f"{seen.drawn.head} · {places[row].name}: {written} {equals(digits, total)} {total}"


def _labels(scene: Scene, seen: Seen, layout: Layout, index: int) -> list[Element]:
    """The head's name, and what its two edges are."""
    colour, faint = getattr(seen.drawn.paint, scene.mode), style.FAINT_INK[scene.mode]
    name, query, key = layout.labels[index]
    head = text(*name, str(seen.drawn.head), colour, size=layout.large, anchor="start", bold=True)
    return [
        head,
        text(
            *query,
            scene.say(text_of("figure.query")),
            faint,
            size=layout.small,
            anchor=layout.anchors[0],
        ),
        text(
            *key,
            scene.say(text_of("figure.key")),
            faint,
            size=layout.small,
            anchor=layout.anchors[1],
        ),
    ]


def _foot(scene: Scene, both: Sequence[Seen], layout: Layout) -> list[Element]:
    """What is hidden, divided, not drawn."""
    lines = []
    upper = both[0]
    withheld = upper.map.withheld
    if withheld.special_hidden:
        names = [t.text for t in scene.trace.tokens if t.is_special]
        lines.append(scene.say(text_of("figure.hidden"), names=" ".join(dict.fromkeys(names))))
    faint = [int(((head.rows > 0) & (head.rows < style.FAINTEST)).sum()) for head in both]
    lines.append(
        scene.say(
            text_of("figure.faint"),
            a=both[0].drawn.head,
            b=both[1].drawn.head,
            faint_a=faint[0],
            faint_b=faint[1],
            levels=style.LEVELS,
        )
    )
    count, total = len(upper.rows), len(upper.map.rows)
    if count < total:
        lines.append(scene.say(text_of("figure.window"), shown=count, all=total))
    ink = style.FAINT_INK[scene.mode]
    x, y = layout.foot
    filled = wrapped(SEPARATOR.join(lines), layout.width - 8, layout.small)
    return [
        text(
            x,
            y + n * 1.4 * layout.small,
            line.strip(SEPARATOR),
            ink,
            size=layout.small,
            anchor="start",
        )
        for n, line in enumerate(filled)
    ]


def _names(both: Sequence[Seen]) -> dict[str, object]:
    upper, lower = both
    return {"a": upper.drawn.head, "b": lower.drawn.head}


def _sentences(scene: Scene, both: Sequence[Seen]) -> list[str]:
    upper, lower = both
    numbers: dict[str, object] = _names(both)
    for letter, seen in zip("ab", both, strict=True):
        row = seen.whole_rows[seen.row]
        best = int(row.argmax())
        numbers[f"key_{letter}"] = seen.map.columns[best].text
        numbers[f"weight_{letter}"] = printed(float(row[best]), 2)
    place = upper.map.rows[upper.window][upper.row]
    same = upper.drawn.head == lower.drawn.head
    steps = [*STEPS[:-2], "same", "same_compare"] if same else list(STEPS)
    if not same and upper.map.withheld.special_hidden:
        steps[-1] = "compare_words"
    return [
        scene.say(text_of(f"figure.steps.{step}"), **{**numbers, "word": place.text})
        for step in steps
    ]


def _lines_numbers(scene: Scene) -> Numbers:
    upper, lower = drawn(scene)
    try:
        divergence = printed(jensen_shannon(upper.map.values, lower.map.values), 2)
    except AttnvizError:
        divergence = "–"
    return {"a": upper.head, "b": lower.head, "divergence": divergence}


PART = Part("lines", _draw_lines, _lines_numbers, uses=("head", "other", "special", "view"))
