"""Four looks: name the two digits before and the two after."""

from attnviz.training.ring import offsets_task

TASK = offsets_task("four-looks", offsets=(-2, -1, 1, 2), steps=400)
