"""What is heard: names of controls, verdicts, the language of a page."""

import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.lessons.claims import claims
from attnviz.models.load import Model
from attnviz.pictures.standalone import standalone
from attnviz.texts import LANGUAGES, Language, say, tag_of
from attnviz.ui.components.aloud import as_name
from tests.conftest import NOTE
from tests.test_walkthrough_page import opened

NUMBERS = [chapter.number for chapter in attnviz.chapters()]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Which z is this?", "Which z is this?"),
        ("The weight is 0.88, not 12 %.", "The weight is 0.88, not 12 %."),
        ("will (3) looks *where*?", "will 3 looks where ?"),
        ("[x](http://evil.invalid) <b>", "x http evil invalid b"),
        ("www.evil.invalid :material/home: $x^2$", "www evil invalid material home x 2"),
        ("![a](b.png) `c` :red[d]", "! a b png c red d"),
        ("“苹果”（3）看哪里？", "“苹果”（3）看哪里？"),
    ],
)
def test_a_name_is_heard_as_it_is_written_and_is_no_markdown(text: str, name: str) -> None:
    assert as_name(text) == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_declares_its_language(language: Language) -> None:
    assert tag_of(language) == {"en": "en", "zh": "zh-CN"}[language]
    assert f'<html lang="{tag_of(language)}">' in standalone("t", [], language)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_question_is_named_after_what_it_asks(
    minilm: Model, number: int, language: Language
) -> None:
    app = opened(ch=str(number), lang=language)
    chapter = attnviz.chapters()[number - 1]
    note = attnviz.trace(NOTE, minilm)
    asked = {f"said_{number}_{q.name}": q.asks(note, language) for q in chapter.questions}
    if chapter.has_trial:
        asked |= {f"guess_{c.name}": f"{c.name} {c.claim[language]}" for c in claims()}
    named = labels(app)
    assert {key: label for key, label in named.items() if key in asked} == {
        key: say("walk.prediction_of", language, what=as_name(text))
        for key, text in asked.items()
        if key in named
    }
    assert len(set(named.values())) == len(named)
    assert named


def labels(app: AppTest) -> dict[str, str]:
    """The names of all controls with which something is predicted, by key."""
    controls = [*app.radio, *app.selectbox, *app.slider, *app.button_group]
    keys = ("said_", "guess_")
    return {str(c.key): c.label for c in controls if str(c.key).startswith(keys)}
