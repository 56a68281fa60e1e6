"""A model's folder that changes while the process runs is read again."""

import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from transformers import AutoModel

import attnviz
from attnviz.models import catalogue
from attnviz.models.load import control_of, is_loaded
from tests.tiny_families import saved_family
from tests.waiting import CEILING

TEXT = "the cat sat on the mat"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved_family(tmp_path / "mine", "gpt2")


def saved_otherwise(folder: Path) -> None:
    """Trained on for a step, and saved over what was there: files of the same size."""
    module = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1.5)
    module.save_pretrained(folder)


def test_weights_that_are_saved_anew_are_those_that_run(folder: Path) -> None:
    before = attnviz.load(folder)
    old = attnviz.trace(TEXT, folder)
    assert attnviz.load(folder) is before, "once, as long as nothing changes"
    saved_otherwise(folder)
    assert not is_loaded(str(folder))
    new = attnviz.trace(TEXT, folder)
    assert new.model.revision != old.model.revision
    own = AutoModel.from_pretrained(folder, attn_implementation="eager").eval()
    ids = torch.tensor([[before.tokenizer.token_to_id(token.piece) for token in new.tokens]])
    with torch.inference_mode():
        expected = own(ids, output_attentions=True).attentions
    for layer, attention in enumerate(expected):
        np.testing.assert_allclose(new.layer_weights(layer), attention[0].numpy(), atol=1e-5)
    assert np.abs(new.layer_weights(1) - old.layer_weights(1)).max() > 0.01
    assert attnviz.load(folder) is attnviz.load(folder)


def test_so_is_a_tokenizer_and_the_control(folder: Path) -> None:
    control = control_of(attnviz.load(folder))
    assert control_of(attnviz.load(folder)) is control
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace('"cat"', '"dot"'))
    words = [token.text for token in attnviz.trace("the dot", folder).tokens]
    assert "dot" in words
    assert control_of(attnviz.load(folder)) is not control


def test_a_folder_that_is_gone_leaves_what_was_read(folder: Path) -> None:
    model = attnviz.load(folder)
    shutil.rmtree(folder / "nothing", ignore_errors=True)
    (folder / "notes.md").write_text("no file of a model")
    assert attnviz.load(folder) is model
    shutil.rmtree(folder)
    assert is_loaded(str(folder))


def page(name: str) -> None:
    from attnviz.ui.widgets.loading import loaded

    loaded(name)


def test_a_page_looks_at_the_files_of_a_loaded_model_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = AppTest.from_function(page, default_timeout=CEILING, args=(str(folder),)).run()
    with monkeypatch.context() as patch:
        stamp = Mock(wraps=catalogue.stamp)
        patch.setattr(catalogue, "stamp", stamp)
        assert not app.run().exception
    stamp.assert_called_once_with(str(folder))
