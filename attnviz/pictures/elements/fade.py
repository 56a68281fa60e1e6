"""Fading: what counts for less is drawn fainter, its numbers as readable as before."""

from attnviz.pictures.drawing import Element


def faded(drawn: Element, share: float) -> Element:
    """The same with its boxes as opaque as a share from 0 to 1: opacity = share."""
    attributes = dict(drawn.attributes)
    if drawn.tag == "rect":
        opacity = f"{min(1.0, max(0.0, share)):.4g}"
        attributes |= {"fill-opacity": opacity, "stroke-opacity": opacity}
    children = tuple(c if isinstance(c, str) else faded(c, share) for c in drawn.children)
    return Element(drawn.tag, attributes, children, drawn.array, drawn.hue)
