"""Claims on trial: the note's claims, predicted by the learner, judged on the sentence."""

from collections import Counter
from typing import cast

import streamlit as st

from attnviz.core.trace import Trace
from attnviz.lessons.claims import Case, Claim, Trial, claims, try_claim
from attnviz.lessons.verdict_sheet import GUESSES, Guess, agrees, judged, spoken
from attnviz.runtime.cache import Cache
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey
from attnviz.ui.components import aloud
from attnviz.ui.frame import language
from attnviz.ui.pages.walkthrough.progress import TracedSentence, guess, progress, step
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.progress import with_progress

_trials: Cache[dict[str, Trial]] = Cache()


def trials_of(key: TraceKey, hide_special: bool, trace: Trace) -> dict[str, Trial]:
    """Every claim tried on a sentence."""

    def judge() -> dict[str, Trial]:
        case = Case(trace, hide_special)
        return {claim.name: try_claim(claim, case) for claim in claims()}

    return _trials.get((key, hide_special), judge)


def on_trial(sentence: TracedSentence) -> None:
    """The claims one by one: predict a verdict, then see the number, its control, the verdict."""
    st.markdown(f"### {say('walk.trial', language())}")
    st.markdown(markdown_text(say("walk.trial_how", language(), claims=len(claims()))))
    key = "trial_hide_special"

    def take() -> None:
        step(hide_special=bool(state.taken(key)))

    shown = state.shown(key, progress().hide_special, take)
    st.toggle(say("page.hide_special", language()), **shown)
    hidden = progress().hide_special
    trials = with_progress(
        lambda _: trials_of(sentence.key, hidden, sentence.trace), language(), "judge"
    )
    _tally(trials)
    for claim in claims():
        _claim(claim, trials[claim.name])


def _tally(trials: dict[str, Trial]) -> None:
    """How many of the verdicts that were revealed came out which way."""
    counted = Counter(trials[name].verdict for name in progress().guesses if name in trials)
    if counted:
        parts = [f"{say(f'verdict.{verdict}', language())}: {n}" for verdict, n in counted.items()]
        st.markdown(markdown_text(" · ".join(parts)))


def _claim(claim: Claim, trial: Trial) -> None:
    said = progress().guesses.get(claim.name)
    with st.container(key=f"claim_{claim.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{claim.name}** {markdown_text(claim.claim[language()])}")
            if said is None:
                _predict(claim)
        if said is not None:
            _verdict(claim, trial, said)


def _predict(claim: Claim) -> None:
    key = f"guess_{claim.name}"

    def take() -> None:
        if verdict := state.taken(key):
            guess(claim.name, cast(Guess, verdict))

    what = aloud.as_name(f"{claim.name} {claim.claim[language()]}")
    st.segmented_control(
        say("walk.prediction_of", language(), what=what),
        GUESSES,
        format_func=lambda name: say(f"walk.guess_{name}", language()),
        **state.shown(key, None, take, None),
        label_visibility="collapsed",
        width="content",
    )


def _verdict(claim: Claim, trial: Trial, said: Guess) -> None:
    mark = "✓" if agrees(said, trial.verdict) else "✗"
    verdict = say(f"verdict.{trial.verdict}", language())
    yours = say(f"walk.guess_{said}", language())
    line = say("walk.judged", language(), verdict=verdict, yours=yours)
    explained = spoken(claim, trial, language())
    st.markdown(f"{mark} **{markdown_text(line)}**")
    st.markdown(markdown_text(explained))
    aloud.verdict(claim.name, f"{claim.name}: {mark} {line} {explained}")
    st.caption(markdown_text(judged(claim, trial, language())))
