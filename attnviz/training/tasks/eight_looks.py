"""Eight looks: name the four digits before and the four after."""

from attnviz.training.ring import offsets_task

TASK = offsets_task("eight-looks", offsets=(-4, -3, -2, -1, 1, 2, 3, 4), steps=400)
