// The overview: every head as a tile of bytes, from a packet of attnviz/pictures/overview.py.
//
// A byte v stands for the weight (v / 255)², known to within half a step: what is read out is
// the interval that holds the weight, rounded outward. Where a tile has fewer pixels than cells,
// a pixel shows the strongest of its cells.

const LEFT = 26; // px for the layers' names
const TOP = 20; // px for the heads' names
const SPACE = 3; // px between tiles
const LENS = 168; // px of the enlarged tile
const HALF_STEP = 0.5001; // of a level, with the rounding of float32
const DECIMALS = 4;

function drawOverview(stage) {
  const { root, meta, memory } = stage;
  memory.slot = memory.slot || "A";
  const canvas = html("canvas", {
    class: "map", tabindex: "0", role: "application", "aria-label": `${meta.alt} ${meta.words.canvas_help}`,
  });
  const readout = html("p", { class: "readout", "aria-live": "polite" }, meta.words.rest);
  const lens = html("canvas", { class: "lens", width: LENS, height: LENS, "aria-hidden": "true" });
  root.replaceChildren(
    html("p", { class: "title" }, html("strong", {}, meta.title)),
    html("p", { class: "note" }, meta.note),
    html("div", { class: "frame" }, canvas, lens),
    slots(stage),
    readout,
  );
  Object.assign(stage, { canvas, lens, readout });
  paint(stage);
  canvas.addEventListener("pointermove", (event) => hover(stage, cellAt(stage, event)));
  canvas.addEventListener("pointerleave", () => hover(stage, null));
  canvas.addEventListener("click", (event) => {
    const found = cellAt(stage, event);
    if (found) choose(stage, found, event.shiftKey);
  });
  canvas.addEventListener("keydown", (event) => walk(stage, event));
}

function slots(stage) {
  const { meta, memory, dark } = stage;
  const box = html("div", { class: "slots", role: "radiogroup", "aria-label": meta.words.click_sets });
  box.append(html("span", {}, meta.words.click_sets));
  const colours = meta.colours[dark ? "dark" : "light"];
  const buttons = ["A", "B"].map((slot, i) => {
    const marked = meta.marked[slot];
    const name = marked ? `${slot} = L${marked[0]}·H${marked[1]}` : slot;
    const button = html("button", { type: "button", role: "radio", "data-slot": slot }, name);
    button.style.setProperty("--slot", colours[i]);
    button.addEventListener("click", () => {
      memory.slot = slot;
      check();
    });
    return button;
  });
  const check = () => {
    for (const b of buttons) b.setAttribute("aria-checked", b.dataset.slot === memory.slot);
  };
  check();
  box.append(...buttons);
  return box;
}

function paint(stage) {
  const { canvas, meta, width, dark } = stage;
  const scale = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
  const tile = Math.max(8, Math.floor((width - LEFT) / meta.heads) - SPACE);
  const size = Math.min(tile, 96);
  Object.assign(stage, { size, scale });
  const [wide, high] = [LEFT + meta.heads * (size + SPACE), TOP + meta.layers * (size + SPACE)];
  canvas.width = wide * scale;
  canvas.height = high * scale;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  Object.assign(canvas.dataset, { left: LEFT, top: TOP, tile: size, step: size + SPACE });
  const context = canvas.getContext("2d");
  const pixels = Math.round(size * scale);
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = corner(stage, layer, head);
      context.putImageData(tileImage(stage, layer, head, pixels), x * scale, y * scale);
    }
  }
  context.scale(scale, scale);
  names(stage, context, dark);
  for (const [slot, i] of [["A", 0], ["B", 1]]) mark(stage, context, slot, i);
}

const corner = (stage, layer, head) => [
  LEFT + head * (stage.size + SPACE), TOP + layer * (stage.size + SPACE),
];

// A tile as pixels: each shows the strongest of the cells that it covers.
function tileImage(stage, layer, head, pixels) {
  const { meta, arrays, dark } = stage;
  const side = meta.edges.length - 1;
  const ramp = dark ? arrays.ramp_dark : arrays.ramp_light;
  const image = new ImageData(pixels, pixels);
  const start = (layer * meta.heads + head) * side * side;
  const from = (p) => Math.floor((p * side) / pixels);
  const to = (p) => Math.max(from(p) + 1, Math.ceil(((p + 1) * side) / pixels - 1e-9));
  const spans = Array.from({ length: pixels }, (_, p) =>
    pixels >= side ? [from(p), from(p) + 1] : [from(p), Math.min(side, to(p))]);
  for (let py = 0; py < pixels; py++) {
    for (let px = 0; px < pixels; px++) {
      let strongest = 0;
      for (let row = spans[py][0]; row < spans[py][1]; row++) {
        for (let column = spans[px][0]; column < spans[px][1]; column++) {
          strongest = Math.max(strongest, arrays.tiles[start + row * side + column]);
        }
      }
      const at = 4 * (py * pixels + px);
      image.data.set([ramp[3 * strongest], ramp[3 * strongest + 1], ramp[3 * strongest + 2], 255], at);
    }
  }
  return image;
}

function names(stage, context, dark) {
  const { meta, size } = stage;
  context.fillStyle = dark ? "#A3A39D" : "#5F6368";
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (let head = 0; head < meta.heads; head++) {
    context.fillText(`H${head}`, LEFT + head * (size + SPACE) + size / 2, TOP / 2);
  }
  context.textAlign = "left";
  for (let layer = 0; layer < meta.layers; layer++) {
    context.fillText(`L${layer}`, 2, TOP + layer * (size + SPACE) + size / 2);
  }
}

function mark(stage, context, slot, index) {
  const { meta, size, dark } = stage;
  if (!meta.marked[slot]) return;
  const [x, y] = corner(stage, ...meta.marked[slot]);
  const colour = meta.colours[dark ? "dark" : "light"][index];
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 2;
  context.strokeRect(x - 1, y - 1, size + 2, size + 2);
  context.fillRect(slot === "A" ? x - 1 : x + size - 11, y - 1, 12, 12);
  context.fillStyle = dark ? "#14171C" : "#FCFBF9";
  context.textAlign = "center";
  context.font = "bold 9px system-ui, sans-serif";
  context.fillText(slot, slot === "A" ? x + 5 : x + size - 5, y + 5.5);
}

// ---- reading and choosing

function cellAt(stage, event) {
  const { meta, size, canvas } = stage;
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left - LEFT;
  const y = event.clientY - box.top - TOP;
  const head = Math.floor(x / (size + SPACE));
  const layer = Math.floor(y / (size + SPACE));
  if (x < 0 || y < 0 || head >= meta.heads || layer >= meta.layers) return null;
  const side = meta.edges.length - 1;
  const cell = (offset) => Math.min(side - 1, Math.floor((Math.min(offset, size - 1) * side) / size));
  return {
    layer, head,
    row: cell(y - layer * (size + SPACE)),
    column: cell(x - head * (size + SPACE)),
  };
}

function hover(stage, found) {
  const { meta, lens, readout } = stage;
  lens.style.display = found ? "block" : "none";
  readout.textContent = found ? read(stage, found) : meta.words.rest;
  if (found) enlarge(stage, found);
}

function read(stage, { layer, head, row, column }) {
  const { meta, arrays } = stage;
  const side = meta.edges.length - 1;
  const at = ((layer * meta.heads + head) * side + row) * side + column;
  const span = (cell) => {
    const [first, last] = [meta.edges[cell], meta.edges[cell + 1] - 1];
    const name = (i) => `${meta.labels[i]} (${i})`;
    return first === last ? name(first) : `${name(first)} … ${name(last)}`;
  };
  const where = { head: `L${layer}·H${head}`, query: span(row), key: span(column) };
  if (arrays.hidden?.[at]) return fill(meta.words.hidden, where);
  const template = side === meta.tokens ? meta.words.read : meta.words.read_block;
  return fill(template, { ...where, ...bounds(arrays.tiles[at], meta.slack || 0) });
}

// Between which weights a level's weight is. `slack` is what the level itself was made from.
function bounds(level, slack) {
  const square = (v) => (Math.max(0, Math.min(255, v)) / 255) ** 2;
  const outward = (weight, round) =>
    (round(Math.max(0, Math.min(1, weight)) * 10 ** DECIMALS) / 10 ** DECIMALS).toFixed(DECIMALS);
  return {
    least: outward(square(level - HALF_STEP) - slack, Math.floor),
    most: outward(square(level + HALF_STEP) + slack, Math.ceil),
  };
}

// The tile under the pointer, large, with the cell that is read.
function enlarge(stage, { layer, head, row, column }) {
  const { lens, meta, dark, size, width } = stage;
  const side = meta.edges.length - 1;
  const context = lens.getContext("2d");
  context.putImageData(tileImage(stage, layer, head, LENS), 0, 0);
  context.strokeStyle = meta.colours[dark ? "dark" : "light"][1];
  context.lineWidth = 1.5;
  const cell = LENS / side;
  context.strokeRect(column * cell, row * cell, Math.max(cell, 3), Math.max(cell, 3));
  const [x, y] = corner(stage, layer, head);
  const right = x + size + 8;
  lens.style.left = `${right + LENS < width ? right : Math.max(0, x - LENS - 10)}px`;
  lens.style.top = `${Math.max(0, y - LENS / 2 + size / 2)}px`;
}

function choose(stage, { layer, head }, other) {
  const { memory } = stage;
  const slot = other ? (memory.slot === "A" ? "B" : "A") : memory.slot;
  stage.send("picked", { slot, layer, head });
}

function walk(stage, event) {
  const { meta, memory } = stage;
  const at = memory.cursor || { layer: 0, head: 0, row: 0, column: 0 };
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const slot = { a: "A", b: "B", Enter: memory.slot, " ": memory.slot }[event.key];
  if (slot) stage.send("picked", { slot, layer: at.layer, head: at.head });
  else if (steps[event.key]) {
    const [down, right] = steps[event.key];
    memory.cursor = {
      ...at,
      layer: Math.max(0, Math.min(meta.layers - 1, at.layer + down)),
      head: Math.max(0, Math.min(meta.heads - 1, at.head + right)),
    };
    hover(stage, memory.cursor);
  } else return;
  event.preventDefault();
}
