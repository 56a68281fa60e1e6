"""The share of attention that goes to the token before it."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import at_distance

MEASURE = share_of("previous", at_distance(-1), "Clark et al. 2019, §3.1")
