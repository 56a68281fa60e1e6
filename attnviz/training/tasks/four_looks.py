"""Four looks: name the two digits before and the two after."""

from attnviz.training.ring import looks_task

TASK = looks_task("four-looks", offsets=(-2, -1, 1, 2), steps=400)
