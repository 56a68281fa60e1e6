// Head A against head B, from a packet of attnviz/pictures/comparison: the map of A − B, and beside
// each row a bar as long as the divergence of the two heads' rows.

const [BAR, GAP] = [70, 10]; // px of 1 bit, and before the bars

function drawComparison(stage) {
  const { root, meta, arrays, width } = stage;
  if (arrays.divergence) stage.width = width - BAR - 2 * GAP;
  drawHeatmap(stage);
  stage.width = width;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  if (!arrays.divergence) return;
  const scroll = root.querySelector(".scroll");
  scroll.classList.add("compared");
  scroll.append(bars(stage));
  root.querySelector(".about").append(` · ${meta.words.divergence}`);
  for (const event of ["pointermove", "keydown"]) stage.canvas.addEventListener(event, () => readRow(stage));
}

function bars({ meta, arrays, cell, dark }) {
  const high = cell * meta.rows.labels.length;
  const drawing = svg("svg", { class: "divergence", width: BAR + GAP, height: high, "aria-hidden": "true" });
  const ink = inksOf(dark).faint;
  for (const x of [0, BAR]) drawing.append(svg("line", { x1: x + 0.5, x2: x + 0.5, y1: 0, y2: high, stroke: ink, "stroke-width": 0.5 }));
  arrays.divergence.forEach((bits, row) => {
    if (Number.isNaN(bits)) return;
    const bar = svg("rect", { x: 0, y: (row + 0.15) * cell, width: BAR * bits, height: 0.7 * cell, fill: ink });
    bar.append(svg("title", {}, rowWords(meta, arrays, row)));
    drawing.append(bar);
  });
  return drawing;
}

const rowWords = (meta, arrays, row) =>
  fill(meta.words.row, { query: meta.rows.names[row], bits: digitsOf(arrays.divergence[row], DIGITS) });

function readRow({ meta, arrays, readout, at }) {
  if (at && !Number.isNaN(arrays.divergence[at.row])) readout.textContent += ` · ${rowWords(meta, arrays, at.row)}`;
}
