"""attnviz beside BertViz, CircuitsVis and attnview: the same weights, in Chromium, in one run.

`make bench-peers` installs the peers into a folder of their own (.venv-peers), where only this
module looks for them, and puts its table into docs/benchmark.md. BertViz loads d3, jQuery and
require.js from a CDN: what it asks for is answered from the packages of the npm registry.

Each case is a process of its own, and has failed when its picture is not complete in 60 s.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from importlib.metadata import distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import psutil
import torch
from playwright.sync_api import Page, Route, sync_playwright

from attnviz.pictures.explorer import MOST_WEIGHTS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".venv-peers"
DOCUMENT = ROOT / "docs" / "benchmark.md"
HEADING = "## Beside other tools"
LENGTHS = (16, 64, 128, 256, 512)
MINILM = "minilm"  # the embedded model
GPT2 = "gpt2"  # random weights of its shape, 12 × 12 heads, causal
HEADS = {MINILM: 6 * 12, GPT2: 12 * 12}
BEYOND = (
    f"Beyond {MOST_WEIGHTS:,} weights our file holds all heads as an overview and the two chosen",
    "ones in full.",
)
PATIENCE = 60.0  # seconds for a complete picture
BUILDING = 240.0  # seconds for a page before that, which are not counted
SCRIPTS = {  # what BertViz asks a CDN for: the package, and the file in it
    "require.min.js": ("requirejs@2.3.6", "package/require.js"),
    "d3.min.js": ("d3@5.7.0", "package/dist/d3.min.js"),
    "jquery.min.js": ("jquery@2.1.0", "package/dist/jquery.min.js"),  # 2.0.0 is not there
}


class Tool(NamedTuple):
    """A tool: how it makes a page, when that is complete, and how something is pointed at."""

    name: str
    package: str
    page: Callable[[np.ndarray, list[str], Any], str]  # of "layer head query key"
    complete: str  # JavaScript of layers, heads, tokens: whether all is drawn
    point: str  # JavaScript: points at a token, or at what the tool has
    open: str = ""  # JavaScript: what must be opened before, which is not counted


def _peer(name: str) -> Any:
    """A module of another tool, from the folder that only this module looks into."""
    return import_module(name)


def _attnviz(_: np.ndarray, __: list[str], trace: Any) -> str:
    html: str = trace.explore().to_html()
    return html


def _head_view(weights: np.ndarray, tokens: list[str], _: Any) -> str:
    return _bertviz("head_view", weights, tokens)


def _model_view(weights: np.ndarray, tokens: list[str], _: Any) -> str:
    return _bertviz("model_view", weights, tokens)


def _bertviz(view: str, weights: np.ndarray, tokens: list[str]) -> str:
    layers = [torch.tensor(layer)[None] for layer in weights]
    made = getattr(_peer("bertviz"), view)(layers, tokens, html_action="return")
    cdn = "https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js"
    page: str = made.data
    return f'<script src="{cdn}"></script>{page}'


def _circuitsvis(weights: np.ndarray, tokens: list[str], _: Any) -> str:
    made = _peer("circuitsvis.attention")
    every = torch.tensor(weights).flatten(0, 1)
    names = [f"L{n}H{m}" for n in range(len(weights)) for m in range(weights.shape[1])]
    page: str = made.attention_heads(every, tokens, attention_head_names=names).local_src
    return page


def _attnview(weights: np.ndarray, tokens: list[str], _: Any) -> str:
    attnview = _peer("attnview")
    layers = [attnview.AttentionPattern.from_data(w.tolist(), tokens=tokens) for w in weights]
    names = tuple(f"Layer {n}" for n in range(len(weights)))
    page: str = attnview.render_html(attnview.AttentionStudy(tuple(layers), names))
    return page


TOOLS = (
    Tool(
        "attnviz, all heads in one file",
        "attnviz",
        _attnviz,
        "document.querySelectorAll('canvas.map').length >= 3"
        " && document.querySelectorAll('.attnviz .lines path').length > 0",
        "document.querySelector('.attnviz [data-side=q][data-place=\"3\"]').dispatchEvent("
        "new PointerEvent('pointerover', { bubbles: true, composed: true }))",
    ),
    Tool(
        "BertViz head view, one layer drawn",
        "bertviz",
        _head_view,
        "document.querySelectorAll('#attention line').length >= heads * tokens * tokens",
        "document.querySelectorAll('#left .background')[3].parentNode.dispatchEvent("
        "new MouseEvent('mouseover'))",
    ),
    Tool(
        "BertViz model view",
        "bertviz",
        _model_view,
        "document.querySelectorAll('line').length >= layers * heads * tokens * tokens",
        "document.querySelectorAll('.detail .highlight')[3].parentNode.dispatchEvent("
        "new MouseEvent('mouseover'))",
        "[...document.querySelectorAll('rect')].find((one) => one.style.opacity === '0')"
        ".dispatchEvent(new MouseEvent('click'))",
    ),
    Tool(
        "CircuitsVis, all heads",
        "circuitsvis",
        _circuitsvis,
        "document.querySelectorAll('canvas').length >= layers * heads",
        "document.querySelectorAll('h4')[3].parentNode.dispatchEvent("
        "new MouseEvent('mouseover', { bubbles: true }))",
    ),
    Tool(
        "attnview",
        "attnview",
        _attnview,
        "document.querySelectorAll('.token').length > 0"
        " && document.querySelectorAll('.destination').length > 0",
        "[...document.querySelectorAll('.token')].at(-1).click()",
    ),
)
_POINTED = """async (pointing) => {
  const begun = performance.now();
  (0, eval)(pointing);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - begun;
}"""


def weights_of(length: int, shape: str) -> tuple[np.ndarray, list[str], Any]:
    """The weights of all heads, the tokens, and the trace: of the embedded model or of GPT-2."""
    import attnviz
    from benchmarks.ratios import text_of

    if shape == GPT2:
        rng = np.random.default_rng(0)
        scores = 2 * rng.standard_normal((12, 12, length, length)).astype(np.float32)
        scores[..., ~np.tri(length, dtype=bool)] = -np.inf
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights = powers / powers.sum(axis=-1, keepdims=True)
        tokens = [f"t{n}" for n in range(length)]
        allowed = np.tri(length, dtype=int)
        return weights, tokens, attnviz.Trace.from_weights(tokens, weights, allowed=allowed)
    trace = attnviz.trace(text_of(length))
    layers = [trace.layer_weights(layer) for layer in range(trace.model.layers)]
    return np.stack(layers), [token.text for token in trace.tokens], trace


def measured(tool: Tool, length: int, shape: str) -> dict[str, float]:
    """One case: bytes, seconds to the complete picture, heap, and milliseconds when pointed at."""
    sys.path.append(str(FOLDER))
    weights, tokens, trace = weights_of(length, shape)
    html = tool.page(weights, tokens, trace)
    layers, heads = weights.shape[:2]
    print("built", flush=True)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(f"<!doctype html><meta charset='utf-8'>{html}", encoding="utf-8")
        with _page() as (page, fetched):
            begun = time.perf_counter()
            page.goto(file.as_uri(), wait_until="commit", timeout=1_000 * PATIENCE)
            sizes = f"const layers = {layers}, heads = {heads}, tokens = {len(tokens)};"
            page.wait_for_function(
                f"() => {{ {sizes} return document.body && {tool.complete}; }}",
                timeout=1_000 * PATIENCE,
            )
            page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
            seconds = time.perf_counter() - begun
            found = {
                "bytes": float(file.stat().st_size + sum(fetched.values())),
                "seconds": seconds,
                "heap": _heap(page),
            }
            page.evaluate(tool.open)
            times = [page.evaluate(_POINTED, tool.point) for _ in range(3)]
            return {**found, "pointed": float(np.median(times))}


@contextmanager
def _page() -> Iterator[tuple[Page, dict[str, int]]]:
    """A page of Chromium, and what it has fetched: the CDN's files come from this machine."""
    fetched: dict[str, int] = {}

    def answer(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        body = (FOLDER / "scripts" / name).read_bytes() if name in SCRIPTS else b""
        fetched[name] = len(body)
        route.fulfill(body=body, content_type="text/javascript")

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("ATTNVIZ_CHROMIUM"))
        try:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.route("http*://**/*", answer)
            page.set_default_timeout(1_000 * PATIENCE)
            yield page, fetched
        finally:
            browser.close()


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "JSHeapUsedSize"))


def in_process(tool: Tool, length: int, shape: str) -> dict[str, float] | str:
    """A case in a process of its own; why it failed, if it has."""
    number = str(TOOLS.index(tool))
    command = [sys.executable, "-m", "benchmarks.peers", "--case", number, str(length), shape]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            said, _ = process.communicate(timeout=BUILDING + 3 * PATIENCE)
        except subprocess.TimeoutExpired:
            _end(process.pid)
            return "failed"
    lines = said.strip().splitlines()
    if process.returncode or not lines or not lines[-1].startswith("{"):
        return "failed"
    found: dict[str, float] = json.loads(lines[-1])
    return found if found["seconds"] <= PATIENCE else "failed"


def _end(number: int) -> None:
    """End a process that this one started, and what it started itself."""
    process = psutil.Process(number)
    for one in [*process.children(recursive=True), process]:
        one.kill()


def fetch_scripts() -> None:
    """The files of the CDN, from the packages of the npm registry."""
    folder = FOLDER / "scripts"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (package, inside) in SCRIPTS.items():
        if (folder / name).exists():
            continue
        packed = subprocess.run(
            ["npm", "pack", package, "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[-1]
        with tarfile.open(folder / packed) as archive:
            file = archive.extractfile(inside)
            if file is None:
                raise FileNotFoundError(inside)
            (folder / name).write_bytes(file.read())


COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "bytes": ("bytes", lambda v: f"{v:,.0f}"),
    "seconds": ("complete picture, s", lambda v: f"{v:.2f}"),
    "heap": ("JavaScript heap, MB", lambda v: f"{v / 1e6:.1f}"),
    "pointed": ("pointer to marked, ms", lambda v: f"{v:.0f}"),
}
Case = tuple[str, int]


def table(case: Case, results: Sequence[dict[str, float] | str]) -> list[str]:
    """The table of one length: each number, and how many times ours it is."""
    shape, length = case
    what = "12 × 12 heads, causal" if shape == GPT2 else "6 × 12 heads"
    titles = [title for title, _ in COLUMNS.values()]
    lines = ["", f"### {length} tokens, {what}", "", "| | " + " | ".join(titles) + " |"]
    lines.append("| --- |" + " ---: |" * len(titles))
    ours = results[0]
    for tool, result in zip(TOOLS, results, strict=True):
        cells = [
            "failed" if isinstance(result, str) else _cell(name, result, ours) for name in COLUMNS
        ]
        lines.append(f"| {tool.name} | " + " | ".join(cells) + " |")
    return lines


def _cell(name: str, result: dict[str, float], ours: dict[str, float] | str) -> str:
    written = COLUMNS[name][1](result[name])
    if isinstance(ours, str) or result is ours or not ours[name]:
        return written
    return f"{written} ({result[name] / ours[name]:.1f} ×)"


def about(cases: Sequence[Case]) -> list[str]:
    """Versions, date, machine and load, and how these cases were measured."""
    known = {d.name.lower(): d.version for d in distributions(path=[str(FOLDER), *sys.path])}
    packages = dict.fromkeys(tool.package for tool in TOOLS)
    versions = ", ".join(f"{name} {known.get(name, '')}".strip() for name in packages)
    return [
        HEADING,
        "",
        f"Written by `make bench-peers` on {date.today()}: {versions}; {platform.machine()},",
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start. The same weights in",
        "one run, each page in a Chromium of its own. In brackets: how many times ours. “Failed”:",
        f"no complete picture in {PATIENCE:.0f} s. Bytes are those of the page and of the scripts",
        "that it fetches (d3, jQuery 2.1.0 in the place of 2.0.0 and require.js, answered from the",
        "npm registry's packages in the place of the CDN). Pointed at: a token (ours, and",
        "BertViz; of its model view after a click on a head), a head (CircuitsVis), a click on a",
        "token (attnview), until the frame after it.",
        *(BEYOND if any(HEADS[shape] * n**2 > MOST_WEIGHTS for shape, n in cases) else []),
    ]


def main() -> None:
    """Measure every case, print the tables, and write them below the others."""
    parser = argparse.ArgumentParser(description="attnviz beside its peers.")
    parser.add_argument("--lengths", type=int, nargs="*", default=list(LENGTHS))
    parser.add_argument("--gpt2", type=int, nargs="*", default=[64], help="lengths of its shape")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    parser.add_argument("--case", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.case:
        number, length, shape = asked.case
        print(json.dumps(measured(TOOLS[int(number)], int(length), shape)))
        return
    fetch_scripts()
    cases: list[Case] = [(MINILM, n) for n in asked.lengths] + [(GPT2, n) for n in asked.gpt2]
    lines = about(cases)
    for shape, length in cases:
        results = []
        for tool in TOOLS:
            results.append(in_process(tool, length, shape))
            print(shape, length, tool.name, results[-1], file=sys.stderr, flush=True)
        lines += table((shape, length), results)
    print("\n".join(lines))
    if not asked.dry:
        before = DOCUMENT.read_text(encoding="utf-8").partition(f"\n{HEADING}")[0].rstrip()
        DOCUMENT.write_text("\n".join([before, "", *lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
