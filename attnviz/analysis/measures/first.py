"""The share of attention that goes to the first token."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import at_position

MEASURE = share_of("first", at_position(0), "Xiao et al. 2024, §3.1 (attention sinks)")
