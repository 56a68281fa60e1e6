"""The share of attention that goes to punctuation."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import punctuation

MEASURE = share_of("punctuation", punctuation, "Clark et al. 2019, §3.2")
