"""Which heads are seen: two that differ in kind, until others are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from attnviz.analysis.contrast import Reason
from attnviz.core.heads import HeadId
from attnviz.pictures.style import MOST_HEADS
from attnviz.share.state import ViewState
from attnviz.ui import state
from attnviz.ui.state import NONE_YET, SessionValue

ADD = "add"  # in place of slot A or B
MOST_MORE = MOST_HEADS - 2


class Different(NamedTuple):
    """The two heads with which a trace opens, how different they are, and why these."""

    a: HeadId
    b: HeadId
    divergence: float
    why: tuple[Reason, Reason] | None = None  # what each looks at, where they differ in kind
    is_note: bool = False  # the two of the note's figure, which draws them between words


class _Aside(NamedTuple):
    a: HeadId | None = None
    b: HeadId | None = None
    more: tuple[HeadId, ...] = ()


# What was chosen for a model waits there until that one is seen again.
_OF: SessionValue[str | None] = SessionValue("heads_of", None)
_ASIDE: SessionValue[Mapping[str, _Aside]] = SessionValue("heads_aside", NONE_YET)
_ARE_LINKED = SessionValue("heads_linked", False)
OPENED: SessionValue[int | None] = SessionValue("opened", None)  # the sentence seen last


def link_heads() -> None:
    """Note that a link names heads, which may be none of the model that it names."""
    _ARE_LINKED.put(True)


def choose_aside(of: str, slot: str, head: HeadId) -> None:
    """Put a head in slot A or B, or beside them, of the heads that wait for `of` to be seen."""
    aside = _ASIDE.get()
    slots = aside.get(of, _Aside())
    if slot == ADD:
        heads = slots._replace(
            more=(*(other for other in slots.more if other != head), head)[-MOST_MORE:]
        )
    else:
        heads = slots._replace(a=head) if slot.lower() == "a" else slots._replace(b=head)
    _ASIDE.put({**aside, of: heads})


def forget_heads() -> None:
    """Forget for which models heads were chosen, and which sentence was opened."""
    OPENED.forget()
    _OF.forget()
    _ASIDE.forget()


def fit_heads(of: str, heads: Sequence[HeadId], usual: Different) -> tuple[HeadId, ...]:
    """Let the chosen heads be those of this model, which `of` names; returns what it lacks.

    A link may have chosen beyond the model's `heads`.
    """
    view = state.read(ViewState)
    missing: tuple[HeadId, ...] = ()
    if _ARE_LINKED.pop():
        view, missing = _known(view, heads, usual)
    elif (before := _OF.get()) != of:
        aside = _ASIDE.get()
        if before is not None:
            aside = {**aside, before: _Aside(view.a, view.b, view.more)}
            _ASIDE.put(aside)
        view = replace(view, **aside.get(of, _Aside())._asdict())
    _OF.put(of)
    state.write(view)
    return missing


def _known(
    view: ViewState, heads: Sequence[HeadId], usual: Different
) -> tuple[ViewState, tuple[HeadId, ...]]:
    """Heads of a link, without those that the model lacks; and these."""
    kind = heads[0].kind  # a pair is enough to name a head where all are of one kind
    named = [head and head.of_kind(kind) for head in (view.a, view.b)]
    more_heads = [head.of_kind(kind) for head in view.more]
    a, b = (head if head in heads else None for head in named)
    missing = [head for head in (*named, *more_heads) if head and head not in heads]
    if a or b:
        a, b = a or usual.a, b or usual.b
    more = tuple(head for head in more_heads if head in heads)
    return replace(view, a=a, b=b, more=more), tuple(missing)


def heads_shown(view: ViewState, usual: Different) -> tuple[HeadId, HeadId]:
    """What stands in A and B."""
    return view.a or usual.a, view.b or usual.b


def are_usual(view: ViewState) -> bool:
    """Whether A and B stand on the most different heads because no others were chosen."""
    return view.a is None and view.b is None


def choose_head(slot: str, head: HeadId, usual: Different) -> None:
    """Put a head in slot A or B, where the other then stays; or add it, or take it away."""
    view = state.read(ViewState)
    a, b = heads_shown(view, usual)
    if slot == ADD:
        more = tuple(one for one in view.more if one != head)
        is_new = len(more) == len(view.more) and head not in (a, b)
        if is_new and len(more) < MOST_MORE:
            more = (*more, head)
        state.change(ViewState, a=a, b=b, more=more)
        return
    a, b = (head, b) if slot.lower() == "a" else (a, head)
    state.change(ViewState, a=a, b=b)
