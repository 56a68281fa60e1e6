"""Every text family against transformers' own eager attention, on a tiny random model of it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForSeq2SeqLM

import attnviz
from attnviz.capture.reading import read
from attnviz.capture.target import read_target
from attnviz.capture.variants import inputs
from attnviz.core.heads import Kind
from attnviz.models import precision
from attnviz.models.load import Model
from tests.families_table import row_of, written
from tests.tiny_families import REFUSED, SIZES, opened, refused_family, saved_family

TEXT, TARGET = "the cat sat on the mat , singing .", "the mat sat on"
CLOSE = 1e-5
OWN_NAMES: dict[Kind, str] = {
    "self": "attentions",
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}

Saved = Callable[[str], Path]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Tiny models of a family, each made once."""
    return cache(lambda kind: saved_family(tmp_path_factory.mktemp("families") / kind, kind))


def oracle(folder: Path, model: Model) -> Any:
    """What transformers itself answers, with its own eager attention, on the same tokens."""
    reading = read(TEXT, None, model)
    given = inputs([reading], model)
    if model.target is not None:
        given = inputs([reading], model, read_target(TARGET, given, model))
    build = AutoModelForSeq2SeqLM if model.target is not None else AutoModel
    module = build.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    module.to(given["input_ids"].device).config.use_cache = False
    with precision.inference(module):  # on a card, convolutions would be in TF32
        return module(**given, output_attentions=True, output_hidden_states=True)


@pytest.mark.parametrize("kind", SIZES)
def test_a_family_shows_what_its_own_code_computes(kind: str, saved: Saved) -> None:
    model = opened(saved(kind))
    trace = attnviz.trace(TEXT, model, target=TARGET if model.target else None)
    own = oracle(saved(kind), model)
    weights_are_their_own(trace, own)
    if "heads" in model.capabilities:
        for of, layer in trace.attention:
            record = trace.record(layer, of)
            np.testing.assert_allclose(record.blend(), record.head_output, atol=1e-4, rtol=1e-4)
    if trace.model.architecture == "decoder":
        later = [trace.allowed(head) for head in trace.heads]
        assert not any(may is None or np.triu(may, 1).any() for may in later), "not allowed, not 0"
    if "streams" in model.capabilities and model.target is None:
        for depth, hidden in enumerate(own.hidden_states[:-1]):  # after the last, families norm
            np.testing.assert_allclose(trace.residual(depth), hidden[0].cpu().numpy(), atol=1e-3)
    assert row_of(model) in written(), "docs/models.md is of another day: run make models"


def weights_are_their_own(trace: attnviz.Trace, own: Any) -> None:
    """Every head of every layer and kind, and nothing where it may not look."""
    compared, widest = 0, 0.0
    for of in get_args(Kind):
        returned = [one for one in getattr(own, OWN_NAMES[of], None) or () if one is not None]
        for layer, expected in enumerate(returned):
            weights = expected[0].cpu().numpy()
            np.testing.assert_allclose(trace.layer_weights(layer, of), weights, atol=CLOSE)
            widest = max(widest, float(weights.max() - weights.min()))
            may = trace.attention[of, layer].may_look(slice(None))
            assert may is None or not weights[~may].any()
            compared += 1
    assert compared == len(trace.attention) > 0
    assert widest > 0.1, "heads that look evenly prove nothing"


def test_the_page_of_models_lists_every_family() -> None:
    rows = written()
    assert {row.family for row in rows if row.is_shown} == set(SIZES)
    assert {row.family for row in rows if not row.is_shown} == set(REFUSED)
    assert len(SIZES) >= 50


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_shown_is_refused_with_the_reason(kind: str, tmp_path: Path) -> None:
    with pytest.raises(attnviz.AttnvizError) as problem:
        opened(refused_family(tmp_path / kind, kind))
    (row,) = (row for row in written() if row.family == kind)
    assert row.says == problem.value.text("en").replace(str(tmp_path), "")
    assert problem.value.text("zh") != problem.value.text("en")
