"""The share of attention that goes to separators ([SEP], </s>)."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import separators

MEASURE = share_of("separator", separators, "Clark et al. 2019, §3.2")
