// The map of one head: a canvas of its values, from a packet of attnviz/pictures/explorer.
//
// A cell is as dark as the square root of its value, in the steps of style.py; its number stands below while it is pointed at. Hidden cells (not a number)
// stay empty, and what is not allowed is hatched.

const NUMBER_FONT = "10px system-ui, sans-serif"; // in a cell
const TICK = 3; // px, where not all are named
const LARGEST = 30; // px of a cell
const NUMBERS_FROM = 26; // px of a cell in which its number is printed
const SIGN = 8; // px more where a number may have a minus

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
  stage.mark = (names) => markCells(stage, names);
  stage.select = (pins, at) => stage.mark([...new Set([...pins, ...at])]);
  paint(stage);
  stage.mark(stage.memory.marked ?? []);
  canvas.addEventListener("pointermove", (event) => read(stage, cellAt(stage, event)));
  canvas.addEventListener("pointerleave", () => read(stage, null));
  canvas.addEventListener("click", () => stage.at && stage.pin?.(`q${stage.at.row}`));
  canvas.addEventListener("keydown", (event) => walk(stage, event));
}

// A frame around the row or the column of each token, q3 or k0.
function markCells({ root, label, cell, meta, memory }, names) {
  memory.marked = names;
  const box = root.querySelector(".scroll");
  for (const old of box.querySelectorAll(".marked")) old.remove();
  const [rows, columns] = [meta.rows.labels.length, meta.columns.labels.length];
  for (const name of names) {
    const [isRow, place] = [name[0] === "q", Number(name.slice(1))];
    if (place >= (isRow ? rows : columns)) continue;
    const frame = html("div", { class: "marked", "data-mark": name });
    const [x, y, wide, high] = isRow ? [0, place, columns, 1] : [place, 0, 1, rows];
    const sides = { left: label + x * cell, top: y * cell, width: wide * cell, height: high * cell };
    for (const [side, px] of Object.entries(sides)) frame.style[side] = `${px}px`;
    box.append(frame);
  }
}

function paint(stage) {
  const { canvas, meta, arrays, width, dark } = stage;
  const [rows, columns] = [meta.rows.labels, meta.columns.labels];
  const context = canvas.getContext("2d");
  context.font = NAME_FONT;
  const label = nameRoom([meta.rows, meta.columns], measured(context), false) + 6;
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
  betweenTexts(stage, context);
  const every = names(stage, context);
  if (every > 1) stage.root.querySelector(".about").append(` · ${fill(meta.words.some_named, { step: every })}`);
  if (cell < NUMBERS_FROM + (meta.signed ? SIGN : 0)) return;
  numbers(stage, context);
  stage.root.querySelector(".about").append(` · ${meta.words.rounded}`);
}

// Of a pair of texts: thin lines where the second one begins, past the names.
function betweenTexts({ meta, label, cell, dark }, context) {
  const { rows, columns } = meta;
  const [wide, high] = [cell * columns.labels.length, cell * rows.labels.length];
  context.fillStyle = inksOf(dark).faint;
  if (rows.second !== undefined) context.fillRect(0, rows.second * cell - 0.5, label + wide, 1);
  if (columns.second !== undefined) context.fillRect(label + columns.second * cell - 0.5, 0, 1, high + label);
}

// One pixel a cell; a cell on the page is never smaller than one.
function cells(stage) {
  const { arrays, meta } = stage;
  const [width, height] = [meta.columns.labels.length, meta.rows.labels.length];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const image = new ImageData(width, height);
  const put = painter(image, rampOf(stage));
  arrays.weights.forEach((weight, i) => {
    if (Number.isNaN(weight)) return;
    put(i, levelOf(weight, meta.signed));
  });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function names(stage, context) {
  const { meta, label, cell, dark } = stage;
  const [rows, columns] = [meta.rows.labels.length, meta.columns.labels.length];
  const every = Math.max(1, Math.ceil(NAME / cell - 0.05)); // where there is no room, one in so many
  const inks = inksOf(dark);
  const tick = every > 1 ? TICK : 0;
  context.font = NAME_FONT;
  context.fillStyle = inks.faint;
  for (let i = 0; i < rows; i += every) {
    if (tick) context.fillRect(label - tick, (i + 0.5) * cell - 0.5, tick, 1);
    paintName(context, nameAt(meta.rows, i), [label - 4, Math.max(NAME / 2, (i + 0.5) * cell)], "left", inks);
  }
  for (let i = 0; i < columns; i += every) {
    context.fillStyle = inks.faint;
    if (tick) context.fillRect(label + (i + 0.5) * cell - 0.5, cell * rows, 1, tick);
    paintName(context, nameAt(meta.columns, i), [label + (i + 0.5) * cell, cell * rows + 4], "below", inks);
  }
  return every;
}

function numbers(stage, context) {
  const { arrays, meta, label, cell } = stage;
  const count = meta.columns.labels.length;
  const ramp = rampOf(stage);
  context.font = NUMBER_FONT;
  context.textBaseline = "middle";
  context.textAlign = "center";
  arrays.weights.forEach((weight, i) => {
    if (Number.isNaN(weight)) return;
    context.fillStyle = inkOn(colourOf(ramp, levelOf(weight, meta.signed)));
    context.fillText(digitsOf(weight, 2), label + (i % count + 0.5) * cell, (Math.floor(i / count) + 0.5) * cell);
  });
}

function legend(stage) {
  const { arrays, dark, meta } = stage;
  const ramp = rampOf(stage);
  const box = html("p", { class: "note legend" }, `${meta.words.weight} `);
  for (const weight of LOOK.ticks[meta.signed ? "signed" : "share"]) {
    const swatch = html("span", { class: "ink" });
    swatch.style.background = `rgb(${colourOf(ramp, levelOf(weight, meta.signed))})`;
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
  const { x, y } = pointerIn(stage.canvas, event);
  const column = Math.floor((x - stage.label) / stage.cell);
  const row = Math.floor(y / stage.cell);
  const { rows, columns } = stage.meta;
  return row >= 0 && column >= 0 && row < rows.labels.length && column < columns.labels.length ? { row, column } : null;
}

function read(stage, at) {
  const { meta, arrays, readout } = stage;
  stage.at = at;
  stage.lit?.(at);
  stage.pointed?.(at ? [`q${at.row}`, `k${at.column}`] : []);
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
  const arrow = arrowOf(event);
  if (!arrow) return;
  const { rows, columns } = stage.meta;
  const at = stage.at || { row: 0, column: 0 };
  const [row, column] = stepped([at.row, at.column], arrow, rows.labels.length, columns.labels.length);
  read(stage, { row, column });
  event.preventDefault();
}
