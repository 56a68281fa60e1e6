"""Control: what training did, by random weights in its place."""

from attnviz.capture.run import trace as run
from attnviz.core.trace import Trace
from attnviz.experiments import experiment
from attnviz.experiments.rerun import model_of
from attnviz.models.load import control_of


@experiment
def control(trace: Trace) -> Trace:
    """The same sentence, changed in the same way, in the same architecture with random weights."""
    model, changes = control_of(model_of(trace)), trace.interventions
    return run(trace.text, model, trace.pair, changes, target=trace.target)
