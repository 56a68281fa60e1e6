"""The share of attention that goes to what followed the token last time."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import induction

MEASURE = share_of("induction", induction, "Olsson et al. 2022 (prefix matching)")
