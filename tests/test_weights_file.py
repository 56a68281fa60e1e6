"""An .npz or .json of weights, opened in the page: shown as it is, and refused in a sentence."""

import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnviz.core.weights_file import read_weights
from attnviz.errors import CaptureError
from attnviz.pictures import style
from attnviz.pictures.packet import unpack
from attnviz.ui.components import figures
from attnviz.ui.widgets.model import OTHER
from tests.test_page import components, said
from tests.waiting import CEILING

TOKENS = ["the", "cat", "sat"]
WEIGHTS = np.random.default_rng(0).dirichlet(np.ones(3), (2, 2, 3)).astype(np.float32)


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def as_json(**given: Any) -> bytes:
    return json.dumps(given).encode()


def zipped(**parts: bytes) -> bytes:
    """A zip of parts that are called as arrays are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in parts.items():
            packed.writestr(f"{name}.npy", data)
    return file.getvalue()


def header(shape: tuple[int, ...]) -> bytes:
    """The beginning of an array, which says a shape; without its numbers."""
    file = io.BytesIO()
    said = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, said)
    return file.getvalue()


def locked(data: bytes) -> bytes:
    """A zip whose first part says that it wants a password."""
    flags = data.find(b"PK\1\2") + 8
    return data[:flags] + b"\1" + data[flags + 1 :]


FILES = {
    "npz": npz(tokens=np.array(TOKENS), weights=WEIGHTS),
    "json": as_json(tokens=TOKENS, weights=WEIGHTS.tolist(), title="mine"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_holds_what_from_weights_takes(kind: str) -> None:
    trace = read_weights(FILES[kind], "a.file")
    assert trace.model.title == ("mine" if kind == "json" else "a.file")
    assert [token.text for token in trace.tokens] == TOKENS
    for head in trace.heads:
        np.testing.assert_array_equal(trace.weights(head), WEIGHTS[head.layer, head.head])


def test_keys_make_it_cross_attention_and_a_mask_is_kept() -> None:
    cross = npz(tokens=np.array(["a"]), keys=np.array(TOKENS), weights=WEIGHTS[:, :, :1])
    assert read_weights(cross, "x").kinds == ("cross",)
    causal = np.tril(WEIGHTS)
    masked = npz(tokens=np.array(TOKENS), weights=causal, allowed=np.tri(3))
    np.testing.assert_array_equal(read_weights(masked, "x").allowed((0, 0)), np.tri(3, dtype=bool))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"no file", "no .npz and no .json"),
        (b"PK no zip", "no .npz and no .json"),
        (b"[1, 2]", "lacks tokens, weights"),
        (as_json(tokens=TOKENS), "lacks weights"),
        (npz(weights=WEIGHTS, tokens=np.array([object()])), "no .npz and no .json"),
        (npz(tokens=np.array(TOKENS), weights=np.zeros((17, 10**6))), "larger than 32 MB"),
        (as_json(tokens=None, weights=WEIGHTS.tolist()), "lacks tokens"),
        (as_json(tokens=TOKENS, weights=None), "lacks weights"),
        (zipped(weights=b"no array", tokens=b""), "no .npz and no .json"),
        (zipped(weights=header((10**5, 10**5, 10**3)), tokens=b""), "no .npz and no .json"),
        (locked(FILES["npz"]), "no .npz and no .json"),
    ],
)
def test_what_is_no_such_file_gets_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(CaptureError, match=words):
        read_weights(data, "x")


def explore() -> None:
    from attnviz.ui.pages.explore import explore

    explore()


def opened(data: bytes, name: str = "mine.npz") -> AppTest:
    app = AppTest.from_function(explore, default_timeout=CEILING).run()
    app.selectbox(key="model").select(OTHER).run()
    app.file_uploader(key="weights_file").set_value((name, data, "application/zip")).run()
    assert not app.exception
    return app


def test_the_page_shows_the_weights_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[bytes] = []
    show = figures.show_overview

    def seen(packet: bytes, *given: Any, **more: Any) -> None:
        drawn.append(packet)
        show(packet, *given, **more)

    monkeypatch.setattr(figures, "show_overview", seen)
    app = opened(FILES["npz"])
    assert not app.error
    assert "the weights of “mine.npz”" in said(app)
    assert {"overview_picture", "lines_picture"} <= components(app)
    _, arrays = unpack(drawn[-1])
    np.testing.assert_array_equal(arrays["tiles"].reshape(WEIGHTS.shape), style.level(WEIGHTS))
    app.file_uploader(key="weights_file").set_value(None).run()
    assert "mine.npz" not in said(app)


def test_rows_that_are_no_distributions_are_shown_too() -> None:
    app = opened(npz(tokens=np.array(TOKENS), weights=WEIGHTS / 2))
    assert not app.error
    assert {"overview_picture", "lines_picture"} <= components(app)


def test_cross_attention_is_shown_between_its_texts() -> None:
    app = opened(npz(tokens=np.array(["a"]), keys=np.array(TOKENS), weights=WEIGHTS[:, :, :1]))
    assert not app.error
    assert {"overview_picture", "lines_picture"} <= components(app)


def test_what_is_no_weights_is_said_in_the_page() -> None:
    app = opened(b"no file", "a.json")
    assert "no .npz and no .json" in said(app) + "".join(one.value for one in app.error)
    assert "overview_picture" in components(app), "what was seen last"


def test_the_embedded_model_comes_back_by_the_menu() -> None:
    app = opened(FILES["npz"])
    app.selectbox(key="model").select("minilm").run()
    assert "6 × 12" in said(app)
    assert "mine.npz" not in said(app)
