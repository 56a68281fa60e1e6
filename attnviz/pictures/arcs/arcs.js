// Arcs: one head over one line of text, from a packet of attnviz/pictures/arcs.
//
// An arc is as opaque as its weight. Pointing at a token leaves its arcs alone and reads out its
// numbers; a click pins it, Escape lets go. No trip to the server.

const EDGE = 6; // px at both ends of the line
const WIDEST = 46; // px from one token to the next, at most

function drawArcs(stage) {
  const { root, meta, memory, dark } = stage;
  const signature = [...meta.rows.names, "", ...meta.columns.names].join("\n");
  if (memory.signature !== signature) Object.assign(memory, { signature, pins: [...meta.pins], at: null });
  const [head] = meta.heads;
  const scroll = html("div", { class: "scroll", tabindex: "-1" });
  const readout = html("p", { class: "readout", "aria-live": "polite" });
  const figure = html("figure", { class: "arcs" },
    html("figcaption", {}, headTitle(head, dark)), scroll,
    html("div", { class: "note" }, html("p", {}, head.formula), html("p", {}, running(head.notes))));
  const { direction, strokes, help } = meta.words;
  const said = running([direction, strokes, help]);
  root.replaceChildren(figure, readout, ...(said ? [html("p", { class: "help" }, said)] : []));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  const select = (pins, at) => selectIn(stage, pins, at);
  Object.assign(stage, { readout, line: lineOf(meta, scroll.clientWidth || 320), select });
  scroll.append(pictureOf(stage));
  listen(stage);
  showFocus(stage);
}

// The line of text: what stands at each of its places, and where. Queries and keys share their
// places, or the keys follow the queries after a gap.
function lineOf(meta, width) {
  const queries = meta.rows.labels.length;
  const first = meta.joined ? 0 : queries + 1;
  const slots = first + meta.columns.labels.length;
  const tokens = [];
  for (let i = 0; i < queries; i++) tokens.push({ slot: i, names: meta.joined ? [`q${i}`, `k${i}`] : [`q${i}`] });
  if (!meta.joined) meta.columns.labels.forEach((_, i) => tokens.push({ slot: first + i, names: [`k${i}`] }));
  const step = Math.max(APART, Math.min(WIDEST, (width - 2 * EDGE) / slots));
  const base = meta.shape.high + 4;
  const middle = (slot) => EDGE + (slot + 0.5) * step;
  return { tokens, first, slots, step, base, middle, width: 2 * EDGE + slots * step };
}

// From a query's place on the line to a key's, and the dot at its end.
function arc({ meta, line }, query, key) {
  const { low, high, port, dot } = meta.shape;
  const to = line.first + key;
  const [x1, x2] = [line.middle(query) + port, line.middle(to) - port];
  const rise = low + ((high - low) * Math.abs(query - to)) / Math.max(line.slots - 1, 1);
  const px = (value) => Math.round(value * 10) / 10;
  const over = `M${px(x1)} ${line.base}A${Math.abs(x2 - x1) / 2} ${px(rise)} 0 0 ${Number(x2 > x1)} ${px(x2)} ${line.base}`;
  return `${over}m${-dot} 0a${dot} ${dot} 0 1 1 ${2 * dot} 0a${dot} ${dot} 0 1 1 ${-2 * dot} 0`;
}

const arcsOf = (stage, indices) => strokes(stage, indices, (query, key) => arc(stage, query, key));

function pictureOf(stage) {
  const { meta, arrays, line } = stage;
  const context = document.createElement("canvas").getContext("2d");
  context.font = NAME_FONT;
  const size = measured(context);
  const label = nameRoom([meta.rows, meta.columns], size, true) + 16;
  const drawing = svg("svg", {
    width: line.width, height: line.base + label, viewBox: `0 0 ${line.width} ${line.base + label}`, role: "group",
    "aria-label": meta.heads[0].title + (arrays.weight.length ? "" : ` ${meta.words.no_lines}`),
  });
  const all = svg("g", { class: "lines" }, ...arcsOf(stage, [...arrays.weight.keys()]));
  const names = svg("g", { class: "labels" }, ...line.tokens.map((token, i) => labelOf(stage, token, i, size)));
  drawing.append(betweenTexts(meta, line, line.base + label), all, svg("g", { class: "focus" }), names);
  return drawing;
}

// Of a pair of texts: a thin line where the second one begins on the line of text.
function betweenTexts(meta, line, high) {
  const ofQueries = meta.rows.second === undefined ? [] : [meta.rows.second];
  const ofKeys = meta.joined || meta.columns.second === undefined ? [] : [line.first + meta.columns.second];
  const places = [...ofQueries, ...ofKeys].map((slot) => (line.middle(slot - 1) + line.middle(slot)) / 2);
  return svg("g", { class: "between" }, ...places.map((x) => svg("path", { d: `M${x} 0V${high}` })));
}

function labelOf({ meta, line }, { slot, names }, i, size) {
  const side = sideOf(meta, names[0][0]);
  const place = Number(names[0].slice(1));
  const label = svg("text", {
    class: "token", role: "button", tabindex: i === 0 ? "0" : "-1", "data-slot": i, "aria-pressed": "false",
    "aria-label": side.names[place],
  }, svg("title", {}, side.names[place]));
  writeName(label, cutName(nameAt(side, place), size), [line.middle(slot), line.base + 8], "below");
  return label;
}

// ---- hover, pin, Escape, keyboard

function listen(stage) {
  const { root, memory } = stage;
  if (memory.listening) return;
  memory.listening = true;
  const tokenOf = (event) => event.target.closest?.(".token");
  const point = (label) => {
    const at = label ? Number(label.dataset.slot) : null;
    if (at === memory.at) return;
    memory.at = at;
    showFocus(stage);
    stage.pointed?.(at === null ? [] : stage.line.tokens[at].names);
  };
  const pin = (label) => {
    const { names } = stage.line.tokens[Number(label.dataset.slot)];
    const others = memory.pins.filter((name) => !names.includes(name));
    memory.pins = others.length < memory.pins.length ? others : [...others, names[0]];
    tellPins(stage);
  };
  root.addEventListener("pointerover", (event) => point(tokenOf(event)));
  root.addEventListener("pointerleave", () => point(null));
  root.addEventListener("focusin", (event) => point(tokenOf(event)));
  root.addEventListener("click", (event) => tokenOf(event) && pin(tokenOf(event)));
  root.addEventListener("keydown", (event) => {
    const label = tokenOf(event);
    const arrow = arrowOf(event);
    if (!label) return;
    if (event.key === "Enter" || event.key === " ") pin(label);
    else if (arrow?.[1]) root.querySelector(`[data-slot="${Number(label.dataset.slot) + arrow[1]}"]`)?.focus();
    else return;
    event.preventDefault();
  });
  const letGo = (event) => {
    if (!letsGo(event) || !(memory.pins.length || memory.at !== null)) return;
    Object.assign(memory, { pins: [], at: null });
    tellPins(stage);
  };
  document.addEventListener("keydown", letGo, { signal: stage.left.signal, capture: true });
}

function tellPins(stage) {
  stage.keep("pins", stage.memory.pins);
  showFocus(stage);
}

// What is pinned and pointed at elsewhere on the page.
function selectIn(stage, pins, at) {
  const [pointed] = slotsOf(stage.line, at);
  Object.assign(stage.memory, { pins, at: pointed ?? null });
  showFocus(stage);
}

// Where tokens, q3 or k0, stand on the line.
const slotsOf = ({ tokens }, wanted) =>
  wanted.map((name) => tokens.findIndex(({ names }) => names.includes(name))).filter((slot) => slot >= 0);

function showFocus(stage) {
  const { root, arrays, memory, line, readout } = stage;
  const pinned = slotsOf(line, memory.pins);
  const chosen = [...new Set([...pinned, ...(memory.at === null ? [] : [memory.at])])];
  const names = new Set(chosen.flatMap((at) => line.tokens[at].names));
  const reached = new Set();
  const found = [];
  arrays.weight.forEach((_, i) => {
    const ends = [`q${arrays.query[i]}`, `k${arrays.key[i]}`];
    if (!ends.some((end) => names.has(end))) return;
    found.push(i);
    for (const end of ends) reached.add(end);
  });
  root.classList.toggle("focused", chosen.length > 0);
  root.querySelector(".focus").replaceChildren(...arcsOf(stage, found));
  for (const label of root.querySelectorAll(".token")) {
    const at = Number(label.dataset.slot);
    const isReached = line.tokens[at].names.some((name) => reached.has(name));
    label.classList.toggle("chosen", chosen.includes(at));
    label.classList.toggle("reached", isReached);
    label.setAttribute("aria-pressed", String(pinned.includes(at)));
  }
  const spoken = chosen.flatMap((at) => line.tokens[at].names).map((name) => describe(stage, name));
  readout.replaceChildren(...spoken.map((text) => html("span", {}, text)));
}
