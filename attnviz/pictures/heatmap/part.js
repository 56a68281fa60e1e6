// A part of the cells that fills the picture: what was dragged over, in all maps of the same tokens
// on the page at once. A double click, Escape or the button shows all again. A finger scrolls instead.

const SHOWS_PART = "attnviz-shows-part"; // { tokens, part }
const SMALLEST_DRAG = 5; // px from which it is a drag, and no click

const wholeOf = ({ meta }) => ({ top: 0, left: 0, rows: meta.rows.labels.length, columns: meta.columns.labels.length });
const tokensOf = ({ meta }) => [...meta.rows.names, "", ...meta.columns.names].join("\n");

// The part that is drawn; all of it once other tokens are shown.
function partOf(stage) {
  const { memory } = stage;
  const tokens = tokensOf(stage);
  if (memory.tokens !== tokens) Object.assign(memory, { tokens, part: null });
  return memory.part ?? wholeOf(stage);
}

// Values of the cells in the part, row by row.
function inPart({ meta, part }, values) {
  const count = meta.columns.labels.length;
  if (part.rows * part.columns === values.length) return values;
  const found = new values.constructor(part.rows * part.columns);
  for (let row = 0; row < part.rows; row++) {
    const start = (part.top + row) * count + part.left;
    found.set(values.subarray(start, start + part.columns), row * part.columns);
  }
  return found;
}

// How much is in sight, and a way back.
function partWords(stage) {
  const { meta, memory, part } = stage;
  if (!memory.part) return [];
  const { rows, columns } = wholeOf(stage);
  const words = fill(meta.words.part, { rows: part.rows, columns: part.columns, all_rows: rows, all_columns: columns });
  const button = html("button", { type: "button", class: "whole" }, meta.words.whole);
  button.addEventListener("click", () => showPart(stage, null));
  return [html("p", { class: "note" }, `${words} `, button)];
}

function showPart(stage, part) {
  document.dispatchEvent(new CustomEvent(SHOWS_PART, { detail: { tokens: tokensOf(stage), part } }));
}

function listenToPart(stage) {
  const { canvas, memory } = stage;
  memory.drag = null;
  canvas.addEventListener("pointerdown", (event) => {
    memory.isDragged = false;
    const from = event.pointerType !== "touch" && event.button === 0 && cellAt(stage, event);
    memory.drag = from ? { from, x: event.clientX, y: event.clientY } : null;
    if (from) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => framePart(stage, draggedTo(stage, event)));
  canvas.addEventListener("pointerup", (event) => {
    const part = draggedTo(stage, event);
    memory.drag = null;
    if (!part) return;
    memory.isDragged = true;
    showPart(stage, part);
  });
  canvas.addEventListener("pointercancel", () => {
    memory.drag = null;
    framePart(stage, null);
  });
  canvas.addEventListener("click", (event) => memory.isDragged && event.stopImmediatePropagation(), { capture: true });
  canvas.addEventListener("dblclick", () => memory.part && showPart(stage, null));
  canvas.addEventListener("keydown", (event) => event.key === "Escape" && memory.part && showPart(stage, null));
  if (memory.followsPart) return;
  memory.followsPart = true;
  /** @param {any} event */
  const follow = ({ detail: { tokens, part } }) => {
    if (tokens !== memory.tokens) return;
    memory.part = part;
    stage.redraw();
  };
  document.addEventListener(SHOWS_PART, follow, { signal: stage.left.signal });
}

// The cells between where a drag began and where it is; null as long as it may be a click.
function draggedTo({ memory, canvas, label, cell, part }, event) {
  if (!memory.drag) return null;
  const { from, x, y } = memory.drag;
  if (Math.max(Math.abs(event.clientX - x), Math.abs(event.clientY - y)) < SMALLEST_DRAG) return null;
  const at = pointerIn(canvas, event);
  const row = part.top + within(Math.floor(at.y / cell), part.rows);
  const column = part.left + within(Math.floor((at.x - label) / cell), part.columns);
  const [top, left] = [Math.min(from.row, row), Math.min(from.column, column)];
  return { top, left, rows: Math.abs(from.row - row) + 1, columns: Math.abs(from.column - column) + 1 };
}

// What is being dragged over, as a frame.
function framePart({ canvas, label, cell, part }, dragged) {
  canvas.parentElement.querySelector(".dragged")?.remove();
  if (!dragged) return;
  const frame = html("div", { class: "dragged", "aria-hidden": "true" });
  const sides = {
    left: label + (dragged.left - part.left) * cell, top: (dragged.top - part.top) * cell,
    width: dragged.columns * cell, height: dragged.rows * cell,
  };
  for (const [side, px] of Object.entries(sides)) frame.style[side] = `${px}px`;
  canvas.after(frame);
}
