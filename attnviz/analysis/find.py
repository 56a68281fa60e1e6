"""Find heads by what they look at: all heads, ranked, each with its evidence."""

from typing import NamedTuple

from attnviz import checks
from attnviz.analysis.measure import shares_on
from attnviz.analysis.measures import measures
from attnviz.analysis.targets import Targets, at_position
from attnviz.core.heads import HeadId
from attnviz.core.trace import Trace
from attnviz.errors import ArgumentError


class Found(NamedTuple):
    """A head, and what says that it is one of those that were asked for."""

    head: HeadId
    share: float  # of its attention on what was asked for, mean over `tokens`
    tokens: int  # the queries that the share rests on: those that may look at such a key


def targets() -> dict[str, Targets]:
    """What heads can be found by: the measures that are a share of attention on some keys."""
    return {one.name: one.targets for one in measures() if one.targets is not None}


def find(trace: Trace, what: str | int) -> tuple[Found, ...]:
    """All heads of a trace, those first that look most at one thing.

    `what` is "previous", "next", "self", "first", "same word", "separator", "punctuation",
    "special" or "induction"; or the position of a token, counted from 0. Heads of which nothing
    can be said are left out: of a sentence without a separator, all of them. Equal ones stand in
    the order of layers.

    Raises:
        ArgumentError: if there is no such thing to look at, or no such token.
        CaptureError: if rows of given weights are no distributions.

    Example:
        >>> attnviz.find(trace, "previous")[0]
        Found(head=HeadId(layer=0, head=2), share=0.99, tokens=26)
    """
    checks.kind("trace", trace, Trace, f"attnviz.trace({checks.TEXT!r})")
    (measured,) = shares_on(trace, [_targets(trace, what)])
    found = [
        Found(HeadId(layer, head, kind), float(share), int(tokens))
        for (kind, layer), one in zip(trace.attention, measured, strict=True)
        for head, (share, tokens) in enumerate(zip(*one, strict=True))
    ]
    return tuple(sorted((one for one in found if one.tokens), key=lambda one: -one.share))


def _targets(trace: Trace, what: str | int) -> Targets:
    known = targets()
    position = checks.number(what)
    if position is None:
        name = what.strip().replace(" ", "_") if isinstance(what, str) else what
        if not (isinstance(name, str) and name in known):
            names = ", ".join(repr(one.replace("_", " ")) for one in known)
            raise ArgumentError("no_such_target", value=checks.quoted(what), known=names)
        return known[name]
    most = max(len(trace.key_tokens(kind)) for kind, _ in trace.attention)
    if not 0 <= position < most:
        raise ArgumentError("no_such_token", position=position, tokens=most)
    return at_position(position)
