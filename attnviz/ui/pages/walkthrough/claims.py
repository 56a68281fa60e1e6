"""Claims on trial: the note's claims, predicted by the learner, judged on the sentence."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.lessons.claims import Case, Claim, Trial, claims, try_claim
from attnviz.lessons.verdict_sheet import GUESSES, Guess, agrees, judged, spoken
from attnviz.runtime.cache import Cache
from attnviz.texts import running, say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import aloud
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import TracedSentence, guess, progress, step
from attnviz.ui.state import SessionValue
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import with_progress

CARDS, ACROSS = 6, 3  # that stand on the page at once, and in a row

_trials: Cache[Trial] = Cache()
_PAGE: SessionValue[int] = SessionValue("claims_page", 0)


def trial_of(key: TraceKey, hide_special: bool, trace: Trace, claim: Claim) -> Trial:
    """A claim tried on a sentence."""
    return _trials.get(
        (key, hide_special, claim.name), lambda: try_claim(claim, Case(trace, hide_special))
    )


def on_trial(sentence: TracedSentence) -> None:
    """The claims as cards: predict a verdict, then see the number, its control, the verdict."""
    _heading()
    _how()
    _special()
    with st.container(key="tally"):  # the cards below stay what they are while this changes
        trials = tally(sentence)
    page = _page()
    _cards(claims()[CARDS * page : CARDS * (page + 1)], trials)


def present(sentence: TracedSentence, shown: Sequence[Claim], *, is_told: bool) -> None:
    """Some claims before a class: whoever likes predicts, and all verdicts when asked for."""
    if not is_told:  # what the verdicts say takes the whole screen
        _heading()
        _how()
        _special()
    known = [claim for claim in shown if is_told or claim.name in progress().guesses]
    _cards(shown, _tried(sentence, known))


def _heading() -> None:
    st.markdown(f"### {say('walk.trial', language())}")


def _how() -> None:
    st.markdown(markdown_text(say("walk.trial_how", language(), claims=len(claims()))))


def _special() -> None:
    """Whether claims are judged without special tokens."""
    key = "trial_hide_special"

    def take() -> None:
        step(claims_hide_special=bool(state.taken(key)))

    shown = state.shown(key, progress().claims_hide_special, take)
    st.toggle(say("page.hide_special", language()), **shown)


def _cards(shown: Sequence[Claim], trials: Mapping[str, Trial]) -> None:
    for start in range(0, len(shown), ACROSS):
        for column, claim in zip(st.columns(ACROSS), shown[start : start + ACROSS], strict=False):
            with column:
                _claim(claim, trials.get(claim.name))


def _tried(sentence: TracedSentence, known: Iterable[Claim]) -> dict[str, Trial]:
    """Claims that are tried on a sentence, by their names."""
    hidden = progress().claims_hide_special

    def judge(_: object) -> dict[str, Trial]:
        return {c.name: trial_of(sentence.key, hidden, sentence.trace, c) for c in known}

    return with_progress(judge, language(), "judge")


def _page() -> int:
    """Which cards are shown: those that were chosen, of all there are."""
    pages = range(-(-len(claims()) // CARDS))
    shown_page = min(_PAGE.get(), pages[-1])

    def called(page: int) -> str:
        names = [claim.name for claim in claims()[CARDS * page : CARDS * (page + 1)]]
        return f"{names[0]}–{names[-1]}"

    def take() -> None:
        picked = state.taken("claims_page_of")
        _PAGE.put(shown_page if picked is None else int(picked))

    st.pills(
        say("walk.claims_shown", language()),
        pages,
        format_func=called,
        **state.shown("claims_page_of", shown_page, take, "default"),
        required=True,
        label_visibility="collapsed",
    )
    return shown_page


def tally(sentence: TracedSentence) -> dict[str, Trial]:
    """Say how many predictions came true, and apart from that what the verdicts were."""
    guesses = progress().guesses
    trials = _tried(sentence, [claim for claim in claims() if claim.name in guesses])
    if trials:
        hits = sum(agrees(guesses[name], trial.verdict) for name, trial in trials.items())
        hits_line = say("walk.hits", language(), hits=hits, claims=len(trials))
        counted = Counter(trial.verdict for trial in trials.values())
        parts = [f"{say(f'verdict.{verdict}', language())}: {n}" for verdict, n in counted.items()]
        verdicts = say("walk.verdicts", language(), verdicts=" · ".join(parts))
        st.markdown(f"**{markdown_text(hits_line)}**  \n{markdown_text(verdicts)}")
    return trials


def verdict_of(sentence: TracedSentence, claim: Claim) -> str:
    """What follows for a claim, in words."""
    return say(f"verdict.{_tried(sentence, [claim])[claim.name].verdict}", language())


def _claim(claim: Claim, trial: Trial | None) -> None:
    """One card: the claim, then the prediction or the verdict."""
    with st.container(key=f"claim_{claim.name}", border=True):
        st.markdown(f"**{claim.name}** {markdown_text(claim.claim[language()])}")
        if trial is None:
            _predict(claim)
        else:
            _verdict(claim, trial, progress().guesses.get(claim.name))


def _predict(claim: Claim) -> None:
    key = f"guess_{claim.name}"

    def take() -> None:
        if verdict := state.taken(key):
            guess(claim.name, cast(Guess, verdict))

    claim_name = aloud.as_name(f"{claim.name} {claim.claim[language()]}")
    st.segmented_control(
        say("walk.prediction_of", language(), what=claim_name),
        GUESSES,
        format_func=lambda name: say(f"walk.guess_{name}", language()),
        **state.shown(key, None, take, None),
        label_visibility="collapsed",
        width="content",
    )


def _verdict(claim: Claim, trial: Trial, said: Guess | None) -> None:
    mark, line = "", say(f"verdict.{trial.verdict}", language())
    if said is not None:
        mark = "✓ " if agrees(said, trial.verdict) else "✗ "
        yours = say(f"walk.guess_{said}", language())
        line = say("walk.judged", language(), verdict=line, yours=yours)
    explained = spoken(claim, trial, language())
    st.markdown(f"{mark}**{markdown_text(line)}**")
    st.markdown(markdown_text(explained))
    aloud.verdict(claim.name, f"{claim.name}: {running([mark + line, explained])}")
    st.caption(markdown_text(judged(claim, trial, language())))
