"""The About page: what runs here, what it may use, and what it keeps."""

import platform
from dataclasses import asdict
from importlib.metadata import version

import pandas as pd
import streamlit as st

from attnviz.core.card import ModelCard
from attnviz.digits import error_at_most
from attnviz.models import catalogue
from attnviz.models.load import as_read
from attnviz.runtime.settings import Settings, settings
from attnviz.texts import enumerated, say
from attnviz.ui.errors import clear_errors
from attnviz.ui.frame import header, language
from attnviz.ui.server.lifespan import health_report
from attnviz.ui.widgets.escape import markdown_text
from attnviz.ui.widgets.loading import loaded
from attnviz.version import versions


def about() -> None:
    """The whole page."""
    header("about.lead")
    with st.container(key="about"):
        _versions()
        with clear_errors():
            _models()
        _limits(settings())
        _section("privacy", ["about.privacy"])
        _section("licence", ["about.licence"])


def _section(name: str, texts: list[str]) -> None:
    st.markdown(f"## {say(f'about.{name}_title', language())}")
    for text in texts:
        st.markdown(markdown_text(say(text, language())))


def _versions() -> None:
    st.markdown(f"## {say('about.versions_title', language())}")
    rows = {**versions(), "streamlit": version("streamlit"), "plotly": version("plotly")}
    rows["Python"] = platform.python_version()
    _table(rows, "package", "version")
    report = health_report()
    difference = report["self_test"]
    error = error_at_most(difference) if isinstance(difference, float) else "–"
    result = "ok" if report["status"] == "full" else report["status"]
    st.markdown(markdown_text(say(f"about.self_test_{result}", language(), difference=error)))


def _models() -> None:
    """The models of this server, with the hash of their weights."""
    st.markdown(f"## {say('about.models_title', language())}")
    cards = [loaded(name).card for name in catalogue.BUILT_IN]
    rows = {card.called(language()): _revision(card) for card in cards}
    for name in settings().allowed_models:
        rows.setdefault(name, model.card.revision if (model := as_read(name)) else "–")
    _table(rows, "model", "revision")


def _revision(card: ModelCard) -> str:
    if card.source == "control":
        return say("about.seed", language(), seed=catalogue.CONTROL_SEED)
    return card.revision


def _limits(limits: Settings) -> None:
    st.markdown(f"## {say('about.limits_title', language())}")
    key = "about.is_public" if limits.public else "about.is_private"
    st.markdown(markdown_text(say(key, language())))
    numbers = {
        name: f"{value:,}"
        for name, value in asdict(limits).items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
    values = {"hosts": enumerated(limits.hosts, language()) or "–", **numbers}
    rows = {say(f"about.limit_{name}", language()): value for name, value in values.items()}
    _table(rows, "limit", "value")


def _table(rows: dict[str, str], *names: str) -> None:
    """Two columns, names as data."""
    first, second = (say(f"about.{name}", language()) for name in names)
    cells = {
        first: [markdown_text(name) for name in rows],
        second: [markdown_text(value) for value in rows.values()],
    }
    st.table(pd.DataFrame(cells).set_index(first))
