"""The catalogue: complete in both languages, and nothing said that is not in it."""

import re
import string
from pathlib import Path
from typing import Any

import pytest

from attnviz.analysis.measures import measures
from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError, TextError
from attnviz.lessons.chapters import chapters
from attnviz.lessons.claims import claims
from attnviz.lessons.engine import Chapter
from attnviz.texts import LANGUAGES, catalogue, say

ROOT = Path(__file__).parents[1]
SOURCES = [*ROOT.glob("attnviz/**/*.py"), *ROOT.glob("pages/*.py")]


LESSONS = ("chapters", "claims")  # folders: their texts are named by the records of lessons


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
        "page.between_a_to_a",
        "page.between_a_to_b",
        "page.between_b_to_a",
        "page.between_b_to_b",
        "page.map_flow",
        "page.map_rollout",
        "page.model_minilm",
        "picture.query",
        "picture.key",
        "picture.direction",
        "map.named",
        "derived.title",
        "example.machines",
    }
    assert all(text.strip() for language in LANGUAGES for text in catalogue(language).values())


def used_keys() -> tuple[set[str], set[str]]:
    """Keys written out in the code, and the fixed beginnings of those that are built."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    text = re.sub(r"""text_of\(\s*f?["'].*?["']\s*\)""", "", text)  # those of a chapter
    sections = "|".join(sorted({k.split(".")[0] for k in catalogue("en")} - set(LESSONS)))
    whole = set(re.findall(rf"""["']((?:{sections})\.(?!css|py|js)\w+)["']""", text))
    whole |= {f"error.{key}" for key in re.findall(r'Error\(\s*"(\w+)"', text)}
    built = set(re.findall(rf"""f["']((?:{sections})\.\w*)\{{""", text))
    return whole, built


def test_every_text_that_the_code_names_exists_and_every_text_is_named() -> None:
    whole, built = used_keys()
    known = {key for key in catalogue("en") if not key.startswith(LESSONS)}
    assert whole <= known, whole - known
    assert all(any(key.startswith(start) for key in known) for start in built)
    # keys that the code chooses between by a variable
    starts = built | {f"{name}_" for name in whole}  # options are named after their label
    chosen = {"error.family_unknown", "error.no_attention"}
    unused = {
        key for key in known - whole - chosen if not any(key.startswith(start) for start in starts)
    }
    assert not unused


def keys_of_a_chapter(chapter: Chapter) -> tuple[set[str], tuple[str, ...]]:
    """Keys that its records and code name, and the beginnings of those that are built."""
    module = f"c{chapter.key.removeprefix('chapters.')}"
    code = [f.read_text("utf-8") for f in ROOT.glob(f"attnviz/lessons/chapters/{module}/*.py")]
    source = "\n".join(code)
    named = re.findall(r"""text_of\(\s*["']([\w.]+)["']\)""", source)
    built = re.findall(r"""text_of\(\s*f["']([\w.]+\.)\{""", source)
    teacher = chapter.teacher
    own = [chapter.title, chapter.goal, chapter.text, chapter.takeaway, chapter.misconception]
    own += [chapter.on_paper]
    own += [teacher.ask_aloud, teacher.expect, teacher.if_different]
    own += [text for part in chapter.parts for text in (part.title, part.note)]
    own += [text for question in chapter.questions for text in (question.ask, question.explain)]
    own += [control.label for control in chapter.controls]
    options = {
        key
        for question in chapter.questions
        for key in catalogue("en")
        if key.startswith(f"{question.key}.options.") and f'"{key.rpartition(".")[2]}"' in source
    }
    keys = {text.key for text in own} | {f"{chapter.key}.{name}" for name in named} | options
    return keys, tuple(f"{chapter.key}.{start}" for start in built)


@pytest.mark.parametrize("chapter", chapters(), ids=lambda c: c.name)
def test_every_text_of_a_chapter_exists_and_is_named(chapter: Chapter, note: Trace) -> None:
    keys, built = keys_of_a_chapter(chapter)
    own = {key for key in catalogue("en") if key.startswith(f"{chapter.key}.")}
    assert keys <= set(catalogue("en"))
    assert {key for key in keys if key.startswith("chapters.")} <= own, "of another chapter"
    assert not {key for key in own - keys if not key.startswith(built)}
    for question in chapter.questions:
        assert all(question.offers(note, language) is not None for language in LANGUAGES)


def test_every_text_of_a_claim_exists_and_is_named() -> None:
    named = {
        text.key
        for claim in claims()
        for text in (claim.claim, claim.statistic, claim.rule, claim.says, *claim.then.values())
    }
    assert named == {key for key in catalogue("en") if key.startswith("claims.")}


def test_every_chapter_has_a_file_of_texts_that_is_called_like_its_folder() -> None:
    folders = (ROOT / "attnviz" / "lessons" / "chapters").glob("c*/__init__.py")
    called = sorted(file.parent.name.removeprefix("c") for file in folders)
    assert [chapter.key for chapter in chapters()] == [f"chapters.{name}" for name in called]
    for language in LANGUAGES:
        files = (ROOT / "attnviz" / "texts" / language / "chapters").glob("*.toml")
        assert sorted(file.stem for file in files) == called


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
    *(
        "error.flow_too_long",
        "error.heads_do_not_fit",
        "page.left_out_first",
        "page.left_out_second",
        "page.left_out_target",
    ),
    *("page.unknown_long", "page.save_too_many", "pattern.says_even", "pattern.says_none"),
    "reading.even",
    *(f"overview.title_{kind}" for kind in ("self", "encoder", "decoder", "cross")),
    *("overview.pooled", "overview.pooled_norm", "overview.pooled_layers"),
    *("overview.alt", "overview.alt_layers", "train.parameters", "train.stopped"),
    *("train.done", "train.done_seen", "train.done_unknown", "train.done_at", "train.score"),
    *("train.bars_parameters", "train.looks_note", "train.compare_heads", "train.course_note"),
    *("walk.plan", "walk.trial_how", "overview.map_alt", "heatmap.alt", "heatmap.alt_signed"),
}
VERBS = {"looks", "is", "was", "differs", "holds", "lacks", "begins", "stops", "stands", "treats"}


def test_one_thing_is_not_said_in_the_plural() -> None:
    for key, template in catalogue("en").items():
        if key.startswith(LESSONS):
            continue  # sizes of models and of the note's figures, which seldom are one
        ones: dict[str, Any] = dict.fromkeys(placeholders(template), 1)
        said = say(key, **ones)
        after_one = set(re.findall(r"\b1 (?:[a-z]+ )?([a-z]+s)\b", said)) - VERBS
        assert not after_one or key in NEVER_ONE, (key, said)


@pytest.mark.parametrize("count", [0, 2, "1,000"])
def test_another_number_of_things_is_said_in_the_plural(count: object) -> None:
    said = say("error.weights_behind_mask", count=count)
    assert said.startswith(f"{count} weights are not 0")
