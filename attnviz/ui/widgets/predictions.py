"""What a model predicts at the pinned token, where it was saved with a head that predicts."""

from collections.abc import Sequence

import streamlit as st

from attnviz.core.predictions import Prediction, Predictions
from attnviz.core.tokens import Token
from attnviz.core.trace import Trace
from attnviz.pictures.picture import percent
from attnviz.share.state import ViewState
from attnviz.texts import say
from attnviz.ui import state
from attnviz.ui.caches import TraceKey
from attnviz.ui.frame import language
from attnviz.ui.widgets import pins
from attnviz.ui.widgets.controls import lens_of
from attnviz.ui.widgets.escape import markdown_text


def show_predictions(key: TraceKey, trace: Trace) -> None:
    """The likeliest five with their probabilities; nothing of a model that predicts nothing."""
    predicted = trace.predicted
    tokens = None if predicted is None else _tokens(trace, predicted)
    if predicted is None or tokens is None:
        return
    at = _token(key, trace, predicted, tokens)
    head = say(f"predictions.{predicted.head}", language(), token=tokens[at].name)
    listed = " · ".join(_shown(predicted, predicted.of(at)))
    is_of_tokens = predicted.head != "sequence-classification"
    hint = say("predictions.pin", language()) if is_of_tokens else None
    with st.container(key="predictions"):
        st.markdown(f"{markdown_text(head)} {listed}", help=hint)


def _tokens(trace: Trace, predicted: Predictions) -> Sequence[Token] | None:
    """The tokens that are predicted at, if this trace shows them."""
    if predicted.head == "sequence-classification":
        return trace.tokens
    sequences = (trace.sequences.get(predicted.sequence, ()), *trace.sequences.values())
    return next((tokens for tokens in sequences if len(tokens) == len(predicted.top)), None)


def _token(key: TraceKey, trace: Trace, predicted: Predictions, tokens: Sequence[Token]) -> int:
    """The token that is pinned; else one that the head was made for.

    That is the last one for what comes next, a mask for what stands there, else the first that is
    not special.
    """
    last = -1 if predicted.head == "causal-lm" else 0  # of the pieces of a pinned word
    pinned = _pinned(key, trace) if tokens is trace.tokens else ()
    if pinned:
        return pinned[last]
    if predicted.head == "causal-lm":
        return len(tokens) - 1
    masks = [token.position for token in tokens if token.is_special and token.source]
    plain = [token.position for token in tokens if not token.is_special]
    return (masks if predicted.head == "masked-lm" and masks else plain or [0])[0]


def _pinned(key: TraceKey, trace: Trace) -> tuple[int, ...]:
    """The positions of the tokens behind the first pin."""
    view = state.read(ViewState)
    lens = lens_of(view, trace)
    pins.starting(key, trace, lens)  # those of another sentence are forgotten
    places = pins.positions_of(trace, lens)
    sides = {"q": trace.query_tokens(), "k": trace.key_tokens()}
    of_text = (pin for pin in state.read(ViewState).pins if sides[pin[0]] is trace.tokens)
    positions = (places[pin[0]][int(pin[1:])] for pin in of_text if _is_of(pin, places))
    return next(positions, ())


def _is_of(pin: str, places: pins.Positions) -> bool:
    return int(pin[1:]) < len(places[pin[0]])


def _shown(predicted: Predictions, row: Sequence[Prediction]) -> list[str]:
    """Each answer with its probability; as its piece, where two are read alike."""
    texts = [prediction.text for prediction in row]
    names = [one.piece if one.piece and texts.count(one.text) > 1 else one.text for one in row]
    if predicted.head == "question-answering":
        names = [say(f"predictions.{name}", language()) for name in names]
    return [
        f"**{markdown_text(name)}** {percent(one.probability)}"
        for name, one in zip(names, row, strict=True)
    ]
