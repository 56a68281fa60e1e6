"""Arguments: whatever is given is taken, or gets a sentence that lists what there is.

The wrong ones are given in a process without the checks of `tests.shapes`, as users have it.
"""

import inspect
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import attnviz
from attnviz.lessons.engine import Chapter
from attnviz.lessons.questions import Question
from attnviz.pictures.explorer import Explorer
from attnviz.pictures.heatmap import Heatmap
from attnviz.pictures.lines import Lines
from attnviz.pictures.overview import Overview
from tests.conftest import save_tiny

ROOT = Path(__file__).parents[1]

# expression → what its sentence must say; "" is taken
GIVEN = {
    "Lens(unit='words')": "'piece', 'word'",
    "Lens(unit=None)": "'piece', 'word'",
    "Lens(unit=['word'])": "'piece', 'word'",
    "Lens(map='attention')": "'norm_weighted', 'rollout', 'flow'",
    "Lens(at_least=7)": "from 0 to 1",
    "Lens(at_least=-0.1)": "from 0 to 1",
    "Lens(at_least='0.1')": "from 0 to 1",
    "Lens(at_least=float('nan'))": "from 0 to 1",
    "Lens(strongest=float('inf'))": "from 0 to 1",
    "Lens(strongest=True)": "from 0 to 1",
    "Lens(hide_special='no')": "True or False",
    "Lens(renormalise=1)": "True or False",
    "Lens(hide_special=np.True_, at_least=np.float32(0.5), strongest=1)": "",
    "HeadOff('a', 0)": "is no head",
    "HeadOff(0.5, 0)": "is no head",
    "TokenMasked(None)": "whole number",
    "TokenMasked('2')": "whole number",
    "PairKnockedOut('a', 0, 1, 2)": "is no head",
    "PairKnockedOut(0, 0, 'a', 2)": "query cannot be 'a'. It is a whole number",
    "PairKnockedOut(0, 0, 1, 2.0)": "key cannot be 2.0. It is a whole number",
    "WeightsUniform(0, True)": "is no head",
    "trace('the cat', interventions=[PairKnockedOut(np.int64(0), 0, np.int64(1), 2)])": "",
    "trace('the cat', interventions=[PairKnockedOut(0, 12, 1, 2)])": "There is no head L0·H12",
    "trace('the cat', interventions=[PairKnockedOut(0, 0, 1, 4)])": "no token at position 4",
    "trace('the cat', interventions=[PairKnockedOut(0, 0, -1, 2)])": "no token at position -1",
    "trace('the cat', interventions=[WeightsUniform(6, 0)])": "There is no head L6·H0",
    "trace('the cat', interventions=WeightsUniform(0, 2))": "attnviz.WeightsUniform(0, 2)]",
    "trace(None)": "text cannot be None",
    "trace(b'the cat')": "text cannot be b'the cat'",
    "trace(['the', 'cat'])": "text cannot be",
    "trace('the cat', pair=3)": "pair cannot be 3",
    "trace('the cat', Path(folder))": "",
    "trace('the cat', None)": "",
    "trace('the cat', Path('no/such'))": "no folder",
    "trace('the cat', '')": "no model name",
    "trace('the cat', 3)": "save_pretrained",
    "trace('the cat', AutoModel.from_pretrained(folder))": "needs its tokenizer",
    "trace('the cat', interventions=HeadOff(0, 2))": "[attnviz.HeadOff(0, 2)",
    "trace('the cat', interventions='off')": "[attnviz.HeadOff(0, 2)",
    "trace('the cat', interventions=[(0, 2)])": "[attnviz.HeadOff(0, 2)",
    "trace('the cat', interventions=[HeadOff(9, 2)])": "There is no head L9·H2",
    "trace('the cat', interventions=[HeadOff(-1, 2)])": "There is no head L-1·H2",
    "trace('the cat', interventions=[TokenMasked(-1)])": "no token at position -1",
    "trace('the cat', interventions=[HeadOff(np.int64(0), np.int64(2))])": "",
    "load(None)": "save_pretrained",
    "load(3)": "save_pretrained",
    "t.weights((6, 0))": "There is no head L6·H0: the model has 6 layers of 12 heads",
    "t.weights((0, -1))": "There is no head L0·H-1",
    "t.weights((0, 2, 1))": "such as (0, 2)",
    "t.weights(3)": "such as (0, 2)",
    "t.weights('02')": "such as (0, 2)",
    "t.weights((0, 2.0))": "such as (0, 2)",
    "t.weights([np.int64(0), 2])": "",
    "t.weights(np.array([0, 2]))": "",
    "t.scores((0, 12))": "There is no head L0·H12",
    "t.contribution((-1, 0))": "There is no head L-1·H0",
    "t.output_projection((6, 0))": "There is no head L6·H0",
    "t.input_projection((0, 0), 'q')": "'query', 'key', 'value'",
    "t.queries(6)": "There is no layer 6: the model has 6",
    "t.keys(-1)": "There is no layer -1",
    "t.values('0')": "whole number",
    "t.layer_weights(None)": "whole number",
    "t.head_output(6)": "There is no layer 6",
    "t.attention_output(-1)": "There is no layer -1",
    "t.after_attention(6)": "There is no layer 6",
    "t.residual(7)": "There is no hidden state at depth 7",
    "t.residual(-1)": "There is no hidden state at depth -1",
    "t.residual(6)": "",
    "t.weights((0, 2, 'self'))": "",
    "t.weights((0, 2, 'cross'))": "There is no head cross L0·H2",
    "t.weights((0, 2, 'sideways'))": "such as (0, 2)",
    "t.allowed((6, 0))": "There is no head L6·H0",
    "t.allowed_in([(0, 2), (1, 8)])": "",
    "t.query_tokens('sideways')": "kind cannot be 'sideways'",
    "t.key_tokens('cross')": "'self'",
    "t.record(6)": "There is no layer 6",
    "t.record(0, 'cross')": "'self'",
    "t.norm(-1)": "There is no layer -1",
    "t.lines([(0, 2)], arrangement='overlay')": "'stacked', 'beside', 'overlaid'",
    "t.lines([(0, 2)], direction='down')": "'horizontal', 'vertical'",
    "t.lines([(0, 2)], combination='max')": "'mean', 'maximum'",
    "t.lines([(0, 2)], language='fr')": "'en', 'zh'",
    "t.lines([(0, 2)], lens='word')": "attnviz.Lens(",
    "t.lines([(0, 2)], pins='q3')": "q3",
    "t.lines([(0, 2)], pins=['x'])": "no token that can be pinned",
    "t.lines([(0, 2)], pins=['q99'])": "There are 8 places",
    "t.lines((0, 2))": "several are a list",
    "t.lines([])": "at least one head",
    "t.lines([(6, 0)])": "There is no head L6·H0",
    "t.lines([(0, 2)] * 13)": "at most 12",
    "t.lines(h for h in [(0, 2), (1, 8)])": "",
    "t.lines(np.array([[0, 2], [1, 8]]))": "",
    "t.lines(measure(t)[['layer', 'head']].to_numpy()[:3])": "",
    "lines('the cat', [(0, 2)])": "trace cannot be 'the cat'",
    "t.heatmap([(0, 2)])": "is no head",
    "t.heatmap((0, 99))": "There is no head L0·H99",
    "t.heatmap((0, 2), mode='dim')": "'light', 'dark'",
    "t.heatmap((0, 2), language=None)": "'en', 'zh'",
    "t.explore([])": "at least one head",
    "t.explore([(0, -2)])": "There is no head L0·H-2",
    "t.explore(parts='maps')": "('overview', 'maps', 'lines')",
    "t.explore(parts=['map'])": "'overview', 'maps', 'lines'",
    "t.explore(parts=[])": "'overview', 'maps', 'lines'",
    "t.explore(arrangement=2)": "'stacked', 'beside', 'overlaid'",
    "t.explore(pins=[3])": "no token that can be pinned",
    "overview(3)": "trace cannot be 3",
    "t.overview().to_svg('fr')": "'en', 'zh'",
    "t.overview().to_svg(sheet=85)": "attnviz.Sheet(width=85)",
    "t.lines([(0, 2)]).to_svg(sheet='wide')": "attnviz.Sheet(width=85)",
    "Sheet(100)": "width cannot be 100. It is one of: 85, 180",
    "Sheet('85')": "85, 180",
    "Sheet(letters=10)": "7, 8, 9",
    "Sheet(scheme='grey')": "'light', 'dark'",
    "Sheet(is_transparent='no')": "is_transparent",
    "Sheet(provenance=1)": "provenance",
    "t.heatmap((0, 2)).to_svg(sheet=Sheet(np.int64(85), np.int32(9)))": "",
    "t.overview().to_html('EN')": "'en', 'zh'",
    "measure([t])": "trace cannot be",
    "train('spelling')": "brackets, eight-looks",
    "train(None)": "brackets, eight-looks",
    "train('it', heads='8')": "1, 2, 4, 8, 16",
    "train('it', heads=8.0)": "1, 2, 4, 8, 16",
    "train('it', layers=0)": "from 1 to 4",
    "train('it', layers='1')": "from 1 to 4",
    "train('it', seed=-1)": "from 0 to",
    "train('it', seed=1.5)": "from 0 to",
    "train('it', steps=True)": "from 1 to",
    "train('it', progress='yes')": "progress cannot be 'yes'",
    "train('one-hop', heads=np.int64(1), steps=np.int64(1)).at_step('1')": "whole number",
    "Trace.from_weights(7, np.eye(3)[None, None])": "must be texts. These are not: 7",
    "Trace.from_weights([1, 2], np.eye(2)[None, None])": "must be texts. These are not: 1, 2",
    "Trace.from_weights(['a', 'b'], np.eye(2)[None, None], special=0)": "by their positions",
    "Trace.from_weights(['a', 'b'], np.eye(2)[None, None], special=['a'])": "by their positions",
    "Trace.from_weights(['a', 'b'], np.eye(2)[None, None], title=None)": "are not: None",
    "find(t, np.int64(3))": "",
    "find(t, None)": "'same word'",
    "find(t, 1.5)": "found by 1.5",
    "find('the cat', 'next')": "trace cannot be 'the cat'",
    "t.to_frame([(0, 2)])": "",
    "t.to_frame([9])": "9 is no head",
    "t.to_frame((0, 2))": "is no head",
    "t.to_frame(3)": "3 is no head",
    "t.to_frame([])": "head",
    "AttentionMap.from_values([[1]], ['a'], title=None)": "title cannot be None",
    "AttentionMap.from_values([[1]], ['a'], formula=b'f')": "formula cannot be",
    "Trace.to_frame('the cat')": "trace cannot be 'the cat'",
    "measure(t, weighting='loud')": "'raw', 'value', 'norm'",
    "measure(t, tokens=1)": "True or False",
    "measure(t, only=['loud'])": "'previous'",
    "measure(t, only='previous')": "something like ['previous']",
    "measure(t, only=3)": "only cannot be 3",
    "measure(t, only=[])": "'previous'",
    "measure(t, only=iter(['next', 'self']))": "",
    "lines(t, torch.tensor([0, 2]))": "is no head",
    "lines(t, torch.tensor([[0, 2]]))": "",
    "t.weights((0, 2), 3)": "something like slice(100, 228)",
    "t.weights((0, 2), queries=(1, 99))": "something like slice(100, 228)",
    "t.layer_weights(0, 'self', 99)": "queries cannot be 99",
    "t.allowed((0, 2), 1.5)": "queries cannot be 1.5",
    "t.allowed_in(None)": "is no head",
    "t.allowed_in([(9, 0)])": "There is no head L9·H0",
    "t.attention_output(0, kind=np.array([0, 1]))": "kind cannot be <ndarray>",
    "t.require('all')": "'streams'",
    "norm_weighted(t, 3)": "3 is no head",
    "norm_weighted('the cat', (0, 2))": "trace cannot be 'the cat'",
    "rollout(t, 'last')": "whole number",
    "rollout(t, np.int64(5))": "",
    "flow(t, 6)": "There is no layer 6",
    "flow(t, None)": "",
    "difference(t, (0, 2), (0, 12))": "There is no head L0·H12",
    "difference(t, (0, 2), None)": "None is no head",
    "contrast(None)": "trace cannot be None",
    "between_sentences(t)": "no second sentence",
    "TextError('empty').text('fr')": "'en', 'zh'",
    "chapters()[0].figure('the cat')": "trace cannot be 'the cat'",
    "chapters()[0].scene(t, language='fr')": "'en', 'zh'",
    "chapters()[0].questions[0].answer(None)": "trace cannot be None",
}

SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np
import torch
from transformers import AutoModel
import attnviz
names = {name: getattr(attnviz, name) for name in attnviz.__all__}
names |= dict(np=np, torch=torch, Path=Path, AutoModel=AutoModel, folder=sys.argv[1])
names["t"] = attnviz.trace("The cat sat on the mat")
said = {}
for expression in json.load(sys.stdin):
    try:
        eval(expression, names)
    except attnviz.AttnvizError as problem:
        said[expression] = [problem.text("en"), problem.text("zh")]
    except Exception as problem:
        said[expression] = [f"{type(problem).__name__}: {problem}", ""]
    else:
        said[expression] = ["", ""]
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What each expression is told, in both languages."""
    folder = save_tiny(tmp_path_factory.mktemp("named") / "tiny")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(folder)],
        input=json.dumps(list(GIVEN)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("expression", GIVEN)
def test_an_argument_is_taken_or_gets_a_sentence(
    sentences: dict[str, list[str]], expression: str
) -> None:
    english, chinese = sentences[expression]
    if GIVEN[expression]:
        assert GIVEN[expression] in english
        assert chinese != english
        assert chinese
    else:
        assert english == ""


def test_numbers_of_numpy_stand_in_a_recipe_as_numbers() -> None:
    import numpy as np

    off = attnviz.HeadOff(*np.array([5, 10]).tolist())
    assert repr(off) == "HeadOff(layer=5, head=10)"
    pair = attnviz.PairKnockedOut(*np.array([5, 10, 3, 2]).tolist())
    assert repr(pair) == "PairKnockedOut(layer=5, head=10, query=3, key=2)"
    lens = attnviz.Lens(at_least=float(np.float32(0.5)))
    assert repr(lens.at_least) == "0.5"


# ---- what help() shows


def callables() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function, and every public method of what is public or comes of it."""
    owners = [Explorer, Heatmap, Lines, Overview, Chapter, Question]
    for name in attnviz.__all__:
        found = getattr(attnviz, name)
        if not inspect.isclass(found):
            yield name, found
        elif not issubclass(found, Exception):
            owners.append(found)
            yield name, found
    for owner in owners:
        for name in dir(owner):
            if not name.startswith("_") and callable(method := getattr(owner, name)):
                yield f"{owner.__name__}.{name}", method


@pytest.mark.parametrize(
    ("name", "function"), [pytest.param(*one, id=one[0]) for one in callables()]
)
def test_help_shows_real_parameters(name: str, function: Callable[..., Any]) -> None:
    parameters = inspect.signature(function).parameters.values()
    hidden = [p.name for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    assert not hidden, f"{name} hides its parameters behind {hidden}"
    assert inspect.getdoc(function), f"{name} says nothing"


@pytest.mark.parametrize("name", ["overview", "lines", "heatmap", "explore"])
def test_a_trace_draws_with_the_parameters_of_the_function(name: str) -> None:
    function = inspect.signature(getattr(attnviz, name))
    assert list(inspect.signature(getattr(attnviz.Trace, name)).parameters) == list(
        function.parameters
    )
    assert "lens" in function.parameters or name == "overview"
