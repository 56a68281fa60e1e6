"""The share of attention that goes to special tokens together ([CLS], [SEP])."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import special

MEASURE = share_of("special", special, "Clark et al. 2019, §3.2")
