"""One hop: each digit is an address; name the digit that stands there."""

from attnviz.training.pointers import hops_task

TASK = hops_task("one-hop", hops=1)
