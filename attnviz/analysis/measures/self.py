"""The share of attention that goes to itself."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import at_distance

MEASURE = share_of("self", at_distance(0), "Clark et al. 2019, §3.1")
