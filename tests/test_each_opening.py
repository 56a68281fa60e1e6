"""The contract of every chapter's figure: in steps, in two forms, every number at its address."""

from collections.abc import Iterator

import pytest

import attnviz
from attnviz.lessons.engine import Chapter
from attnviz.pictures.drawing import Drawing, Element
from attnviz.pictures.elements import SMALL
from attnviz.texts import LANGUAGES, Language
from tests import addresses

NOTE = (
    "The Law will never be perfect , but its application should be just - this is what we are "
    "missing , in my opinion ."
)
MACHINES = "Thinking Machines"
CHAPTERS = attnviz.chapters()
FEWEST, MOST = 4, 8  # steps


def figures_of(chapter: Chapter, text: str, language: Language = "en") -> list[Element]:
    """The figures in steps of a chapter, as they open on a text."""
    trace = attnviz.trace(text)
    panels = chapter.figure(trace, chapter.scene(trace, language=language)).panels.values()
    drawings = [panel for panel in panels if isinstance(panel, Drawing)]
    return [
        one
        for drawing in drawings
        for one in drawing.root.walk()
        if "stepped" in one.attributes.get("class", "").split()
    ]


def forms(figure: Element) -> dict[str, Element]:
    """The wide and the narrow form."""
    drawn = [one for one in figure.walk() if one.tag == "svg"]
    return {one.attributes["class"].split()[-1]: one for one in drawn}


def numbers(form: Element) -> Iterator[tuple[str, float]]:
    """Every number that stands at an address."""
    for one in form.walk():
        part, value = one.attributes.get("data-part", ""), one.attributes.get("data-value")
        if value is not None and addresses.is_address(part):
            yield part, float(value)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_opens_with_a_figure_in_steps(chapter: Chapter, language: Language) -> None:
    first = chapter.parts[0]
    panel = chapter.figure(attnviz.trace(MACHINES)).panels[first.name]
    assert isinstance(panel, Drawing)
    figure, *others = figures_of(chapter, MACHINES, language)
    steps = int(figure.attributes["data-steps"])
    assert FEWEST <= steps <= MOST
    sentences = [one.text for one in figure.walk() if one.tag == "li"]
    assert len(sentences) == steps
    assert all(sentences)
    for form in forms(figure).values():
        begins = {
            int(one.attributes["data-from"]) for one in form.walk() if "data-from" in one.attributes
        }
        assert begins >= set(range(1, steps)), "each step shows something new"
    assert len({one.attributes.get("data-steps") for one in others} - {None}) <= len(others)


@pytest.mark.parametrize("text", [MACHINES, NOTE], ids=["two words", "note"])
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_number_of_a_figure_is_that_of_its_address(chapter: Chapter, text: str) -> None:
    figures = figures_of(chapter, text)
    for figure in figures:
        wide, narrow = (list(numbers(forms(figure)[name])) for name in ("wide", "narrow"))
        assert {part for part, _ in narrow} <= {part for part, _ in wide}
        for part, value in (*wide, *narrow):
            assert value == pytest.approx(addresses.at(text, part), rel=1e-3, abs=2e-5), part


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_no_text_of_a_figure_is_too_small_to_read(chapter: Chapter) -> None:
    for figure in figures_of(chapter, NOTE):
        for name, least in (("wide", SMALL), ("narrow", 11)):
            sizes = [
                float(one.attributes["font-size"])
                for one in forms(figure)[name].walk()
                if one.tag == "text" and "font-size" in one.attributes
            ]
            assert not sizes or min(sizes) >= least, name
