"""The opening example: here before its model is, and drawn when the server starts."""

from contextlib import suppress
from dataclasses import replace

from attnviz.errors import AttnvizError, ModelError
from attnviz.lessons.note_trace import note_trace
from attnviz.models import catalogue
from attnviz.models.catalogue import EMBEDDED, EMBEDDED_SHA256
from attnviz.runtime.cache import pinning
from attnviz.share.state import ExploreState
from attnviz.texts import LANGUAGES
from attnviz.ui import caches
from attnviz.ui.caches import TraceKey
from attnviz.ui.widgets.controls import chosen_view
from attnviz.ui.widgets.examples import EXAMPLES
from attnviz.ui.widgets.opening import FIGURE, usual_pair

KEY = TraceKey(EMBEDDED, EMBEDDED_SHA256, EXAMPLES[0].text, None)


def ship() -> None:
    """Keep the trace that comes with the package, if it is one of the model that is installed."""
    shipped = note_trace(lambda: caches.fully_traced(KEY))
    try:
        installed = catalogue.find(EMBEDDED).revision
    except ModelError:
        return  # the page says it, once it loads the model
    if shipped is not None and (shipped.model.revision, shipped.text) == (installed, KEY.text):
        with pinning():
            caches.keep_trace(KEY, shipped)


def draw() -> None:
    """Compute what every new visitor sees first, so that nobody has to be refused it.

    Where it cannot be had, as with a model that is missing or a limit below its length, the page
    says why.
    """
    with suppress(AttnvizError), pinning():
        trace = caches.traced(KEY)
        caches.overview_of(KEY, trace)
        state = replace(ExploreState(), **FIGURE)
        view = chosen_view(trace, state, usual_pair(KEY, trace), pins=())
        for language in LANGUAGES:
            caches.lines_of(KEY, view.lines, view.lens, language, trace, captioned=True)


def take_over() -> None:
    """Let the model that is here now show what came with the package, and draw that anew."""
    try:
        with pinning():
            caches.take_over(KEY)
    except AttnvizError:  # as in `draw`
        give_up()
    draw()
    from attnviz.ui.widgets.loading import settle  # torch is here now

    settle(KEY.revision)


def give_up() -> None:
    """Let go of what came with the package: its model cannot be had, and the page is to say so."""
    caches.forget_shipped(KEY)
