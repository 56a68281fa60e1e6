"""Models for the tests: the embedded one, and tiny random ones of every family."""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # no test may ask a hub; read when its client is imported

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from functools import cache
from typing import Any

import pytest
import torch
from coverage import Coverage
from streamlit.components.v2 import manifest_scanner
from streamlit.components.v2.manifest_scanner import scan_component_manifests
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import attnviz
from attnviz.models import catalogue, precision
from attnviz.models.load import Model
from attnviz.ui.server import jobs
from tests.tiny_models import TINY_VOCABULARY as TINY_VOCABULARY
from tests.tiny_models import save_tiny as save_tiny
from tests.tiny_models import tiny_tokenizer as tiny_tokenizer
from tests.tokenizers_of_all_kinds import byte_level, saved, sentence_piece
from tests.waiting import CEILING

torch.set_num_threads(1)

NOTE = (
    "The Law will never be perfect , but its application should be just - this is what we are "
    "missing , in my opinion ."
)


NEW_TO_NO_LINE = {"browser", "fuzz"}  # the app in another process; texts through known lines
KNOWN_WAYS = 3  # so many sets of arguments in a row that reach no new line
_known: Counter[str] = Counter()  # sets of arguments that did not, by their test


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trace for coverage where lines are new: the tracer takes half of a test's time."""
    for item in items:
        if item.path.parent.name in NEW_TO_NO_LINE:
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test without the tracer once it goes known ways, whatever it is given."""
    measured = Coverage.current()
    if measured is None:
        return (yield)
    test, before = item.nodeid.partition("[")[0], reached(measured)
    if _known[test] >= KNOWN_WAYS:
        item.add_marker("no_cover")
    try:
        return (yield)
    finally:
        _known[test] = 0 if reached(measured) > before else _known[test] + 1


def reached(measured: Coverage) -> int:
    """How many ways from line to line have been gone in this process."""
    collector = measured._collector
    return sum(map(len, collector.data.values())) if collector else 0


HAVE_A_SERVER = ("/test_fuzz.py", "/test_reconnect.py")


class Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # without types
    """A file's tests stay together, for what they share; those in the browser go one by one.

    Large files go first and the browser's tests last, so that no process ends long before another.
    Only those of two files share a server of their own.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = nodeid.partition("::")[0]
        is_alone = file.startswith("tests/browser/") and not file.endswith(HAVE_A_SERVER)
        return nodeid if is_alone else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Deal the tests out to the processes of `pytest -n`."""
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def no_job_is_given_up() -> Iterator[None]:
    """A training that a slow test does not ask for goes on: only who tests that sets its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "PATIENCE", float(CEILING))
        yield


@pytest.fixture(scope="session", autouse=True)
def packages_are_read_once() -> Iterator[None]:
    """Streamlit's harness asks every installed package for components, once for each app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def minilm() -> Model:
    """The embedded model."""
    return attnviz.load()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A random BERT with sizes of its own: 3 layers of 4 heads."""
    return attnviz.load(str(save_tiny(tmp_path_factory.mktemp("tiny"))))


@pytest.fixture(scope="session")
def bytes_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model that reads bytes."""
    return attnviz.load(str(saved(tmp_path_factory.mktemp("bytes"), byte_level(trim=True))))


@pytest.fixture(scope="session")
def pieces_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model that reads SentencePiece."""
    return attnviz.load(str(saved(tmp_path_factory.mktemp("pieces"), sentence_piece())))


@pytest.fixture(scope="session")
def note(minilm: Model) -> attnviz.Trace:
    """The note's sentence through the embedded model: 27 tokens."""
    return attnviz.trace(NOTE, minilm)


Eager = Callable[[Model], PreTrainedModel]


@pytest.fixture(scope="session")
def eager() -> Eager:
    """The same model as transformers itself loads it, with its own eager attention."""
    loaded: dict[str, PreTrainedModel] = {}

    def of(model: Model) -> PreTrainedModel:
        if model.name not in loaded:
            folder = catalogue.find(model.name).folder
            loaded[model.name] = reads_here(
                AutoModel.from_pretrained(
                    folder, attn_implementation="eager", dtype=torch.float32
                ).eval()
            )
        return loaded[model.name]

    return of


def reads_here(module: PreTrainedModel) -> PreTrainedModel:
    """A module of the tests' own, given what it reads where it lies: models may be on a card."""

    def bring(module: nn.Module, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        place = precision.of_module(module)
        return args, {name: on(place, value) for name, value in named.items()}

    def on(place: torch.device, value: Any) -> Any:
        return value.to(place) if isinstance(value, Tensor) else value

    module.register_forward_pre_hook(bring, with_kwargs=True)
    return module
