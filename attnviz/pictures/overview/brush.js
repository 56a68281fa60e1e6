// The brush: a drag over a tile chooses the span of a long text that the other pictures draw.
//
// What is dragged the farther, along the queries or along the keys, says from which token to which.
// The span that is drawn is framed in every tile. A finger scrolls the page instead.

const DRAGGED = 5; // px from which it is a drag, and no click

function listenToBrush(stage) {
  const { canvas, meta, memory } = stage;
  memory.brush = null;
  frameSpans(stage, meta.span);
  if (!meta.span || meta.rows.labels.length !== meta.columns.labels.length) return;
  canvas.addEventListener("pointerdown", (event) => {
    memory.isBrushed = false;
    const from = event.pointerType !== "touch" && event.button === 0 && cellAt(stage, event);
    if (!from) return;
    memory.brush = { from, x: event.clientX, y: event.clientY };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const span = brushed(stage, event);
    if (!span) return;
    memory.isBrushed = true;
    hover(stage, null);
    frameSpans(stage, span);
    stage.readout.textContent = fill(meta.words.span, spanNames(meta, span));
  });
  canvas.addEventListener("pointerup", (event) => {
    const span = brushed(stage, event);
    memory.brush = null;
    if (span) stage.send("spanned", { first: span[0], last: span[1] });
  });
  canvas.addEventListener("pointercancel", () => {
    memory.brush = null;
    frameSpans(stage, meta.span);
  });
}

// From which token to which was dragged so far; null as long as it may be a click.
function brushed(stage, event) {
  const { memory, meta, across, down } = stage;
  if (!memory.brush) return null;
  const { from, x, y } = memory.brush;
  const [wide, high] = [event.clientX - x, event.clientY - y];
  if (Math.max(Math.abs(wide), Math.abs(high)) < DRAGGED) return null;
  const isAlongKeys = Math.abs(wide) >= Math.abs(high);
  const { edges } = isAlongKeys ? meta.columns : meta.rows;
  const begun = isAlongKeys ? from.column : from.row;
  const cells = edges.length - 1;
  const moved = Math.round((isAlongKeys ? wide / across : high / down) * cells);
  const ends = [begun, within(begun + moved, cells)].sort((one, other) => one - other);
  return [edges[ends[0]], edges[ends[1] + 1] - 1];
}

/** @param {any} meta @param {number[]} span */
const spanNames = ({ rows: { labels } }, [first, last]) => ({ first: `${labels[first]} (${first})`, last: `${labels[last]} (${last})` });

// The square of a span's queries and keys, in every tile; the whole text needs no frame.
function frameSpans(stage, span) {
  const { meta, across, down } = stage;
  const { over, context } = layOver(stage, "spans");
  over.dataset.span = span ? span.join("-") : "";
  if (!span || (span[0] === 0 && span[1] === meta.columns.edges.at(-1) - 1)) return;
  context.setLineDash([3, 2]);
  const ends = (side, size) => {
    const [[from], [last, share]] = span.map((place) => spanIn(side, place));
    return [from * size, (last + share) * size];
  };
  const [[left, right], [top, bottom]] = [ends(meta.columns, across), ends(meta.rows, down)];
  for (let layer = 0; layer < meta.layers; layer++) {
    for (let head = 0; head < meta.heads; head++) {
      const [x, y] = corner(stage, layer, head);
      context.strokeRect(x + left + 0.5, y + top + 0.5, right - left - 1, bottom - top - 1);
    }
  }
}
