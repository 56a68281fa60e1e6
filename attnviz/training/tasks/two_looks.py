"""Two looks: name the digit before and the digit after."""

from attnviz.training.ring import looks_task

TASK = looks_task("two-looks", offsets=(-1, 1), steps=400)
