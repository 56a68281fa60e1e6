"""Links of the walkthrough, written and read as its page does it."""

from attnviz.lessons.link import WALKTHROUGH, WalkthroughState
from attnviz.share.state import from_link, to_link


def written(standing: WalkthroughState) -> dict[str, str]:
    """The parameters of a link."""
    return to_link(vars(standing), WALKTHROUGH).params


def opened(params: dict[str, str]) -> tuple[WalkthroughState, tuple[str, ...]]:
    """Where a link leads, and what is dropped."""
    found, dropped = from_link(params, WALKTHROUGH)
    return WalkthroughState(**found).from_earlier_link(), dropped
