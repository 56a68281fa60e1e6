"""The handout: everything in one file, text as data, pictures from the same packets."""

import re
import zlib
from base64 import b64decode
from html import unescape

import numpy as np
import pytest

import attnviz
from attnviz.lessons.claims import claims
from attnviz.lessons.handout import handout
from attnviz.lessons.link import Progress
from attnviz.models.load import Model
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language, say

HOSTILE = "<script>alert(1)</script> </style><img src=x onerror=alert(2)> & \" ' {x}"


@pytest.fixture(scope="module")
def sheet(note: attnviz.Trace) -> str:
    standing = Progress(
        answers={"2.added": "same", "2.undivided": 0.5, "7.special@L2H1": 0.9},
        guesses={"C13": "holds", "C14": "average"},
    )
    return handout(note, standing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_holds_every_chapter_question_and_claim(note: attnviz.Trace, language: Language) -> None:
    text = unescape(handout(note, language=language))
    assert note.text in text
    for chapter in attnviz.chapters():
        assert chapter.title[language] in text
        for part in chapter.parts:
            assert part.title[language] in text
        for question in chapter.questions:
            assert question.asks(note, language) in text
            assert question.explains(note, language) in text
    for claim in claims():
        assert claim.claim[language] in text
    assert say("walk.sheet", language) in text


def test_it_names_model_revision_and_version(sheet: str, note: attnviz.Trace) -> None:
    assert note.model.revision[:12] in sheet
    assert f"attnviz {attnviz.__version__}" in sheet
    assert "6 layers × 12 heads" in sheet


def test_it_shows_what_the_learner_said(sheet: str) -> None:
    assert "✓ You said nothing." in sheet  # the right one: nothing happens to the weight
    assert "✗ You said 0.5." in sheet
    rows = dict(re.findall(r"<tr><td>(C\d+) .*?</td><td>(.*?)</td>", sheet))
    assert len(rows) == 23
    assert (rows["C13"], rows["C14"], rows["C1"]) == ("it holds", "on average only", "")


def test_its_pictures_are_the_tensors(sheet: str, note: attnviz.Trace) -> None:
    drawings = re.findall(r'data-kind="drawing" data-packet="(.*?)"', sheet)
    parts = sum(len(chapter.parts) for chapter in attnviz.chapters())
    assert len(drawings) == parts
    _, arrays = unpack(zlib.decompress(b64decode(drawings[0])))
    np.testing.assert_array_equal(arrays["array0"], note.residual(0))


def test_it_needs_no_address(sheet: str) -> None:
    outside = re.sub(r'data-packet=".*?"', "", sheet)
    found = set(re.findall(r"https?://[^\s\"'<>)]+", outside))
    assert found <= {"http://www.w3.org/2000/svg"}
    assert "src=" not in outside
    assert "@import" not in outside
    assert len(sheet) < 8_000_000


@pytest.mark.no_cover
def test_text_is_data(minilm: Model) -> None:
    made = handout(attnviz.trace(HOSTILE, minilm))
    assert made.count("<script>") == made.count("</script>") == 1
    assert made.count("<style>") == made.count("</style>") == 1
    assert "<img" not in made
    assert "&lt;script&gt;alert(1)" in made


@pytest.mark.no_cover
def test_hidden_special_tokens_change_the_sheet_and_are_said(note: attnviz.Trace) -> None:
    shown, hidden = handout(note), handout(note, Progress(hide_special=True))
    assert "Special tokens hidden where a claim is about words" in hidden

    def verdict(text: str, claim: str) -> str:
        (row,) = re.findall(rf"<tr><td>{claim} .*?</tr>", text)
        return str(re.findall(r"<td>([^<]*)</td></tr>", row)[0])

    assert verdict(shown, "C13") == "does not hold"
    assert verdict(hidden, "C13") == "on average only"
