"""One layer drawn at its places: the same numbers on screens and on phones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.core.heads import HeadId
from attnviz.lessons.chapters.c05_machine.matrices import TRIPLE, Layer, Matrix
from attnviz.lessons.chapters.c05_machine.places import Places
from attnviz.lessons.engine import Scene
from attnviz.lessons.text import texts_of
from attnviz.pictures import style
from attnviz.pictures.drawing import Element, element
from attnviz.pictures.elements import Area, Number, arrow, at_step, text
from attnviz.pictures.elements.sentence_words import word
from attnviz.pictures.elements.symbol import symbol
from attnviz.pictures.elements.thumbnail import card, paragraph, row_frame, thumbnail
from attnviz.pictures.style import Paint

text_of = texts_of(__name__)

CAPTIONS = ("sentence", "embed", "split", "attention", "join")
BEGIN = (0, 1, 2, 3, 5)  # the step from which each of them stands there
EDGE = 40  # of a heads' pile


@dataclass(frozen=True, slots=True)
class Sheet:
    """What draws a layer in one form of the figure."""

    scene: Scene
    layer: Layer
    at: Places
    has_feed_forward: bool

    def drawn(self) -> list[Element]:
        """The whole figure, each part from its step on."""
        layer = self.layer
        return [
            *self._ghosts(),
            *self._captions(),
            at_step(0, *self._words()),
            at_step(1, self._stream("X", layer.x, self.at.entering), self._from_below()),
            at_step(2, *(self._learned(head) for head in layer.rows), *self._left_out(0)),
            at_step(3, *(self._made(head) for head in layer.rows), *self._left_out(1)),
            at_step(4, *(self._blended(head) for head in layer.column), self._beyond()),
            at_step(5, *(self._joined(head) for head in layer.column), *self._output()),
            at_step(6, *self._leaving()),
            *self._arrows(),
            *self._sizes(),
        ]

    # ---- what is there from the start

    def _ghosts(self) -> list[Element]:
        """The outline of everything, and its name, faint: what will stand where."""
        at, mode = self.at, self.scene.mode
        fronts = [*at.learned.values(), *at.made.values()]
        singles = [at.entering, at.leaving, at.output, *at.blended.values(), *at.joined.values()]
        behind = [self._behind(front, n) for front in fronts for n in (2, 1, 0)]
        cards = [card(area, style.RULE[mode], style.PAPER[mode]) for area in (*behind, *singles)]
        top = at.joined[self.layer.column[0]]
        named = (("X", at.entering, 1), ("W", top, 5), ("Z", at.output, 5), ("R", at.leaving, 6))
        letters = [
            at_step(0, self._letter(letter, area, style.DIM_INK[mode]), until=step)
            for letter, area, step in named
        ]
        return [*cards, *letters]

    def _letter(self, letter: str, area: Area, colour: str) -> Element:
        """The name of a matrix above it."""
        x, y = area.centre[0], area.y - self.at.symbol
        above = "O" if letter == "W" else ""
        return symbol(x, y, letter, colour, above=above, size=1.25 * self.at.symbol)

    def _captions(self) -> list[Element]:
        """The five captions; each is faint until its step."""
        mode, drawn = self.scene.mode, []
        for n, (name, step) in enumerate(zip(CAPTIONS, BEGIN, strict=True)):
            start, width = self.at.captions[n]
            caption = f"{n + 1} · {self.scene.say(text_of(f'figure.captions.{name}'))}"
            inks = ((0, step, style.DIM_INK[mode]), (step, None, style.INK[mode]))
            drawn += [
                at_step(
                    first, paragraph(start, caption, width, ink, size=self.at.text), until=until
                )
                for first, until, ink in inks
                if until != 0
            ]
        return drawn

    def _words(self) -> list[Element]:
        trace, mode, size = self.scene.trace, self.scene.mode, self.at.text
        drawn = [
            word(
                trace.tokens[token],
                *place,
                mode,
                size=size,
                anchor="end",
                room=place[0] - 4,
                chosen=token == self.scene.number("word"),
            )
            for token, place in zip(self.layer.tokens, self.at.words, strict=True)
        ]
        if hidden := len(trace.tokens) - len(self.layer.tokens):
            more = self.scene.say(text_of("figure.more_tokens"), count=hidden)
            faint = style.FAINT_INK[mode]
            drawn.append(text(*self.at.words_more, more, faint, size=size, anchor="end"))
        return drawn

    # ---- matrices

    def _matrix(
        self, matrix: Matrix, area: Area, *, head: int | None = None, is_behind: bool = False
    ) -> list[Element]:
        """A matrix in its outline, with a frame for each row that is a token."""
        mode, focus = self.scene.mode, self.scene.number("word")
        is_chosen = head == self.layer.chosen
        colour = style.INK[mode] if is_chosen else getattr(matrix.paint, mode)
        drawn = [
            card(area, colour, style.PAPER[mode], stroke=4 if is_chosen else 1.2),
            thumbnail(
                matrix.values,
                area,
                matrix.squares,
                matrix.paint,
                mode,
                matrix.name,
                matrix.address,
                says=matrix.says,
                beside=f"head.{self.layer.number}.{head}" if head is not None else "",
                is_behind=is_behind,
                is_of_tokens=matrix.of_tokens,
                reached=focus if is_chosen else None,
            ),
        ]
        if matrix.of_tokens and not is_behind:
            high = area.height / len(self.layer.tokens)
            is_framed = head is None or is_chosen
            places = [
                area._replace(y=area.y + n * high, height=high)
                for n in range(len(self.layer.tokens))
            ]
            frames = [
                row_frame(place, token, mode, shown=is_framed and token == focus)
                for place, token in zip(places, self.layer.tokens, strict=True)
            ]
            drawn.append(element("g", *frames))
        return drawn

    def _stream(
        self, letter: str, matrix: Matrix, area: Area, option: str | None = None
    ) -> Element:
        """A matrix as wide as the model: X, Z or R."""
        colour = getattr(matrix.paint, self.scene.mode)
        if letter == "X" and self.layer.number == 0:
            option = "embedding"
        return element(
            "g",
            *self._matrix(matrix, area),
            self._letter(letter, area, colour),
            data_option=f"entering.{option}" if option else None,
            role="button" if option else None,
            aria_label=letter if option else None,
        )

    def _from_below(self) -> Element | None:
        """Beside X: of which layer it is R, once that is answered."""
        area, below = self.at.entering, self.layer.number - 1
        if below < 0:
            return None
        label = self.scene.say(text_of("figure.from_below"), below=below)
        x, y = area.centre[0] + 0.8 * self.at.symbol, area.y - self.at.symbol
        blue = getattr(style.R, self.scene.mode)
        drawn = text(x, y, label, blue, size=self.at.text, anchor="start", bold=True)
        return element("g", drawn, data_after="entering")

    def _triple(self, head: int, front: Area, matrices: Sequence[Matrix], above: bool) -> Element:
        """Three matrices, one behind the other, each with its name at its upper right."""
        drawn: list[Element] = []
        for n, ((_, letter, paint), matrix) in enumerate(zip(TRIPLE, matrices, strict=True)):
            area = self._behind(front, 2 - n)
            drawn += self._matrix(matrix, area, head=head, is_behind=n < 2)
            named = ("W", letter) if above else (letter, "")
            drawn.append(self._name(named, head, area, paint, n))
        return self._of_head(head, drawn)

    def _learned(self, head: int) -> Element:
        return self._triple(head, self.at.learned[head], self.layer.learned[head], above=True)

    def _made(self, head: int) -> Element:
        return self._triple(head, self.at.made[head], self.layer.made[head], above=False)

    def _name(self, named: tuple[str, str], head: int, area: Area, paint: Paint, n: int) -> Element:
        size = self.at.symbol
        x, y = area.right + 0.3 * size, area.y + (n - 1.2) * 0.52 * size
        colour = getattr(paint, self.scene.mode)
        letter, above = named
        return symbol(x, y, letter, colour, below=str(head), above=above, size=size, anchor="start")

    def _blended(self, head: int) -> Element:
        """Z of a head, which can be chosen."""
        of, area = HeadId(self.layer.number, head), self.at.blended[head]
        colour, size = getattr(style.Z, self.scene.mode), self.at.symbol
        x, y = area.x - 6, area.centre[1]
        drawn = [
            *self._matrix(self.layer.blended[head], area, head=head),
            element(
                "g",
                symbol(x, y, "z", colour, below=str(head), size=size, anchor="end"),
                tabindex=0,
                role="button",
                aria_label=self.scene.say(text_of("figure.choose"), head=of),
            ),
        ]
        return self._of_head(head, drawn, choose=json.dumps({"head": [of.layer, of.head]}))

    def _joined(self, head: int) -> Element:
        """The rows of W_O that read a head."""
        matrix, area = self.layer.joined[head], self.at.joined[head]
        return self._of_head(head, self._matrix(matrix, area, head=head))

    def _output(self) -> list[Element]:
        """Z of the layer, and the name of W_O."""
        top = self.at.joined[self.layer.column[0]]
        return [
            self._letter("W", top, getattr(style.Z, self.scene.mode)),
            self._stream("Z", self.layer.output, self.at.output, "z"),
        ]

    def _leaving(self) -> list[Element]:
        """R and the way to it; where it goes from there is said once that is answered."""
        scene, at, faint = self.scene, self.at, style.FAINT_INK[self.scene.mode]
        *_, start, end = at.loop
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at.loop[:-1])
        way = scene.say(text_of(f"figure.{'way' if self.has_feed_forward else 'way_at_once'}"))
        point, width = at.loop_says
        return [
            element("path", d=path, fill="none", stroke=faint, stroke_width=1.6),
            arrow(start, end, scene.mode),
            paragraph(point, way, width, faint, size=at.text, anchor="middle"),
            self._stream("R", self.layer.r, at.leaving, "r"),
            self._onward(),
        ]

    def _onward(self) -> Element:
        """From R to the next layer, which a click draws."""
        scene, at, after = self.scene, self.at, self.layer.number + 1
        is_last = after == scene.trace.model.layers
        label = scene.say(text_of("figure.onward_out" if is_last else "figure.onward"), next=after)
        blue = getattr(style.R, scene.mode)
        return element(
            "g",
            arrow(*at.onward, scene.mode, colour=blue, width=2.4),
            text(*at.onward_says, label, blue, size=at.text, anchor=at.onward_anchor, bold=True),
            data_after="entering",
            data_choose=None if is_last else json.dumps({"head": [after, self.layer.chosen]}),
            tabindex=None if is_last else 0,
            role=None if is_last else "button",
            aria_label=None if is_last else label,
        )

    # ---- what joins, counts and measures them

    def _of_head(
        self, head: int, drawn: Sequence[Element], *, choose: str | None = None
    ) -> Element:
        part = f"head.{self.layer.number}.{head}"
        return element(
            "g",
            *drawn,
            data_part=part,
            data_lights=part,
            data_choose=choose,
        )

    def _left_out(self, which: int) -> list[Element]:
        """The heads between two rows: as edges of a pile, counted."""
        mode, drawn = self.scene.mode, []
        for gap in self.at.gaps:
            count, (x, y) = gap[0], gap[1:][which]
            for n in range(count):
                top = round(y - 1.25 * (count - 1) + 2.5 * n, 1)
                colour = getattr(TRIPLE[n % len(TRIPLE)][2], mode)
                drawn.append(element("line", x1=x, x2=x + EDGE, y1=top, y2=top, stroke=colour))
            drawn.append(self._more_heads(count, x + EDGE + 8, y))
        return drawn

    def _beyond(self) -> Element | None:
        """How many heads have no place in the column."""
        hidden = self.layer.heads - len(self.layer.column)
        last = self.at.blended[self.layer.column[-1]]
        x, y = last.right + 4, last.bottom + 2.4 * self.at.text
        return self._more_heads(hidden, x, y) if hidden else None

    def _more_heads(self, count: int, x: Number, y: Number) -> Element:
        label = self.scene.say(text_of("figure.more_heads"), count=count)
        faint = style.FAINT_INK[self.scene.mode]
        return text(x, y, label, faint, size=self.at.text, anchor="start")

    def _arrows(self) -> list[Element]:
        mode, drawn = self.scene.mode, []
        for step, head, start, end in self.at.arrows:
            is_chosen = head in (None, self.layer.chosen)
            colour = style.INK[mode] if is_chosen else style.DIM_INK[mode]
            width = 2 if is_chosen else 1
            drawn.append(at_step(step, arrow(start, end, mode, colour=colour, width=width)))
        return drawn

    def _sizes(self) -> list[Element]:
        layer, faint = self.layer, style.FAINT_INK[self.scene.mode]
        shapes = {
            "x": layer.x.values.shape,
            "w": layer.learned[layer.chosen][0].values.shape,
            "q": layer.made[layer.chosen][0].values.shape,
            "o": layer.joined[layer.chosen].values.shape,
        }
        return [
            at_step(step, text(*place, "{} × {}".format(*shapes[of]), faint, size=self.at.text))
            for step, of, place in self.at.sizes
        ]

    def _behind(self, front: Area, n: int) -> Area:
        """The place of the n-th matrix behind the front one."""
        across, up = self.at.step
        return front._replace(x=front.x - n * across, y=front.y - n * up)
