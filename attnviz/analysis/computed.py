"""The maps that a lens can name, each computed from the weights of a trace."""

from attnviz.analysis.lens import Lens
from attnviz.analysis.norm_weighted import norm_weighted
from attnviz.analysis.rollout import flow, rollout
from attnviz.core.heads import HeadId
from attnviz.core.maps import AttentionMap
from attnviz.core.trace import Trace
from attnviz.errors import CaptureError


def computed_map(trace: Trace, head: HeadId, lens: Lens) -> AttentionMap:
    """The map that a lens names, of a head or of its layer, between all tokens.

    Raises:
        ArgumentError: if the text is too long for a flow.
        CaptureError: if the trace does not hold what it is computed from, or words are asked
            for of a flow, which is between tokens.
    """
    if lens.map == "norm_weighted":
        return norm_weighted(trace, head)
    if lens.map == "rollout":
        return rollout(trace, head.layer)
    if lens.unit == "word":
        raise CaptureError("flow_of_words")
    return flow(trace, head.layer)
