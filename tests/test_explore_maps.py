"""The map that a lens names: weights, norm-weighted, rollout or flow, in every picture alike."""

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz import Lens
from attnviz.analysis.describe import Description
from attnviz.analysis.lens import MapKind
from attnviz.errors import ArgumentError, CaptureError
from attnviz.models.load import Model
from attnviz.pictures import style
from attnviz.pictures.comparison import comparison
from attnviz.pictures.kinds import kinds
from attnviz.pictures.overview import overview
from attnviz.pictures.packet import unpack
from attnviz.pictures.picture import reading
from attnviz.pictures.shown import shown
from attnviz.share.state import EXPLORE, from_link
from attnviz.texts import LANGUAGES, Language
from attnviz.ui.widgets.viewer import LONGEST_FLOW
from tests.page_readers import notes, pictures
from tests.test_page import choose, said, typed
from tests.test_page import page as page

A, B, SAME_LAYER = (1, 8), (2, 1), (1, 3)
COMPUTED: tuple[MapKind, ...] = ("norm_weighted", "rollout", "flow")
SHORT = "the cat sat on the mat"


def by_itself(trace: attnviz.Trace, head: tuple[int, int], kind: MapKind) -> attnviz.AttentionMap:
    """The same map by the public function of its name."""
    if kind == "norm_weighted":
        return attnviz.norm_weighted(trace, head)
    return getattr(attnviz, kind)(trace, head[0])  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def short(minilm: Model) -> attnviz.Trace:
    return attnviz.trace(SHORT, minilm)


@pytest.mark.parametrize("kind", COMPUTED)
def test_a_map_through_a_plain_lens_is_the_map_itself(short: attnviz.Trace, kind: MapKind) -> None:
    seen, expected = attnviz.heatmap(short, A, Lens(map=kind)).view, by_itself(short, A, kind)
    np.testing.assert_array_equal(seen.map.values, expected.values)
    assert seen.map.formula == expected.formula or seen.formula("en").startswith(
        expected.formula.text() if expected.formula else "?"
    )
    for language in LANGUAGES:
        assert expected.title is not None
        assert expected.title.text(language).endswith(seen.name(language))


@pytest.mark.parametrize("kind", COMPUTED)
def test_special_tokens_are_hidden_and_stated_before_and_after(
    short: attnviz.Trace, kind: MapKind
) -> None:
    (one,) = shown(short, [A], Lens(hide_special=True, renormalise=True, map=kind))
    left = by_itself(short, A, kind).values[1:-1, 1:-1]
    np.testing.assert_allclose(one.map.values, left / left.sum(axis=1, keepdims=True), rtol=1e-5)
    weights = short.weights(A) if kind == "norm_weighted" else short.layer_weights(1).mean(axis=0)
    values = by_itself(short, A, kind).values
    before, after = (
        float((rows[:, [0, -1]].sum(axis=1) / rows.sum(axis=1)).mean())
        for rows in (weights, values)
    )
    notes = " ".join(one.notes("en"))
    assert f"{100 * before:.1f} % of the" in notes
    assert f"{100 * after:.1f} % of the map" in notes
    assert (
        f"hold {100 * float((values[1:-1, [0, -1]].sum(1) / values[1:-1].sum(1)).mean()):.1f}"
        in (notes)
    )


@pytest.mark.parametrize("kind", COMPUTED)
@pytest.mark.parametrize("picture", list(kinds()))
def test_every_picture_draws_it_says_it_and_is_made_again(
    short: attnviz.Trace, kind: MapKind, picture: str
) -> None:
    lens = Lens(map=kind)
    seen = attnviz.explore(short, [A, B], lens)
    made = next(iter(kinds()[picture].pictures(seen).values()))()
    recipe: Any = getattr(made, "recipe", None)
    if recipe is not None:
        assert f"map='{kind}'" in recipe.text
        scope: dict[str, Any] = {}
        exec(recipe.text.rsplit("\n", 1)[0], scope)  # noqa: S102
        again = eval(recipe.text.rsplit("\n", 1)[1], scope)  # noqa: S307
        assert again.to_svg() == made.to_svg()
    named = {"norm_weighted": "norm-weighted"}.get(kind, f"attention {kind}")
    assert named in made.to_svg()


def test_norm_weighted_heads_are_combined_as_weights_are(short: attnviz.Trace) -> None:
    (one,) = shown(short, [A, B], Lens(map="norm_weighted"), "mean")
    expected = np.mean([attnviz.norm_weighted(short, head).values for head in (A, B)], axis=0)
    np.testing.assert_allclose(one.map.values, expected, atol=1e-7)
    assert one.name("en") == "mean of L1·H8, L2·H1, norm-weighted"
    assert one.formula("en").startswith("mean over the heads of shares of ‖α f(x)‖")


def test_a_map_of_a_layer_stands_once(short: attnviz.Trace) -> None:
    views = shown(short, [A, SAME_LAYER, B], Lens(map="rollout"))
    assert [one.heads[0].layer for one in views] == [1, 2]
    assert [one.code for one in views] == [style.HEAD_CODES[0], style.HEAD_CODES[2]]
    seen = attnviz.explore(short, [A, SAME_LAYER, B], Lens(map="rollout"))
    meta, arrays = unpack(seen.packet())
    assert [one["place"] for one in meta["maps"]] == [[0, layer] for layer in range(6)]
    assert meta["chosen"] == [1, 2]
    steps = 256 * arrays["high"].astype(int) + arrays["low"]
    for layer, found in enumerate(steps.reshape(6, 8, 8)):
        expected = attnviz.rollout(short, layer).values
        np.testing.assert_allclose(found / meta["steps"], expected, atol=1 / meta["steps"])


@pytest.mark.parametrize("kind", COMPUTED)
def test_tiles_are_the_levels_of_each_map(short: attnviz.Trace, kind: MapKind) -> None:
    tiles = overview(short, map=kind).tiles.levels
    heads = [(layer, head) for layer in range(6) for head in range(12)]
    if kind != "norm_weighted":
        assert tiles.shape[:2] == (1, 6), "a tile a layer, in one row"
        heads = [(layer, 0) for layer in range(6)]
    expected = [style.level(by_itself(short, head, kind).values) for head in heads]
    np.testing.assert_array_equal(tiles.reshape(-1, 8, 8), expected)
    meta, _ = unpack(overview(short, map=kind).packet(A, B))
    places = {"A": [0, 1], "B": [0, 2]} if meta["ofLayers"] else {"A": [1, 8], "B": [2, 1]}
    assert meta["marked"] == places


@pytest.mark.parametrize("kind", COMPUTED)
def test_a_against_b_is_one_map_minus_the_other(short: attnviz.Trace, kind: MapKind) -> None:
    (seen,) = attnviz.explore(short, [A, B], Lens(map=kind)).pair
    a, b = (by_itself(short, head, kind).values for head in (A, B))
    np.testing.assert_allclose(seen.map.values, a - b, atol=1e-7)
    assert (seen.map.divergence is None) == (kind == "flow"), "its rows are no distributions"


def test_what_cannot_be_is_a_sentence(short: attnviz.Trace) -> None:
    with pytest.raises(CaptureError, match="no heads to combine"):
        attnviz.lines(short, [A, B], Lens(map="rollout"), combination="mean")
    with pytest.raises(CaptureError, match="Choose word pieces"):
        attnviz.heatmap(short, A, Lens(unit="word", map="flow"))
    with pytest.raises(ArgumentError, match="heads of two layers"):
        comparison(short, [A, SAME_LAYER], Lens(map="flow"))
    given = attnviz.Trace.from_weights(["a", "b"], np.full((1, 1, 2, 2), 0.5))
    with pytest.raises(CaptureError, match="attention weights alone"):
        attnviz.heatmap(given, (0, 0), Lens(map="norm_weighted"))


# ---- the page


def captions(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption).replace("\\", "")


def drawn(app: AppTest) -> list[np.ndarray]:
    """The values of the heatmaps on the page."""
    return [arrays["weights"] for _, arrays in pictures(app, "heatmaps")]


@pytest.mark.parametrize("kind", COMPUTED)
def test_one_switch_is_for_every_picture_of_the_page(
    page: AppTest, note: attnviz.Trace, kind: MapKind
) -> None:
    choose(page, "tab", "heatmaps")
    choose(page, "map", kind)
    a, b = (by_itself(note, head, kind).values for head in [(0, 2), (1, 8)])
    for seen, expected in zip(drawn(page), [a, b, a - b], strict=True):
        np.testing.assert_allclose(seen, expected, atol=1e-7)
    assert notes(page, "heatmaps").count("of the map") == 2, "of A and B"
    assert page.query_params["map"] == kind
    choose(page, "map", "raw")
    assert "map" not in page.query_params


def test_what_rollout_cannot_combine_is_shown_as_not_in_force(page: AppTest) -> None:
    choose(page, "tab", "heatmaps")
    choose(page, "combine", "mean")
    choose(page, "map", "rollout")
    off: Any = next(one for one in page.get("button_group") if one.key == "combine_off")
    assert off.disabled
    assert off.value == "each"
    assert len(drawn(page)) == 3
    choose(page, "map", "raw")
    assert len(drawn(page)) == 1, "what was chosen before is in force again"


def test_flow_of_a_long_text_or_of_words_is_a_sentence(page: AppTest) -> None:
    choose(page, "map", "flow")
    typed(page, "word " * LONGEST_FLOW)
    assert f"computed up to {LONGEST_FLOW} tokens; the sentence has {LONGEST_FLOW + 2}" in said(
        page
    )
    typed(page, SHORT)
    assert not page.error
    choose(page, "unit", "word")
    assert "Choose word pieces, or another map" in said(page)
    choose(page, "map", "rollout")
    assert not page.error


def test_a_link_opens_the_map_and_an_old_link_the_weights() -> None:
    found, dropped = from_link({"v": "1", "map": "norm_weighted"}, EXPLORE)
    assert (found["map"], dropped) == ("norm_weighted", ())
    assert "map" not in from_link({"v": "1", "ha": "L1H8"}, EXPLORE)[0]
    assert from_link({"v": "1", "map": "flows"}, EXPLORE)[1] == ("map",)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_pattern", [True, False])
@pytest.mark.parametrize(
    "strongest", ["previous", "next", "self", "before", "after", "token", "first"]
)
def test_every_pattern_has_a_reading(strongest: str, is_pattern: bool, language: Language) -> None:
    pattern = strongest if is_pattern else "none"
    found = Description(pattern, 0.625, strongest, "cat", 3, 1.5, 2.0)
    said = reading("L1·H8", found, "piece", language)
    assert said.startswith("L1·H8 ")
    assert "62.5 %" in said


def test_a_sink_is_one_of_the_weights_alone() -> None:
    """A map that is computed from them may hold the most there, and that is no sink."""
    tokens, given = ["<s>", "a", "b", "c"], np.tril(np.full((4, 4), 0.1))
    given[:, 0] = 1 - given[:, 1:].sum(axis=1)
    mask = np.tril(np.ones((4, 4), bool))
    trace = attnviz.Trace.from_weights(tokens, np.tile(given, (4, 1, 1, 1)), allowed=mask)
    said = {of: shown(trace, [(3, 0)], Lens(map=of))[0] for of in ("raw", "rollout")}
    assert (
        said["raw"].reading("en")
        == "L3·H0 looks at the first token, “<s>” (85.0 %): a sink (Xiao et al. 2023)"
    )
    for text in (said["rollout"].reading("en"), said["rollout"].says("en")):
        assert "“<s>”" in text
        assert "sink" not in text
