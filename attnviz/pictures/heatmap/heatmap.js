// The map of one head: a canvas of its values, from a packet of attnviz/pictures/explorer.
//
// A cell is as dark as the square root of its value, in 255 steps, or in 127 steps each way where
// values have a sign; its number stands below while it is pointed at. Hidden cells (not a number)
// stay empty, and what is not allowed is hatched.

const FONT = "10px system-ui, sans-serif";
const LONGEST = 84; // px of a label
const LARGEST = 30; // px of a cell
const NUMBERS_FROM = 26; // px of a cell in which its number is printed
const SIGN = 8; // px more where a number may have a minus
const TICKS = [0.01, 0.1, 0.25, 0.5, 1];
const SIGNED_TICKS = [-1, -0.5, -0.25, -0.1, 0.1, 0.25, 0.5, 1];

function drawHeatmap(stage) {
  const { root, meta, dark } = stage;
  const head = meta.head;
  const name = html("strong", {}, head.title);
  name.style.color = dark ? head.dark : head.light;
  const canvas = html("canvas", { class: "map", tabindex: "0", role: "img", "aria-label": `${head.title}. ${head.says}` });
  const readout = html("p", { class: "readout", "aria-live": "polite" }, meta.words.rest);
  root.replaceChildren(
    html("p", { class: "title" }, name),
    html("p", { class: "note about" }, [meta.words.direction, head.formula, meta.words.ink].filter(Boolean).join(" · ")),
    html("div", { class: "scroll" }, canvas),
    legend(stage),
    html("p", { class: "says" }, head.says),
    html("p", { class: "note" }, head.map_notes.join(" ")),
    readout,
  );
  Object.assign(stage, { canvas, readout, at: null });
  paint(stage);
  canvas.addEventListener("pointermove", (event) => read(stage, cellAt(stage, event)));
  canvas.addEventListener("pointerleave", () => read(stage, null));
  canvas.addEventListener("keydown", (event) => walk(stage, event));
}

function paint(stage) {
  const { canvas, meta, arrays, width, dark } = stage;
  const [rows, columns] = [meta.rows.labels, meta.columns.labels];
  const context = canvas.getContext("2d");
  context.font = FONT;
  const longest = Math.max(...[...rows, ...columns].map((text) => context.measureText(text).width));
  const label = Math.min(LONGEST, Math.ceil(longest)) + 6;
  const cell = Math.max(1, Math.min(LARGEST + (meta.signed ? SIGN : 0), (width - label) / Math.max(columns.length, 1)));
  const scale = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
  const [wide, high] = [label + cell * columns.length, label + cell * rows.length];
  Object.assign(stage, { cell, label });
  Object.assign(canvas.dataset, { left: label, cell });
  Object.assign(canvas, { width: wide * scale, height: high * scale });
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  context.scale(scale, scale);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells(stage), label, 0, cell * columns.length, cell * rows.length);
  if (arrays.denied) {
    const runs = deniedRuns(arrays.denied, 0, rows.length, columns.length);
    hatch(context, runs.map(([x, y, w, h]) => [label + x * cell, y * cell, w * cell, h * cell]), dark);
  }
  const every = names(stage, context);
  if (every > 1) stage.root.querySelector(".about").append(` · ${fill(meta.words.some_named, { step: every })}`);
  if (cell < NUMBERS_FROM + (meta.signed ? SIGN : 0)) return;
  numbers(stage, context);
  stage.root.querySelector(".about").append(` · ${meta.words.rounded}`);
}

// One pixel a cell; a cell on the page is never smaller than one.
function cells({ arrays, meta, dark }) {
  const [width, height] = [meta.columns.labels.length, meta.rows.labels.length];
  const ramp = dark ? arrays.ramp_dark : arrays.ramp_light;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const image = new ImageData(width, height);
  arrays.weights.forEach((weight, i) => {
    if (Number.isNaN(weight)) return;
    const level = 3 * levelOf(weight, meta.signed);
    image.data.set([ramp[level], ramp[level + 1], ramp[level + 2], 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function names(stage, context) {
  const { meta, label, cell, dark } = stage;
  const [rows, columns] = [meta.rows.labels, meta.columns.labels];
  const every = Math.max(1, Math.ceil(10 / cell - 0.05)); // where there is no room, one in so many
  context.font = FONT;
  context.fillStyle = dark ? "#E6E3DC" : "#22262B";
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (let i = 0; i < rows.length; i += every) {
    context.fillText(cut(context, rows[i]), label - 4, Math.max(5, (i + 0.5) * cell));
  }
  for (let i = 0; i < columns.length; i += every) {
    context.save();
    context.translate(label + (i + 0.5) * cell, cell * rows.length + 4);
    context.rotate(-Math.PI / 2);
    context.fillText(cut(context, columns[i]), 0, 0);
    context.restore();
  }
  return every;
}

function cut(context, text) {
  if (context.measureText(text).width <= LONGEST) return text;
  const kept = Array.from(text);
  while (kept.length > 1 && context.measureText(kept.join("") + "…").width > LONGEST) kept.pop();
  return kept.join("") + "…";
}

function numbers(stage, context) {
  const { arrays, meta, label, cell, dark } = stage;
  const count = meta.columns.labels.length;
  const ramp = dark ? arrays.ramp_dark : arrays.ramp_light;
  context.textAlign = "center";
  arrays.weights.forEach((weight, i) => {
    if (Number.isNaN(weight)) return;
    const level = 3 * levelOf(weight, meta.signed);
    context.fillStyle = inkOn([ramp[level], ramp[level + 1], ramp[level + 2]]);
    context.fillText(digitsOf(weight, 2), label + (i % count + 0.5) * cell, (Math.floor(i / count) + 0.5) * cell);
  });
}

// Black or white, whichever can be read: one of them always has a contrast of 4.5 and more.
function inkOn(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

function legend({ arrays, dark, meta }) {
  const ramp = dark ? arrays.ramp_dark : arrays.ramp_light;
  const box = html("p", { class: "note legend" }, `${meta.words.weight} `);
  for (const weight of meta.signed ? SIGNED_TICKS : TICKS) {
    const level = 3 * levelOf(weight, meta.signed);
    const swatch = html("span", { class: "ink" });
    swatch.style.background = `rgb(${ramp[level]},${ramp[level + 1]},${ramp[level + 2]})`;
    const sign = weight < 0 ? "−" : meta.signed ? "+" : "";
    box.append(swatch, `${sign}${Math.abs(weight)} `);
  }
  if (!arrays.denied) return box;
  const denied = html("canvas", { class: "ink", width: 24, height: 13 });
  hatch(denied.getContext("2d"), [[0, 0, 24, 13]], dark);
  box.append(denied, meta.words.hatched);
  return box;
}

function cellAt(stage, event) {
  const box = stage.canvas.getBoundingClientRect();
  const column = Math.floor((event.clientX - box.left - stage.label) / stage.cell);
  const row = Math.floor((event.clientY - box.top) / stage.cell);
  const { rows, columns } = stage.meta;
  return row >= 0 && column >= 0 && row < rows.labels.length && column < columns.labels.length ? { row, column } : null;
}

function read(stage, at) {
  const { meta, arrays, readout } = stage;
  stage.at = at;
  if (!at) return void (readout.textContent = meta.words.rest);
  const cell = at.row * meta.columns.labels.length + at.column;
  const weight = arrays.weights[cell];
  const { not_allowed, hidden, read } = meta.words;
  const template = arrays.denied?.[cell] ? not_allowed : Number.isNaN(weight) ? hidden : read;
  readout.textContent = fill(template, {
    query: meta.rows.names[at.row], key: meta.columns.names[at.column], weight: digitsOf(weight, 4),
  });
}

function walk(stage, event) {
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!step) return;
  const { rows, columns } = stage.meta;
  const { row, column } = stage.at || { row: 0, column: 0 };
  const within = (place, { labels }) => Math.max(0, Math.min(labels.length - 1, place));
  read(stage, { row: within(row + step[0], rows), column: within(column + step[1], columns) });
  event.preventDefault();
}
