"""Two hops: go to the address, read the address there, go on. Needs two layers."""

from attnviz.training.pointers import hops_task

TASK = hops_task("two-hop", hops=2)
