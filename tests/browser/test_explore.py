"""The Explore page in Chromium: what is on the screen is what was computed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

import attnviz
from attnviz.core.heads import HeadId
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.shown import shown
from tests.browser.conftest import NETGUARD, Open, Server, Tiles, cells_painted, painted

SHORT = "the cat sat"  # 5 tokens: a cell is many pixels wide
HOSTILE = (
    "<b>bold</b> <a href='http://evil.invalid/x'>link</a> <img src=x onerror=alert(1)> $x^2$ "
    ":material/home: [md](http://evil.invalid) </script><script>alert(1)</script> {{x}} %{y}"
)


def paths(page: Page) -> list[dict[str, Any]]:
    """Every stroke of every line panel: endpoints, opacity, width, colour, dash."""
    strokes: list[dict[str, Any]] = page.locator(".st-key-lines .panel .lines path").evaluate_all(
        """all => all.map(p => ({
            panel: [...p.closest('.panels').children].indexOf(p.closest('.panel')),
            d: p.getAttribute('d'), opacity: Number(p.getAttribute('stroke-opacity')),
            width: Number(p.getAttribute('stroke-width')), colour: p.getAttribute('stroke'),
            dash: p.getAttribute('stroke-dasharray')}))"""
    )
    return strokes


def label_positions(page: Page, panel: int, side: str) -> list[float]:
    """Where along the edge each token of a side stands: the middle of its label on the screen."""
    middles: list[float] = (
        page.locator(f".st-key-lines .panel >> nth={panel}")
        .locator(f'[data-side="{side}"]')
        .evaluate_all(
            """all => all.map(t => {
                const [box, svg] = [t, t.ownerSVGElement].map(e => e.getBoundingClientRect());
                return box.left + box.width / 2 - svg.left; })"""
        )
    )
    return middles


def width_at_one(page: Page) -> float:
    """The width of a line whose weight is 1: that of a title's swatch."""
    swatch = page.locator(".st-key-lines figcaption .swatch line").first
    assert swatch.get_attribute("stroke-opacity") == "1"
    return float(swatch.get_attribute("stroke-width") or 0)


def drawn_weights(page: Page, panel: int, tokens: int) -> np.ndarray:
    """The matrix of opacities that the lines of a panel spell out."""
    query, key = (np.array(label_positions(page, panel, side)) for side in "qk")
    assert len(query) == len(key) == tokens
    found = np.zeros((tokens, tokens))
    ends: set[tuple[str, int, str]] = set()
    strokes = paths(page)
    faintest, whole = min(strokes, key=lambda stroke: float(stroke["opacity"])), width_at_one(page)
    more = (whole - faintest["width"]) / (1 - faintest["opacity"])
    least = whole - more
    assert least > 0
    assert more > 0
    near = np.diff(query).min() / 4
    for stroke in strokes:
        if stroke["panel"] != panel:
            continue
        assert stroke["width"] == pytest.approx(least + more * stroke["opacity"])
        for x1, y1, x2, y2 in re.findall(r"M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)", stroke["d"]):
            assert float(y1) < float(y2), "queries stand above keys"
            row = int(np.abs(query - float(x1)).argmin())
            column = int(np.abs(key - float(x2)).argmin())
            assert abs(query[row] - float(x1)) < near
            assert abs(key[column] - float(x2)) < near
            ends |= {("q", row, x1), ("k", column, x2)}
            assert found[row, column] == 0, "no line twice"
            found[row, column] = stroke["opacity"]
    assert len(ends) <= 2 * tokens, "the lines of a token end in one point"
    return found


def test_the_lines_on_the_screen_are_the_weights(visit: Open, note: attnviz.Trace) -> None:
    page = visit().page
    for panel, head in enumerate([HeadId(0, 2), HeadId(1, 8)]):
        weights = note.weights(head)
        expected = np.where(weights >= FAINTEST, np.rint(255 * weights) / 255, 0)
        np.testing.assert_allclose(drawn_weights(page, panel, 27), expected, atol=1e-6)
        title = page.locator(".st-key-lines .panel >> nth=" + str(panel)).locator("figcaption")
        expect(title).to_contain_text(str(head))
        faint = int((weights < FAINTEST).sum())
        note_line = page.locator(".st-key-lines .panel >> nth=" + str(panel)).locator(".note")
        expect(note_line).to_contain_text(f"{faint} lines are fainter than 1/255")


def test_the_lines_stand_side_by_side_and_take_the_width(visit: Open) -> None:
    page = visit().page
    panels = page.locator(".st-key-lines .panel svg:has(.lines)")
    drawn = [panels.nth(panel).bounding_box() for panel in (0, 1)]
    whole = page.locator(".st-key-lines").bounding_box()
    assert drawn[0] is not None
    assert drawn[1] is not None
    assert whole is not None
    assert drawn[0]["y"] == drawn[1]["y"]
    assert drawn[0]["width"] + drawn[1]["width"] > 0.85 * whole["width"]


def test_pictures_follow_the_scheme_of_an_open_page(visit: Open) -> None:
    opened = visit()
    opened.tab("Heatmap")
    page = opened.page
    for mode in ("dark", "light", "dark"):
        page.emulate_media(color_scheme=mode)
        opened.settle()
        picture = page.locator(".st-key-heatmaps [data-picture='0']")
        head = getattr(style.HEAD_CODES[0], mode)
        for name in (picture.locator(".title strong"), page.locator(".reading").first):
            ink = name.evaluate("e => getComputedStyle(e).color.match(/[0-9]+/g).map(Number)")
            assert "#{:02x}{:02x}{:02x}".format(*ink) == head.lower()
        ramp = style.map_ramp(style.HEAD_CODES[0], mode, signed=False)
        np.testing.assert_array_equal(cells_painted(picture, 27, 27)[5, 4], ramp[-1])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_overviews_pixels_are_the_weights(visit: Open, minilm: Model, scheme: str) -> None:
    opened = visit(scheme=scheme)
    opened.type_text(SHORT)
    page = opened.page
    expect(page.locator(".st-key-lines .token")).to_have_count(20)
    canvas = page.locator("canvas.map")
    assert canvas.evaluate("c => c.width / parseFloat(c.style.width)") == 1
    pixels = painted(canvas)[:, :, :3]
    tiles = Tiles.of(canvas)
    size = int(tiles.tile)
    trace = attnviz.trace(SHORT, minilm)
    mode: style.Mode = "dark" if scheme == "dark" else "light"
    ramp = style.ramp(style.INK[mode], mode)
    for layer, head in [(0, 5), (2, 0), (3, 11), (5, 6)]:
        corner = tiles.point(layer, head, 0, 0)
        top, left = int(corner["y"]), int(corner["x"])
        tile = pixels[top : top + size, left : left + size]
        centres = [int((cell + 0.5) * size / 5) for cell in range(5)]
        expected = ramp[style.level(trace.weights((layer, head)))]
        np.testing.assert_array_equal(tile[np.ix_(centres, centres)], expected)


def test_pointing_at_a_tile_previews_its_lines_without_the_server(
    visit: Open, note: attnviz.Trace
) -> None:
    opened = visit()
    page, sent = opened.page, len(opened.sent)
    canvas = page.locator(".st-key-overview canvas.map")
    canvas.hover(position=Tiles.of(canvas).point(0, 2))
    lens = page.locator(".st-key-overview .lens")
    expect(lens).to_be_visible()
    levels = style.level(note.weights((0, 2))).astype(float)
    faint = int(((levels > 0) & ((levels / 255) ** 2 < 1 / 255)).sum())
    words = lens.locator(".note")
    expect(words).to_contain_text("L0·H2, query above, key below. Lines as the tile holds them")
    expect(words).to_contain_text(f"(below 1/255): {faint}.")
    alpha = painted(lens.locator(".threads"))[..., 3]
    high, wide = alpha.shape
    step = wide / len(note.tokens)
    for query in (5, 10, 20):  # this head looks at the previous token with all its weight
        middle = round(query * step)  # between that token and the one before
        row = alpha[high // 2]
        assert row[middle - 1 : middle + 2].max() > 240
        assert row[round((query + 0.5) * step)] < 60
    assert len(opened.sent) == sent
    page.mouse.move(5, 5)
    expect(lens).to_be_hidden()
    canvas.focus()
    page.keyboard.press("ArrowDown")
    expect(words).to_contain_text("L1·H0, query above")
    assert not opened.problems


def test_the_heatmaps_cells_are_the_weights(visit: Open, note: attnviz.Trace) -> None:
    opened = visit()
    opened.tab("Heatmap")
    page = opened.page
    for index, head in enumerate([HeadId(0, 2), HeadId(1, 8)]):
        picture = page.locator(f".st-key-heatmaps [data-picture='{index}']")
        weights = note.weights(head)
        expected = style.map_ramp(style.HEAD_CODES[index], "light", signed=False)[
            style.map_levels(weights, signed=False)
        ]
        np.testing.assert_array_equal(cells_painted(picture, 27, 27), expected)
        expect(picture.locator(".title")).to_have_text(str(head))
        expect(picture.locator(".about")).to_contain_text("27 × 27 · query ↓ / → key")
        canvas = picture.locator("canvas.map")
        canvas.focus()
        for key in [*["ArrowDown"] * 5, *["ArrowRight"] * 4]:
            page.keyboard.press(key)
        read = f"be (5) → never (4) · weight {weights[5, 4]:.4f}"
        expect(picture.locator(".readout")).to_have_text(read)


def test_the_numbers_are_the_weights(visit: Open, note: attnviz.Trace) -> None:
    opened = visit()
    opened.tab("Numbers")
    read = opened.page.locator(".st-key-table tbody").evaluate(
        "body => [...body.rows].map((row) => [...row.cells].slice(1).map((c) => c.textContent))"
    )
    assert read == [[f"{weight:.4f}" for weight in row] for row in note.weights((0, 2))]


def test_a_drag_enlarges_the_cells_of_all_heatmaps(visit: Open, note: attnviz.Trace) -> None:
    """What is dragged over fills each picture and says how much is in sight; a click still pins."""
    opened = visit()
    opened.tab("Heatmap")
    page = opened.page
    pictures = [page.locator(f".st-key-heatmaps [data-picture='{n}']") for n in range(3)]
    canvas = pictures[0].locator("canvas.map")
    box = canvas.bounding_box()
    assert box is not None
    left, cell = (float(canvas.get_attribute(f"data-{name}") or 0) for name in ("left", "cell"))

    def at(row: int, column: int) -> tuple[float, float]:
        return box["x"] + left + (column + 0.5) * cell, box["y"] + (row + 0.5) * cell

    page.mouse.move(*at(4, 3))
    tip = pictures[0].locator(".tip")
    expect(tip).to_have_text(f"never (4) → will (3) · weight {note.weights((0, 2))[4, 3]:.4f}")
    page.mouse.down()
    page.mouse.move(*at(9, 6), steps=3)
    expect(pictures[0].locator(".dragged")).to_be_visible()
    page.mouse.up()
    for picture in pictures:
        expect(picture.get_by_text("6 × 4 of 27 × 27 cells in sight.")).to_be_visible()
    for index, head in enumerate([(0, 2), (1, 8)]):
        part = note.weights(head)[4:10, 3:7]
        expected = style.map_ramp(style.HEAD_CODES[index], "light", signed=False)[
            style.map_levels(part, signed=False)
        ]
        np.testing.assert_array_equal(cells_painted(pictures[index], 6, 4, at=0.1), expected)
    assert "pin" not in page.url, "a drag pins nothing"
    pictures[2].get_by_role("button", name="show all").click()
    for picture in pictures:
        expect(picture.get_by_text("cells in sight")).to_have_count(0)
    page.mouse.click(*at(12, 3))
    page.wait_for_url(re.compile("pin=q12$"))


def test_hover_stays_in_the_browser_and_pins_enter_the_link(
    visit: Open, note: attnviz.Trace
) -> None:
    opened = visit()
    page, sent = opened.page, len(opened.sent)
    panel = page.locator(".st-key-lines .panel").nth(1)
    token = panel.locator('[data-side="q"][data-place="10"]')
    token.hover()
    weights = note.weights((1, 8))[10]
    expected = sorted(f"{w:.3f}" for w in weights if w >= FAINTEST)
    assert sorted(panel.locator(".focus .number").all_text_contents()) == expected
    assert panel.locator(".lines").evaluate("g => getComputedStyle(g).display") == "none"
    readout = page.locator(".st-key-lines .readout")
    total = sum(float(digits) for digits in expected)
    expect(readout).to_contain_text(f"(Σ {total:.3f})")
    assert len(opened.sent) == sent, "nothing was sent to the server"

    drawn = opened.drawn("lines")
    token.click()
    panel.locator('[data-side="k"][data-place="2"]').click()
    page.mouse.move(2, 2)
    expect(panel.locator('[aria-pressed="true"]')).to_have_count(2)
    both = int((weights >= FAINTEST).sum() + (note.weights((1, 8))[:, 2] >= FAINTEST).sum())
    both -= int(weights[2] >= FAINTEST)
    lines = "".join(
        panel.locator(".focus path").evaluate_all("all => all.map(p => p.getAttribute('d'))")
    )
    assert lines.count("M") == both
    page.wait_for_url("**/?v=1&ha=0.2&hb=1.8&pin=q10.k2")
    page.keyboard.press("Escape")
    expect(panel.locator(".focus path")).to_have_count(0)
    expect(panel.locator('[aria-pressed="true"]')).to_have_count(0)
    page.wait_for_url(lambda address: "pin" not in address)
    assert opened.drawn("lines") == drawn, "the pictures stood still meanwhile"


def test_pins_survive_a_change_of_head(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.locator('.st-key-lines .panel >> nth=0 >> [data-side="q"][data-place="4"]').click()
    page.locator("canvas.map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("b")
    opened.settle()
    expect(page.locator(".st-key-lines .panel").nth(1)).to_contain_text("L0·H1")
    expect(page.locator('.st-key-lines [aria-pressed="true"]')).to_have_count(2)


def test_a_click_on_the_overview_sets_head_a_then_b(visit: Open) -> None:
    opened = visit()
    page = opened.page
    canvas = page.locator("canvas.map")
    tiles = Tiles.of(canvas)
    canvas.hover(position=tiles.point(2, 1))
    expect(page.locator(".st-key-overview .readout")).to_contain_text("L2·H1 · query")
    canvas.click(position=tiles.point(2, 1))
    expect(page.locator(".st-key-lines .panel").first).to_contain_text("L2·H1")
    page.get_by_role("radio", name="B =").click()
    canvas.click(position=Tiles.of(canvas).point(4, 3))
    expect(page.locator(".st-key-lines .panel").nth(1)).to_contain_text("L4·H3")
    opened.tab("Heatmap")
    expect(page.locator(".st-key-heatmaps [data-picture='1'] .title")).to_contain_text("L4·H3")
    expect(page.get_by_text("the two most different heads")).to_have_count(0)


def test_the_readout_of_the_overview_is_the_weight(visit: Open, minilm: Model) -> None:
    opened = visit()
    opened.type_text(SHORT)
    page = opened.page
    canvas = page.locator("canvas.map")
    canvas.hover(position=Tiles.of(canvas).point(3, 4, down=1.5 / 5, right=2.5 / 5))
    readout = page.locator(".st-key-overview .readout")
    expect(readout).to_contain_text("L3·H4 · query the (1) → key cat (2)")
    found = re.search(r"weight ([\d.]+) to ([\d.]+)", readout.inner_text())
    assert found is not None
    weight = float(attnviz.trace(SHORT, minilm).weights((3, 4))[1, 2])
    assert float(found[1]) <= weight <= float(found[2])
    assert float(found[2]) - float(found[1]) <= 2 * weight**0.5 / 255 + 1 / 255**2 + 2e-4


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_nothing_scrolls_sideways_or_is_cut_off(visit: Open, width: int, language: str) -> None:
    page = visit(width=width, height=844, locale=language).page
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("m => m.scrollWidth <= m.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    over = page.locator(".st-key-lines .scroll").evaluate_all(
        "all => all.filter(s => s.scrollWidth > s.clientWidth + 1).length"
    )
    assert over == 0, "27 tokens fit at every width"
    edges = page.locator(".js-plotly-plot, .attnviz, canvas.map, button, input").evaluate_all(
        """all => all.filter(e => !e.closest('.st-key-chips, .st-key-choices, .st-key-sort_row'))
            .map(e => e.getBoundingClientRect()).filter(b => b.width).map(b => [b.left, b.right])"""
    )
    rows = page.locator(".st-key-chips, .st-key-choices, .st-key-sort_row")  # which scroll
    overflows = rows.evaluate_all("all => all.map(row => row.scrollWidth > row.clientWidth + 1)")
    assert width < 1440 or not any(overflows)
    assert all(left >= -1 and right <= width + 1 for left, right in edges)


def test_the_first_screen_shows_everything(visit: Open) -> None:
    opened = visit()
    whole = [
        ("Lines", (".st-key-text textarea", "canvas.map", ".reading >> nth=1")),
        ("Lines", (".st-key-lines .panel svg:has(.lines) >> nth=1", ".st-key-lines .note")),
        ("Heatmap", (".st-key-heatmaps [data-picture='2'] canvas.map",)),
    ]
    for tab, selectors in whole:
        opened.tab(tab)
        for selector in selectors:
            box = opened.page.locator(selector).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= 900, selector


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_the_note_opens_with_the_lines_of_both_heads_in_sight(visit: Open, language: str) -> None:
    """One above the other, and no line moves when a token is kept and another is pointed at."""
    page = visit(link="/", locale=language).page
    pictures = page.locator(".st-key-lines .panel svg:has(.lines)")
    boxes = [pictures.nth(panel).bounding_box() for panel in (0, 1)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"], "stacked"
    assert boxes[1]["y"] + boxes[1]["height"] <= 900
    tokens = pictures.nth(0).locator('.token[data-side="q"]')
    tokens.nth(3).click()
    kept = [pictures.nth(panel).bounding_box() for panel in (0, 1)]
    tokens.nth(8).hover()  # the longest name makes room for its mark
    expect(tokens.nth(8)).to_contain_text("#2")
    assert [pictures.nth(panel).bounding_box() for panel in (0, 1)] == kept
    name = tokens.nth(8).bounding_box()
    assert name is not None
    assert kept[0] is not None
    assert name["y"] >= kept[0]["y"] - 1, "within the picture"


def test_on_a_phone_the_pictures_stand_one_below_the_other(visit: Open) -> None:
    page = visit(width=390, height=844).page
    boxes = [
        page.locator(selector).bounding_box()
        for selector in (
            "canvas.map",
            ".st-key-lines .panel >> nth=0",
            ".st-key-lines .panel >> nth=1",
        )
    ]
    tops = [box["y"] for box in boxes if box is not None]
    assert len(tops) == 3
    assert tops == sorted(tops)
    assert all(box is not None and box["width"] <= 390 for box in boxes)


def test_the_controls_stay_in_sight_and_say_what_is_in_force(visit: Open) -> None:
    opened = visit(height=600)
    page, row = opened.page, opened.page.locator(".st-key-choices")
    expect(row).to_contain_text("Heads: L0·H2, L1·H8")
    expect(row).to_contain_text("Filter (0)")
    box = page.locator(".st-key-tab").bounding_box()
    opened.choose("filter_open", "Hide special tokens", "Renormalise the rest")
    expect(row).to_contain_text("Filter (2)")
    assert page.locator(".st-key-tab").bounding_box() == box, "nothing moves"
    page.get_by_text("No filter", exact=True).click()
    opened.settle()
    expect(row).to_contain_text("Filter (0)")
    page.wait_for_url(lambda address: "nosp" not in address and "renorm" not in address)
    page.locator('[data-testid="stMain"]').evaluate("m => m.scrollTo(0, 400)")
    stuck = row.bounding_box()
    assert stuck is not None
    assert 0 <= stuck["y"] < 20


def test_tiles_are_picked_with_keys_and_framed_in_the_colour_of_their_head(visit: Open) -> None:
    opened = visit()
    page, canvas = opened.page, opened.page.locator("canvas.map")
    for place, keys in [((2, 1), ["Shift"]), ((3, 3), ["Control"]), ((4, 4), ["Control"])]:
        canvas.click(position=Tiles.of(canvas).point(*place), modifiers=keys)  # type: ignore[arg-type]
        opened.settle()
    page.wait_for_url(lambda address: "hb=2.1" in address and "hm=3.3-4.4" in address)
    colours = [code.light for code in style.HEAD_CODES[:4]]
    for place, colour in zip([(0, 2), (2, 1), (3, 3), (4, 4)], colours, strict=True):
        at = Tiles.of(canvas).point(*place, down=1, right=0.5)
        seen = canvas.evaluate(
            """(c, at) => [...c.getContext('2d').getImageData(at.x - 6, at.y, 12, 1).data]""", at
        )
        hexes = {"#" + "".join(f"{v:02X}" for v in seen[i : i + 3]) for i in range(0, 48, 4)}
        assert colour in hexes, "a frame, with its dashes"
    page.get_by_role("radio", name="+ more").click()  # as on a screen that is touched
    canvas.click(position=Tiles.of(canvas).point(3, 3))
    page.wait_for_url(lambda address: "hm=4.4" in address)


def test_sorted_tiles_stand_by_their_measure_with_its_value(
    visit: Open, note: attnviz.Trace
) -> None:
    opened = visit()
    page, canvas = opened.page, opened.page.locator("canvas.map")
    page.locator(".st-key-sort_by input").click()
    page.get_by_text("Sort by: next token", exact=True).click()
    opened.settle()
    table = attnviz.measure(note).sort_values("next", ascending=False, kind="stable")
    for rank in (0, 1, 40, 71):
        layer, head = table[["layer", "head"]].iloc[rank].astype(int)
        tiles = Tiles.of(canvas)
        down = float(canvas.get_attribute("data-down") or 0)
        x, y = tiles.left + (rank % 12 + 0.5) * tiles.step, tiles.top + (rank // 12) * down + 5
        canvas.hover(position={"x": x, "y": y})
        expect(page.locator(".st-key-overview .readout")).to_contain_text(f"L{layer}·H{head} · ")
    page.locator(".st-key-most_different button").click()
    page.wait_for_url(lambda address: "ha=0.2" in address and "hb=1.8" in address)


def test_the_language_changes_every_text_and_loads_no_model(visit: Open) -> None:
    opened = visit()
    page = opened.page
    page.get_by_text("中文").click()
    opened.settle()
    expect(page.locator(".reading").first).to_contain_text("看前一个词元")
    expect(page.locator(".st-key-overview")).to_contain_text("点击设定")
    expect(page.get_by_text("Loading the model")).to_have_count(0)
    expect(page.get_by_label("句子", exact=True)).to_have_value(re.compile("^The Law"))


def test_hostile_text_is_text(visit: Open, server: Server) -> None:
    opened = visit()
    opened.type_text(HOSTILE)
    page = opened.page
    opened.tab("Lines")
    expect(page.locator(".st-key-lines .token", has_text="alert").first).to_be_visible()
    inside = ".st-key-viewer"
    for tag in ("a[href*=evil]", "img[src=x]", "b", ".katex"):
        expect(page.locator(f"{inside} {tag}")).to_have_count(0)
    labels = page.locator(".st-key-lines .panel >> nth=0 >> [data-side=q]").evaluate_all(
        """all => all.map(({ childNodes }) => [...childNodes]
            .map((part) => part.nodeName === "title" ? "" : part.textContent).join(""))"""
    )
    (one,) = shown(attnviz.trace(HOSTILE), [(0, 2)])
    assert labels == [name.label for name in one.map.rows]
    opened.tab("Heatmap")
    expect(page.locator(".st-key-heatmaps canvas.map")).to_have_count(3)
    expect(page.locator(f"{inside} :is(a[href*=evil], img[src=x], b)")).to_have_count(0)
    expect(page.get_by_label("Sentence", exact=True)).to_have_value(HOSTILE)
    assert not opened.problems
    assert all(url.startswith((server.address, "blob:", "data:")) for url in opened.requests)


def test_half_a_character_is_shown_as_unreadable_and_breaks_nothing(visit: Open) -> None:
    opened = visit()
    page = opened.page
    box = page.get_by_label("Sentence", exact=True)
    box.evaluate(
        """field => {
            const { set } = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
            set.call(field, 'half \\ud83d of it');
            field.dispatchEvent(new Event('input', { bubbles: true })); }"""
    )
    box.press("Enter")
    expect(page.locator('.st-key-lines [data-side="q"]', has_text="half").first).to_be_visible()
    expect(box).to_have_value("half \ufffd of it")


def test_every_control_can_be_reached_with_the_keyboard(visit: Open) -> None:
    page = visit().page
    page.get_by_label("Sentence", exact=True).focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                """() => { let e = document.activeElement;
                while (e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
                return e.closest('.attnviz') ? e.getAttribute('class') || e.dataset.slot
                     : e.getAttribute('aria-label') || e.innerText; }"""
            )
        )
    text = " | ".join(str(name) for name in reached)
    wanted = (
        "The note's sentence",
        "+ second sentence",
        "Model",
        "Heads: ",
        "Show: ",
        "Tokens: ",
        "Filter (0)",
        "Sort by",
        "Most different pair",
        "Lines",
        "map",
        "token",
        "How this is drawn",
        "Find a head",
    )
    assert [name for name in wanted if name not in text] == []


def test_pictures_have_text_alternatives(visit: Open) -> None:
    opened = visit()
    page = opened.page
    canvas = page.locator("canvas.map").get_attribute("aria-label")
    assert canvas is not None
    assert "6 layers × 12 heads" in canvas
    lines = page.locator(".st-key-lines .attnviz").get_attribute("aria-label")
    assert lines is not None
    assert "L0·H2: Here: > 99.9 % on the previous token" in lines
    opened.tab("Heatmap")
    expect(page.locator('.st-key-heatmaps [aria-label*="Heatmap of all-MiniLM"]')).to_have_count(2)
    expect(page.locator('.st-key-heatmaps [aria-label*="Head against head in"]')).to_have_count(1)
    opened.tab("Numbers")
    expect(page.locator(".st-key-table table")).to_be_visible()


def test_twelve_heads_vertical_and_overlaid(visit: Open, note: attnviz.Trace) -> None:
    opened = visit()
    page = opened.page
    page.locator(".st-key-heads_open button").first.click()
    more = page.get_by_label("More heads").first
    more.click()
    for head in ("L2·H1", "L5·H5"):
        more.fill(head)
        page.keyboard.press("Enter")
        opened.settle()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    opened.choose("show_open", "overlaid", "tokens down")
    expect(page.locator(".st-key-lines .panel")).to_have_count(1)
    colours = {(stroke["colour"], stroke["dash"]) for stroke in paths(page)}
    codes = [(code.light, None if code.dash == "none" else code.dash) for code in style.HEAD_CODES]
    assert colours == set(codes[:4])
    drawn = sum(len(re.findall("M", stroke["d"])) for stroke in paths(page))
    heads = [(0, 2), (1, 8), (2, 1), (5, 5)]
    assert drawn == sum(int((note.weights(head) >= FAINTEST).sum()) for head in heads)


def test_the_guard_sees_who_leaves(server: Server, tmp_path: Path) -> None:
    log = tmp_path / "outside.txt"
    code = "import socket\ntry: socket.getaddrinfo('host.invalid', 80)\nexcept OSError: pass"
    environment = {**os.environ, "PYTHONPATH": str(NETGUARD), "ATTNVIZ_NETGUARD": str(log)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert log.read_text() == "host.invalid\n"


def test_nothing_leaves_this_machine(visit: Open, server: Server) -> None:
    """Last, so that it judges all that the tests above made the server do."""
    opened = visit()
    opened.type_text("one more sentence")
    assert all(url.startswith((server.address, "blob:", "data:")) for url in opened.requests)
    assert server.reached_outside() == ""
    assert not opened.problems
