// One selection in all parts of the explorer: a token that is pointed at or pinned in the lines, or
// in a map, marks its row and its column in the maps and in every tile, and its lines.
//
// The lines keep what is pinned; without them, a map marks what it is pointed at alone.

function link(stage) {
  const { parts, memory } = stage;
  memory.focused ??= [];
  const lines = stages.get(parts.lines);
  if (lines) lines.lit = (focused) => light(stage, focused);
  for (const part of mapsOf(stage)) linkMap(stage, part, lines);
  light(stage, memory.focused);
}

const mapsOf = ({ parts }) => [...parts.maps.children].map((place) => stages.get(place)).filter(Boolean);

function linkMap(stage, map, lines) {
  map.lit = (at) => {
    stage.memory.cell = at;
    if (lines) pointAt(lines, at && `q${at.row}`);
    light(stage, lines ? stage.memory.focused : at ? [`q${at.row}`] : []);
  };
  if (map.isLinked) return;
  map.isLinked = true;
  map.root.addEventListener("click", (event) => {
    const query = event.target === map.canvas && map.at && lines && labelOf(lines, `q${map.at.row}`);
    if (query) query.dispatchEvent(new MouseEvent("click", { bubbles: true }));
  });
}

const labelOf = (lines, name) => lines.root.querySelector(`[data-side="${name[0]}"][data-place="${name.slice(1)}"]`);

// The lines do what they do when the pointer is on that token.
function pointAt(lines, name) {
  const label = name && labelOf(lines, name);
  if (label) label.dispatchEvent(new PointerEvent("pointerover", { bubbles: true }));
  else lines.root.dispatchEvent(new PointerEvent("pointerleave"));
}

function light(stage, focused) {
  const { parts, memory } = stage;
  memory.focused = focused;
  // what is marked, and the column of the cell that is pointed at
  const names = [...new Set([...focused, ...(memory.cell ? [`k${memory.cell.column}`] : [])])];
  for (const picture of [...mapsOf(stage), stages.get(parts.overview)]) picture?.mark(names);
}
