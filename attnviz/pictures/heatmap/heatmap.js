// The map of one head: a canvas of its values, from a packet of attnviz/pictures/heatmap, or of an
// explorer, which holds several.
//
// A cell is as dark as the square root of its value, in the steps of style.py; its number stands at
// the pointer and below while it is pointed at. Hidden cells (not a number) stay empty, and what is
// not allowed is hatched. A part of the cells fills the picture once it is dragged over: part.js.

const NUMBER_FONT = "10px system-ui, sans-serif"; // in a cell
const TICK = 3; // px, where not all are named
const LARGEST = 30; // px of a cell
const NAMES = 0.23; // of the width that names may take
const FEW = 300; // px up to which the legend has few inks
const NUMBERS_FROM = 26; // px of a cell in which its number is printed
const SIGN = 8; // px more where a number may have a minus

function drawHeatmap(stage) {
  const { root, meta, dark } = stage;
  const head = meta.head;
  stage.part = partOf(stage);
  const name = html("strong", {}, head.title);
  name.style.color = dark ? head.dark : head.light;
  const canvas = html("canvas", { class: "map", tabindex: "0", role: "img", "aria-label": `${head.title}. ${head.says}` });
  const readout = html("p", { class: "readout", "aria-live": "polite" }, meta.words.rest);
  root.replaceChildren(
    html("p", { class: "title" }, name),
    html("p", { class: "note about" }, [meta.words.direction, head.formula, meta.words.ink].filter(Boolean).join(" · ")),
    ...partWords(stage),
    html("div", { class: "scroll" }, canvas),
    legend(stage),
    html("p", { class: "says" }, head.says),
    html("p", { class: "note" }, running(head.map_notes)),
    readout,
  );
  if (meta.alt) {
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", meta.alt);
  }
  Object.assign(stage, { canvas, readout, at: null });
  stage.mark = (names) => markCells(stage, names);
  stage.select = (pins, at) => stage.mark([...new Set([...pins, ...at])]);
  paint(stage);
  stage.mark(stage.memory.marked ?? meta.pins ?? []);
  listenToPart(stage);
  canvas.addEventListener("pointermove", (event) => {
    read(stage, cellAt(stage, event));
    tip(stage, event);
  });
  canvas.addEventListener("pointerleave", () => {
    read(stage, null);
    tip(stage, null);
  });
  canvas.addEventListener("click", () => stage.at && stage.pin?.(`q${stage.at.row}`));
  canvas.addEventListener("keydown", (event) => walk(stage, event));
}

// A frame around the row or the column of each token, q3 or k0, as far as it is in sight.
function markCells({ root, label, cell, part, memory }, names) {
  memory.marked = names;
  const box = root.querySelector(".scroll");
  for (const old of box.querySelectorAll(".marked")) old.remove();
  const { rows, columns } = part;
  for (const name of names) {
    const isRow = name[0] === "q";
    const place = Number(name.slice(1)) - (isRow ? part.top : part.left);
    if (place < 0 || place >= (isRow ? rows : columns)) continue;
    const frame = html("div", { class: "marked", "data-mark": name });
    const [x, y, wide, high] = isRow ? [0, place, columns, 1] : [place, 0, 1, rows];
    const sides = { left: label + x * cell, top: y * cell, width: wide * cell, height: high * cell };
    for (const [side, px] of Object.entries(sides)) frame.style[side] = `${px}px`;
    box.append(frame);
  }
}

function paint(stage) {
  const { canvas, meta, arrays, width, dark, part } = stage;
  const { rows, columns } = part;
  const context = canvas.getContext("2d");
  context.font = NAME_FONT;
  const label = Math.min(nameRoom([meta.rows, meta.columns], measured(context), false), Math.max(SIGN_STEP * 3, NAMES * width)) + 6;
  const cell = Math.max(1, Math.min(LARGEST + (meta.signed ? SIGN : 0), (width - label) / Math.max(columns, 1)));
  const scale = Math.max(1, Math.min(3, window.devicePixelRatio || 1));
  const [wide, high] = [label + cell * columns, label + cell * rows];
  Object.assign(stage, { cell, label });
  Object.assign(canvas.dataset, { left: label, cell });
  Object.assign(canvas, { width: wide * scale, height: high * scale });
  Object.assign(canvas.style, { width: `${wide}px`, height: `${high}px` });
  context.scale(scale, scale);
  context.imageSmoothingEnabled = false;
  context.drawImage(cells(stage), part.left, part.top, columns, rows, label, 0, cell * columns, cell * rows);
  if (arrays.denied) {
    const runs = deniedRuns(inPart(stage, arrays.denied), 0, rows, columns);
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
function betweenTexts({ meta, label, cell, dark, part }, context) {
  const [wide, high] = [cell * part.columns, cell * part.rows];
  const [row, column] = [meta.rows.second - part.top, meta.columns.second - part.left];
  context.fillStyle = inksOf(dark).faint;
  if (row > 0 && row < part.rows) context.fillRect(0, row * cell - 0.5, label + wide, 1);
  if (column > 0 && column < part.columns) context.fillRect(label + column * cell - 0.5, 0, 1, high + label);
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
  const { meta, label, cell, dark, part } = stage;
  const every = Math.max(1, Math.ceil(NAME / cell - 0.05)); // where there is no room, one in so many
  const inks = inksOf(dark);
  const tick = every > 1 ? TICK : 0;
  context.font = NAME_FONT;
  const first = Math.min(part.rows - 1, Math.max(0, Math.ceil(NAME / 2 / cell - 0.55))); // that is not cut off above
  for (let i = first; i < part.rows; i += every) {
    context.fillStyle = inks.faint;
    if (tick) context.fillRect(label - tick, (i + 0.5) * cell - 0.5, tick, 1);
    paintName(context, nameAt(meta.rows, part.top + i), [label - 4, (i + 0.5) * cell], "left", inks, label - 6);
  }
  for (let i = 0; i < part.columns; i += every) {
    context.fillStyle = inks.faint;
    if (tick) context.fillRect(label + (i + 0.5) * cell - 0.5, cell * part.rows, 1, tick);
    paintName(context, nameAt(meta.columns, part.left + i), [label + (i + 0.5) * cell, cell * part.rows + 4], "below", inks, label - 6);
  }
  return every;
}

function numbers(stage, context) {
  const { arrays, meta, label, cell, part } = stage;
  const ramp = rampOf(stage);
  context.font = NUMBER_FONT;
  context.textBaseline = "middle";
  context.textAlign = "center";
  inPart(stage, arrays.weights).forEach((weight, i) => {
    if (Number.isNaN(weight)) return;
    context.fillStyle = inkOn(colourOf(ramp, levelOf(weight, meta.signed)));
    context.fillText(digitsOf(weight, 2), label + (i % part.columns + 0.5) * cell, (Math.floor(i / part.columns) + 0.5) * cell);
  });
}

function legend(stage) {
  const { arrays, dark, meta } = stage;
  const ramp = rampOf(stage);
  const box = html("p", { class: "note legend" }, `${meta.words.weight} `);
  const inks = stage.width < FEW ? LOOK.few_ticks : LOOK.ticks;
  for (const weight of inks[meta.signed ? "signed" : "share"]) {
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

function cellAt({ canvas, label, cell, part }, event) {
  const { x, y } = pointerIn(canvas, event);
  const [row, column] = [Math.floor(y / cell), Math.floor((x - label) / cell)];
  const isIn = row >= 0 && column >= 0 && row < part.rows && column < part.columns;
  return isIn ? { row: part.top + row, column: part.left + column } : null;
}

function read(stage, at) {
  const { meta, readout } = stage;
  stage.at = at;
  stage.lit?.(at);
  stage.pointed?.(at ? [`q${at.row}`, `k${at.column}`] : []);
  readout.textContent = at ? wordsAt(stage, at) : meta.words.rest;
}

// Query, key and number of a cell.
function wordsAt({ meta, arrays }, at) {
  const cell = at.row * meta.columns.labels.length + at.column;
  const weight = arrays.weights[cell];
  const { not_allowed, hidden, read } = meta.words;
  const template = arrays.denied?.[cell] ? not_allowed : Number.isNaN(weight) ? hidden : read;
  return fill(template, { query: meta.rows.names[at.row], key: meta.columns.names[at.column], weight: digitsOf(weight, 4) });
}

// What is read out, beside the pointer; towards the middle, so that it never leaves the picture.
function tip(stage, event) {
  const { root, canvas, at } = stage;
  root.querySelector(".tip")?.remove();
  if (!event || !at) return;
  const { x, y, wide, high } = pointerIn(canvas, event);
  const [isRight, isLow] = [x > wide / 2, y > high / 2];
  const beside = html("div", { class: "tip", "aria-hidden": "true" }, wordsAt(stage, at));
  Object.assign(beside.style, {
    [isRight ? "right" : "left"]: `${(isRight ? canvas.parentElement.clientWidth - x : x) + 12}px`,
    top: `${y}px`, transform: `translateY(${isLow ? "calc(-100% - 8px)" : "12px"})`,
  });
  canvas.after(beside);
}

function walk(stage, event) {
  const arrow = arrowOf(event);
  if (!arrow && event.key !== "Enter") return;
  if (event.key === "Enter" && stage.at) stage.pin?.(`q${stage.at.row}`);
  if (arrow) read(stage, neighbour(stage, arrow));
  event.preventDefault();
}

function neighbour({ part, at }, arrow) {
  const { row, column } = at ?? { row: part.top, column: part.left };
  const [y, x] = stepped([row - part.top, column - part.left], arrow, part.rows, part.columns);
  return { row: part.top + y, column: part.left + x };
}
