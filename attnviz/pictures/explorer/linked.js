// One selection in all parts of the explorer: a token that is pointed at or pinned in the lines, or
// in a map, marks its row and its column in the maps and in every tile, and its lines.
//
// The lines keep what is pinned; without them, a map marks what it is pointed at alone.

function link(stage) {
  const { parts, memory } = stage;
  memory.focused ??= [];
  const lines = stages.get(parts.lines);
  if (lines) lines.lit = (focused) => light(stage, focused);
  for (const part of mapsOf(stage)) linkMap(stage, part, lines);
  const over = stages.get(parts.overview);
  if (over) over.drawn = () => markTiles(stage, over);
  light(stage, memory.focused);
}

const mapsOf = ({ parts }) => [...parts.maps.children].map((place) => stages.get(place)).filter(Boolean);

function linkMap(stage, map, lines) {
  map.drawn = () => markMap(stage, map);
  map.lit = (at) => {
    stage.memory.cell = at;
    if (lines) pointAt(lines, at && `q${at.row}`);
    light(stage, lines ? stage.memory.focused : at ? [`q${at.row}`] : []);
  };
  if (map.isLinked) return;
  map.isLinked = true;
  map.root.addEventListener("click", (event) => {
    const query = event.target === map.canvas && map.at && lines && labelOf(lines, `q${map.at.row}`);
    if (query) query.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });
}

const labelOf = (lines, name) => lines.root.querySelector(`[data-side="${name[0]}"][data-place="${name.slice(1)}"]`);

// The lines do what they do when the pointer is on that token.
function pointAt(lines, name) {
  const label = name && labelOf(lines, name);
  if (label) label.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  else lines.root.dispatchEvent(new PointerEvent("pointerleave"));
}

function light(stage, focused) {
  stage.memory.focused = focused;
  for (const map of mapsOf(stage)) markMap(stage, map);
  const over = stages.get(stage.parts.overview);
  if (over) markTiles(stage, over);
}

// The rows and the columns of what is marked, and the column of the cell that is pointed at.
function marked({ memory }) {
  const cell = memory.cell ? [`k${memory.cell.column}`] : [];
  return [...new Set([...memory.focused, ...cell])].map((name) => ({ isRow: name[0] === "q", place: Number(name.slice(1)) }));
}

function markMap(stage, { root, label, cell, meta }) {
  const box = root.querySelector(".scroll");
  for (const old of box.querySelectorAll(".marked")) old.remove();
  const [rows, columns] = [meta.rows.labels.length, meta.columns.labels.length];
  for (const { isRow, place } of marked(stage)) {
    if (place >= (isRow ? rows : columns)) continue;
    const frame = html("div", { class: "marked", "data-mark": `${isRow ? "q" : "k"}${place}` });
    const [x, y, wide, high] = isRow ? [0, place, columns, 1] : [place, 0, 1, rows];
    const sides = { left: label + x * cell, top: y * cell, width: wide * cell, height: high * cell };
    for (const [side, px] of Object.entries(sides)) frame.style[side] = `${px}px`;
    box.append(frame);
  }
}

function markTiles(stage, { canvas, meta, across, down, dark }) {
  const frame = canvas.parentElement;
  const over = frame.querySelector(".marks") ?? frame.appendChild(html("canvas", { class: "marks", "aria-hidden": "true" }));
  const { left, top, tile, step } = canvas.dataset;
  const scale = canvas.width / parseFloat(canvas.style.width);
  Object.assign(over, { width: canvas.width, height: canvas.height });
  Object.assign(over.style, { width: canvas.style.width, height: canvas.style.height });
  const context = over.getContext("2d");
  context.scale(scale, scale);
  context.strokeStyle = inksOf(dark).accent;
  const gap = step - tile;
  const spans = marked(stage).map(({ isRow, place }) => [isRow, ...spanIn(isRow ? meta.rows : meta.columns, place)]);
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = [Number(left) + head * step, Number(top) + layer * (down + gap)];
      for (const [isRow, from, share] of spans) {
        if (isRow) context.strokeRect(x, y + from * down, across, share * down);
        else context.strokeRect(x + from * across, y, share * across, down);
      }
    }
  }
}

// Where a token's cell begins in a tile, and what share it takes.
function spanIn({ edges }, place) {
  const cells = edges.length - 1;
  const cell = Math.max(0, edges.findLastIndex((edge) => edge <= place));
  return [Math.min(cell, cells - 1) / cells, 1 / cells];
}
