"""Two looks: name the digit before and the digit after."""

from attnviz.training.ring import offsets_task

TASK = offsets_task("two-looks", offsets=(-1, 1), steps=400)
