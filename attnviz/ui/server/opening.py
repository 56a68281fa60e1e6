"""The opening example, drawn when the server starts."""

from attnviz.models.catalogue import EMBEDDED
from attnviz.models.load import load
from attnviz.ui.caches import TraceKey, keep_opening
from attnviz.ui.widgets.examples import EXAMPLES


def draw() -> None:
    """Compute what every new visitor sees first, so that nobody has to be refused it."""
    model, example = load(EMBEDDED), EXAMPLES[0]
    keep_opening(TraceKey(model.name, model.card.revision, example.text, None), model)
