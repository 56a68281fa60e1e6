// The preview of a tile that is pointed at: the head's lines and its tile, large, beside it.
//
// Both are drawn from the tile's bytes, which are rounded weights (see overview.js), and say so:
// the head's own numbers come when it is chosen.

const LENS = 180; // px of the enlarged tile's longer side, and of the lines
const FALL = 84; // px between the queries and the keys
const NARROW = 500; // px of all tiles, below which the lines stand alone
const FAINTEST = 1 / LEVELS; // what a screen can show

function preview() {
  const lines = html("canvas", { class: "threads" });
  const tile = html("canvas", { class: "enlarged" });
  const words = html("p", { class: "note" });
  const box = html("div", { class: "lens", "aria-hidden": "true" }, lines, words, tile);
  return Object.assign(box, { lines, tile, words });
}

// The weight in the middle of those that a level stands for.
function weightOf(level, signed) {
  const share = signed ? (level - HALF) / HALF : level / LEVELS;
  return Math.sign(share) * share ** 2;
}

// The lines of a head's tile, those of one level as one path; returns how many are too faint.
function previewLines(stage, { layer, head }) {
  const { lens, meta, arrays, scale } = stage;
  const [rows, columns] = [cellsOf(meta.rows), cellsOf(meta.columns)];
  const start = startOf(stage, layer, head);
  const paths = new Map();
  let faint = 0;
  for (let cell = 0; cell < rows * columns; cell++) {
    const level = arrays.tiles[start + cell];
    if (level === paperOf(meta.signed)) continue;
    if (Math.abs(weightOf(level, meta.signed)) < FAINTEST) faint++;
    else if (paths.has(level)) paths.get(level).push(cell);
    else paths.set(level, [cell]);
  }
  Object.assign(lens.lines, { width: LENS * scale, height: FALL * scale });
  const context = lens.lines.getContext("2d");
  context.scale(scale, scale);
  const x = (at, count) => ((at + 0.5) * LENS) / count;
  for (const [level, cells] of [...paths].sort(([one], [other]) => one - other)) {
    const weight = weightOf(level, meta.signed);
    context.globalAlpha = Math.abs(weight);
    context.lineWidth = LOOK.line.thinnest + LOOK.line.thicker * Math.abs(weight);
    context.strokeStyle = `rgb(${colourOf(rampOf(stage), weight < 0 ? 0 : rampOf(stage).length / 3 - 1)})`;
    context.beginPath();
    for (const cell of cells) {
      context.moveTo(x(Math.floor(cell / columns), rows), 0);
      context.lineTo(x(cell % columns, columns), FALL);
    }
    context.stroke();
  }
  return faint;
}

function showPreview(stage, { layer, head, row, column }) {
  const { lens, meta, dark, across, down, width } = stage;
  const name = [layer, head, dark].join();
  if (lens.dataset.of !== name) {
    lens.dataset.of = name;
    const faint = previewLines(stage, { layer, head });
    const which = meta.alone ? meta.title : tileName(meta, layer, head);
    lens.words.textContent = fill(meta.words.preview, { head: which, count: faint.toLocaleString("en") });
  }
  enlarge(stage, { layer, head, row, column });
  lens.tile.hidden = width < NARROW;
  const [x, y] = corner(stage, layer, head);
  const right = x + across + 8;
  lens.style.left = `${right + LENS + 2 < width ? right : Math.max(0, x - LENS - 10)}px`;
  lens.style.top = `${Math.max(0, y - LENS / 2 - FALL / 2 + down / 2)}px`;
}

// The tile, large, with the cell that is read.
function enlarge(stage, { layer, head, row, column }) {
  const { lens: { tile }, meta, dark } = stage;
  const [rows, columns] = [cellsOf(meta.rows), cellsOf(meta.columns)];
  const cell = LENS / Math.max(rows, columns);
  const [wide, high] = [Math.round(cell * columns), Math.round(cell * rows)];
  if (tile.width !== wide || tile.height !== high) Object.assign(tile, { width: wide, height: high });
  const context = tile.getContext("2d");
  context.putImageData(tileImage(stage, layer, head, wide, high), 0, 0);
  hatchTile(stage, context, layer, head, [0, 0, wide, high]);
  context.strokeStyle = meta.colours[dark ? "dark" : "light"][1];
  context.lineWidth = 1.5;
  context.strokeRect(column * cell, row * cell, Math.max(cell, 3), Math.max(cell, 3));
}
