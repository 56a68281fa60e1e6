"""A flow of boxes down the page."""

from attnviz.pictures.drawing import Element, element


def arrow() -> Element:
    """From one box to the next."""
    return element("div", "↓", class_="arrow", aria_hidden="true")
