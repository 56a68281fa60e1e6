"""The catalogue: complete in both languages, and nothing said that is not in it."""

import re
import string
from pathlib import Path
from typing import Any

import pytest

from attnviz.analysis.measures import measures
from attnviz.errors import AttnvizError, TextError
from attnviz.texts import LANGUAGES, catalogue, say

ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("attnviz/**/*.py"), *ROOT.glob("pages/*.py")]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_both_languages_have_the_same_texts_and_placeholders() -> None:
    english, chinese = catalogue("en"), catalogue("zh")
    assert set(english) == set(chinese)
    for key, template in english.items():
        assert placeholders(template) == placeholders(chinese[key]), key
        doubled = re.findall(r"\{\{(\w+)\}\}", template)
        assert sorted(doubled) == sorted(re.findall(r"\{\{(\w+)\}\}", chinese[key])), key


def test_no_text_is_empty_and_chinese_is_chinese() -> None:
    same = {key for key, text in catalogue("en").items() if text == catalogue("zh")[key]}
    assert same <= {
        "page.model_minilm",
        "picture.query",
        "picture.key",
        "picture.direction",
        "map.named",
        "example.machines",
    }
    assert all(text.strip() for language in LANGUAGES for text in catalogue(language).values())


def used_keys() -> tuple[set[str], set[str]]:
    """Keys written out in the code, and the fixed beginnings of those that are built."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    sections = "|".join(sorted({key.split(".")[0] for key in catalogue("en")}))
    whole = set(re.findall(rf"""["']((?:{sections})\.(?!css|py|js)\w+)["']""", text))
    whole |= {f"error.{key}" for key in re.findall(r'Error\(\s*"(\w+)"', text)}
    built = set(re.findall(rf"""f["']((?:{sections})\.\w*)\{{""", text))
    return whole, built


def test_every_text_that_the_code_names_exists_and_every_text_is_named() -> None:
    whole, built = used_keys()
    known = set(catalogue("en"))
    assert whole <= known, whole - known
    assert all(any(key.startswith(start) for key in known) for start in built)
    # keys that the code chooses between by a variable
    starts = built | {f"{name}_" for name in whole}  # options are named after their label
    chosen = {"error.family_unknown", "error.no_attention"}
    unused = {
        key for key in known - whole - chosen if not any(key.startswith(start) for start in starts)
    }
    assert not unused


def test_a_missing_text_or_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("page.no_such_text")
    with pytest.raises(KeyError):
        say("error.too_long")


def test_an_error_speaks_both_languages() -> None:
    problem = TextError("too_long", characters="5", limit="4")
    assert isinstance(problem, AttnvizError)
    assert "5 characters" in str(problem)
    assert "5 个字符" in problem.text("zh")


def test_measures_have_names_of_their_own() -> None:
    names = [measure.name for measure in measures()]
    assert len(set(names)) == len(names)


# What never counts one thing: its numbers begin higher, or are a size and no count of things.
NEVER_ONE = {
    *("error.too_many_heads", "error.too_long", "error.config_heads", "error.too_few_symbols"),
    *("error.too_many_tokens", "error.too_many_weights", "error.one_word"),
    *("error.heads_do_not_fit", "page.left_out_first", "page.left_out_second"),
    *("page.unknown_long", "page.save_too_many", "pattern.says_even", "pattern.says_none"),
    *("overview.title", "overview.pooled", "overview.alt", "train.parameters", "train.stopped"),
    *("train.done", "train.done_seen", "train.done_unknown", "train.done_at", "train.score"),
    *("train.bars_parameters", "train.looks_note", "train.compare_heads"),
    *("walk.plan", "walk.trial_how", "overview.map_alt", "heatmap.alt", "heatmap.alt_signed"),
}
VERBS = {"is", "was", "holds", "lacks", "begins", "stops", "stands", "treats"}


def test_one_thing_is_not_said_in_the_plural() -> None:
    for key, template in catalogue("en").items():
        ones: dict[str, Any] = dict.fromkeys(placeholders(template), 1)
        said = say(key, **ones)
        after_one = set(re.findall(r"\b1 (?:[a-z]+ )?([a-z]+s)\b", said)) - VERBS
        assert not after_one or key in NEVER_ONE, (key, said)


@pytest.mark.parametrize("count", [0, 2, "1,000"])
def test_another_number_of_things_is_said_in_the_plural(count: object) -> None:
    said = say("error.weights_behind_mask", count=count)
    assert said.startswith(f"{count} weights are not 0")
