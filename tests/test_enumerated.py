"""Lists in a sentence are joined as its language joins them; patterns of many files on one page."""

import re

import pytest

import attnviz
from attnviz.analysis.lens import Lens
from attnviz.pictures.svg import hatch_name, hatch_pattern
from attnviz.texts import Language, enumerated


@pytest.mark.parametrize(("language", "said"), [("en", "a, b, c"), ("zh", "a、b、c")])
def test_a_list_is_joined_as_its_language_joins_it(language: Language, said: str) -> None:
    assert enumerated(["a", "b", "c"], language) == said


def test_rules_of_a_threshold_are_joined_in_full_width(note: attnviz.Trace) -> None:
    lens = Lens(at_least=0.02, strongest=0.9)
    alt = attnviz.heatmap(note, (0, 0), lens, language="zh").alt
    assert "小于 0.02、每行最强的 90% 之外" in re.sub(r"90 %", "90%", alt)
    assert "0.02, " not in alt


def test_two_patterns_share_a_name_only_where_they_are_the_same() -> None:
    looks = [(4.0, "#666666"), (8.0, "#666666"), (4.0, "#aaaaaa")]
    assert len({hatch_name(*look) for look in looks}) == len(looks)
    for look in looks:
        assert f'id="{hatch_name(*look)}"' in hatch_pattern(*look)
