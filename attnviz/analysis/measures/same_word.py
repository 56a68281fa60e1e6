"""The share of attention that goes to the same word in another place."""

from attnviz.analysis.measures import share_of
from attnviz.analysis.targets import same_word

MEASURE = share_of("same_word", same_word, "Wang et al. 2023, §3 (duplicate token heads)")
