"""A chapter to keep: one page of HTML, or the numbers behind its figure."""

import json

import numpy as np

from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.handout import chapter_section, cover
from attnviz.lessons.link import WalkthroughState
from attnviz.pictures.provenance import provenance
from attnviz.pictures.standalone import standalone


def chapter_page(chapter: Chapter, scene: Scene, progress: WalkthroughState) -> str:
    """One chapter of the handout, as HTML that needs no network."""
    name = f"{chapter.number} · {chapter.title[scene.language]}"
    body = [
        cover(scene.trace, name, scene.language),
        chapter_section(chapter, scene.trace, progress, scene.language, tuple(scene.trainings)),
    ]
    return standalone(name, body, scene.language, kind="handout")


def chapter_numbers(chapter: Chapter, scene: Scene) -> str:
    """What each part of a chapter's figure was drawn from, as JSON."""
    panels = chapter.figure(scene.trace, scene).panels
    document = {
        **provenance(scene.trace),
        "chapter": chapter.number,
        "title": chapter.title[scene.language],
        "choice": dict(scene.choice),
        "parts": {name: {"says": panel.alt, **panel.values} for name, panel in panels.items()},
    }
    return json.dumps(document, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    """Arrays as lists, everything else as it is written."""
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)
