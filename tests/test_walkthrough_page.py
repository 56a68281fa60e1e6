"""The Walkthrough page, run in this process by Streamlit's own test harness."""

import html
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import attnviz
from attnviz.core.heads import HeadId
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.engine import Chapter, Part, Trials
from attnviz.lessons.handout import handout
from attnviz.models.load import Model
from attnviz.runtime.sizes import size_of
from attnviz.texts import LANGUAGES, say
from attnviz.ui import caches
from attnviz.ui.widgets.escape import markdown_text
from tests.conftest import NOTE
from tests.test_page import said
from tests.waiting import CEILING, until

CHAPTERS = attnviz.chapters()


def script() -> None:
    from attnviz.ui.pages.walkthrough.page import walkthrough

    walkthrough()


def typed(app: AppTest, text: str) -> AppTest:
    """The sentence of the walkthrough, which keeps to one line."""
    app.text_input(key="text").set_value(text).run()
    assert not app.exception
    return app


def opened(**params: str) -> AppTest:
    """The page at a link."""
    app = AppTest.from_function(script, default_timeout=CEILING)
    for name, value in {"v": "1", **params}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def link(app: AppTest, name: str) -> str:
    value: Any = app.query_params.get(name, "")
    return str(value[0] if isinstance(value, list) else value)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_every_chapter_stands_answered_and_not(chapter: Chapter, minilm: Model) -> None:
    number = str(chapter.number)
    app = opened(ch=number)
    title = chapter.title["en"]
    assert title in said(app)
    assert "To take away:" in said(app)
    for button in [b for b in app.button if str(b.key).startswith("skip_")]:
        button.click()
    app.run()
    assert not app.exception
    assert not app.error
    shown = len(app.get("bidi_component")) - 2  # begins a chapter at its top; announces verdicts
    assert shown == len(chapter.parts)


def test_of_a_panel_only_what_is_sent_is_kept(minilm: Model) -> None:
    opened(ch="5")
    kept = [caches.panels.peek(key) for key in caches.panels]
    sent = [len(packet) for packet in kept if packet is not None]
    assert len(sent) == len(kept) > 0
    assert size_of(kept) < sum(sent) + 300 * len(kept), "and no tree of elements beside it"


def test_a_prediction_is_committed_then_explained_and_stays_in_the_link(minilm: Model) -> None:
    app = opened(ch="2")
    assert "only differences of scores count" not in said(app)
    app.radio(key="said_2_added").set_value("less").run()
    app.button(key="commit_2_added").click().run()
    assert "✗ You said it shrinks." in said(app)
    assert "only differences of scores count" in said(app)
    app.number_input(key="said_2_undivided").set_value(1.0)  # goes with the press
    app.button(key="commit_2_undivided").click().run()
    assert "✓ You said 1." in said(app)
    assert link(app, "a") == "2.added=less;2.undivided=1"
    again = opened(ch="2", a=link(app, "a"))
    assert "✗ You said it shrinks." in said(again)


def test_controls_move_the_figure_and_stand_in_the_link(minilm: Model) -> None:
    app = opened(ch="2", a="2.most=5")
    assert "the (1) gives 0.10 to never (4)" in said(app)
    app.selectbox(key="control_2_head").select(HeadId(0, 2)).run()
    app.selectbox(key="control_2_word").select(5).run()
    assert "be (5) gives 1.00 to never (4)" in said(app)
    app.slider(key="control_2_strength").set_value(20).run()
    assert link(app, "c") == "head=h0.2;word=5;2.strength=20"


def test_heads_are_switched_off_by_the_learner(minilm: Model) -> None:
    app = opened(ch="5", a="5.spare=20")
    assert "✓ You said 20." in said(app)
    app.multiselect(key="control_5_off").set_value([HeadId(5, 10)]).run()
    assert not app.exception
    assert link(app, "c") == "5.off=H5.10"


def test_the_next_chapter_is_one_click_away(minilm: Model) -> None:
    app = opened()
    app.button(key="next_chapter").click().run()
    assert "2 · One head, worked by hand" in said(app)
    assert link(app, "ch") == "2"


def test_a_chapter_is_chosen(minilm: Model) -> None:
    app = opened(ch="7")
    pills: Any = next(g for g in app.get("button_group") if "walk_chapter" in str(g.key))
    pills.set_value(3).run()
    assert "3 · Feature maps of a sentence" in said(app)


def cards(app: AppTest, page: int) -> str:
    """What the page says with other claims shown, six at a time."""
    pills: Any = next(g for g in app.get("button_group") if "claims_page_of" in str(g.key))
    pills.set_value(page).run()
    return said(app)


def test_claims_are_predicted_then_judged(minilm: Model, note: attnviz.Trace) -> None:
    app = opened(ch="7", g="13=h;14=a;8=f")
    assert "Rule:" not in said(app), "those claims are on other cards"
    assert "✓ **does not hold (you said: it does not hold)" in cards(app, 1)
    text = cards(app, 2)
    assert "✗ **does not hold (you said: it holds)" in text
    assert "✓ **on average only (you said: on average only)" in text
    assert text.count("Rule:") == 2
    assert "**Claims: 2 of 3 predictions came true.**" in text
    assert "The verdicts so far: " in text
    assert "does not hold: 2" in text
    assert "on average only: 1" in text
    app.toggle(key="trial_hide_special").set_value(True).run()
    assert "✗ **on average only (you said: it holds)" in said(app)
    assert link(app, "special") == "hidden"
    c13 = next(claim for claim in claims() if claim.name == "C13")
    trial = try_claim(c13, Case(note, hide_special=True))
    assert c13.statistic.filled("en", trial.numbers) in said(app)


def test_six_claims_stand_on_the_page_at_once(minilm: Model) -> None:
    app = opened(ch="7")
    for page in range(4):
        cards(app, page)
        shown = [str(g.key) for g in app.get("button_group") if "guess_C" in str(g.key)]
        names = [claim.name for claim in claims()[6 * page : 6 * page + 6]]
        assert [key.rpartition("guess_")[2] for key in shown] == names


def test_questions_of_chapter_7_follow_the_head_and_keep_each_answer(minilm: Model) -> None:
    app = opened(ch="7", a="7.self@L2H1-hidden=2")
    assert "You said 2" in said(app)
    app.selectbox(key="control_7_head").set_value(HeadId(1, 8)).run()
    assert "You said 2" not in said(app)
    assert "In the green picture, L1·H8" in said(app)
    app.selectbox(key="control_7_head").set_value(HeadId(2, 1)).run()
    assert "You said 2" in said(app)


def test_the_score_counts_right_answers_of_all_chapters(minilm: Model, note: attnviz.Trace) -> None:
    seven = CHAPTERS[6].at(CHAPTERS[6].choice(note))
    hub = next(q for q in seven.questions if q.name.startswith("hub"))
    app = opened(ch="8", a=f"2.added=same;7.{hub.name}={hub.answer(note)};8.own=0.9", g="8=f")
    assert "Your predictions so far, in all chapters: 2 right of 3." in said(app)
    assert "Claims: 1 of 1 prediction came true." in said(app)
    app.button(key="to_sheet").click().run()
    assert link(app, "mode") == "print"


def test_digits_are_the_learners_own(minilm: Model) -> None:
    app = opened(ch="8", a="8.one-look=0.4")
    box = app.text_input(key="control_8_pointers")
    box.set_value("76543210").run()
    assert "8.pointers=d76543210" in link(app, "c")
    app.text_input(key="control_8_pointers").set_value("9x").run()
    assert "8.pointers=d76543210" in link(app, "c")
    assert "digits from 0 to 7, 8 of them" in " ".join(t.value for t in app.toast)


def test_a_guess_is_taken(minilm: Model) -> None:
    app = opened(ch="7")
    group: Any = next(g for g in app.get("button_group") if "guess_C5" in str(g.key))
    group.set_value("fails").run()
    assert link(app, "g") == "5=f"


def test_the_presenter_turns_screens_and_hides_answers(minilm: Model) -> None:
    app = opened(ch="1", mode="presenter")
    chapter = CHAPTERS[0]
    places = []
    while link(app, "ch") in ("", "1"):
        places.append((link(app, "screen"), said(app)))
        app.button(key="present_right").click().run()
        assert not app.exception
    assert len({screen for screen, _ in places}) == len(chapter.screens)
    assert len(places) == len(chapter.screens) + len(chapter.questions), "each answer is one press"
    question = chapter.questions[0]
    place = next(n for n, s in enumerate(chapter.parts) if s.name == question.beside)
    app = opened(ch="1", mode="presenter", screen=str(place))
    trace = attnviz.trace(app.text_input(key="text").value or "")
    assert question.explains(trace, "en") not in said(app)
    app.button(key="present_right").click().run()
    assert question.explains(trace, "en") in said(app)
    app.button(key="leave").click().run()
    assert link(app, "mode") == ""


def test_what_is_counted_is_predicted_in_whole_numbers(minilm: Model) -> None:
    for chapter in CHAPTERS:
        app = opened(ch=str(chapter.number))
        for question in chapter.questions:
            if question.options is not None or not question.step.is_integer():
                continue
            fields = [
                f
                for f in app.number_input
                if f"said_{chapter.number}_{question.name}" in str(f.key)
            ]
            assert fields
            assert all(field.proto.data_type == field.proto.INT for field in fields)


def test_options_that_hold_a_dot_are_told_apart(minilm: Model) -> None:
    app = opened(ch="4", mode="presenter")
    asked = CHAPTERS[3].question("which-z")
    assert asked is not None
    trace = attnviz.trace(app.text_input(key="text").value or "")
    options = list(asked.offers(trace, "en").values())
    assert all(" · " in option for option in options)
    for letter, option in zip("ABCD", options, strict=True):
        assert f"**{letter}**\u00a0" in said(app)
        assert f"{letter}\u00a0{option}" in handout(trace)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_the_presenter_names_every_option_that_no_picture_shows(
    chapter: Chapter, minilm: Model
) -> None:
    for number, screen in enumerate(chapter.screens):
        asked = chapter.asked_beside(screen) if isinstance(screen, Part) else ()
        named = [question for question in asked if question.options and not question.in_picture]
        if not named:
            continue
        app = opened(ch=str(chapter.number), mode="presenter", screen=str(number))
        trace = attnviz.trace(app.text_input(key="text").value or "")
        for question in named:
            options = [markdown_text(one) for one in question.offers(trace, "en").values()]
            lines = [str(one.value) for one in app.markdown if options[-1] in str(one.value)]
            assert any(all(one in line for one in options) for line in lines), question.name


def test_the_speaker_has_the_verdicts_on_the_claims_of_a_screen(minilm: Model) -> None:
    chapter = CHAPTERS[6]
    at, screen = next((n, s) for n, s in enumerate(chapter.screens) if isinstance(s, Trials))
    app = opened(ch="7", mode="speaker", screen=str(at))
    trace = attnviz.trace(app.text_input(key="text").value or "")
    for claim in screen.claims:
        verdict = say(f"verdict.{try_claim(claim, Case(trace)).verdict}", "en")
        assert f"> **{verdict}**  \n> {claim.name} " in said(app)


GIVEN_AWAY = [
    (chapter, at, part)
    for chapter in CHAPTERS
    for at, part in enumerate(chapter.parts[1:], 1)
    if any(question.before == part.name for question in chapter.asked_beside(part))
]


@pytest.mark.parametrize(
    ("chapter", "at", "part"), GIVEN_AWAY, ids=lambda one: getattr(one, "name", str(one))
)
def test_a_picture_that_answers_waits_for_its_question(
    chapter: Chapter, at: int, part: Part, minilm: Model
) -> None:
    app = opened(ch=str(chapter.number), mode="presenter", screen=str(at))
    key = f"panel_{chapter.number}_{part.name}"
    trace = attnviz.trace(app.text_input(key="text").value or "")

    def is_shown() -> bool:
        return any(key in str(one) for one in app.get("bidi_component"))

    for question in chapter.asked_beside(part):
        assert question.asks(trace, "en") in said(app)
        assert not is_shown()
        app.button(key="present_right").click().run()
    assert is_shown()


def test_the_presenter_jumps_to_both_ends(minilm: Model) -> None:
    app = opened(ch="4", mode="presenter")
    app.button(key="present_end").click().run()
    assert link(app, "ch") == "8"
    app.button(key="present_home").click().run()
    assert (link(app, "ch"), link(app, "screen")) == ("", "")


def test_the_speakers_window_has_the_answers_before_the_class(minilm: Model) -> None:
    question = CHAPTERS[1].questions[0]
    place = next(n for n, s in enumerate(CHAPTERS[1].parts) if s.name == question.beside)
    app = opened(ch="2", mode="speaker", screen=str(place))
    assert not app.exception
    trace = attnviz.trace(app.text_input(key="text").value or "")
    assert question.tells(trace, "en") in said(app)
    assert CHAPTERS[1].teacher.ask_aloud["en"] in said(app)
    assert link(app, "mode") == "speaker"


@pytest.mark.parametrize(("chapter", "screen"), [("1", "0"), ("8", "99")])
def test_the_presenter_knows_the_first_and_the_last_screen(
    minilm: Model, chapter: str, screen: str
) -> None:
    app = opened(ch=chapter, screen=screen, mode="presenter")
    assert app.button(key="present_left").disabled == (chapter == "1")
    assert app.button(key="present_right").disabled == (chapter == "8")


def test_the_presenter_goes_back_over_the_edge_of_a_chapter(minilm: Model) -> None:
    last = len(CHAPTERS[0].screens)
    app = opened(ch="2", mode="presenter")
    app.button(key="present_left").click().run()
    assert f"Chapter 1 of 8 · screen {last} of {last}" in said(app)
    app = opened(ch="7", mode="presenter", screen="2")
    assert "Claims on trial" in said(app)


def test_the_teacher_sees_every_answer(minilm: Model, note: attnviz.Trace) -> None:
    app = opened(mode="teacher")
    for chapter in CHAPTERS:
        for question in chapter.questions:
            assert question.explains(note, "en") in said(app)
        assert chapter.teacher.ask_aloud["en"][:20] in said(app)
    assert "chapters 2, 4, 6, 7" in said(app)


def test_the_handout_can_be_saved(minilm: Model) -> None:
    app = opened(mode="print", lang="zh")
    assert say("walk.handout", "zh") in said(app)
    assert len(app.get("download_button")) == 2


def test_the_encoder_that_is_not_shipped_is_trained_from_the_page(minilm: Model) -> None:
    app = opened(ch="8", a="8.one-look=0.4")
    app.button(key="lesson_train").click().run()
    until(lambda: "lesson_jobs" not in app.run().session_state)
    assert not app.exception
    assert [t.run.task.name for t in app.session_state["lesson_trainings"]] == ["one-hop"]
    assert app.button(key="lesson_train").disabled


def test_a_broken_link_is_said_until_it_is_read(minilm: Model) -> None:
    app = opened(ch="77", a="2.added=;x", m="minilm-random")
    assert (
        "Parts of the link could not be read and were left out: ch (chapter), a: 2.added (answer)"
        in said(app)
    )
    assert app.selectbox(key="model").value == "minilm-random"
    app.run()
    assert "Parts of the link" in said(app)
    app.button(key="dismiss").click().run()
    assert "Parts of the link" not in said(app)


def test_a_model_of_the_link_is_shown_and_not_fetched(minilm: Model) -> None:
    app = opened(m="owner/model", s="my own words", p="and more")
    assert app.selectbox(key="model").value == "other"
    assert app.text_input(key="other").value == "owner/model"
    assert app.text_input(key="text").value == "my own words"
    assert not app.error
    assert not app.get("bidi_component")


def test_bad_text_gets_its_sentence_and_the_chapter_comes_back(minilm: Model) -> None:
    app = typed(opened(ch="3"), "")
    assert "There is no text" in said(app)
    typed(app, "Machines")
    assert "3 · Feature maps of a sentence" in said(app)


def test_a_long_sentence_says_what_cannot_be_asked(minilm: Model) -> None:
    app = typed(opened(ch="5"), "word " * 150)
    app.number_input(key="said_5_spare").set_value(3)
    app.button(key="commit_5_spare").click().run()
    assert "which is done up to 96 tokens; the sentence has 152" in said(app)
    assert not app.exception


def test_a_question_with_one_possible_answer_is_not_asked(minilm: Model) -> None:
    """One word leaves nothing to predict: its answer stands there at once, without a verdict."""
    alone, two = (opened(ch="1", s=text) for text in ("Machines", "Thinking Machines"))
    for app, is_asked in ((alone, False), (two, True)):
        keys = {str(button.key) for button in app.button}
        assert ("commit_1_longest" in keys) == is_asked
        assert not app.error
    (question,) = (q for q in CHAPTERS[0].questions if q.name == "longest")
    trace = attnviz.trace("Machines", minilm)
    assert not question.has_alternatives(trace)
    assert question.explains(trace, "en") in said(alone)
    assert "✓" not in said(alone)


def test_an_answer_stays_with_the_sentence_it_was_given_for(minilm: Model) -> None:
    app = opened(ch="3", a="3.most-seen=w3;2.added=less", g="13=h")
    before = link(app, "a")
    assert "You said" in said(app)
    typed(app, "Machines can think")
    assert link(app, "a") == "2.added=less", "a law is the same for every sentence"
    assert link(app, "g") == ""
    assert "You said" not in said(app)
    typed(app, NOTE)
    assert sorted(link(app, "a").split(";")) == sorted(before.split(";"))
    assert "You said" in said(app)
    assert link(app, "g") == "13=h"


def test_a_menu_shows_options_as_they_are(minilm: Model) -> None:
    shown = 0
    for chapter in CHAPTERS:
        app = opened(ch=str(chapter.number))
        for menu in [*app.selectbox, *app.multiselect]:
            assert not any("\\" in option for option in menu.options), menu.key
            shown += any("(" in option for option in menu.options)
    assert shown


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda c: c.name)
def test_the_right_option_is_named(chapter: Chapter, note: attnviz.Trace) -> None:
    for question in chapter.questions:
        if question.options is None:
            continue
        for language in LANGUAGES:
            right = question.offers(note, language)[str(question.answer(note))]
            assert right in question.tells(note, language)


def test_which_z_is_named_on_every_page(minilm: Model, note: attnviz.Trace) -> None:
    question = next(q for q in CHAPTERS[3].questions if q.name == "which-z")
    right = question.spoken(note, question.answer(note), "en")
    wrong = next(o.name for o in question.options(note) if o.name != question.answer(note))  # type: ignore[misc]
    named = f"Right answer: {right}."
    assert named in said(opened(ch="4", a=f"4.which-z={wrong}"))
    assert named in said(opened(mode="teacher"))
    assert html.escape(named) in handout(note)
    screen = str([part.name for part in CHAPTERS[3].parts].index(question.beside))
    app = opened(ch="4", mode="presenter", screen=screen)
    assert named not in said(app)
    while named not in said(app):
        app.button(key="present_right").click().run()
        assert (link(app, "screen") or "0") == screen, "on shows the answers first"
    while (link(app, "screen") or "0") == screen:
        app.button(key="present_right").click().run()
    assert link(app, "screen") == str(int(screen) + 1)


@pytest.mark.parametrize(
    "chapter", [c for c in CHAPTERS if c.number in (6, 8)], ids=lambda c: c.name
)
def test_the_presenter_can_train_on_each_slide_with_a_picture(
    chapter: Chapter, minilm: Model
) -> None:
    for number, screen in enumerate(chapter.screens):
        if isinstance(screen, Part):
            app = opened(ch=str(chapter.number), mode="presenter", screen=str(number))
            asks = any(word in said(app) for word in ("Press Train", "Train one", "; Train starts"))
            assert not asks or app.button(key="lesson_train")


def test_an_error_leaves_the_last_good_chapter(minilm: Model) -> None:
    app = typed(opened(ch="3"), "")
    assert "There is no text" in said(app)
    assert "What is shown below is still" in said(app)
    assert "3 · Feature maps of a sentence" in said(app)


def test_a_link_of_an_earlier_version_opens_as_one_of_this_version_would(minilm: Model) -> None:
    app = opened(ch="4", step="2", c="4.layer=2;4.word=3;5.word=1;4.off=H4.5+3.7", a="9.x=1")
    assert dict(part.split("=") for part in link(app, "c").split(";")) == {
        "word": "3",  # of the chapter that the link opens
        "head": "h2.0",  # the layer's first
        "4.off": "H4.5+3.7",
    }
    assert (link(app, "ch"), link(app, "step"), link(app, "a")) == ("4", "2", "")
    assert "a: 9.x" in said(app)
