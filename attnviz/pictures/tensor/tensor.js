// Matrices of a drawing (attnviz/pictures/tensor): a canvas with an array is painted cell by cell
// from its numbers, in the steps of attnviz/pictures/style.py, and says the number under the pointer.

const TALLEST = 320; // px of a map, where the page says nothing else
const LEAST = 6; // px of a cell of attention
const WIDEST_TILE = 170; // px, where all tiles are to fit on a screen
const NAMES = 80; // px for the names beside a map
const LINE = 10; // px from one name to the next, where letters are of their usual size
const LONGEST = 20; // characters of a name

const signedLevel = (value, largest) =>
  Number.isFinite(value) ? levelOf(value / (largest || 1), true) : HALF;

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
  const put = painter(image, ramp);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) put(i, signedLevel(values[i], largest));
  } // what is not allowed stays clear: the hatch of the canvas is seen
  context.putImageData(image, 0, 0);
  const { wide, high } = sizeOf(stage, canvas, rows.length, columns);
  canvas.style.width = `${columns * wide}px`;
  canvas.style.height = `${rows.length * high}px`;
  canvas.style.minWidth = `${columns}px`; // a cell is never less than a pixel: what is wider scrolls
  const box = html("div", { class: "mapbox" });
  canvas.replaceWith(box);
  const under = html("p", { class: "under", "aria-live": "polite" }, "\u00a0");
  box.append(canvas, under);
  box.style.width = canvas.style.width; // not that of the names below it
  const marked = canvas.dataset.marked;
  if (marked !== undefined) box.prepend(markOf(Number(marked), rows, canvas));
  nameCells(canvas, box, rows, high, wide);
  readUnder(canvas, under, rows, columns, values, stage);
  if (canvas.closest(FAN)) followWords(canvas, box);
}

const FAN = ".fan"; // square maps of words, large and named
const [LEAST_OF_FAN, MOST_OF_FAN, NAMES_OF_FAN] = [240, 330, 96]; // px of one of them, and of its names
const SHARE_OF_SCREEN = 0.4; // where all are to fit on one screen: of it, all maps together
const TILES = ".wall"; // many maps beside each other, as wide as there is room

// How large a cell is drawn. Attention, which is square, is at least LEAST px where that fits.
function sizeOf(stage, canvas, rows, columns) {
  const tallest = property(stage.root, "--attnviz-map") || TALLEST;
  const square = canvas.dataset.columns !== undefined && canvas.dataset.columns === canvas.dataset.rows;
  const figure = canvas.closest("figure");
  const fan = canvas.closest(FAN);
  if (square && fan) {
    if (stage.root.classList.contains("fit")) return sharedScreen(stage, canvas, fan, columns);
    fan.style.setProperty("--map", `${LEAST * columns + NAMES_OF_FAN}px`);
    const most = Math.max(MOST_OF_FAN, LEAST * columns);
    const side = Math.max(LEAST_OF_FAN, Math.min(most, figure.clientWidth - NAMES_OF_FAN)) / columns;
    return { wide: side, high: side };
  }
  const tiles = canvas.closest(TILES);
  const room = figure.parentElement.clientWidth - (tiles ? 0 : NAMES);
  if (!square) {
    const least = columns > 200 ? 2 : columns > 40 ? 4 : 6;
    const isNamed = canvas.dataset.columns !== undefined || columns <= 16;
    const wide = isNamed ? Math.max(least, Math.min(18, room / columns)) : least;
    return { wide, high: Math.min(columns > 16 ? 14 : 18, Math.max(5, tallest / rows), tallest / rows) };
  }
  const least = LEAST / (canvas.currentCSSZoom ?? 1);
  if (tiles) tiles.style.setProperty("--tile", `${Math.min(least * columns, shareOf(stage.root) ? WIDEST_TILE : Infinity)}px`);
  const side = Math.min(18, room / columns, Math.max(least, tallest / rows));
  return { wide: side, high: side };
}

// A cell where all maps of a fan are on one screen, without names.
function sharedScreen(stage, canvas, fan, columns) {
  const zoom = canvas.currentCSSZoom ?? 1;
  const room = heightOf(stage.root) * stage.root.clientWidth * zoom; // px² of the screen
  const side = Math.sqrt((SHARE_OF_SCREEN * room) / fan.childElementCount) / zoom;
  fan.style.setProperty("--map", `${side}px`);
  return { wide: side / columns, high: side / columns };
}

// Names of rows and columns: all, or as many as there is room for, and then it is said how many.
function nameCells(canvas, box, rows, high, wide) {
  if (canvas.closest(`${TILES}, .fit ${FAN}`)) return; // the drawing says so once for all
  const columns = canvas.dataset.columns?.split("\n");
  const isNamed = (names) => names && !names.every((name, i) => name === String(i));
  const sides = [isNamed(rows) && high, isNamed(columns) && wide].filter(Boolean);
  if (!sides.length) return;
  const line = canvas.closest(".fit") ? property(canvas.closest(".fit"), "font-size") : LINE;
  const every = Math.ceil(Math.max(...sides.map((size) => line / size)) - 0.05);
  const marked = Number(canvas.dataset.marked ?? -1);
  const frame = html("div", { class: "named" });
  box.replaceWith(frame);
  const height = `${parseFloat(canvas.style.height)}px`;
  if (isNamed(rows)) {
    const beside = namesOf(rows, every, "rownames", "gridTemplateRows", marked);
    beside.style.height = height;
    frame.append(beside);
  }
  frame.append(box);
  if (isNamed(columns)) canvas.after(namesOf(columns, every, "columnnames", "gridTemplateColumns"));
  if (every > 1) frame.after(html("p", { class: "some" }, fill(canvas.dataset.some, { step: every })));
}

function namesOf(names, every, kind, template, marked = -1) {
  const box = html("div", { class: kind, "aria-hidden": "true" });
  box.style[template] = `repeat(${names.length}, minmax(0, 1fr))`;
  names.forEach((name, i) => {
    if (i % every && i !== marked) return;
    if (marked >= 0 && i !== marked && Math.abs(i - marked) < every && every > 1) return; // no room beside it
    const text = cutTo(LONGEST, (letters) => Array.from(letters).length, name);
    const label = html("span", { title: name, "data-at": i, ...(i === marked ? { class: "chosen" } : {}) }, text);
    label.style[kind === "rownames" ? "gridRow" : "gridColumn"] = i + 1;
    box.append(label);
  });
  return box;
}

// The row that the reader follows: a frame over the canvas, which stays as it was painted.
function markOf(row, rows, canvas) {
  const frame = html("span", { class: "mark", title: rows[row] });
  const height = parseFloat(canvas.style.height) / rows.length;
  Object.assign(frame.style, { top: `${row * height}px`, height: `${height}px`, width: canvas.style.width });
  return frame;
}

function readUnder(canvas, line, rows, columns, values, stage) {
  const names = canvas.dataset.columns?.split("\n");
  const cells = (stage.memory.cells ??= {}); // where the keyboard is in each map
  const stood = cells[canvas.dataset.array] ?? [0, 0];
  let at = [within(stood[0], rows.length), within(stood[1], columns)];
  const say = () => {
    const [row, column] = (cells[canvas.dataset.array] = at);
    const name = names ? names[column] : String(column);
    const value = values[row * columns + column];
    const said = Number.isNaN(value) ? canvas.dataset.denied : String(value).replace("-Infinity", "−∞");
    line.textContent = `${rows[row]} · ${name}: ${said}`;
  };
  canvas.addEventListener("pointermove", (event) => {
    const { x, y, wide, high } = pointerIn(canvas, event);
    at = [
      within(Math.floor((y / high) * rows.length), rows.length),
      within(Math.floor((x / wide) * columns), columns),
    ];
    say();
  });
  const { paints } = canvas.dataset;
  const paintCell = () => paints && stage.send("painted", { control: paints, row: at[0], column: at[1] });
  canvas.addEventListener("click", paintCell);
  canvas.addEventListener("pointerleave", () => { line.textContent = "\u00a0"; });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return paintCell();
    }
    const arrow = arrowOf(event);
    if (!arrow) return;
    at = stepped(at, arrow, rows.length, columns);
    say();
    event.preventDefault();
    event.stopPropagation(); // the arrows of the page turn chapters
  });
}
