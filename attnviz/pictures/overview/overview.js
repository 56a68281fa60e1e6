// The overview: every head as a tile of bytes, from a packet of attnviz/pictures/overview.
//
// A byte is a level of style.py: the square root of the weight, or that of either sign where values have
// a sign, known to within half a step: what is read out is the interval that holds it, rounded
// outward. Where a tile has fewer pixels than cells, a pixel shows the cell farthest from 0.

const LEFT = 26; // px for the layers' names
const TOP = 20; // px for the heads' names
const SPACE = 3; // px between tiles
const BETWEEN = 1; // px of the line between two texts
const UNDER = 24; // px below a tile for its name and its value, where tiles are ranked
const HALF_STEP = 0.5001; // of a level, with the rounding of float32
const DECIMALS = 4;

function drawOverview(stage) {
  const { root, meta, memory } = stage;
  memory.slot = memory.slot || "A";
  Object.assign(meta, memory.framed); // a page that says it apart says it again
  const canvas = html("canvas", {
    class: "map", tabindex: "0", role: "application", "aria-label": `${meta.alt} ${meta.words.canvas_help}`,
  });
  const readout = html("p", { class: "readout", "aria-live": "polite" }, meta.words.rest);
  const pixels = html("span", { class: "pixels" });
  const lens = preview();
  root.replaceChildren(
    html("p", { class: "title" }, html("strong", {}, meta.title)),
    html("div", { class: "frame" }, canvas, lens),
    ...(meta.alone ? [] : [slots(stage)]), // a map from elsewhere is no head to choose
    readout,
    html("p", { class: "note" }, meta.note, " ", pixels),
  );
  Object.assign(stage, { canvas, lens, readout, pixels });
  stage.mark = (names) => markTiles(stage, names);
  stage.select = (pins, at) => stage.mark([...new Set([...pins, ...at])]);
  stage.frame = (framed) => {
    if (JSON.stringify(framed) === JSON.stringify(memory.framed)) return;
    Object.assign(meta, (memory.framed = framed));
    frameTiles(stage);
    for (const button of root.querySelectorAll(".slots button")) button.textContent = slotName(meta, button.dataset.slot);
  };
  paint(stage);
  stage.mark(memory.marked ?? []);
  canvas.addEventListener("pointermove", (event) => memory.brush || hover(stage, cellAt(stage, event)));
  canvas.addEventListener("pointerleave", () => hover(stage, null));
  canvas.addEventListener("click", (event) => {
    const found = memory.isBrushed ? null : cellAt(stage, event);
    if (found && !meta.alone) choose(stage, found, event);
  });
  listenToBrush(stage);
  canvas.addEventListener("keydown", (event) => walk(stage, event));
  canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && hover(stage, cursorOf(stage)));
  canvas.addEventListener("blur", () => hover(stage, null));
}

function paint(stage) {
  const { canvas, meta, width, dark } = stage;
  const scale = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
  const tile = Math.max(8, Math.floor((width - LEFT) / meta.heads) - SPACE);
  const size = Math.min(tile, 96); // px of a tile's longer side
  const cell = size / Math.max(cellsOf(meta.rows), cellsOf(meta.columns));
  const across = Math.max(8, Math.round(cell * cellsOf(meta.columns)));
  const down = Math.max(8, Math.round(cell * cellsOf(meta.rows)));
  const stepDown = down + SPACE + (meta.ranked ? UNDER : 0);
  Object.assign(stage, { across, down, stepDown, scale });
  const [wide, high] = [LEFT + meta.heads * (across + SPACE), TOP + meta.layers * stepDown];
  canvas.width = wide * scale;
  canvas.height = high * scale;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  Object.assign(canvas.dataset, { left: LEFT, top: TOP, tile: across, step: across + SPACE, down: stepDown });
  const context = canvas.getContext("2d");
  const [wider, higher] = [Math.round(across * scale), Math.round(down * scale)];
  sayPixels(stage, wider, higher);
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = corner(stage, layer, head);
      context.putImageData(tileImage(stage, layer, head, wider, higher), x * scale, y * scale);
    }
  }
  context.scale(scale, scale);
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = corner(stage, layer, head);
      hatchTile(stage, context, layer, head, [x, y, across, down]);
      partTexts(stage, context, [x, y, across, down]);
    }
  }
  if (!meta.alone) names(stage, context, dark);
  stage.unframed = document.createElement("canvas");
  Object.assign(stage.unframed, { width: canvas.width, height: canvas.height });
  stage.unframed.getContext("2d").drawImage(canvas, 0, 0);
  frameTiles(stage);
}

// The frames of the chosen heads, over tiles that stay as they were painted.
function frameTiles(stage) {
  const { canvas, meta, unframed, scale } = stage;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(unframed, 0, 0);
  context.scale(scale, scale);
  const others = {}; // how many letters a tile has at its right already
  marksOf(meta).forEach((place, i) => {
    if (!place) return;
    mark(stage, context, place, i, others[place] ?? 0);
    if (i) others[place] = (others[place] ?? 0) + 1;
  });
}

// The tiles of heads A, B and more, in the order of the heads' codes.
const marksOf = (meta) => [meta.marked.A, meta.marked.B, ...(meta.more ?? [])];

// For how many weights one pixel of the picture stands, where that is more than one cell.
function sayPixels({ meta, pixels }, wide, high) {
  const most = (side, count) =>
    Math.max(...spansOf(count, cellsOf(side)).map(([from, to]) => side.edges[to] - side.edges[from]));
  const isExact = wide >= cellsOf(meta.columns) && high >= cellsOf(meta.rows);
  const weights = (most(meta.rows, high) * most(meta.columns, wide)).toLocaleString("en");
  pixels.textContent = isExact ? "" : fill(meta.words.pixel, { weights });
}

const cellsOf = (side) => side.edges.length - 1;

// What a tile is of: a head, or a layer where all layers stand in one row.
const tileName = (meta, layer, head) => `${meta.prefix}${meta.ofLayers ? `L${head}` : `L${layer}·H${head}`}`;

function corner({ meta, across, stepDown }, layer, head) {
  const [row, column] = spotOf(meta, layer, head);
  return [LEFT + column * (across + SPACE), TOP + row * stepDown];
}

// Where a head's tile stands, row and column, and which head's stands there: by layer and number,
// or in the order of the ranks.
function spotOf(meta, layer, head) {
  if (!meta.ranked) return [layer, head];
  const at = meta.ranked.order.findIndex(([l, h]) => l === layer && h === head);
  return [Math.floor(at / meta.heads), at % meta.heads];
}
const headAt = (meta, row, column) =>
  meta.ranked ? meta.ranked.order[row * meta.heads + column] : [row, column];

// Where a head's cells begin among those of all tiles.
const startOf = ({ meta }, layer, head) =>
  (layer * meta.heads + head) * cellsOf(meta.rows) * cellsOf(meta.columns);

// Which cells each of so many pixels covers.
function spansOf(pixels, cells) {
  const from = (p) => Math.floor((p * cells) / pixels);
  const to = (p) => Math.max(from(p) + 1, Math.ceil(((p + 1) * cells) / pixels - 1e-9));
  return Array.from({ length: pixels }, (_, p) =>
    pixels >= cells ? [from(p), from(p) + 1] : [from(p), Math.min(cells, to(p))]);
}

// A tile as pixels: each shows the cell that is farthest from 0 of those that it covers.
function tileImage(stage, layer, head, wide, high) {
  const { meta, arrays } = stage;
  const [columns, paper] = [cellsOf(meta.columns), paperOf(meta.signed)];
  const image = new ImageData(wide, high);
  const put = painter(image, rampOf(stage));
  const start = startOf(stage, layer, head);
  const [across, down] = [spansOf(wide, columns), spansOf(high, cellsOf(meta.rows))];
  for (let py = 0; py < high; py++) {
    for (let px = 0; px < wide; px++) {
      let strongest = paper;
      for (let row = down[py][0]; row < down[py][1]; row++) {
        for (let column = across[px][0]; column < across[px][1]; column++) {
          const level = arrays.tiles[start + row * columns + column];
          if (Math.abs(level - paper) > Math.abs(strongest - paper)) strongest = level;
        }
      }
      put(py * wide + px, strongest);
    }
  }
  return image;
}

// The hatch of what a head does not allow; the heads may share one mask.
function hatchTile({ meta, arrays, dark }, context, layer, head, [x, y, wide, high]) {
  if (!arrays.denied) return;
  const [rows, columns] = [cellsOf(meta.rows), cellsOf(meta.columns)];
  const start = startOf({ meta }, layer, head) % arrays.denied.length;
  const runs = deniedRuns(arrays.denied, start, rows, columns);
  const [across, down] = [wide / columns, high / rows];
  hatch(context, runs.map(([c, r, w, h]) => [x + c * across, y + r * down, w * across, h * down]), dark);
}

// Of a pair of texts a thin line where the second one begins, among the rows and the columns.
function partTexts({ meta, dark }, context, [x, y, wide, high]) {
  const [row, column] = meta.boundaries;
  context.fillStyle = inksOf(dark).faint;
  if (row !== null) context.fillRect(x, y + (row / cellsOf(meta.rows)) * high - BETWEEN / 2, wide, BETWEEN);
  if (column !== null) context.fillRect(x + (column / cellsOf(meta.columns)) * wide - BETWEEN / 2, y, BETWEEN, high);
}

function names(stage, context, dark) {
  const { meta, across, down } = stage;
  context.fillStyle = inksOf(dark).faint;
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "center";
  if (meta.ranked) return void ranks(stage, context, dark);
  for (let head = 0; head < meta.heads; head++) {
    context.fillText(`${meta.ofLayers ? "L" : "H"}${head}`, LEFT + head * (across + SPACE) + across / 2, TOP / 2);
  }
  context.textAlign = "left";
  for (let layer = 0; layer < meta.layers && !meta.ofLayers; layer++) {
    context.fillText(`L${layer}`, 2, TOP + layer * (down + SPACE) + down / 2);
  }
}

// Below each tile its name and the value by which it has its rank.
function ranks(stage, context, dark) {
  const { meta, across, down } = stage;
  meta.ranked.order.forEach(([layer, head], at) => {
    const [x, y] = corner(stage, layer, head);
    context.fillStyle = inksOf(dark).faint;
    context.fillText(tileName(meta, layer, head), x + across / 2, y + down + 7);
    context.fillStyle = inksOf(dark).ink;
    context.fillText(meta.ranked.values[at], x + across / 2, y + down + 18);
  });
}

// The frame of a chosen head, in its colour and with its dashes; A stands left, all others right,
// beside each other where they are the same head, or below.
const FLAG = 12; // px of a letter's ground
function mark(stage, context, place, index, before) {
  const { meta, across, down, dark } = stage;
  const [x, y] = corner(stage, ...place);
  context.strokeStyle = context.fillStyle = meta.colours[dark ? "dark" : "light"][index];
  context.lineWidth = 2;
  const dash = meta.dashes[index];
  context.setLineDash(dash === "none" ? [] : dash.split(" ").map(Number));
  context.strokeRect(x - 1, y - 1, across + 2, down + 2);
  context.setLineDash([]);
  const abreast = Math.max(1, Math.floor((across + 2) / FLAG) - 1); // beside A
  const left = index ? x + across + 1 - FLAG * (1 + (before % abreast)) : x - 1;
  const top = y - 1 + FLAG * Math.floor(before / abreast) * Number(index > 0);
  context.fillRect(left, top, FLAG, FLAG);
  context.fillStyle = inksOf(dark).paper;
  context.textAlign = "center";
  context.font = "bold 9px system-ui, sans-serif";
  context.fillText("ABCDEFGHIJKL"[index], left + FLAG / 2, top + 6.5);
}

// ---- reading and choosing

function cellAt(stage, event) {
  const { meta, across, down, stepDown, canvas } = stage;
  const pointer = pointerIn(canvas, event);
  const [x, y] = [pointer.x - LEFT, pointer.y - TOP];
  const place = Math.floor(x / (across + SPACE));
  const line = Math.floor(y / stepDown);
  if (x < 0 || y < 0 || place >= meta.heads || line >= meta.layers) return null;
  const [layer, head] = headAt(meta, line, place);
  const cell = (offset, size, cells) => within(Math.floor((Math.min(offset, size - 1) * cells) / size), cells);
  return {
    layer, head,
    row: cell(y - line * stepDown, down, cellsOf(meta.rows)),
    column: cell(x - place * (across + SPACE), across, cellsOf(meta.columns)),
  };
}

function hover(stage, found) {
  const { meta, lens, readout } = stage;
  lens.style.display = found ? "block" : "none";
  readout.textContent = found ? read(stage, found) : meta.words.rest;
  if (found) showPreview(stage, found);
}

function read(stage, { layer, head, row, column }) {
  const { meta, arrays } = stage;
  const at = startOf(stage, layer, head) + row * cellsOf(meta.columns) + column;
  const span = ({ edges, labels }, cell) => {
    const [first, last] = [edges[cell], edges[cell + 1] - 1];
    const name = (i) => `${labels[i]} (${i})`;
    return first === last ? name(first) : `${name(first)} … ${name(last)}`;
  };
  const where = { head: meta.alone ? meta.title : tileName(meta, layer, head), query: span(meta.rows, row), key: span(meta.columns, column) };
  if (arrays.denied?.[at % arrays.denied.length]) return fill(meta.words.not_allowed, where);
  if (arrays.hidden?.[at]) return fill(meta.words.hidden, where);
  const single = [meta.rows, meta.columns].every((side) => cellsOf(side) === side.labels.length);
  const template = single ? meta.words.read : meta.words.read_block;
  return fill(template, { ...where, ...bounds(arrays.tiles[at], meta.slack || 0, meta.signed) });
}

// Between which values a level's value is. `slack` is what the level itself was made from.
function bounds(level, slack, signed) {
  const [paper, steps, least] = signed ? [HALF, HALF, -1] : [0, LEVELS, 0];
  const square = (v) => {
    const share = Math.max(least, Math.min(1, (v - paper) / steps));
    return Math.sign(share) * share ** 2;
  };
  const outward = (value, round) =>
    digitsOf(round(Math.max(least, Math.min(1, value)) * 10 ** DECIMALS) / 10 ** DECIMALS, DECIMALS);
  return {
    least: outward(square(level - HALF_STEP) - slack, Math.floor),
    most: outward(square(level + HALF_STEP) + slack, Math.ceil),
  };
}

function choose(stage, { layer, head }, { shiftKey, ctrlKey, metaKey }) {
  const slot = ctrlKey || metaKey ? ADD : shiftKey ? "B" : stage.memory.slot;
  stage.send("picked", { slot, layer, head });
}

// The tile at which the keyboard is.
const cursorOf = ({ meta, memory }) => {
  const [layer, head] = headAt(meta, 0, 0);
  return memory.cursor ?? { layer, head, row: 0, column: 0 };
};

function walk(stage, event) {
  const { meta, memory } = stage;
  const at = cursorOf(stage);
  const arrow = arrowOf(event);
  const slot = { a: "A", b: "B", "+": ADD, Enter: memory.slot, " ": memory.slot }[event.key];
  if (slot && !meta.alone) stage.send("picked", { slot, layer: at.layer, head: at.head });
  else if (arrow) {
    const spot = stepped(spotOf(meta, at.layer, at.head), arrow, meta.layers, meta.heads);
    const [layer, head] = headAt(meta, ...spot);
    memory.cursor = { ...at, layer, head };
    hover(stage, memory.cursor);
  } else return;
  event.preventDefault();
}
