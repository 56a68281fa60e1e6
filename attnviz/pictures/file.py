"""File: a picture as one HTML file, with what it is, where it is from, how it is made again."""

from collections.abc import Sequence

from attnviz.core.trace import Trace
from attnviz.pictures.picture import title
from attnviz.pictures.provenance import provenance
from attnviz.pictures.recipe import Recipe, again
from attnviz.pictures.standalone import origin, standalone, tag
from attnviz.texts import Language


def one_file(
    pictures: Sequence[str],
    trace: Trace | None,
    called: str,
    recipe: Recipe | None,
    language: Language,
    extra: Sequence[str] = (),
) -> str:
    """A file of pictures: what they are, where they are from, and how they are made again.

    `pictures` are elements, one below the other; `called` are their heads; `extra` are elements
    below them.
    """
    name = title(trace, called, language)
    recipe = None if recipe is None else recipe.in_language(language)
    body = [
        tag("h1", name),
        origin(trace, language),
        *pictures,
        *extra,
        *(tag("pre", text, "again") for text in again(recipe, language)),
    ]
    about = {} if recipe is None else {"again": recipe.text}
    return standalone(name, body, language, about={**provenance(trace), **about})
