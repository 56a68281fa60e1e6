"""The workspace as one file: a selection in one part lights up in all others."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Position

import attnviz
from tests.browser.conftest import Tiles
from tests.browser.test_share import offline as offline

QUERY, KEY = 3, 5

# The px of a tile on which marks are painted, as shares of its side: rows, then columns.
MARKED = """([layer, head, left, top, tile, step]) => {
  const over = document.querySelector("canvas.marks");
  const scale = over.width / parseFloat(over.style.width);
  const context = over.getContext("2d");
  const [x, y] = [left + head * step, top + layer * step].map((at) => Math.round(at * scale));
  const side = Math.round(tile * scale);
  const { data } = context.getImageData(x, y, side, side);
  const painted = (px, py) => data[4 * (py * side + px) + 3] > 0;
  const all = [...Array(side).keys()];
  const most = 0.9 * side;
  return [
    all.filter((py) => all.filter((px) => painted(px, py)).length > most).map((py) => py / side),
    all.filter((px) => all.filter((py) => painted(px, py)).length > most).map((px) => px / side),
  ];
}"""


@pytest.fixture
def workspace(offline: Callable[[str], Page], note: attnviz.Trace) -> Page:
    page = offline(attnviz.explore(note, [(0, 2), (1, 8)]).to_html())
    page.wait_for_selector(".panel svg .lines")
    page.wait_for_selector("canvas.marks")
    return page


def marks(page: Page) -> list[set[str]]:
    """The rows and columns that are marked, in each of the two maps."""
    return [
        set(place.locator(".marked").evaluate_all("all => all.map((one) => one.dataset.mark)"))
        for place in page.locator(".maps > div").all()
    ]


def tile_marks(page: Page, layer: int, head: int) -> tuple[list[float], list[float]]:
    tiles = Tiles.of(page.locator("canvas.map").first)
    where = [layer, head, tiles.left, tiles.top, tiles.tile, tiles.step]
    rows, columns = page.evaluate(MARKED, where)
    return rows, columns


def point_at_cell(page: Page, row: int, column: int, *, click: bool = False) -> None:
    canvas = page.locator(".maps canvas.map").first
    left, cell = (float(str(canvas.get_attribute(f"data-{name}"))) for name in ("left", "cell"))
    at: Position = {"x": left + (column + 0.5) * cell, "y": (row + 0.5) * cell}
    (canvas.click if click else canvas.hover)(position=at)


def test_a_token_of_the_lines_marks_its_row_in_maps_and_tiles(
    workspace: Page, note: attnviz.Trace
) -> None:
    assert marks(workspace) == [set(), set()]
    workspace.locator(f'[data-side="q"][data-place="{QUERY}"]').first.hover()
    assert marks(workspace) == [{f"q{QUERY}"}] * 2
    count = len(note.tokens)
    for layer, head in ((0, 0), (5, 11)):
        rows, columns = tile_marks(workspace, layer, head)
        assert rows, "in every tile"
        assert not columns
        assert all(QUERY - 1.5 < count * at < QUERY + 2.5 for at in rows)
    workspace.locator(f'[data-side="k"][data-place="{KEY}"]').first.hover()
    assert marks(workspace) == [{f"k{KEY}"}] * 2
    rows, columns = tile_marks(workspace, 2, 1)
    assert not rows
    assert columns


def test_a_cell_of_a_map_shows_the_lines_of_its_query_and_a_click_pins_it(
    workspace: Page, note: attnviz.Trace
) -> None:
    point_at_cell(workspace, QUERY, KEY)
    assert marks(workspace) == [{f"q{QUERY}", f"k{KEY}"}] * 2
    token = workspace.locator(f'[data-side="q"][data-place="{QUERY}"]').first
    assert "chosen" in str(token.get_attribute("class"))
    spoken = workspace.locator(".part-lines .readout").inner_text()
    assert f"{note.weights((0, 2))[QUERY].max():.3f}" in spoken
    point_at_cell(workspace, QUERY, KEY, click=True)
    assert token.get_attribute("aria-pressed") == "true"
    workspace.mouse.move(2, 2)
    assert marks(workspace) == [{f"q{QUERY}"}] * 2, "what is pinned stays"
    canvas = workspace.locator("canvas.map").first
    canvas.click(position=Tiles.of(canvas).point(2, 1))  # another head in A
    workspace.wait_for_function("document.querySelector('.panel').textContent.includes('L2·H1')")
    workspace.mouse.move(2, 2)
    assert marks(workspace) == [{f"q{QUERY}"}] * 2, "with other heads, too"
    workspace.keyboard.press("Escape")
    assert marks(workspace) == [set(), set()]
