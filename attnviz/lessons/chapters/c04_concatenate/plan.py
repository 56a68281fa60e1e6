"""Where the chapter's figure stands: upright on a screen, its heads below each other on a phone."""

from dataclasses import dataclass

from attnviz.pictures.elements import Area, Number


@dataclass(frozen=True, slots=True)
class Plan:
    """Places of one form: `along` the heads, and `deep` in the direction of the flow.

    Upright, heads stand beside each other and the flow goes down; turned, heads stand below
    each other and the flow goes to the right. X and Z lie across both forms.
    """

    width: int
    height: int
    turned: bool
    size: Number  # of text
    x: Area  # X
    z: Area  # Z
    cell: Number  # width of a number of X and Z
    first: Number  # where the strip begins, along
    length: Number  # of the strip, along
    spread: Number  # how far the z stand apart, along, before they are joined
    boxes: tuple[Number, Number]  # where the z are, deep
    strip: tuple[Number, Number]
    matrix: tuple[Number, Number]  # W_O
    fall: tuple[Number, Number]  # the bars
    bias: Number  # where its bar stands, along
    total: Number
    formula: Number  # y of the line that adds up

    def area(self, along: Number, deep: Number, wide: Number, high: Number) -> Area:
        """A rectangle, `wide` along the heads and `high` in the direction of the flow."""
        return Area(deep, along, high, wide) if self.turned else Area(along, deep, wide, high)

    def block(self, index: int, count: int, deep: tuple[Number, Number]) -> Area:
        """One of several blocks that are joined."""
        wide = self.length / count
        return self.area(self.first + index * wide, deep[0], wide, deep[1] - deep[0])

    def box(self, index: int, count: int) -> Area:
        """One z, apart from the others and as wide as its block in the strip."""
        wide = self.length / count
        step = (self.length + self.spread - wide) / max(1, count - 1)
        along = self.first - self.spread / 2 + index * step
        if count == 1:
            along = self.first
        return self.area(along, self.boxes[0], wide, self.boxes[1] - self.boxes[0])

    @property
    def enters(self) -> str:
        """The side at which something flows in."""
        return "left" if self.turned else "top"

    @property
    def leaves(self) -> str:
        """The side at which it flows out."""
        return "right" if self.turned else "bottom"

    @property
    def scale(self) -> tuple[Number, Number]:
        """Where the least and the most of the bars stand."""
        return self.fall if self.turned else (self.fall[1], self.fall[0])


WIDE = Plan(
    width=1200,
    height=720,
    turned=False,
    size=22.6,
    x=Area(104, 4, 1008, 56),
    z=Area(104, 630, 1008, 56),
    cell=80,
    first=104,
    length=1008,
    spread=156,
    boxes=(114, 170),
    strip=(200, 244),
    matrix=(272, 328),
    fall=(378, 506),
    bias=1156,
    total=56,
    formula=554,
)
NARROW = Plan(
    width=390,
    height=708,
    turned=True,
    size=11,
    x=Area(15, 22, 360, 36),
    z=Area(15, 640, 360, 36),
    cell=44,
    first=118,
    length=360,
    spread=44,
    boxes=(34, 94),
    strip=(112, 140),
    matrix=(156, 206),
    fall=(238, 338),
    bias=498,
    total=528,
    formula=566,
)
