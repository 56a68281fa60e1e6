"""The handout: everything in one file, text as data, pictures from the same packets."""

import re
import zlib
from base64 import b64decode
from html import unescape

import pytest
import segno

import attnviz
from attnviz.lessons.claims import claims
from attnviz.lessons.handout import handout, worksheet
from attnviz.lessons.link import WalkthroughState
from attnviz.models.load import Model
from attnviz.pictures.drawing import Drawing
from attnviz.pictures.packet import unpack
from attnviz.texts import LANGUAGES, Language, say

HOSTILE = "<script>alert(1)</script> </style><img src=x onerror=alert(2)> & \" ' {x}"


@pytest.fixture(scope="module")
def sheet(note: attnviz.Trace) -> str:
    standing = WalkthroughState(
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
        for question in chapter.questions:
            assert question.asks(note, language) in text
            explained = question.explains(note, language)
            assert explained in text
            assert text.index(explained) > text.index('class="answers"'), "answers come last"
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


def test_its_figures_are_those_of_the_chapters_in_the_end(sheet: str, note: attnviz.Trace) -> None:
    packed = re.findall(r'data-kind="\w+" data-packet="(.*?)"', sheet)
    metas = [unpack(zlib.decompress(b64decode(one)))[0] for one in packed]
    chapters = attnviz.chapters()
    assert len(metas) == len(chapters)
    for chapter, meta in zip(chapters, metas, strict=True):
        panel = chapter.figure(note, chapter.scene(note)).panels[chapter.parts[0].name]
        assert meta["alt"] == panel.alt
        if isinstance(panel, Drawing):
            drawn, _ = unpack(panel.packet)
            assert meta["tree"] == drawn["tree"]
            assert meta["reader"]["onPaper"]


TO_PRESS = re.compile(r"▶|\b(?:[Pp]ress|[Cc]lick|[Cc]hoose)\b|[按点]一?下?[ “]|再点|换别的")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_paragraph_asks_paper_to_be_pressed(note: attnviz.Trace, language: Language) -> None:
    sections = re.findall("<section><h2>(.*?)</h2><p>(.*?)</p>", handout(note, language=language))
    assert len(sections) == len(attnviz.chapters())
    assert [(title, text) for title, text in sections if TO_PRESS.search(text)] == []


def test_a_link_stands_there_as_a_code_for_cameras(note: attnviz.Trace) -> None:
    link = "https://example.org/walkthrough?v=1&s=a"
    drawn = segno.make(link, error="l", micro=False).svg_inline(scale=2, border=2)
    assert drawn in handout(note, link=link)
    assert drawn in worksheet(note, link=link)
    assert 'class="code"' not in handout(note)
    assert 'class="code"' not in handout(note, link=f"{link}{'x' * 1000}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_worksheet_asks_everything_and_answers_nothing(
    note: attnviz.Trace, language: Language
) -> None:
    text = unescape(worksheet(note, language))
    for chapter in attnviz.chapters():
        for question in chapter.questions:
            assert question.asks(note, language) in text
            assert question.explains(note, language) not in text
    assert all(claim.claim[language] in text for claim in claims())
    assert "(8, 4, 4)" in text, "the note's own q"
    assert "0.88" not in text


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
    shown, hidden = handout(note), handout(note, WalkthroughState(claims_hide_special=True))
    assert "Special tokens hidden where a claim is about words" in hidden

    def verdict(text: str, claim: str) -> str:
        (row,) = re.findall(rf"<tr><td>{claim} .*?</tr>", text)
        return str(re.findall(r"<td>([^<]*)</td></tr>", row)[0])

    assert verdict(shown, "C13") == "does not hold"
    assert verdict(hidden, "C13") == "on average only"
