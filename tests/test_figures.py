"""What is drawn, read back and held against the tensor. No browser here."""

from itertools import combinations

import numpy as np
import pytest

import attnviz
from attnviz.analysis.combine import Combination
from attnviz.analysis.lens import Lens
from attnviz.core.heads import HeadId
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.colour import contrast, linear, oklab
from attnviz.pictures.escape import plotly_text
from attnviz.pictures.heatmap import draw
from attnviz.pictures.lines import FAINTEST
from attnviz.pictures.overview.tiles import LARGEST_PAYLOAD, cell_edges, pool
from attnviz.pictures.packet import pack, unpack
from attnviz.pictures.picture import percent
from attnviz.pictures.shown import shown
from attnviz.texts import LANGUAGES, Language
from tests.colour_blindness import BLINDNESS, as_seen_with

LENSES = [
    Lens(),
    Lens(unit="word"),
    Lens(hide_special=True),
    Lens(hide_special=True, renormalise=True),
    Lens(at_least=0.05),
    Lens(strongest=0.7, unit="word", hide_special=True),
]


def weights_of(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least and largest weight that a stored level stands for."""
    levels = level.astype(np.float64)
    return (np.maximum(levels - 0.5, 0) / 255) ** 2, ((levels + 0.5) / 255) ** 2


# ---- packet


def test_a_packet_brings_back_what_was_packed() -> None:
    meta = {"text": "</script> 你好 😊", "number": 1.5, "none": None}
    arrays: dict[str, np.ndarray] = {
        "bytes": np.arange(7, dtype=np.uint8),
        "places": np.array([[1, 65535]], dtype=np.uint16),
        "weights": np.array([0.1, 1e-9], dtype=np.float32),
        "empty": np.array([], dtype=np.float32),
    }
    packet = pack(meta, arrays)
    found_meta, found = unpack(packet)
    assert found_meta == meta
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


# ---- overview


def test_every_tile_is_the_tensor_up_to_the_stated_quantisation(note: attnviz.Trace) -> None:
    meta, arrays = unpack(attnviz.overview(note).packet(HeadId(0, 2), HeadId(1, 8)))
    tiles = arrays["tiles"]
    assert tiles.shape == (6, 12, 27, 27)
    least, largest = weights_of(tiles)
    for layer in range(6):
        weights = note.layer_weights(layer)
        assert (weights >= least[layer] - 1e-9).all()
        assert (weights <= largest[layer] + 1e-9).all()
    assert (
        meta["rows"]["labels"] == meta["columns"]["labels"] == [token.text for token in note.tokens]
    )
    assert meta["marked"] == {"A": [0, 2], "B": [1, 8]}
    assert "all-MiniLM-L6-v2" in meta["title"]
    assert "query ↓, key →" in meta["note"]
    assert "softmax" in meta["note"]


@pytest.mark.parametrize("words", [60, 100, 700])
def test_the_overview_stays_small_and_pools_by_maximum(minilm: Model, words: int) -> None:
    trace = attnviz.trace("the cat sat on " * (words // 4), minilm)
    drawn = attnviz.overview(trace)
    assert len(drawn.packet()) < 1_000_000
    tokens, edges = len(trace.tokens), drawn.tiles.row_edges
    assert edges[0] == 0
    assert edges[-1] == tokens
    weights = trace.weights((4, 5))
    for row, column in [(0, 0), (3, 7), (len(edges) - 2, len(edges) - 2)]:
        block = weights[edges[row] : edges[row + 1], edges[column] : edges[column + 1]]
        least, largest = weights_of(drawn.tiles.levels[4, 5, row, column])
        assert least - 1e-9 <= block.max() <= largest + 1e-9


@pytest.mark.parametrize(("tokens", "heads"), [(1, 72), (64, 72), (65, 144), (512, 384), (9, 2)])
def test_cells_cover_every_token_once(tokens: int, heads: int) -> None:
    edges = cell_edges(tokens, heads)
    sizes = np.diff(edges)
    assert sizes.sum() == tokens
    assert (sizes >= 1).all()
    assert heads * (len(edges) - 1) ** 2 <= LARGEST_PAYLOAD


def test_pooling_loses_no_strong_weight() -> None:
    weights = np.random.default_rng(1).random((2, 70, 70)).astype(np.float32)
    edges = cell_edges(70, 72)
    pooled = pool(weights, edges, edges)
    assert pooled.max() == weights.max()


# ---- lines


@pytest.mark.parametrize("lens", LENSES)
def test_every_line_is_a_weight_and_every_weight_a_line_or_counted(
    note: attnviz.Trace, lens: Lens
) -> None:
    heads = [HeadId(2, 1), HeadId(1, 8)]
    meta, arrays = unpack(attnviz.lines(note, heads, lens).packet)
    for index, one in enumerate(shown(note, heads, lens)):
        mine = arrays["head"] == index
        query, key, weight = (arrays[name][mine] for name in ("query", "key", "weight"))
        np.testing.assert_array_equal(one.map.values[query, key], weight)
        assert (weight >= FAINTEST).all()
        drawn = np.zeros_like(one.map.shown)
        drawn[query, key] = True
        assert drawn.sum() == mine.sum(), "no line twice"
        missing = ~drawn
        np.testing.assert_array_equal(missing, ~one.map.shown | (one.map.values < FAINTEST))
        said = " ".join(meta["heads"][index]["notes"])
        faint = int((one.map.shown & (one.map.values < FAINTEST)).sum())
        assert (f"{faint:,} lines are fainter" in said) == (faint > 0)
        weak = one.map.withheld.weak_hidden
        assert (f"{weak:,} weights hidden" in said) == (weak > 0)
        assert ("special tokens hidden" in said) == lens.hide_special
        assert ("Rows renormalised" in said) == (lens.renormalise and lens.hide_special)


def test_a_line_diagram_states_model_head_direction_and_formula(note: attnviz.Trace) -> None:
    meta, _ = unpack(attnviz.lines(note, [(0, 2)]).packet)
    (head,) = meta["heads"]
    assert head["title"] == "all-MiniLM-L6-v2 · L0·H2"
    assert "softmax" in head["formula"]
    assert "previous token" in head["says"]
    assert "queries" in meta["words"]["queries"]


def test_a_head_keeps_its_opacity_whatever_else_is_drawn(note: attnviz.Trace) -> None:
    _, alone = unpack(attnviz.lines(note, [(2, 1)]).packet)
    _, among = unpack(attnviz.lines(note, [(2, 1), (0, 0), (5, 5)]).packet)
    np.testing.assert_array_equal(alone["weight"], among["weight"][among["head"] == 0])


def test_panels_follow_the_arrangement(note: attnviz.Trace) -> None:
    heads = [(0, 0), (0, 1), (0, 2)]
    apart, _ = unpack(attnviz.lines(note, heads, arrangement="beside").packet)
    together, _ = unpack(attnviz.lines(note, heads, arrangement="overlaid").packet)
    assert apart["panels"] == {"heads": [[0], [1], [2]], "beside": True}
    assert together["panels"]["heads"] == [[0, 1, 2]]


def test_more_heads_than_hues_can_tell_apart_are_small_multiples(note: attnviz.Trace) -> None:
    def panels(heads: int) -> object:
        picture = attnviz.lines(note, note.heads[:heads], arrangement="overlaid")
        return unpack(picture.packet)[0]["panels"]

    assert panels(6) == {"heads": [[0, 1, 2, 3, 4, 5]], "beside": True}
    assert panels(7) == {"heads": [[0], [1], [2], [3], [4], [5], [6]], "beside": True}


def test_names_keep_the_mark_of_a_piece_and_what_is_unknown(minilm: Model) -> None:
    trace = attnviz.trace("unbelievably 今天 good", minilm)
    side = unpack(attnviz.lines(trace, [(0, 2)]).packet)[0]["rows"]
    pieces = [token.piece for token in trace.tokens]
    written = [side["marks"].get(str(at), "") + label for at, label in enumerate(side["labels"])]
    assert written == pieces
    assert any(piece.startswith("##") for piece in pieces)
    hidden = {str(t.position): t.source for t in trace.tokens if t.is_unknown}
    assert side["unknown"] == hidden
    assert "今" in hidden.values()
    words = unpack(attnviz.lines(trace, [(0, 2)], Lens(unit="word")).packet)[0]["rows"]
    assert "marks" not in words
    ticks = attnviz.heatmap(trace, (0, 2)).figure.layout.xaxis.ticktext
    assert any(text.startswith("##") for text in ticks)


def columns_of(names: list[str]) -> tuple[dict[int, str], dict[int, str]]:
    """The columns of a heatmap by their place: those that are turned, and the upright ones."""
    figure = attnviz.heatmap(attnviz.AttentionMap.from_values(np.eye(len(names)), names)).figure
    axis, notes = figure.layout.xaxis, figure.layout.annotations
    named = dict(zip(axis.tickvals, axis.ticktext, strict=True))
    on_axis = {at: text for at, text in named.items() if text}
    upright = {note.x: note.text for note in notes}
    assert {(note.xref, note.yref, note.yanchor) for note in notes} <= {("x", "paper", "top")}
    return (on_axis, upright) if axis.tickangle == -90 else ({}, {**on_axis, **upright})


def test_columns_of_chinese_and_of_single_signs_stand_upright() -> None:
    turned, upright = columns_of(["[CLS]", "猫", "很好", ".", "a", "the", "<", "第2"])
    assert turned == {0: "[CLS]", 5: "the", 7: "第2"}
    assert upright == {1: "猫", 2: "很<br>好", 3: ".", 4: "a", 6: "&lt;"}
    assert columns_of(["the", "cat"]) == ({0: "the", 1: "cat"}, {})
    assert columns_of(["猫", "很好", "。"]) == ({}, {0: "猫", 1: "很<br>好", 2: "。"})


def test_combined_heads_say_so(note: attnviz.Trace) -> None:
    heads = [HeadId(0, 2), HeadId(1, 8)]
    meta, arrays = unpack(attnviz.lines(note, heads, combination="maximum").packet)
    (head,) = meta["heads"]
    assert head["name"] == "maximum of L0·H2, L1·H8"
    assert "maximum over the heads" in head["formula"]
    largest = np.maximum(note.weights(heads[0]), note.weights(heads[1]))
    np.testing.assert_array_equal(largest[arrays["query"], arrays["key"]], arrays["weight"])


def test_combined_heads_are_drawn_in_the_first_code_and_others_in_their_own(
    note: attnviz.Trace,
) -> None:
    (mean,) = shown(note, note.heads[:3], combination="mean")
    assert mean.code == style.HEAD_CODES[0]
    each = shown(note, note.heads[:3])
    assert [(one.heads, one.code) for one in each] == [
        ((head,), code) for head, code in zip(note.heads[:3], style.HEAD_CODES[:3], strict=True)
    ]


def test_too_many_or_no_heads_are_refused(note: attnviz.Trace) -> None:
    with pytest.raises(attnviz.ArgumentError, match="at least one head"):
        attnviz.lines(note, [])
    with pytest.raises(attnviz.InterventionError, match="at most 12"):
        attnviz.lines(note, note.heads[:13])


# ---- heatmap


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_heatmap_holds_the_weights_themselves(
    note: attnviz.Trace, lens: Lens, mode: style.Mode
) -> None:
    head = HeadId(1, 8)
    figure = attnviz.heatmap(note, head, lens, mode=mode).figure
    (drawn,) = figure.data
    view = shown(note, [head], lens)[0].map
    expected = np.where(view.shown, view.values, np.nan)
    np.testing.assert_array_equal(np.asarray(drawn.z, dtype=np.float32), expected)
    assert (drawn.zmin, drawn.zmax) == (0, 1)
    names = [place.name for place in view.rows]
    assert list(drawn.y) == list(drawn.x) == [plotly_text(name) for name in names]
    assert len(set(names)) == len(names), "duplicates stay distinct"
    title = figure.layout.title
    assert title.text == "all-MiniLM-L6-v2 · L1·H8"
    assert "query ↓ / → key" in title.subtitle.text
    assert "softmax" in title.subtitle.text


def test_a_heatmap_of_a_long_text_says_how_many_tokens_are_named(minilm: Model) -> None:
    trace = attnviz.trace("the cat " * 60, minilm)
    figure = attnviz.heatmap(trace, (0, 0)).figure
    said = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert "one in 3 queries and one in 7 keys named" in said
    assert list(figure.layout.xaxis.tickvals) == list(range(0, 122, 7))
    assert list(figure.layout.yaxis.tickvals) == list(range(0, 122, 3))
    assert figure.layout.xaxis.ticks == "outside", "a tick for each name that stands"


def test_a_short_sentence_has_a_number_in_each_cell(minilm: Model) -> None:
    trace = attnviz.trace("Thinking Machines", minilm)
    figure = attnviz.heatmap(trace, (0, 0)).figure
    weights = trace.weights((0, 0))
    assert list(figure.data[1].text) == [f"{weight:.2f}" for weight in weights.ravel()]
    names = [place.name for place in shown(trace, [(0, 0)])[0].map.rows]
    assert list(figure.data[1].y) == list(np.repeat(names, len(names)))
    assert list(figure.data[1].x) == names * len(names)
    said = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert "rounded to 2 decimals" in said


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_a_number_can_be_read_on_every_ink(mode: style.Mode) -> None:
    for code in style.HEAD_CODES:
        for ground in style.ramp(getattr(code, mode), mode):
            colour = "#{:02x}{:02x}{:02x}".format(*ground)
            assert contrast(style.text_on(colour), colour) >= 4.5


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("combination", ["mean", "maximum"])
def test_no_line_above_a_heatmap_is_wider_than_a_phone(
    note: attnviz.Trace, combination: Combination, language: Language
) -> None:
    one = shown(note, note.heads[:12], combination=combination)[0]
    title = draw(one, language=language).figure.layout.title
    lines = [(line, 14.0) for line in title.text.split("<br>")]
    lines += [(line, 10.5) for line in title.subtitle.text.split("<br>")]
    for line, size in lines:
        columns = sum(2 if ord(letter) > 0x2E7F else 1 for letter in line)
        assert columns * size / 2 <= 330
    said = (title.text + title.subtitle.text).replace("<br>", "").replace(" ", "")
    assert plotly_text(one.formula(language)).replace(" ", "") in said, "and nothing is lost"


def test_what_plotly_would_read_as_markup_is_escaped() -> None:
    assert plotly_text("<b>&amp;%{x}$") == "&lt;b&gt;&amp;amp;%\u200b{x}&#36;"


# ---- the look


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_equal_weights_are_equally_dark_in_every_hue(mode: style.Mode) -> None:
    def lightness(colour: str) -> np.ndarray:
        return np.array(
            [
                oklab(linear("#{:02x}{:02x}{:02x}".format(*rgb)))[0]
                for rgb in style.ramp(colour, mode)
            ]
        )

    ramps = [lightness(getattr(code, mode)) for code in style.HEAD_CODES[:2]]
    ramps.append(lightness(style.INK[mode]))
    paper = ramps[0][0]
    straight = paper + np.linspace(0, 1, 256) * (style.DARKEST[mode] - paper)
    for found in ramps:
        np.testing.assert_allclose(found, straight, atol=0.012)


def test_the_stated_level_of_a_weight() -> None:
    weights = np.array([0, 1 / 255**2, 0.25, 0.5, 1])
    np.testing.assert_array_equal(style.level(weights), [0, 1, 128, 180, 255])


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_twelve_head_codes_can_be_told_apart(mode: style.Mode) -> None:
    assert len({(getattr(c, mode), c.dash) for c in style.HEAD_CODES}) == style.MOST_HEADS == 12
    for one, other in combinations(style.HEAD_CODES, 2):
        colours = getattr(one, mode), getattr(other, mode)
        plain = [oklab(linear(c)) for c in colours]
        assert np.linalg.norm(plain[0] - plain[1]) > 0.1
        if one.dash == other.dash:
            for blindness in BLINDNESS:
                seen = [as_seen_with(c, blindness) for c in colours]
                assert np.linalg.norm(seen[0] - seen[1]) > 0.1, (colours, blindness)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_and_lines_have_enough_contrast(mode: style.Mode) -> None:
    paper = style.PAPER[mode]
    assert contrast(style.INK[mode], paper) > 7
    assert contrast(style.FAINT_INK[mode], paper) > 4.5
    for code in style.HEAD_CODES:
        assert contrast(getattr(code, mode), paper) >= 4.5, "a head's name is written in it"
    for paint in (style.X, style.Q, style.K, style.V, style.Z, style.R, style.SCORE, style.GREY):
        assert contrast(getattr(paint, mode), paper) >= 4.5


def hue(colour: str) -> float:
    """Degrees in OKLCH."""
    _, green_red, blue_yellow = oklab(linear(colour))
    return float(np.degrees(np.arctan2(blue_yellow, green_red)))


@pytest.mark.parametrize(
    ("light", "dark"),
    [(code.light, code.dark) for code in style.HEAD_CODES]
    + [(p.light, p.dark) for p in (style.X, style.Q, style.K, style.V, style.Z, style.R)]
    + [(style.SCORE.light, style.SCORE.dark)],
)
def test_a_colour_has_the_same_hue_in_light_and_dark(light: str, dark: str) -> None:
    assert abs((hue(light) - hue(dark) + 180) % 360 - 180) <= 4
    for colour in (light, dark):
        assert np.hypot(*oklab(linear(colour))[1:]) >= 0.055, "else it has none to speak of"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.62, "62.0 %"),
        (0.99989, "> 99.9 %"),
        (1.0, "100.0 %"),
        (0.0001, "< 0.1 %"),
        (0.0, "0.0 %"),
    ],
)
def test_a_share_is_never_all_or_nothing_by_rounding(share: float, said: str) -> None:
    assert percent(share) == said
