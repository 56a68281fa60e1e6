"""Hostile and random texts through the core: a result or one clear sentence, never a crash."""

import ast
import contextlib
import csv
import io
import json
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as tensors_of
from safetensors.torch import save as saved

import attnviz
from attnviz.__main__ import main
from attnviz.core.methods import Picture
from attnviz.core.trace import Trace
from attnviz.export.numbers import as_csv, as_json, as_npz
from attnviz.lessons.chapter_file import chapter_numbers, chapter_page
from attnviz.lessons.chapters import chapters
from attnviz.lessons.handout import handout
from attnviz.lessons.link import WalkthroughState
from attnviz.models.load import Model, load
from attnviz.models.small.trained import fingerprint
from attnviz.pictures.recipe import Recipe
from attnviz.pictures.shown import shown
from attnviz.share.state import (
    LONG,
    ExploreState,
    PageState,
    TrainState,
    fields_of,
    from_link,
    to_link,
)
from attnviz.training import checkpoint
from attnviz.training.target_shares import mean_target_shares
from attnviz.training.tasks import task_called, tasks
from attnviz.ui import address
from attnviz.ui import state as ui_state
from attnviz.ui.widgets.training_texts import outcome
from tests import walkthrough_links
from tests.conftest import save_tiny
from tests.fuzz import CASES, COUNTED, random_cases, sample
from tests.fuzz.corpus import CATEGORIES, corpus

SECRETS = tuple(
    {str(Path.home()), str(Path(__file__).parents[2]), "site-packages", sys.prefix, "Traceback"}
)
TEXTS = st.lists(
    st.one_of(
        st.sampled_from([text for text in corpus() if len(text) <= 1_000]),
        st.text(st.characters(exclude_categories=[]), max_size=40),
        st.text("<>&\"'=+-@\t\r\n${}%\\[]()#*_`:/.;, ab1", max_size=40),
    ),
    min_size=1,
    max_size=3,
).map("".join)
Case = TypeVar("Case")
MOST_NAMED = 12  # findings named by a failing test


def shortened(text: str) -> str:
    return ascii(text if len(text) <= 60 else f"{text[:40]}… ({len(text)} characters)")


def unclear(problem: attnviz.AttnvizError, typed: str) -> list[str]:
    """What an error says that nobody should read: places on the server, or a traceback."""
    said = [problem.text("en"), problem.text("zh"), str(problem)]
    return [secret for secret in SECRETS if secret not in typed for text in said if secret in text]


def attempt(name: str, typed: str, work: Callable[[], object]) -> list[str]:
    """One case: what came out that is neither a result nor one clear sentence."""
    COUNTED[name] += 1
    try:
        work()
    except attnviz.AttnvizError as problem:
        return [f"{shortened(typed)}: says {secret}" for secret in unclear(problem, typed)]
    except Exception as problem:  # noqa: BLE001 (every kind is a finding)
        return [f"{shortened(typed)}: {type(problem).__name__}: {ascii(str(problem))[:160]}"]
    return []


def each(name: str, cases: Sequence[Case], work: Callable[[Case], object]) -> None:
    """Every case, and all that was found at once."""
    found = []
    for case in cases:
        typed = case if isinstance(case, str) else repr(case)
        found += attempt(name, typed, partial(work, case))
    more = f"\nand {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    assert not found, "\n".join(found[:MOST_NAMED]) + more


# ---- tracing


def traced(text: str, model: Model, pair: str | None = None) -> Trace | None:
    """The trace of a text; None where it cannot be read."""
    try:
        return attnviz.trace(text, model, pair)
    except attnviz.TextError:
        return None


def test_every_text_is_read_or_refused_in_a_sentence(tiny: Model) -> None:
    each("trace", sample(), lambda text: attnviz.trace(text, tiny))
    each("trace", sample(), lambda text: attnviz.trace("the cat", tiny, text))
    each("trace", sample(), lambda text: attnviz.trace(text, tiny, text))


def test_the_embedded_model_reads_them_too(minilm: Model) -> None:
    each("trace", sample(5), lambda text: attnviz.trace(text, minilm, text[::-1]))


@given(TEXTS, st.none() | TEXTS)
@random_cases()
def test_random_texts_are_read_or_refused(tiny: Model, text: str, pair: str | None) -> None:
    assert attempt("trace random", text, lambda: attnviz.trace(text, tiny, pair)) == []


# ---- pictures


class Shape(HTMLParser):
    """The elements of a page, in order, with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.values: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self.values += [value or "" for name, value in attrs if name != "data-packet"]

    def handle_endtag(self, tag: str) -> None:
        self.elements.append((f"/{tag}",))

    def handle_decl(self, decl: str) -> None:
        self.elements.append((f"!{decl}",))

    def handle_comment(self, data: str) -> None:
        self.elements.append(("comment", data))

    def handle_pi(self, data: str) -> None:
        self.elements.append(("instruction", data))


def pictures(trace: Trace, language: Any = "en") -> dict[str, Picture]:
    heads = [(0, 1), (2, 3)]
    return {
        "lines": attnviz.lines(trace, heads, language=language),
        "heatmap": attnviz.heatmap(trace, (0, 1), language=language),
        "overview": attnviz.overview(trace),
        "explore": attnviz.explore(trace, heads, language=language),
    }


def check_page(page: str, harmless: str) -> None:
    """A page with a hostile text in it has the elements of one with a harmless text."""
    found, expected = Shape(page), Shape(harmless)
    assert found.elements == expected.elements
    assert not [value for value in found.values if ".invalid" in value or "__injected" in value]
    assert page.lower().count("<script") == page.lower().count("</script") == 1
    page.encode()


def check_svg(svg: str) -> None:
    """An SVG is well-formed, and nothing in it points anywhere or runs."""
    for element in ElementTree.fromstring(svg.encode()).iter():  # noqa: S314 (our own)
        tag = element.tag.rpartition("}")[2]
        assert tag in {"svg", "title", "desc", "metadata", "rect", "g", "text", "path", "line"}
        assert not [name for name in element.attrib if name.startswith("on") or "href" in name]
        assert not [value for value in element.attrib.values() if "invalid" in value]


def check_pictures(trace: Trace, harmless: dict[str, str]) -> None:
    for name, picture in pictures(trace).items():
        check_page(picture.to_html(), harmless[name])
        check_svg(picture.to_svg())


@pytest.fixture(scope="module")
def harmless(tiny: Model) -> dict[str, str]:
    """Every picture of a sentence without anything to misread."""
    trace = attnviz.trace("the cat sat", tiny)
    return {name: picture.to_html() for name, picture in pictures(trace).items()}


@pytest.fixture(scope="module")
def harmless_pair(tiny: Model) -> dict[str, str]:
    trace = attnviz.trace("the cat sat", tiny, "on the mat")
    return {name: picture.to_html() for name, picture in pictures(trace).items()}


def readable(texts: list[str], model: Model) -> list[str]:
    return [text for text in texts if traced(text, model) is not None]


def test_a_text_in_a_picture_is_text(tiny: Model, harmless: dict[str, str]) -> None:
    each(
        "pictures",
        readable(sample(4), tiny),
        lambda text: check_pictures(attnviz.trace(text, tiny), harmless),
    )


@given(TEXTS, TEXTS)
@random_cases(8)
def test_a_random_pair_in_a_picture_is_text(
    tiny: Model, harmless_pair: dict[str, str], text: str, pair: str
) -> None:
    trace = traced(text, tiny, pair)
    if trace is not None:
        COUNTED["pictures random"] += 1
        check_pictures(trace, harmless_pair)


def test_a_picture_in_a_notebook_stays_in_its_frame(tiny: Model) -> None:
    def check(text: str) -> None:
        for picture in pictures(attnviz.trace(text, tiny)).values():
            elements = Shape(picture._repr_html_()).elements
            names = ("iframe", "srcdoc", "title", "sandbox", "style", "onload")
            assert elements == [names, ("/iframe",)]

    each("notebook", readable(sample(10), tiny), check)


def given_trace(text: str) -> Trace:
    """Weights from elsewhere, with hostile tokens and a hostile title."""
    tokens = [text, "cat", text]
    return Trace.from_weights(tokens, np.full((3, 4, 3, 3), 1 / 3), special=[0], title=text)


def whole(texts: list[str]) -> list[str]:
    return [text for text in texts if not any("\ud800" <= sign <= "\udfff" for sign in text)]


@pytest.fixture(scope="module")
def harmless_given() -> dict[str, str]:
    return {name: picture.to_html() for name, picture in pictures(given_trace("plain")).items()}


def test_given_tokens_and_titles_are_text(harmless_given: dict[str, str]) -> None:
    each("given", whole(sample(4)), lambda text: check_pictures(given_trace(text), harmless_given))


def test_half_characters_of_given_tokens_are_named_or_refused(
    harmless_given: dict[str, str],
) -> None:
    each(
        "given halves",
        CATEGORIES["half characters"],
        lambda text: check_pictures(given_trace(text), harmless_given),
    )


def check_recipe(trace: Trace) -> None:
    """The Python that makes a picture again calls what it says, and nothing else."""
    for make in ("lines", "heatmap", "overview", "explore"):
        tree = ast.parse(Recipe(make, trace, trace.heads[:1]).text)
        called = [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]
        first = "attnviz.Trace.from_weights" if trace.model.source == "given" else "attnviz.trace"
        assert called == [first, f"attnviz.{make}"]
        # given weights are named, for who runs it to put in
        assert len(tree.body) == (4 if trace.model.source == "given" else 3)
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        assert trace.model.source == "given" or trace.text in texts


def test_the_python_of_a_picture_holds_the_text_as_data(tiny: Model) -> None:
    each(
        "recipe",
        readable(sample(), tiny),
        lambda text: check_recipe(attnviz.trace(text, tiny)),
    )


@pytest.mark.parametrize("title", ["x\nprint(1)", "x\rprint(1)", "x\r\n\x0cprint(1)"])
def test_the_title_of_given_weights_is_no_line_of_python(title: str) -> None:
    check_recipe(given_trace(title))


def test_the_python_of_given_weights_is_python() -> None:
    each("recipe", whole(sample()), lambda text: check_recipe(given_trace(text)))


def test_a_name_in_a_chart_is_no_markup(tiny: Model) -> None:
    def check(trace: Trace) -> None:
        figure = attnviz.heatmap(trace, (0, 1)).figure
        names = [token.text for token in trace.tokens]
        for written, name in zip(figure.data[0].x, names, strict=True):
            assert not set(written) & set("<>$")
            assert "%{" not in written
            assert unescape(written).replace("%\u200b{", "%{").startswith(name)
        columns = [*figure.layout.xaxis.ticktext, *(n.text for n in figure.layout.annotations)]
        for column in columns:
            written = column.replace("<br>", "")  # between signs that stand upright
            assert not set(written) & set("<>$")
            assert "%{" not in written
        figure.to_json()

    each("chart", readable(sample(), tiny), lambda text: check(attnviz.trace(text, tiny)))
    each("chart", whole(sample()), lambda text: check(given_trace(text)))


# ---- numbers


def check_numbers(trace: Trace) -> None:
    """No cell of a table is run by a spreadsheet, and the JSON holds the text as it is."""
    maps = shown(trace, [(0, 1), (2, 3)])
    table = as_csv(maps)
    table.encode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]
    assert len(rows[-1]) == 8
    assert len(rows) == 1 + 2 * len(trace.tokens) ** 2
    written = as_json(maps)
    written.encode()
    assert json.loads(written)["text"] == trace.text
    with np.load(io.BytesIO(as_npz(trace))) as opened:
        assert json.loads(str(opened["facts"]))["text"] == trace.text
        assert opened["tokens"].tolist() == [token.text for token in trace.tokens]


def test_no_cell_of_a_table_is_run(tiny: Model) -> None:
    each(
        "numbers",
        readable(sample(2), tiny),
        lambda text: check_numbers(attnviz.trace(text, tiny)),
    )


@given(TEXTS)
@random_cases(4)
def test_no_cell_of_a_random_table_is_run(tiny: Model, text: str) -> None:
    trace = traced(text, tiny)
    if trace is not None:
        COUNTED["numbers random"] += 1
        check_numbers(trace)


def test_no_cell_of_given_tokens_is_run() -> None:
    def check(text: str) -> None:
        table = as_csv(shown(given_trace(text), [(0, 1)]))
        cells = [c for row in csv.reader(io.StringIO(table, newline="")) for c in row]
        assert not [cell for cell in cells if cell.startswith(tuple("=+-@\t\r"))]
        table.encode("utf-8-sig")
        as_json(shown(given_trace(text), [(0, 1)])).encode()

    each("given numbers", whole(sample()), check)


# ---- links

STATES: dict[str, type[PageState]] = {
    "explore": ExploreState,
    "train": TrainState,
    "walkthrough": WalkthroughState,
}
PAGES = {page: fields_of(state) for page, state in STATES.items()}
PARAMETERS = sorted(
    {field.parameter for fields in PAGES.values() for field in fields}
    | {f"{field.parameter}z" for fields in PAGES.values() for field in fields if field.is_text}
    | {"v", LONG}
)
STANDING = ("ch", "screen", "mode", "special", "c", "a", "g")
LINKS = st.dictionaries(
    st.sampled_from(PARAMETERS),
    st.one_of(TEXTS, st.from_regex(r"[0-9.\-qk_+e]{0,12}", fullmatch=True)),
    max_size=8,
)


def check_link(params: dict[str, str]) -> None:
    """Whatever a link holds, its nearest state is read, and written again into a short link."""
    for fields in PAGES.values():
        found, dropped = from_link(params, fields)
        link = to_link(found, fields)
        assert len(urlencode(link.params)) <= 6_100
        assert from_link(link.params, fields)[1] in ((), (LONG,))
        assert {name.partition(":")[0] for name in dropped} <= set(params)


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_parameter_takes_every_text(parameter: str) -> None:
    each("links", sample(), lambda text: check_link({parameter: text, "unit": "word"}))


@given(LINKS)
@random_cases()
def test_random_links_open_what_they_can(params: dict[str, str]) -> None:
    COUNTED["links random"] += 1
    check_link(params)


def check_standing(params: dict[str, str]) -> None:
    standing, dropped = walkthrough_links.opened(params)
    again, lost = walkthrough_links.opened(walkthrough_links.written(standing))
    assert (again, lost) == (standing, ())
    assert all(name.partition(":")[0] in params for name in dropped)


KEYS = {  # names that `c`, `a` and `g` know
    "c": [f"{chapter.number}.{c.name}" for chapter in chapters() for c in chapter.controls],
    "a": [f"{chapter.number}.{q.name}" for chapter in chapters() for q in chapter.questions],
    "g": [str(number) for number in range(1, 20)],
}
VALUES = st.one_of(TEXTS, st.from_regex(r"[hHP]?-?[0-9]{0,3}[.e+_]?[0-9]{0,3}", fullmatch=True))


@st.composite
def standings(draw: st.DrawFn) -> dict[str, str]:
    """A link of the walkthrough whose parameters are nearly right."""
    params = {}
    for name in draw(st.lists(st.sampled_from(STANDING), unique=True)):
        known = KEYS.get(name, [])
        text = draw(VALUES)
        if draw(st.booleans()) and known:
            keys = draw(st.lists(st.sampled_from(known), max_size=6))
            text = ";".join(f"{key}={draw(VALUES)}" for key in keys)
        params[name] = text
    return params


@pytest.mark.parametrize("parameter", STANDING)
def test_every_parameter_of_a_lesson_takes_every_text(parameter: str) -> None:
    keys = KEYS.get(parameter, [])[:3]
    each("lessons", sample(), lambda text: check_standing({parameter: text}))
    each(
        "lessons",
        sample() if keys else [],
        lambda text: check_standing({parameter: ";".join(f"{key}={text}" for key in keys)}),
    )


@given(standings())
@random_cases()
def test_random_links_of_a_lesson_open_what_they_can(params: dict[str, str]) -> None:
    COUNTED["lessons random"] += 1
    check_standing(params)


@given(standings())
@random_cases(4)
def test_what_a_lesson_reads_from_a_link_fits_its_figure(
    note: Trace, params: dict[str, str]
) -> None:
    COUNTED["lessons used"] += 1
    standing, _ = walkthrough_links.opened(params)
    for chapter in chapters():
        scene = chapter.scene(note, standing.of_chapter(chapter.number))
        for name in scene.choice:
            control = next(c for c in chapter.controls if c.name == name)
            assert control.fitting(note, scene.choice[name]) == scene.choice[name]
        for question in chapter.questions:
            said = standing.answers.get(f"{chapter.number}.{question.name}")
            if said is not None:
                question.is_right(note, said)
                assert question.spoken(note, said, "en")


def test_a_lesson_on_a_hostile_sentence_is_text(minilm: Model) -> None:
    plain = attnviz.trace("the cat sat on the mat", minilm)
    printed = handout(plain)
    pages = {c.number: chapter_page(c, c.scene(plain), WalkthroughState()) for c in chapters()}

    def check(text: str) -> None:
        trace = attnviz.trace(f"the cat {text[:150]} sat", minilm)
        check_page(handout(trace), printed)
        chapter = chapters()[len(text) % 8]
        found = chapter_page(chapter, chapter.scene(trace), WalkthroughState())
        assert found.lower().count("<script") == 1
        elements = {name for name, *_ in Shape(found).elements}
        assert elements <= {name for name, *_ in Shape(pages[chapter.number]).elements}
        json.loads(chapter_numbers(chapter, chapter.scene(trace)))

    each("lesson pages", whole(sample(40, slow=True)), check)


# ---- view files


@contextlib.contextmanager
def session(**state: Any) -> Iterator[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.session_state", state)
        yield state


def open_file(data: bytes) -> None:
    """Open a view file on each page, and share what is then seen."""
    for page, fields in PAGES.items():
        with session(unit="word") as state:
            is_taken = address.open_file(data, page, fields)
            assert is_taken or state["dropped"]
            seen = ui_state.read(STATES[page])
            address.current_link(seen)
            address.as_file(page, seen).data.encode()


def view_file(page: str, link: object) -> bytes:
    return json.dumps({"attnviz-view": "1", "page": page, "link": link}).encode()


@given(st.binary(max_size=200))
@random_cases()
def test_random_bytes_are_no_view_file(data: bytes) -> None:
    assert attempt("view files random", repr(data), lambda: open_file(data)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(PAGES)),
    st.one_of(
        JSON,
        st.dictionaries(st.sampled_from(PARAMETERS), st.one_of(TEXTS, JSON)),
        LINKS,
    ),
)
@random_cases()
def test_mutated_view_files_open_what_they_can(page: str, link: object) -> None:
    data = view_file(page, link)
    assert attempt("view files mutated", repr(data), lambda: open_file(data)) == []


@given(st.data())
@random_cases()
def test_damaged_view_files_open_what_they_can(data: st.DataObject) -> None:
    whole = bytearray(view_file("explore", {"s": "the cat", "ha": "0.2", "min": "0.5"}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert attempt("view files damaged", repr(damaged), lambda: open_file(damaged)) == []


# ---- checkpoints


def small_checkpoint() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The weights and facts of the smallest checkpoint that comes with the package."""
    file = min(checkpoint.shipped().values(), key=lambda file: file.stat().st_size)
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return tensors_of(data), json.loads(
        json.loads(data[8 : 8 + length])["__metadata__"]["training"]
    )


@pytest.fixture(scope="module")
def small() -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    return small_checkpoint()


def rebuilt(weights: dict[str, torch.Tensor], training: str) -> bytes:
    """A checkpoint with a fingerprint that fits."""
    metadata = {"format": "attnviz-encoder-1", "training": training}
    return saved(weights, {**metadata, "sha256": fingerprint(weights)})


def open_checkpoint(folder: Path, data: bytes) -> None:
    """Load a file and, if it is a training, use it as the Train page does."""
    file = folder / "checkpoint.safetensors"
    file.write_bytes(data)
    training = checkpoint.load(file)
    assert outcome(training)
    assert isinstance(training.steps, int)
    assert training.was_stopped in (True, False)
    trace = attnviz.trace(training.run.task.alphabet.example, training.model)
    mean_target_shares(training.model, training.run.task)
    assert np.isfinite(trace.weights((0, 0))).all()
    attnviz.explore(trace, [(0, 0)]).to_html().encode()


@given(st.binary(max_size=400))
@random_cases()
def test_random_bytes_are_no_checkpoint(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert attempt("checkpoints", repr(data), lambda: open_checkpoint(folder, data)) == []


@given(st.data())
@random_cases()
def test_damaged_checkpoints_are_refused(
    tmp_path_factory: pytest.TempPathFactory,
    small: tuple[dict[str, torch.Tensor], dict[str, Any]],
    data: st.DataObject,
) -> None:
    whole = bytearray(rebuilt(small[0], json.dumps(small[1])))
    for _ in range(data.draw(st.integers(1, 4))):
        end = data.draw(st.sampled_from([8, 400, 2000, len(whole)]))
        whole[data.draw(st.integers(0, end - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(whole[: data.draw(st.sampled_from([len(whole), len(whole) // 2, 100]))])
    folder = tmp_path_factory.getbasetemp()
    assert attempt("checkpoints", "", lambda: open_checkpoint(folder, damaged)) == []


ODD: list[Any] = [None, True, -1, 0, 1.5, 2**70, 10**400, "1", "", [], {}, [1], "<b>"]
ODD += [float("nan"), float("inf"), 1e308, -5, 10**9]
FACTS = ["task", "d_model", "d_ff", "positions", "heads", "layers", "seed", "steps", "done"]
FACTS += ["accuracy", "loss", "seconds"]


def told_by(folder: Path, fact: str) -> list[str]:
    """What goes wrong with checkpoints that hold something else for `fact`."""
    weights, facts = small_checkpoint()
    lies = [{**facts, fact: value} for value in (*ODD, *sample(8, slow=True))]
    return [
        f"{fact}={shortened(repr(lie[fact]))} {finding}"
        for lie in lies
        for finding in attempt(
            "checkpoint facts",
            "",
            lambda lie=lie: open_checkpoint(folder, rebuilt(weights, json.dumps(lie))),  # type: ignore[misc]
        )
    ]


@pytest.mark.parametrize("fact", FACTS)
def test_a_checkpoint_that_lies_about_itself_is_refused_or_usable(
    tmp_path: Path, fact: str
) -> None:
    found = told_by(tmp_path, fact)
    assert not found, "\n".join(found[:MOST_NAMED])


def test_lies_are_found_without_the_checks_that_tests_add(tmp_path: Path) -> None:
    """Annotations are checked in tests alone, and would refuse what an app takes."""
    code = (
        "import json, sys; from pathlib import Path; from tests.fuzz import test_core as core; "
        f"print(json.dumps([f for fact in core.FACTS for f in core.told_by(Path({str(tmp_path)!r})"
        ", fact)]))"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ended.stdout.splitlines()[-1])
    assert not found, "\n".join(found[:: max(1, len(found) // MOST_NAMED)])


@pytest.mark.parametrize(
    "training", ["", "null", "[]", "3", '"x"', "{}", "[" * 100_000, '{"task":' * 50_000, "\x00"]
)
def test_a_checkpoint_with_other_facts_is_refused(
    tmp_path: Path, small: tuple[dict[str, torch.Tensor], dict[str, Any]], training: str
) -> None:
    data = rebuilt(small[0], training)
    assert attempt("checkpoint facts", training, lambda: open_checkpoint(tmp_path, data)) == []


@pytest.mark.parametrize(
    "how", ["nan", "inf", "huge", "double", "half", "whole", "complex", "bool"]
)
def test_a_checkpoint_with_other_numbers_is_refused_or_usable(
    tmp_path: Path, small: tuple[dict[str, torch.Tensor], dict[str, Any]], how: str
) -> None:
    changes: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "nan": lambda weight: weight * float("nan"),
        "inf": lambda weight: weight * float("inf"),
        "huge": lambda weight: torch.full_like(weight, 3e38),
        "double": lambda weight: weight.double(),
        "half": lambda weight: weight.half(),
        "whole": lambda weight: weight.to(torch.int8),
        "complex": lambda weight: weight.to(torch.complex64),
        "bool": lambda weight: weight > 0,
    }
    weights = {name: changes[how](weight) for name, weight in small[0].items()}
    data = rebuilt(weights, json.dumps(small[1]))
    assert attempt("checkpoint numbers", how, lambda: open_checkpoint(tmp_path, data)) == []


# ---- models


@pytest.fixture(scope="module")
def no_network() -> Iterator[None]:
    """Nobody may be asked: the hub is off, and who asks all the same fails the test."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something asked the network")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_OFFLINE", True)
        patch.setattr(socket, "getaddrinfo", refuse)
        patch.setattr(socket.socket, "connect", refuse)
        yield


def test_the_hub_is_off_in_all_tests() -> None:
    assert constants.HF_HUB_OFFLINE, "read when huggingface_hub is imported, so set before that"


def test_no_name_of_a_model_does_more_than_say_that_there_is_none(no_network: None) -> None:
    known = {"minilm#control", "minilm-random#control#control"}
    each("models", [text for text in sample() if text not in known], load)


@given(TEXTS.filter(lambda text: not text.strip().startswith("minilm")))
@random_cases()
def test_no_random_name_does_more(no_network: None, text: str) -> None:
    assert attempt("models random", text, lambda: load(text)) == []


def test_a_folder_may_be_called_anything(tmp_path: Path, tiny: Model) -> None:
    def check(text: str) -> None:
        name = text.replace("/", "∕").replace("\x00", "␀")[:60].strip() or "x"
        folder = tmp_path / name
        try:
            folder.mkdir(exist_ok=True)
        except (OSError, ValueError):
            return  # no folder can be called so
        with pytest.raises(attnviz.ModelError, match=r"config\.json"):
            load(str(folder))

    each("folders", sample(), check)


def test_a_model_in_a_folder_called_anything_is_drawn(
    tmp_path: Path, harmless: dict[str, str]
) -> None:
    def check(text: str) -> None:
        name = text.replace("/", "∕").replace("\x00", "␀")[:30].strip(" .") or "x"
        trace = attnviz.trace("the cat sat", load(str(save_tiny(tmp_path / name))))
        check_pictures(trace, harmless)
        check_recipe(trace)
        check_numbers(trace)

    each("folders drawn", whole(sample(8, slow=True)), check)


# ---- tasks


@pytest.fixture(scope="module")
def encoders() -> dict[str, Model]:
    """An encoder of each task, hardly trained."""
    return {name: attnviz.train(name, heads=1, steps=1).model for name in tasks()}


@pytest.mark.parametrize("name", sorted(tasks()))
def test_every_alphabet_reads_or_refuses_every_text(encoders: dict[str, Model], name: str) -> None:
    model, alphabet = encoders[name], task_called(name).alphabet
    example = alphabet.example
    each("alphabets", sample(), lambda text: attnviz.trace(text, model))
    each("alphabets", sample(), lambda text: attnviz.trace(f"{example} {text}", model))
    each("alphabets", sample(2), lambda text: attnviz.trace(example, model, text))


@given(st.sampled_from(sorted(tasks())), TEXTS)
@random_cases()
def test_every_alphabet_reads_or_refuses_random_texts(
    encoders: dict[str, Model], name: str, text: str
) -> None:
    mixed = task_called(name).alphabet.example[:4] + text
    assert attempt("alphabets", text, lambda: attnviz.trace(mixed, encoders[name])) == []


# ---- the shell


def shell(*arguments: str) -> None:
    """The command ends with 0, or with 2 and a sentence on stderr."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    error = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
        try:
            code = main(arguments)
        except SystemExit as end:
            code = int(str(end.code))
    error.seek(0)
    said = error.read()
    assert code in (0, 2)
    assert "Traceback" not in said
    assert bool(said) == (code == 2), "a refusal says why"


def test_the_command_draws_or_refuses_every_text(tmp_path: Path) -> None:
    def check(text: str) -> None:
        kind = "svg" if len(text) % 2 else "html"
        file = tmp_path / f"out.{kind}"
        file.unlink(missing_ok=True)
        shell("-o", str(file), "--", text)
        if file.exists():
            content = file.read_text(encoding="utf-8")
            check_svg(content) if kind == "svg" else Shape(content)

    each("command", sample(2), check)


def test_the_command_takes_every_option(tmp_path: Path, no_network: None) -> None:
    file = str(tmp_path / "out.svg")
    for option in ("--pair", "--model", "--head", "--language"):
        each(
            "command options",
            [f"{option}={text}" for text in sample(4) if not text.startswith("minilm")],
            lambda said: shell("the cat", "-o", file, said),
        )


def test_the_command_writes_where_it_is_told(tmp_path: Path) -> None:
    def check(text: str) -> None:
        name = text.replace("/", "∕").replace("\x00", "␀")[:40]
        shell("the cat", "--head", "0.1", "-o", str(tmp_path / f"{name}.svg"))

    each("command files", whole(sample(4, slow=True)), check)


def test_the_command_says_where_it_wrote_if_the_name_is_no_text(tmp_path: Path) -> None:
    shell("the cat", "--head", "0.1", "-o", str(tmp_path / "\udcff.svg"))


def test_the_cases_are_counted(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    total = COUNTED.total()
    with capsys.disabled():
        print(f"\n{total:,} cases: {dict(COUNTED)}")
    here = [item for item in request.session.items if item.path == request.path]
    if len(here) > 60 and CASES >= 1_000:  # not where a few tests were chosen
        assert total >= 10_000
