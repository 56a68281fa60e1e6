"""Names of tokens in a browser: large enough, upright where they are read so, never touching."""

from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

import pytest

from tests.browser.conftest import MOST_DIFFERENT, Visit

Open = Callable[..., Visit]
TEXT = "unbelievably 今天天气，tokenization !"
NAMES = """labels => labels.map(label => {
  const [box, title] = [label.getBoundingClientRect(), label.querySelector("title").textContent];
  const said = label.cloneNode(true);
  said.querySelector("title").remove();
  return {
    said: said.textContent, title, faint: label.querySelector(".faint")?.textContent ?? "",
    turned: label.getAttribute("transform").includes("rotate"),
    size: getComputedStyle(label).fontSize, side: label.dataset.side ?? "",
    middle: (box.left + box.right) / 2,
  };
})"""


@pytest.mark.parametrize("tab", ["Lines", "Arcs"])
def test_names_are_upright_or_turned_and_keep_their_marks(visit: Open, tab: str) -> None:
    opened = visit(link=f"{MOST_DIFFERENT}&s={quote(TEXT)}")
    part = ".st-key-lines .panel:first-child"
    if tab == "Arcs":
        opened.tab("Arcs")
        part = ".st-key-arcs [data-picture='0']"
    found = opened.page.locator(f"{part} .token").evaluate_all(NAMES)
    assert {name["size"] for name in found} == {"12px"}
    by_title = {name["title"].split(" (")[0]: name for name in found}
    assert not by_title["!"]["turned"], "a single sign"
    assert not by_title["天"]["turned"], "Chinese"
    assert by_title["token"]["turned"]
    assert (by_title["ization"]["faint"], by_title["ization"]["said"]) == ("##", "##ization")
    unknown = [name["said"] for name in found if name["title"].startswith("[UNK]")]
    assert unknown
    assert all(said.startswith("[UNK] ") and len(said) > len("[UNK] ") for said in unknown)
    for side in {name["side"] for name in found}:
        row = [name["middle"] for name in found if name["side"] == side]
        assert min(b - a for a, b in pairwise(row)) >= 12, "letters of 12 px do not touch"


def test_two_heads_stand_side_by_side_beside_a_scroll_bar(visit: Open) -> None:
    page = visit(width=1425).page  # 1440 px, and the bar takes 15
    panels = page.locator(".st-key-lines .panel svg:has(.lines)")
    boxes = [panels.nth(panel).bounding_box() for panel in (0, 1)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == boxes[1]["y"]
    over = page.locator(".st-key-lines .scroll").evaluate_all(
        "all => all.filter(s => s.scrollWidth > s.clientWidth + 1).length"
    )
    assert over == 0, "27 tokens fit"
    assert boxes[1]["y"] + boxes[1]["height"] <= 900


def test_more_heads_than_hues_are_small_multiples(visit: Open) -> None:
    heads = "-".join(f"3.{head}" for head in range(5))
    page = visit(link=f"{MOST_DIFFERENT}&arr=overlaid&hm={heads}").page
    assert page.locator(".st-key-lines .panel").count() == 7
    page = visit(link=f"{MOST_DIFFERENT}&arr=overlaid&hm={heads[:15]}").page
    assert page.locator(".st-key-lines .panel").count() == 1
