// Drawings: a tree of attnviz/figures/drawing.py as elements and text nodes.
//
// A canvas with an array is painted cell by cell from its numbers, in the steps of
// attnviz/figures/style.py, and says the number under the pointer.

const TALLEST = 320; // px of a map, where the page says nothing else
const HALF = 127; // steps of ink on each side of zero

function grown(tree, space) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, attributes, ...children] = tree;
  const inside = tag === "svg" ? SVG : space;
  return node(inside, tag, attributes, ...children.map((child) => grown(child, inside)));
}

function drawDrawing(stage) {
  const { root, meta } = stage;
  const open = new Set([...root.querySelectorAll("details[open]")].map((d) => d.dataset.name));
  root.replaceChildren(grown(meta.tree, null));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  for (const box of root.querySelectorAll("details")) {
    if (open.has(box.dataset.name)) box.open = true;
  }
  for (const canvas of root.querySelectorAll("canvas[data-array]")) paint(stage, canvas);
}

const signedLevel = (value, largest) =>
  HALF + Math.sign(value) * Math.round(HALF * Math.sqrt(Math.min(1, Math.abs(value) / (largest || 1))));

function paint(stage, canvas) {
  const { arrays, meta } = stage;
  const rows = canvas.dataset.rows.split("\n");
  const values = arrays[canvas.dataset.array];
  const ramp = arrays[canvas.dataset.ramp];
  const columns = values.length / rows.length;
  const largest = Number(canvas.dataset.largest);
  Object.assign(canvas, { width: columns, height: rows.length });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows.length);
  for (let i = 0; i < values.length; i++) {
    const level = 3 * signedLevel(values[i], largest);
    image.data.set([ramp[level], ramp[level + 1], ramp[level + 2], 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  const cell = columns > 200 ? 2 : columns > 40 ? 4 : columns > 16 ? 6 : 18;
  canvas.style.width = `${columns * cell}px`;
  const tallest = property(stage.root, "--attnviz-map") || TALLEST;
  const row = Math.min(columns > 16 ? 14 : 18, Math.max(5, tallest / rows.length));
  canvas.style.height = `${Math.min(tallest, rows.length * row)}px`;
  const box = html("div", { class: "mapbox" });
  canvas.replaceWith(rowNames(canvas, rows, box));
  box.append(canvas, html("p", { class: "under", "aria-live": "polite" }, "\u00a0"));
  const marked = canvas.dataset.marked;
  if (marked !== undefined) box.prepend(markOf(Number(marked), rows, canvas));
  readUnder(canvas, box.lastChild, rows, columns, values, (...said) => stage.send(...said));
}

// Tokens beside their rows, where there is room to read them and several maps do not share one.
function rowNames(canvas, rows, box) {
  const height = parseFloat(canvas.style.height);
  const numbered = rows.every((row, i) => row === String(i));
  if (numbered || height / rows.length < 9 || canvas.closest(".strip, .wall")) return box;
  const marked = Number(canvas.dataset.marked ?? -1);
  const names = html("div", { class: "rownames", "aria-hidden": "true" });
  names.style.height = `${height}px`;
  names.append(...rows.map((row, i) => html("span", i === marked ? { class: "chosen" } : {}, row)));
  return html("div", { class: "named" }, names, box);
}

// The row that the reader follows: a frame over the canvas, which stays as it was painted.
function markOf(row, rows, canvas) {
  const frame = html("span", { class: "mark", title: rows[row] });
  const height = parseFloat(canvas.style.height) / rows.length;
  Object.assign(frame.style, { top: `${row * height}px`, height: `${height}px`, width: canvas.style.width });
  return frame;
}

function readUnder(canvas, line, rows, columns, values, send) {
  const names = canvas.dataset.columns?.split("\n");
  let at = [0, 0];
  const say = () => {
    const [row, column] = at;
    const name = names ? names[column] : String(column);
    line.textContent = `${rows[row]} · ${name}: ${values[row * columns + column]}`;
  };
  const within = (value, size) => Math.max(0, Math.min(size - 1, value));
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    at = [
      within(Math.floor(((event.clientY - box.top) / box.height) * rows.length), rows.length),
      within(Math.floor(((event.clientX - box.left) / box.width) * columns), columns),
    ];
    say();
  });
  const { paints } = canvas.dataset;
  const paintCell = () => paints && send("painted", { control: paints, row: at[0], column: at[1] });
  canvas.addEventListener("click", paintCell);
  canvas.addEventListener("pointerleave", () => { line.textContent = "\u00a0"; });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return paintCell();
    }
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return;
    at = [within(at[0] + step[0], rows.length), within(at[1] + step[1], columns)];
    say();
    event.preventDefault();
    event.stopPropagation(); // the arrows of the page turn chapters
  });
}
