"""What is printed of the walkthrough: the handout and the worksheet, each one HTML file.

They need no network: the pictures are drawn by the same scripts as in the app, from the same
packets. The handout holds each chapter's figure with its questions, the answers at its end, and
the verdict sheet; the worksheet is to be written on.
"""

from collections.abc import Iterable

import segno

from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons import note_example
from attnviz.lessons.chapters import chapters
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.engine import Chapter, Scene, panel_element, panel_of
from attnviz.lessons.link import WalkthroughState
from attnviz.lessons.questions import Question, lettered
from attnviz.lessons.verdict_sheet import GUESSES, spoken
from attnviz.pictures.drawing import Drawing, packet_for
from attnviz.pictures.picture import title
from attnviz.pictures.standalone import origin, picture, standalone, tag
from attnviz.texts import Language, running, say
from attnviz.training.record import Training

LONGEST_LINK = 800  # characters: a code of more is too fine for a camera


def handout(
    trace: Trace,
    progress: WalkthroughState | None = None,
    language: Language = "en",
    trainings: tuple[Training, ...] = (),
    link: str = "",
) -> str:
    """Every chapter's figure and questions, all answers, and the verdict sheet, as HTML.

    `link`, if there is one, opens the walkthrough on this sentence: it stands there as a code
    for cameras.
    """
    progress = progress or WalkthroughState()
    scenes = {c.number: _scene(c, trace, progress, language, trainings) for c in chapters()}
    body = [
        cover(trace, say("walk.handout_title", language), language, link),
        *(_on_paper(c, scenes[c.number], progress) for c in chapters()),
        _answers(scenes, progress, language),
        _sheet(trace, progress, language),
    ]
    return standalone(f"attnviz · {trace.model.called(language)}", body, language, kind="handout")


def _scene(
    chapter: Chapter,
    trace: Trace,
    progress: WalkthroughState,
    language: Language,
    trainings: tuple[Training, ...],
) -> Scene:
    return chapter.scene(trace, progress.of_chapter(chapter.number), language, "light", trainings)


def cover(trace: Trace, name: str, language: Language, link: str = "") -> str:
    """What the pages are, and where their numbers are from."""
    code = ""
    if link and len(link) <= LONGEST_LINK:
        drawn = segno.make(link, error="l", micro=False).svg_inline(scale=2, border=2)
        code = f'<div class="code">{drawn}{tag("p", say("walk.code", language), "small")}</div>'
    return f"<header>{code}{tag('h1', name)}{origin(trace, language)}</header>"


def _on_paper(chapter: Chapter, scene: Scene, progress: WalkthroughState) -> str:
    """A chapter on paper: its finished figure, its questions with room for an answer."""
    numbers, language = chapter.numbers(scene), scene.language
    chapter = chapter.at(scene.choice)
    first = chapter.parts[0]
    questions = [_open_question(chapter, q, scene, progress) for q in chapter.questions]
    remember = scene.say(chapter.takeaway, **numbers)
    takeaway = running([say("walk.takeaway", language), remember])
    parts = [
        tag("h2", f"{chapter.number} · {chapter.title[language]}"),
        tag("p", scene.say(chapter.on_paper, **numbers)),
        _finished(panel_of(first, scene), chapter),
        *questions,
        tag("p", takeaway, "takeaway"),
    ]
    return f"<section>{''.join(parts)}</section>"


def _finished(panel: Drawing, chapter: Chapter) -> str:
    """A panel as it is in the end, without answers."""
    questions = [question.name for question in chapter.questions]
    reader = {"onPaper": True, "open": questions}
    return picture("drawing", packet_for(panel.packet, reader), panel.alt)


def _open_question(
    chapter: Chapter, question: Question, scene: Scene, progress: WalkthroughState
) -> str:
    """A question without its answer, with what the learner predicted, if anything."""
    trace, language = scene.trace, scene.language
    try:
        question_text = question.asks(trace, language)
        options = lettered(question.offers(trace, language).values())
        offered = "\u2003".join(f"{letter}\u00a0{option}" for letter, option in options)
    except AttnvizError as problem:
        return tag("p", problem.text(language), "small")
    answer = progress.answers.get(f"{chapter.number}.{question.name}")
    answer_text = "" if answer is None else question.spoken(trace, answer, language)
    prediction = tag("p", f"{say('walk.prediction', language)}: {answer_text}", "mine")
    few = tag("p", offered, "small") if len(offered) < 160 else ""
    return f'<div class="asked">{tag("p", question_text, "question")}{few}{prediction}</div>'


def _answers(scenes: dict[int, Scene], progress: WalkthroughState, language: Language) -> str:
    """All answers with their computations, after everything that is to be predicted."""
    questions = [
        tag("h3", f"{chapter.number} · {chapter.title[language]}")
        + "".join(
            _asked(chapter, q, scenes[chapter.number], progress) for q in _of(chapter, scenes)
        )
        for chapter in chapters()
    ]
    heading = tag("h2", say("walk.answers", language))
    return f'<section class="answers">{heading}{"".join(questions)}</section>'


def _of(chapter: Chapter, scenes: dict[int, Scene]) -> tuple[Question, ...]:
    """The questions of a chapter about what its controls say."""
    return chapter.at(scenes[chapter.number].choice).questions


def worksheet(trace: Trace, language: Language = "en", link: str = "") -> str:
    """Two pages to write on: the note's numbers by hand, every question, every claim."""
    body = [
        cover(trace, say("walk.worksheet_title", language), language, link),
        _by_hand(language),
        _to_predict(trace, language),
        _to_judge(language),
    ]
    name = f"attnviz · {say('walk.worksheet_title', language)}"
    return standalone(name, body, language, kind="handout worksheet")


def _by_hand(language: Language) -> str:
    """The note's scores, from which a learner computes weights and z with a pencil."""
    q = note_example.X @ note_example.W_Q
    k, v = note_example.X @ note_example.W_K, note_example.X @ note_example.W_V
    paragraphs = [say("walk.by_hand", language, divisor=note_example.DIVISOR)]
    vectors = [("q", q[:1]), ("k", k), ("v", v)]
    rows = [_row("th", ["", *note_example.WORDS])]
    for letter, values in vectors:
        cells = [str(tuple(row.tolist())) for row in values]
        rows.append(_row("td", [letter, *cells, *[""] * (len(note_example.WORDS) - len(cells))]))
    steps = ("q₁ · k", f"÷ {note_example.DIVISOR}", "softmax", "softmax × v", "z₁ = Σ")
    rows += [_row("td", [step, *[""] * len(note_example.WORDS)]) for step in steps]
    return (
        f'<section>{tag("p", paragraphs[0])}<table class="byhand">{"".join(rows)}</table></section>'
    )


def _to_predict(trace: Trace, language: Language) -> str:
    """Every question with a line for its answer."""
    questions = []
    for chapter in chapters():
        for question in chapter.questions:
            try:
                text = question.asks(trace, language)
            except AttnvizError:
                continue  # it cannot be asked on this sentence
            questions.append(f"{chapter.number} · {text}")
    lines_ = "".join(f"<li>{tag('span', text)}<i></i></li>" for text in questions)
    return f"<section><ol class=predict>{lines_}</ol></section>"


def _to_judge(language: Language) -> str:
    """Every claim with boxes for its verdict."""
    boxes = [say(f"walk.guess_{guess}", language) for guess in GUESSES]
    rows = [_row("th", [say("walk.sheet_claim", language), *boxes])]
    rows += [_row("td", [f"{c.name} {c.claim[language]}", *"☐☐☐"]) for c in claims()]
    return f'<section class="sheet"><table>{"".join(rows)}</table></section>'


def chapter_section(
    chapter: Chapter,
    trace: Trace,
    progress: WalkthroughState,
    language: Language,
    trainings: tuple[Training, ...],
) -> str:
    """One chapter with its figure, its questions and answers, as an element."""
    choices = progress.of_chapter(chapter.number)
    scene = chapter.scene(trace, choices, language, "light", trainings)
    numbers = chapter.numbers(scene)
    parts = [
        tag("h2", f"{chapter.number} · {chapter.title[language]}"),
        tag("p", scene.say(chapter.text, **numbers)),
    ]
    figure = chapter.figure(trace, scene)
    for part in chapter.parts:
        parts.append(tag("h3", part.title[language]))
        parts.append(panel_element(figure.panels[part.name]))
        parts.append(tag("p", chapter.note(part, scene), "small"))
    questions = chapter.at(scene.choice).questions
    parts += [_asked(chapter, question, scene, progress) for question in questions]
    takeaway = running([say("walk.takeaway", language), scene.say(chapter.takeaway, **numbers)])
    parts.append(tag("p", takeaway, "takeaway"))
    return f"<section>{''.join(parts)}</section>"


def _asked(chapter: Chapter, question: Question, scene: Scene, progress: WalkthroughState) -> str:
    """A question, the learner's own answer, and the answer."""
    trace, language = scene.trace, scene.language
    answer = progress.answers.get(f"{chapter.number}.{question.name}")
    try:
        question_text, explained = question.asks(trace, language), question.tells(trace, language)
    except AttnvizError as problem:
        return tag("p", problem.text(language), "small")
    answer_text = ""
    if answer is not None:
        key = "walk.right" if question.is_right(trace, answer) else "walk.wrong"
        answer_text = say(key, language, said=question.spoken(trace, answer, language))
    return (
        f'<div class="asked">{tag("p", question_text, "question")}{tag("p", answer_text)}'
        f"{tag('p', explained, 'small')}</div>"
    )


def _sheet(trace: Trace, progress: WalkthroughState, language: Language) -> str:
    """The verdict sheet: one row a claim."""
    case = Case(trace, progress.claims_hide_special)
    heads = ("claim", "yours", "measured", "verdict")
    rows = [_row("th", [say(f"walk.sheet_{name}", language) for name in heads])]
    for claim in claims():
        trial = try_claim(claim, case)
        guess = progress.guesses.get(claim.name)
        cells = [
            f"{claim.name} {claim.claim[language]}",
            "" if guess is None else say(f"walk.guess_{guess}", language),
            spoken(claim, trial, language),
            say(f"verdict.{trial.verdict}", language),
        ]
        rows.append(_row("td", cells))
    special = say(
        "walk.sheet_special" if progress.claims_hide_special else "walk.sheet_all", language
    )
    above = tag("h2", title(trace, say("walk.sheet", language), language)) + tag("p", special)
    return f"<section class=sheet>{above}<table>{''.join(rows)}</table></section>"


def _row(cell: str, texts: Iterable[str]) -> str:
    return f"<tr>{''.join(tag(cell, text) for text in texts)}</tr>"
