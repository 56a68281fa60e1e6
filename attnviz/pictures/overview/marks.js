// Marks of tokens in the tiles of the overview.

const MARK = 0.8; // px of the mark of a token
const LEAST_FRAMED = 5; // px of a row or a column that is framed

// A thin mark on the row and the column of each token, q3 or k0, in every tile.
function markTiles(stage, names) {
  const { meta, across, down, memory } = stage;
  memory.marked = names;
  const { over, context } = layOver(stage, "marks");
  over.dataset.marks = names.join(" ");
  context.lineWidth = MARK;
  const spans = names.map((name) => [name[0] === "q", ...spanIn(name[0] === "q" ? meta.rows : meta.columns, Number(name.slice(1)))]);
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = corner(stage, layer, head);
      for (const [isRow, from, share] of spans) {
        if (isRow) frameOrLine(context, x, y + from * down, across, share * down);
        else frameOrLine(context, x + from * across, y, share * across, down);
      }
    }
  }
}

// An empty canvas that lies over the tiles, to draw on in the colour of marks.
function layOver({ canvas, scale, dark }, name) {
  const frame = canvas.parentElement;
  const over = frame.querySelector(`.${name}`) ?? frame.appendChild(html("canvas", { class: name, "aria-hidden": "true" }));
  Object.assign(over, { width: canvas.width, height: canvas.height });
  Object.assign(over.style, { width: canvas.style.width, height: canvas.style.height });
  const context = over.getContext("2d");
  context.scale(scale, scale);
  context.strokeStyle = inksOf(dark).accent;
  return { over, context };
}

// A frame, or a line where it would be too narrow to leave what is in it to be seen.
function frameOrLine(context, x, y, wide, high) {
  if (Math.min(wide, high) >= LEAST_FRAMED) return context.strokeRect(x, y, wide, high);
  context.beginPath();
  if (high < wide) [x, x + wide].forEach((end) => context.lineTo(end, y + high / 2));
  else [y, y + high].forEach((end) => context.lineTo(x + wide / 2, end));
  context.stroke();
}

// Where a token's cell begins in a tile, and what share it takes.
function spanIn({ edges }, place) {
  const cells = edges.length - 1;
  const cell = Math.max(0, edges.findLastIndex((edge) => edge <= place));
  return [Math.min(cell, cells - 1) / cells, 1 / cells];
}
