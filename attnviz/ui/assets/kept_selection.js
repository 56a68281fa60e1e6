// The component that keeps the selection of a page, tells the page what is pinned, and marks its
// Plotly heatmaps: a cell that is pointed at marks its row and its column, a click pins its query.
// Tables of numbers are in marked_tables.js.

const CHARTS = ".st-key-heatmaps .js-plotly-plot";

function keepSelection(keeper) {
  if (keeper.observer) return;
  const { selection } = keeper;
  const tell = () => {
    for (const chart of document.querySelectorAll(CHARTS)) markChart(keeper, chart);
    for (const table of document.querySelectorAll(TABLES)) markTable(keeper, table);
    document.dispatchEvent(new CustomEvent(TELLS, { detail: { pins: [...selection.pins], at: [...selection.at], framed: keeper.meta.framed } }));
  };
  const pin = (pins) => {
    if (pins.join() === selection.pins.join()) return;
    selection.pins = pins;
    keeper.keep("pins", pins.flatMap((name) => placesOf(sideOf(keeper.meta, name[0]), name)));
  };
  keeper.answer = ({ detail: { pins, toggle, at } }) => {
    if (at && !pins && at.join() === selection.at.join()) return;
    if (at) selection.at = at;
    if (pins) pin(pins);
    if (toggle) pin(selection.pins.includes(toggle) ? selection.pins.filter((one) => one !== toggle) : [...selection.pins, toggle]);
    tell();
  };
  keeper.letGo = (event) => letsGo(event) && selection.pins.length && askSelection({ pins: [], at: [] });
  let isDue = false;
  keeper.observer = new MutationObserver(() => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      for (const chart of document.querySelectorAll(CHARTS)) join(keeper, chart);
      for (const table of document.querySelectorAll(TABLES)) {
        joinTable(keeper, table);
        markTable(keeper, table);
      }
    });
  });
  keeper.tell = tell;
  document.addEventListener(ASKS, keeper.answer);
  document.addEventListener("keydown", keeper.letGo, true);
  keeper.observer.observe(document.querySelector('[data-testid="stMain"]') ?? document.body, { childList: true, subtree: true });
}

function leaveSelected(keeper) {
  document.removeEventListener(ASKS, keeper.answer);
  document.removeEventListener("keydown", keeper.letGo, true);
  keeper.observer.disconnect();
  keeper.observer = undefined;
}

// A chart that Plotly has just made.
function join(keeper, chart) {
  if (chart.isJoined || !chart.on) return;
  chart.isJoined = true;
  const cell = ({ points: [point] }) => {
    const [row, column] = point.pointNumber;
    return [tokenAt(keeper.meta.rows, `q${row}`), tokenAt(keeper.meta.columns, `k${column}`)];
  };
  chart.on("plotly_hover", (event) => askSelection({ at: cell(event) }));
  chart.on("plotly_unhover", () => askSelection({ at: [] }));
  chart.on("plotly_click", (event) => askSelection({ toggle: cell(event)[0] }));
  chart.on("plotly_afterplot", () => markChart(keeper, chart));
  markChart(keeper, chart);
}

// A frame around the row or the column of each token, as far as it is in sight.
function markChart({ selection, meta }, chart) {
  const { xaxis, yaxis } = chart._fullLayout ?? {};
  if (!xaxis?.l2p || !yaxis?.l2p) return;
  const names = [...new Set([...selection.pins, ...selection.at])].flatMap((name) => placesOf(sideOf(meta, name[0]), name));
  const span = (axis, from, to) => {
    const ends = [from, to].map((at) => axis._offset + Math.max(0, Math.min(axis._length, axis.l2p(at)))).sort((one, other) => one - other);
    return [ends[0], ends[1] - ends[0]];
  };
  const whole = (axis) => [axis._offset, axis._length];
  const frames = names.map((name) => {
    const [isRow, place] = [name[0] === "q", Number(name.slice(1))];
    const [left, width] = isRow ? whole(xaxis) : span(xaxis, place - 0.5, place + 0.5);
    const [top, height] = isRow ? span(yaxis, place - 0.5, place + 0.5) : whole(yaxis);
    if (!width || !height) return [];
    const frame = html("div", { class: "chart_marked", "data-mark": name, "aria-hidden": "true" });
    for (const [side, px] of Object.entries({ left, top, width, height })) frame.style[side] = `${px}px`;
    return [frame];
  });
  for (const old of chart.querySelectorAll(".chart_marked")) old.remove();
  chart.append(...frames.flat());
}

const keepers = new WeakMap();
export default function ({ data, parentElement, setStateValue }) {
  const keeper = keepers.get(parentElement) ?? { selection: { pins: [], at: [] } };
  keepers.set(parentElement, keeper);
  const call = (keeper.call = {});
  keeper.keep = inTurn(setStateValue);
  [keeper.meta] = data.meta;
  if (keeper.beginning !== data.beginning) {
    keeper.beginning = data.beginning;
    Object.assign(keeper.selection, { pins: data.pins, at: [] });
  }
  keepSelection(keeper);
  keeper.tell();
  return () => {
    if (keeper.call === call) leaveSelected(keeper); // else new data came meanwhile
  };
}
