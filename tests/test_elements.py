"""Elements of drawn figures: where they stand, what they carry, and that they can be read."""

import numpy as np
import pytest

import attnviz
from attnviz.pictures import elements, style
from attnviz.pictures.colour import contrast
from attnviz.pictures.drawing import packet_for
from attnviz.pictures.elements import Area, Cell
from attnviz.pictures.elements.figure import Form, figure
from attnviz.pictures.packet import unpack
from attnviz.pictures.style import MODES, Mode, Paint

PAINTS = (style.X, style.Q, style.K, style.V, style.Z, style.R, style.SCORE, style.GREY)
VALUES = np.array([[1.0, -2.5, 0.0], [0.25, 3.0, 1e-7]])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("paint", PAINTS)
def test_ink_and_colour_can_be_read_on_a_tint(paint: Paint, mode: Mode) -> None:
    ground = style.tint(paint, mode)
    assert contrast(style.INK[mode], ground) >= 4.5
    assert ground != style.PAPER[mode].lower()


def test_a_matrix_carries_each_number_in_full_where_it_stands() -> None:
    area = Area(10, 20, 90, 40)
    drawn = elements.matrix(VALUES, area, style.Q, "light", decimals=1)
    cells = [one for one in drawn.walk() if one.attributes.get("class") == "cell"]
    assert [float(one.attributes["data-value"]) for one in cells] == VALUES.ravel().tolist()
    boxes = [one.attributes for one in drawn.walk() if one.tag == "rect"]
    assert [(float(b["x"]), float(b["y"])) for b in boxes] == [
        (10 + 30 * column, 20 + 20 * row) for row in range(2) for column in range(3)
    ]
    numbers = [one.text for one in drawn.walk() if one.tag == "text"]
    assert numbers == ["1.0", "−2.5", "0.0", "0.2", "3.0", "0.0"]


def test_a_cell_names_itself_and_what_lights_up_with_it() -> None:
    cells = [[Cell(f"q.{column}", ["x.0", f"w.{column}"], "2 · 3 = 6") for column in range(3)]] * 2
    drawn = elements.matrix(VALUES, Area(0, 0, 90, 40), style.Q, "light", cells=cells)
    one = next(e for e in drawn.walk() if e.attributes.get("data-part") == "q.1")
    assert one.attributes["data-lights"] == "x.0 w.1"
    assert one.attributes["data-says"] == "2 · 3 = 6"
    assert one.attributes["tabindex"] == "0"


@pytest.mark.parametrize("bend", [0.0, 30.0])
def test_an_arrow_begins_and_ends_at_what_it_joins(bend: float) -> None:
    one, other = Area(0, 0, 40, 20), Area(100, 50, 40, 20)
    start, end = one.side("right"), other.side("left")
    drawn = elements.arrow(start, end, "light", bend=bend)
    path = next(e for e in drawn.walk() if e.tag == "path").attributes["d"]
    assert path.startswith(f"M{start[0]:.1f} {start[1]:.1f}")
    tip = next(e for e in drawn.walk() if e.tag == "polygon").attributes["points"].split()[0]
    assert tuple(map(float, tip.split(","))) == end


def test_a_stack_counts_all_and_shows_the_first_in_full() -> None:
    area = Area(0, 50, 60, 30)
    drawn = elements.stack(elements.box(area, ["Linear"], "light"), area, 7, "light")
    assert drawn.attributes["data-count"] == "8"
    behind = [e.attributes for e in drawn.walk() if e.attributes.get("class") == "behind"]
    assert len(behind) == 7
    assert all(float(b["x"]) > area.x and float(b["y"]) < area.y for b in behind)


def test_a_figure_has_a_sentence_for_each_step_and_both_forms() -> None:
    form = Form(100, 50, [elements.at_step(1, elements.text(1, 1, "Q", "#000000"), until=2)])
    drawn = figure(form, form, ["One.", "Two.", "Three."], "alt", "light", "zh")
    assert drawn.root.attributes["data-steps"] == "3"
    assert [e.text for e in drawn.root.walk() if e.tag == "li"] == ["One.", "Two.", "Three."]
    assert sum(e.tag == "svg" for e in drawn.root.walk()) == 2
    held = next(e for e in drawn.root.walk() if "data-from" in e.attributes)
    assert (held.attributes["data-from"], held.attributes["data-until"]) == ("1", "2")
    labels = {e.attributes["aria-label"] for e in drawn.root.walk() if e.tag == "button"}
    assert labels == {"上一步", "下一步", "播放所有步骤"}


def test_a_packet_for_a_reader_is_that_of_all_with_what_is_theirs(note: attnviz.Trace) -> None:
    chapter = attnviz.chapters()[4]
    packet = next(iter(chapter.figure(note, chapter.scene(note)).panels.values())).packet
    reader = {"step": 2, "open": ['a "quoted" }} 名'], "right": []}
    (of_all, arrays), (theirs, same) = unpack(packet), unpack(packet_for(packet, reader))
    assert theirs == {**of_all, "reader": reader}
    assert arrays.keys() == same.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, same[name])
