"""Saving a chapter of the walkthrough."""

from attnviz.lessons.chapter_file import chapter_numbers, chapter_page
from attnviz.lessons.engine import Chapter, Scene
from attnviz.lessons.link import WalkthroughState
from attnviz.texts import say
from attnviz.ui.components.figures import lazy_popover
from attnviz.ui.frame import language
from attnviz.ui.widgets.downloads import save_button


def save_chapter(chapter: Chapter, scene: Scene, progress: WalkthroughState) -> None:
    """A chapter of the walkthrough as a page, and the numbers behind its figure."""
    name = f"attnviz-chapter-{chapter.number}"
    with lazy_popover(say("page.save", language()), "save_open") as is_open:
        if is_open:
            page, numbers = f"{name}.html", f"{name}.json"
            save_button("chapter", page, "text/html", lambda: _chapter(chapter, scene, progress))
            save_button("json", numbers, "application/json", lambda: _values(chapter, scene))


def _chapter(chapter: Chapter, scene: Scene, progress: WalkthroughState) -> bytes:
    return chapter_page(chapter, scene, progress).encode()


def _values(chapter: Chapter, scene: Scene) -> bytes:
    return chapter_numbers(chapter, scene).encode()
