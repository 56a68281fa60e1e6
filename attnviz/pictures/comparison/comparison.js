// Head A against head B, from a packet of attnviz/pictures/comparison: the map of A − B, and beside
// each row a bar as long as the divergence of the two heads' rows.

const [BAR, SHARE, GAP] = [70, 0.16, 10]; // px of 1 bit, at most a share of the width; px before the bars
const barOf = (width) => Math.min(BAR, Math.round(SHARE * width));

function drawComparison(stage) {
  const { root, meta, arrays, width } = stage;
  const bar = barOf(width);
  if (arrays.divergence) stage.width = width - bar - 2 * GAP;
  drawHeatmap(stage);
  stage.width = width;
  if (!arrays.divergence) return;
  const scroll = root.querySelector(".scroll");
  scroll.classList.add("compared");
  scroll.append(bars(stage, bar));
  scroll.after(html("p", { class: "note" }, meta.words.divergence));
  for (const event of ["pointermove", "keydown"]) stage.canvas.addEventListener(event, () => readRow(stage));
}

function bars({ meta, arrays, cell, dark, part }, bit) {
  const high = cell * part.rows;
  const drawing = svg("svg", { class: "divergence", width: bit + GAP, height: high, "aria-hidden": "true" });
  const ink = inksOf(dark).faint;
  for (const x of [0, bit]) drawing.append(svg("line", { x1: x + 0.5, x2: x + 0.5, y1: 0, y2: high, stroke: ink, "stroke-width": 0.5 }));
  arrays.divergence.subarray(part.top, part.top + part.rows).forEach((bits, place) => {
    if (Number.isNaN(bits)) return;
    const bar = svg("rect", { x: 0, y: (place + 0.15) * cell, width: bit * bits, height: 0.7 * cell, fill: ink });
    bar.append(svg("title", {}, rowWords(meta, arrays, part.top + place)));
    drawing.append(bar);
  });
  return drawing;
}

const rowWords = (meta, arrays, row) =>
  fill(meta.words.row, { query: meta.rows.names[row], bits: digitsOf(arrays.divergence[row], DIGITS) });

function readRow({ meta, arrays, readout, at }) {
  if (at && !Number.isNaN(arrays.divergence[at.row])) readout.textContent += ` · ${rowWords(meta, arrays, at.row)}`;
}
