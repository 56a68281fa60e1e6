"""The share of attention that goes to ordinary tokens that do not stand beside the query."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import elsewhere

MEASURE = share_of("elsewhere", elsewhere, "the rest of Clark et al. 2019, §3.1 and §3.2")
