// The explorer: all heads of a sentence in one file, from a packet of attnviz/pictures/explorer.
//
// The overview chooses heads A and B; their maps and their lines follow. A value is a number of
// steps of 1/meta.steps in two bytes, and a sign where it may have one; the number above the last
// step says that it is hidden. What is not allowed is in an array of its own.

function drawExplorer(stage) {
  const { meta, memory } = stage;
  if (!stage.parts) build(stage);
  memory.chosen = memory.chosen || [...meta.chosen];
  if (meta.parts.includes("overview")) showOverview(stage);
  if (meta.parts.includes("maps")) memory.chosen.slice(0, 2).forEach((index, slot) => showMap(stage, index, slot));
  if (meta.parts.includes("lines")) showLines(stage);
  link(stage);
}

function build(stage) {
  const { root, meta } = stage;
  stage.memory.weights = new Map();
  stage.parts = { overview: html("div", {}), maps: html("div", { class: "maps" }), lines: html("div", {}) };
  stage.parts.maps.append(...meta.chosen.slice(0, 2).map(() => html("div", {})));
  root.replaceChildren(...meta.parts.map((name) => stage.parts[name]));
  for (const name of meta.parts) stage.parts[name].classList.add(`part-${name}`);
  if (meta.parts.length > 2) root.classList.add("workspace");
}

const cellsIn = (meta) => meta.rows.labels.length * meta.columns.labels.length;

// Values of one map; not a number where they are hidden.
function weightsOf(stage, index) {
  const { meta, arrays, memory } = stage;
  if (memory.weights.has(index)) return memory.weights.get(index);
  const cells = cellsIn(meta);
  const found = new Float32Array(cells);
  for (let i = 0; i < cells; i++) {
    const step = 256 * arrays.high[index * cells + i] + arrays.low[index * cells + i];
    const sign = arrays.below?.[index * cells + i] ? -1 : 1;
    found[i] = step > meta.steps ? NaN : (sign * step) / meta.steps;
  }
  memory.weights.set(index, found);
  return found;
}

// What one map does not allow; the maps may share one mask.
function deniedOf({ meta, arrays }, index) {
  if (!arrays.denied) return undefined;
  const start = (index * cellsIn(meta)) % arrays.denied.length;
  return arrays.denied.subarray(start, start + cellsIn(meta));
}

// Tiles of the overview: those of the packet, or one cell a weight, with those that are hidden.
function tilesOf(stage) {
  const { meta, arrays, memory } = stage;
  if (arrays.tiles) return arrays.tiles;
  if (memory.tiles) return memory.tiles;
  const { layers, heads } = meta.overview;
  const cells = cellsIn(meta);
  memory.tiles = new Uint8Array(layers * heads * cells);
  memory.hidden = new Uint8Array(layers * heads * cells);
  for (let index = 0; index < layers * heads; index++) {
    weightsOf(stage, index).forEach((weight, i) => {
      const at = index * cells + i;
      if (Number.isNaN(weight)) memory.hidden[at] = 1;
      memory.tiles[at] = levelOf(weight || 0, meta.signed);
    });
  }
  return memory.tiles;
}

function showOverview(stage) {
  const { meta, arrays, memory, parts } = stage;
  const over = stageOf(parts.overview, drawOverview);
  const [a, b, ...more] = memory.chosen.map((index) => meta.maps[index].place);
  over.send = (_, { slot, layer, head }) => {
    const index = meta.maps.findIndex(({ place }) => place && place[0] === layer && place[1] === head);
    if (index < 0) return void (over.readout.textContent = meta.not_here);
    if (slot === ADD) addOrTakeAway(memory.chosen, index, meta.codes.length);
    else memory.chosen[slot === "A" ? 0 : 1] = index;
    drawExplorer(stage);
  };
  over.put({
    meta: { ...meta.overview, marked: { A: a, B: b }, more: more.filter(Boolean) },
    arrays: {
      tiles: tilesOf(stage), hidden: memory.hidden,
      denied: arrays.tiles ? arrays.tiles_denied : arrays.denied,
      ramp_light: arrays.ink_light, ramp_dark: arrays.ink_dark,
    },
  });
}

// One more map after A and B, or that one no longer.
function addOrTakeAway(chosen, index, most) {
  const at = chosen.indexOf(index);
  if (at > 1) chosen.splice(at, 1);
  else if (at < 0 && chosen.length < most) chosen.push(index);
}

// A map with the colours of the slot in which it is shown.
const coded = ({ meta }, index, slot) => ({ ...meta.maps[index], ...meta.codes[slot] });

function showMap(stage, index, slot) {
  const { meta, arrays, parts } = stage;
  const colours = arrays.ramps_light.length / 2; // of two slots
  const ramp = (both) => both.subarray(colours * slot, colours * (slot + 1));
  stageOf(parts.maps.children[slot], drawHeatmap).put({
    meta: {
      rows: meta.rows, columns: meta.columns, signed: meta.signed,
      head: coded(stage, index, slot), words: meta.map_words,
    },
    arrays: {
      weights: weightsOf(stage, index), denied: deniedOf(stage, index),
      ramp_light: ramp(arrays.ramps_light), ramp_dark: ramp(arrays.ramps_dark),
    },
  });
}

function showLines(stage) {
  const { meta, memory, parts } = stage;
  const chosen = [...new Set(memory.chosen)];
  const found = { head: [], query: [], key: [], weight: [] };
  const count = meta.columns.labels.length;
  chosen.forEach((index, place) => {
    weightsOf(stage, index).forEach((weight, i) => {
      if (!(Math.round(Math.abs(weight) * meta.steps) >= meta.faintest)) return;
      found.head.push(place);
      found.query.push(Math.floor(i / count));
      found.key.push(i % count);
      found.weight.push(weight);
    });
  });
  const indices = chosen.map((_, place) => place);
  const panels = meta.arrangement === "overlaid" && indices.length <= LOOK.overlaid ? [indices] : indices.map((place) => [place]);
  stageOf(parts.lines, drawLines).put({
    meta: {
      alt: meta.alt, direction: meta.direction, pins: meta.pins, rows: meta.rows, columns: meta.columns,
      panels: { heads: panels, beside: meta.arrangement !== "stacked" },
      heads: chosen.map((index, place) => coded(stage, index, place)),
      words: meta.line_words,
    },
    arrays: { head: found.head, query: found.query, key: found.key, weight: found.weight },
  });
}
