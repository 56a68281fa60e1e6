"""Pictures on a page: the overview and the line diagrams as components, charts by Plotly.

What a component is given is bytes, or a dict of texts, numbers and tuples: of anything else
Streamlit asks whether it is a table, and imports pandas to know.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import streamlit as st

from attnviz.pictures.chart import Chart
from attnviz.pictures.drawing import packet_for
from attnviz.pictures.packet import pack_several
from attnviz.pictures.scripts import core, css, javascript
from attnviz.share.state import FOLDED
from attnviz.ui import state

SELECTION = "selection"
_PLOT_CONFIG = {
    "displaylogo": False,
    "toImageButtonOptions": {"format": "svg", "filename": "attnviz"},
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
}

_IN_TURN = """
// What happens in a picture while the page is cut off from the server waits, in order.
const waiting = [];
const isCutOff = () => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app !== null && app.dataset.testConnectionState !== "CONNECTED";
};
function tellNext() {
  if (isCutOff()) return void setTimeout(tellNext, 100);
  waiting[0]();
  setTimeout(() => { // after the message with this one, which would hold only the last of two
    waiting.shift();
    if (waiting.length) tellNext();
  });
}
const inTurn = (tell) => (...what) => {
  if (waiting.push(() => tell(...what)) === 1) tellNext();
};
"""

_ADAPTER = """
export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const stage = stageOf(parentElement, DRAWS.KIND);
  const call = (stage.call = {});
  stage.send = inTurn(setTriggerValue); // something happened
  if (JOINS) joinSelection(stage);
  else stage.keep = inTurn(setStateValue); // something is so from now on
  stage.show(data);
  if (JOINS) askSelection({});
  const host = parentElement.getRootNode().host ?? parentElement;
  host.closest('[class*="st-key-"]')?.setAttribute("data-drawn", ""); // for the page's own style
  return () => {
    if (stage.call !== call) return; // new data came meanwhile
    leave(stage);
    leaveSelection(stage);
  };
}
"""

_HEIGHT = """
// A page that embeds this one may give the frame the height of what is in it.
let observer = null; // of the call before, as of another theme: it is not told that it has ended
export default function () {
  observer?.disconnect();
  const main = document.querySelector('[data-testid="stMainBlockContainer"]');
  const tell = () => window.parent.postMessage({ attnvizHeight: main.offsetHeight }, "*");
  const mine = (observer = new ResizeObserver(tell));
  mine.observe(main);
  return () => mine.disconnect();
}
"""


_TOP = """
// What is new is read from its top: another chapter does not begin where the last one ended.
// Its name stands in a row that may be wider than a phone: it is brought into sight.
const last = new WeakMap();
function reveal(tries = 30) {
  const name = document.querySelector('.st-key-walk_chapter [data-selected]');
  if (!name) return void (tries && setTimeout(reveal, 100, tries - 1)); // it is still to be drawn
  for (let row = name.parentElement; row && row !== document.body; row = row.parentElement) {
    if (row.scrollWidth <= row.clientWidth) continue;
    const [inside, outside] = [name.getBoundingClientRect(), row.getBoundingClientRect()];
    row.scrollLeft += inside.left - outside.left - (outside.width - inside.width) / 2;
    return;
  }
}
export default function ({ data: { what }, parentElement }) {
  requestAnimationFrame(() => reveal());
  const before = last.get(parentElement);
  last.set(parentElement, what);
  if (before === undefined || before === what) return;
  document.querySelector('[data-testid="stMain"]')?.scrollTo({ top: 0, behavior: "instant" });
  if (!document.activeElement?.closest(".st-key-closing")) return;
  const title = document.querySelector(".st-key-lesson h2"); // not left behind at the end
  title.tabIndex = -1;
  title.focus({ preventScroll: true });
}
"""


def _asset(name: str) -> str:
    return (files("attnviz.ui") / "assets" / name).read_text(encoding="utf-8")


def _component(kind: str, *, joins: bool = True) -> Callable[..., Any]:
    """A component that draws packets: it joins the page's selection, or tells its own state."""
    name = f"attnviz_{kind}{'' if joins else '_alone'}"
    adapter = _ADAPTER.replace("KIND", kind).replace("JOINS", "true" if joins else "false")
    shared = [_asset("well_formed.js"), _asset("selection.js"), _IN_TURN]
    script = "".join([javascript([kind]), *shared, adapter])
    return st.components.v2.component(name, js=script, css=css([kind]))


def _several(kind: str) -> Callable[..., Any]:
    """A component that draws packets of a kind, and of those that it draws within its own."""
    script = "".join([javascript([kind]), _asset("selection.js"), _asset("several_pictures.js")])
    look = css([kind]) + _asset("several_pictures.css")
    return st.components.v2.component(f"attnviz_{kind}", js=script, css=look)


# What draws each kind of picture of one map that Explore shows; A − B stands beside A and B.
_of_kind = {kind.script.name: _several(kind.script.name) for kind in FOLDED}
_of_kind["heatmap"] = _of_kind["comparison"]
_overview = _component("overview")
_overview_beside = _component("overview", joins=False)  # between other tokens than the page's
_lines = _component("lines")
_numbers = _component("numbers")
_drawing = _component("drawing", joins=False)
_selection = st.components.v2.component(
    "attnviz_selection",
    js="".join(
        [
            core(),
            _asset("selection.js"),
            _IN_TURN,
            _asset("kept_selection.js"),
        ]
    ),
)

_height = st.components.v2.component("attnviz_height", js=_HEIGHT)


def tell_height() -> None:
    """Let the page that embeds this one know how tall it is."""
    _height(key="height")


_top = st.components.v2.component("attnviz_top", js=_TOP)


def begin_at_top(what: str) -> None:
    """Scroll to the top whenever `what` stands for something else than before."""
    _top(key="top", data={"what": what})


_SCHEME = """
// The server draws its charts for light or dark: when the person's scheme is, or becomes, the
// other one, the page is asked for anew; once, whatever the answer is.
let asked = null;
export default function ({ data: { drawnFor }, parentElement, setTriggerValue }) {
  const within = parentElement.firstElementChild ?? parentElement.appendChild(html("span"));
  const scheme = isDark(within) ? "dark" : "light";
  if (drawnFor === scheme) asked = null;
  else if (asked !== scheme) {
    asked = scheme;
    setTriggerValue("scheme", scheme);
  }
}
"""
_scheme = st.components.v2.component("attnviz_scheme", js=core() + _SCHEME)


def follow_scheme(drawn_for: str) -> None:
    """Run the page anew when it is seen in another scheme, light or dark, than it was drawn for."""
    _scheme(key="scheme", data={"drawnFor": drawn_for}, on_scheme_change=lambda: None)


_file_script = files("attnviz.ui") / "assets" / "saved_files.js"
_file = st.components.v2.component(
    "attnviz_file", js=core() + _file_script.read_text(encoding="utf-8")
)


def save_drawn(packet: bytes) -> None:
    """Let the browser draw a packet of `attnviz.export.png` or `.pdf`, and save it."""
    _file(data=packet)


def show_overview(
    packet: bytes, key: str, on_picked: Callable[[], None], on_spanned: Callable[[], None]
) -> None:
    """The overview.

    `on_picked` runs when a head is chosen, `picked(key)` says which; `on_spanned` when a span of
    the text is, `spanned(key)` says which.
    """
    _overview(key=key, data=packet, on_picked_change=on_picked, on_spanned_change=on_spanned)


def show_overview_beside(packet: bytes, key: str, on_picked: Callable[[], None]) -> None:
    """An overview between other tokens than the page's other pictures: it marks none of them."""
    _overview_beside(key=key, data=packet, on_picked_change=on_picked)


def picked(key: str) -> dict[str, Any] | None:
    """What was chosen in the overview `key`: slot, layer, head."""
    choice: dict[str, Any] | None = told(key).get("picked")
    return choice


def spanned(key: str) -> dict[str, int] | None:
    """What was dragged over in the overview `key`: the first and the last token."""
    span: dict[str, int] | None = told(key).get("spanned")
    return span


def show_lines(packet: bytes, key: str) -> None:
    """The line diagram."""
    _lines(key=key, data=packet)


def show_numbers(packet: bytes, key: str) -> None:
    """A table of numbers."""
    _numbers(key=key, data=packet)


def keep_selection(
    beginning: str,
    pins: Sequence[str],
    positions: Mapping[str, Sequence[Sequence[int]]],
    framed: Mapping[str, Any],
    on_pins: Callable[[], None],
) -> None:
    """Let all pictures of the page share what is pinned and pointed at.

    `pins` are the tokens that are pinned at the `beginning`, and whenever that changes: q3 as a
    query, k0 as a key. `positions` are the tokens behind each place that is shown, of queries
    ("q") and keys ("k"). `on_pins` runs when the pins changed; `pinned()` says to what. `framed`
    are the tiles that the overview frames: apart from it, so that it is sent once for all heads.
    """
    rows, columns = ({"positions": positions[side]} for side in "qk")
    meta = {"rows": rows, "columns": columns, "framed": dict(framed)}
    data = {"beginning": beginning, "pins": tuple(pins), "meta": (meta,)}
    _selection(key=SELECTION, data=data, on_pins_change=on_pins)


def show_pictures(pictures: Sequence[tuple[str, bytes]], key: str, least: int | None) -> None:
    """Pictures of one map each, by script and packet; in a row, as many as are `least` px wide.

    They are of one kind; A − B may stand beside A and B.
    """
    scripts, packets = zip(*pictures, strict=True)
    wide = f"{least}px" if least else "100%"
    data = pack_several(packets, {"kinds": scripts, "least": wide})
    _of_kind[scripts[-1]](key=key, data=data)


def pinned() -> tuple[str, ...]:
    """The places that are pinned: q3 as a query, k0 as a key."""
    pins: list[str] = told(SELECTION).get("pins") or []
    return tuple(pins)


def show_drawing(
    packet: bytes, key: str, on_told: Callable[[], None], reader: Mapping[str, object]
) -> None:
    """A drawing's packet: tables, boxes, maps, figures in steps; `reader`: what it is for a person.

    `on_told` runs when somebody did something in it; `told(key)` says what: a cell `painted`
    (control, row, column), a number `edited` (control, name, number), what was `chosen`
    (controls and their values), a question `answered` (question, option), or the `step` at
    which its figure stands.
    """
    _drawing(
        key=key,
        data=packet_for(packet, reader),
        on_painted_change=on_told,
        on_edited_change=on_told,
        on_chosen_change=on_told,
        on_answered_change=on_told,
        on_step_change=on_told,
    )


def told(key: str) -> Mapping[str, Any]:
    """What a component has told; nothing if the page has dropped it."""
    event: Mapping[str, Any] = state.taken(key) or {}
    return event


@contextmanager
def lazy_popover(label: str, key: str) -> Iterator[bool]:
    """A popover, and whether it is open: what nobody opened is not worth making."""
    box = st.popover(label, key=key, on_change="rerun")
    with box:
        yield bool(box.open)


def show_chart(picture: Chart, key: str, height: int) -> None:
    """A Plotly chart in the look of the house, with its text alternative."""
    st.plotly_chart(
        picture.figure, theme=None, height=height, key=key, config=_PLOT_CONFIG, alt=picture.alt
    )
