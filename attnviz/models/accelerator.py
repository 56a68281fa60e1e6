"""Accelerator: a model that is proved on the CPU runs on what torch sees, once proved there too.

It stays on the CPU where the device has no room for it, lacks what it needs, or computes
something else: what is drawn is what was computed, wherever that was.
"""

from attnviz.errors import AttnvizError
from attnviz.models import precision, proof, task_head
from attnviz.models.model import Model


def accelerated(model: Model) -> Model:
    """The model, on the accelerator if there is one and it adds up there."""
    place = precision.device()
    if place.type == "cpu":
        return model
    head = None if model.task_head is None else model.task_head.module
    try:
        precision.to_device(place, model.module, head)
        is_right = _is_right(model)
    except (AttnvizError, *task_head.CANNOT):  # too little memory, or what torch lacks there
        is_right = False
    if not is_right:
        precision.to_device(precision.CPU, model.module, head)
    return model


def _is_right(model: Model) -> bool:
    """Whether attention and answers of a model are its own where it lies now.

    Raises:
        AttnvizError: if its attention is not.
    """
    proof.prove(model)
    head = model.task_head
    if head is None or head.module is None:
        return True
    given = proof.probe(model.card, place=precision.of_module(model.module))
    return task_head.says_the_same(head, model.module, given)
