"""The corpus: large, distinct, and harmless to anybody but the app."""

import re

from tests.fuzz import CASES, sample
from tests.fuzz.corpus import CATEGORIES, corpus

HOSTS = re.compile(r"(?:https?:)?//(?:[\w:]+@)?([\w.-]+)")


def test_it_has_more_than_300_distinct_texts() -> None:
    texts = corpus()
    assert len(texts) >= 300
    assert len(set(texts)) == len(texts) == sum(map(len, CATEGORIES.values()))


def test_each_category_has_its_texts() -> None:
    assert set(CATEGORIES) == {
        *("HTML", "script", "SVG", "Markdown", "LaTeX", "Plotly", "CSS", "spreadsheet"),
        *("paths", "addresses", "invisible", "half characters", "numbers", "formats"),
        *("data", "shell", "long", "marks", "look-alikes", "emoji"),
    }
    assert all(len(texts) >= 9 for texts in CATEGORIES.values())


def test_no_address_leads_anywhere() -> None:
    hosts = [host for text in corpus() for host in HOSTS.findall(text) if "." in host.strip(".")]
    assert len(hosts) > 50
    assert [host for host in hosts if not host.endswith(".invalid")] == []


def test_every_script_tells_that_it_ran() -> None:
    told = "window.__injected=1", "alert(", "probe.invalid", "\\u003c", "'ale'+'rt"
    silent = [text for text in CATEGORIES["script"] if not any(mark in text for mark in told)]
    assert silent == []


def test_a_sample_is_spread_over_the_corpus() -> None:
    texts = sample()
    assert len(set(texts)) == len(texts) == min(max(2, CASES), len(corpus()))
    assert (texts[0], texts[-1]) == (corpus()[0], corpus()[-1])
