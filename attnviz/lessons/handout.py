"""The handout: the whole walkthrough as one A4 page after the other, in one HTML file.

It needs no network and holds no address: the pictures are drawn by the same scripts as in
the app, from the same packets.
"""

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from importlib.resources import files

from attnviz import __version__
from attnviz.errors import AttnvizError
from attnviz.figures.drawing import Drawing
from attnviz.figures.picture import title
from attnviz.lessons.chapters import chapters
from attnviz.lessons.claims import Case, claims, try_claim
from attnviz.lessons.engine import Chapter, Panel, Question, Scene
from attnviz.lessons.link import Standing
from attnviz.lessons.sheet import spoken
from attnviz.tracing.record import Trace
from attnviz.training.record import Training
from attnviz.words import Language, say

_ASSETS = files("attnviz.figures") / "assets"
_STYLES = ("pictures.css", "drawing.css", "handout.css")
_SCRIPTS = ("core.js", "lines.js", "drawing.js", "handout.js")


def handout(
    trace: Trace,
    standing: Standing | None = None,
    language: Language = "en",
    trainings: tuple[Training, ...] = (),
) -> str:
    """Every chapter with its figures, questions and answers, and the verdict sheet, as HTML."""
    standing = standing or Standing()
    body = [
        _cover(trace, language),
        *(_chapter(c, trace, standing, language, trainings) for c in chapters()),
        _sheet(trace, standing, language),
    ]
    styles = "".join(_asset(name) for name in _STYLES)
    scripts = "".join(_asset(name) for name in _SCRIPTS)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>attnviz · {escape(trace.model.title)}</title><style>{styles}</style></head>"
        f"<body>{''.join(body)}<script>{scripts}</script></body></html>"
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _tag(tag: str, text: str, kind: str = "") -> str:
    return f"<{tag}{f' class={kind}' if kind else ''}>{escape(text)}</{tag}>"


def _cover(trace: Trace, language: Language) -> str:
    card = trace.model
    sentences = [trace.text] if trace.pair is None else [trace.text, trace.pair]
    made = say(
        "walk.made_with",
        language,
        version=__version__,
        model=card.title,
        layers=card.layers,
        heads=card.heads,
        revision=card.revision[:12],
        tokens=len(trace.tokens),
    )
    quotes = "".join(_tag("blockquote", sentence) for sentence in sentences)
    heading = _tag("h1", say("walk.handout_title", language))
    return f"<header>{heading}{quotes}{_tag('p', made, 'made')}</header>"


def _chapter(
    chapter: Chapter,
    trace: Trace,
    standing: Standing,
    language: Language,
    trainings: tuple[Training, ...],
) -> str:
    given = standing.of_chapter(chapter.number)
    scene = chapter.scene(trace, given, language, "light", trainings)
    numbers = chapter.numbers(scene)
    parts = [
        _tag("h2", f"{chapter.number} · {chapter.title[language]}"),
        _tag("p", scene.say(chapter.text, **numbers)),
    ]
    figure = chapter.figure(trace, scene)
    for part in chapter.parts:
        parts.append(_tag("h3", part.title[language]))
        parts.append(_picture(figure.panels[part.name]))
        parts.append(_tag("p", chapter.note(part, scene), "small"))
    parts += [_asked(chapter, q, scene, standing) for q in chapter.questions]
    takeaway = scene.say(chapter.takeaway, **numbers)
    parts.append(_tag("p", f"{say('walk.takeaway', language)} {takeaway}", "takeaway"))
    return f"<section>{''.join(parts)}</section>"


def _picture(panel: Panel) -> str:
    kind = "drawing" if isinstance(panel, Drawing) else "lines"
    packet = b64encode(panel.packet).decode()
    return (
        f'<figure class="picture" data-kind="{kind}" data-packet="{packet}">'
        f"<noscript>{escape(panel.alt)}</noscript></figure>"
    )


def _asked(chapter: Chapter, question: Question, scene: Scene, standing: Standing) -> str:
    """A question, the learner's own answer, and the answer."""
    trace, language = scene.trace, scene.language
    said = standing.answers.get(f"{chapter.number}.{question.name}")
    try:
        asked, explained = question.asks(trace, language), question.explains(trace, language)
    except AttnvizError as problem:
        return _tag("p", problem.text(language), "small")
    own = ""
    if said is not None:
        key = "walk.right" if question.is_right(trace, said) else "walk.wrong"
        own = say(key, language, said=question.spoken(trace, said, language))
    return (
        f'<div class="asked">{_tag("p", asked, "question")}{_tag("p", own)}'
        f"{_tag('p', explained, 'small')}</div>"
    )


def _sheet(trace: Trace, standing: Standing, language: Language) -> str:
    """The verdict sheet: one row a claim."""
    case = Case(trace, standing.hide_special)
    heads = ("claim", "yours", "measured", "verdict")
    rows = [_row("th", [say(f"walk.sheet_{name}", language) for name in heads])]
    for claim in claims():
        trial = try_claim(claim, case)
        guess = standing.guesses.get(claim.name)
        cells = [
            f"{claim.name} {claim.claim[language]}",
            "" if guess is None else say(f"walk.guess_{guess}", language),
            spoken(claim, trial, language),
            say(f"verdict.{trial.verdict}", language),
        ]
        rows.append(_row("td", cells))
    special = say("walk.sheet_special" if standing.hide_special else "walk.sheet_all", language)
    above = _tag("h2", title(trace, say("walk.sheet", language))) + _tag("p", special)
    return f"<section class=sheet>{above}<table>{''.join(rows)}</table></section>"


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(_tag(tag, cell) for cell in cells)}</tr>"
