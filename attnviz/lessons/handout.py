"""The handout: the whole walkthrough as one A4 page after the other, in one HTML file.

It needs no network and holds no address: the pictures are drawn by the same scripts as in
the app, from the same packets.
"""

from collections.abc import Iterable

from attnviz.core.trace import Trace
from attnviz.errors import AttnvizError
from attnviz.lessons.chapters import chapters
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.engine import Chapter, Panel, Scene, panel_element
from attnviz.lessons.link import Progress
from attnviz.lessons.questions import Question
from attnviz.lessons.verdict_sheet import spoken
from attnviz.pictures.lines import Lines, lines
from attnviz.pictures.picture import title
from attnviz.pictures.standalone import origin, standalone, tag
from attnviz.texts import Language, say
from attnviz.training.record import Training

WIDEST = 60  # places of a line diagram across a page; more go down the page


def handout(
    trace: Trace,
    progress: Progress | None = None,
    language: Language = "en",
    trainings: tuple[Training, ...] = (),
) -> str:
    """Every chapter with its figures, questions and answers, and the verdict sheet, as HTML."""
    progress = progress or Progress()
    body = [
        cover(trace, say("walk.handout_title", language), language),
        *(chapter_section(c, trace, progress, language, trainings) for c in chapters()),
        _sheet(trace, progress, language),
    ]
    return standalone(f"attnviz · {trace.model.called(language)}", body, language, kind="handout")


def cover(trace: Trace, name: str, language: Language) -> str:
    """What the pages are, and where their numbers are from."""
    return f"<header>{tag('h1', name)}{origin(trace, language)}</header>"


def chapter_section(
    chapter: Chapter,
    trace: Trace,
    progress: Progress,
    language: Language,
    trainings: tuple[Training, ...],
) -> str:
    """One chapter with its figure, its questions and answers, as an element."""
    given = progress.of_chapter(chapter.number)
    scene = chapter.scene(trace, given, language, "light", trainings)
    numbers = chapter.numbers(scene)
    parts = [
        tag("h2", f"{chapter.number} · {chapter.title[language]}"),
        tag("p", scene.say(chapter.text, **numbers)),
    ]
    figure = chapter.figure(trace, scene)
    for part in chapter.parts:
        parts.append(tag("h3", part.title[language]))
        parts.append(panel_element(_across_a_page(figure.panels[part.name])))
        parts.append(tag("p", chapter.note(part, scene), "small"))
    asked = chapter.at(scene.choice).questions
    parts += [_asked(chapter, question, scene, progress) for question in asked]
    takeaway = scene.say(chapter.takeaway, **numbers)
    parts.append(tag("p", f"{say('walk.takeaway', language)} {takeaway}", "takeaway"))
    return f"<section>{''.join(parts)}</section>"


def _across_a_page(panel: Panel) -> Panel:
    """A panel that a page has room for: lines of many tokens go down it."""
    if not isinstance(panel, Lines) or len(panel.maps[0].map.rows) <= WIDEST:
        return panel
    source, spoken = panel.maps[0].source, panel.language
    if source is None:
        return lines(panel.maps[0].map, direction="vertical", language=spoken)
    return lines(source.trace, panel.heads, source.lens, direction="vertical", language=spoken)


def _asked(chapter: Chapter, question: Question, scene: Scene, progress: Progress) -> str:
    """A question, the learner's own answer, and the answer."""
    trace, language = scene.trace, scene.language
    said = progress.answers.get(f"{chapter.number}.{question.name}")
    try:
        asked, explained = question.asks(trace, language), question.tells(trace, language)
    except AttnvizError as problem:
        return tag("p", problem.text(language), "small")
    own = ""
    if said is not None:
        key = "walk.right" if question.is_right(trace, said) else "walk.wrong"
        own = say(key, language, said=question.spoken(trace, said, language))
    return (
        f'<div class="asked">{tag("p", asked, "question")}{tag("p", own)}'
        f"{tag('p', explained, 'small')}</div>"
    )


def _sheet(trace: Trace, progress: Progress, language: Language) -> str:
    """The verdict sheet: one row a claim."""
    case = Case(trace, progress.hide_special)
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
    special = say("walk.sheet_special" if progress.hide_special else "walk.sheet_all", language)
    above = tag("h2", title(trace, say("walk.sheet", language), language)) + tag("p", special)
    return f"<section class=sheet>{above}<table>{''.join(rows)}</table></section>"


def _row(cell: str, texts: Iterable[str]) -> str:
    return f"<tr>{''.join(tag(cell, text) for text in texts)}</tr>"
