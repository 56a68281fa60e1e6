// The line diagram: drawn from a packet of attnviz/pictures/lines.
//
// A line's opacity is its weight and depends on nothing else. Hovering a token leaves its
// lines alone, with their numbers; a click pins it, Escape lets go. No trip to the server. The
// numbers of several pins are a table.

function drawLines(stage) {
  const { root, meta, memory } = stage;
  const signature = [...meta.rows.names, "", ...meta.columns.names].join("\n");
  if (memory.signature !== signature) {
    const known = (pin) => Number(pin.slice(1)) < sideOf(meta, pin[0]).names.length;
    memory.told ??= meta.pins.join();
    Object.assign(memory, { signature, pins: new Set(meta.pins.filter(known)), at: null });
    tellPins(stage);
  }
  const panels = meta.panels.heads.map((heads) => panel(stage, heads));
  const grid = html("div", { class: meta.panels.beside ? "panels beside" : "panels" });
  grid.append(...panels.map((p) => p.element));
  const readout = html("div", { class: "readout", "aria-live": "polite" });
  const below = areApart(meta) ? panels.map((p) => smallPrint(stage, p.heads)) : [];
  root.replaceChildren(grid, ...below, readout, html("p", { class: "help" }, running([meta.words.strokes, meta.words.help])));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  const widths = panels.map((p) => p.width()); // of all, before any is drawn: the page is laid out once
  panels.forEach((p, i) => p.fit(widths[i]));
  Object.assign(stage, { panels, readout, select: (pins, at) => select(stage, pins, at) });
  listen(stage);
  showFocus(stage);
}

function panel(stage, heads) {
  const { meta, arrays } = stage;
  const figure = html("figure", { class: "panel" });
  const scroll = html("div", { class: "scroll", tabindex: "-1" });
  figure.append(caption(stage, heads), scroll, ...(areApart(meta) ? [] : [smallPrint(stage, heads)]));
  const members = new Set(heads);
  const mine = [];
  for (let i = 0; i < arrays.head.length; i++) if (members.has(arrays.head[i])) mine.push(i);
  const made = { element: figure, heads, mine };
  made.width = () => scroll.clientWidth || 320;
  made.fit = (width) => {
    made.place = geometry(meta, width, heads.length, stage.memory.pins.size ? 2 : 1);
    made.svg = picture(stage, made);
    scroll.replaceChildren(made.svg);
  };
  return made;
}

function caption(stage, heads) {
  const { meta, dark } = stage;
  const sides = meta.direction === "vertical" ? [] : [html("span", { class: "sides" }, meta.words.sides)];
  return html("figcaption", {}, ...heads.map((index) => headTitle(meta.heads[index], dark)), ...sides);
}

// Whether notes, which begin with their head's name, stand below all panels: the panels are then
// seen as one picture.
const areApart = (meta) => isStacked(meta) && !meta.heads.some(({ formula }) => formula);

// The formula, and what is hidden; for heads that share a panel, each with its name.
function smallPrint(stage, heads) {
  const box = html("div", { class: "note" });
  const [first] = heads;
  const { formula } = stage.meta.heads[first];
  if (formula) box.append(html("p", {}, formula));
  for (const index of heads) {
    const { name, notes } = stage.meta.heads[index];
    if (notes.length) box.append(html("p", {}, running([`${name}:`, ...notes])));
  }
  return box;
}

function picture(stage, made) {
  const { meta, arrays, dark } = stage;
  const { place, heads, mine } = made;
  const drawing = svg("svg", {
    width: place.width, height: place.height, viewBox: `0 0 ${place.width} ${place.height}`, role: "group",
  });
  const group = svg("g", { class: "lines" }, ...straight(stage, place, mine));
  drawing.append(sideNames(meta, place), betweenTexts(meta, place), group, svg("g", { class: "focus" }));
  for (const side of ["q", "k"]) drawing.append(labels(stage, place, side));
  const names = heads.map((index) => meta.heads[index].title).join(", ");
  drawing.setAttribute("aria-label", names + (mine.length ? "" : ` ${meta.words.no_lines}`));
  drawing.dataset.dark = dark;
  return drawing;
}

// Lines from query to key.
function straight(stage, place, indices) {
  const [queries, keys] = ["q", "k"].map((side) =>
    sideOf(stage.meta, side).labels.map((_, i) => place.end(side, i).map((at) => Math.round(at * 10) / 10).join(" ")));
  return strokes(stage, indices, (query, key) => `M${queries[query]}L${keys[key]}`);
}

function labels(stage, place, side) {
  const { meta } = stage;
  const group = svg("g", { class: "labels" });
  const { names } = sideOf(meta, side);
  names.forEach((_, i) => {
    const label = svg("text", {
      class: "token", role: "button", tabindex: i === 0 && side === "q" ? "0" : "-1",
      "data-side": side, "data-place": i, "aria-pressed": "false",
      "aria-label": `${side === "q" ? meta.words.queries : meta.words.keys}: ${names[i]}`,
    }, svg("title", {}, names[i]));
    nameToken(stage.meta, place, label);
    group.append(label);
  });
  return group;
}

// The name of a token at its end of lines, and which of several pins it is.
function nameToken(meta, layout, label, mark = "") {
  const { side, place } = label.dataset;
  const [x, y] = layout.end(side, Number(place));
  const away = side === "q" ? -6 : 6;
  const at = layout.vertical ? [x + away, y] : [x, y + away];
  const way = layout.vertical ? (side === "q" ? "left" : "right") : side === "q" ? "above" : "below";
  writeName(label, layout.cut(nameAt(sideOf(meta, side), Number(place)), mark), at, way, mark);
}

// ---- hover, pin, Escape, keyboard

function listen(stage) {
  const { root, memory } = stage;
  if (memory.listening) return;
  memory.listening = true;
  const tokenOf = (event) => event.target.closest?.("[data-place]");
  const nameOf = (label) => label.dataset.side + label.dataset.place;
  root.addEventListener("pointerover", (event) => point(stage, tokenOf(event)));
  root.addEventListener("pointerleave", () => point(stage, null));
  root.addEventListener("focusin", (event) => point(stage, tokenOf(event)));
  root.addEventListener("click", (event) => {
    const label = tokenOf(event);
    if (label) pin(stage, nameOf(label));
  });
  root.addEventListener("keydown", (event) => {
    const label = tokenOf(event);
    if (!label) return;
    if (event.key === "Enter" || event.key === " ") pin(stage, nameOf(label));
    else if (!move(stage, label, event)) return;
    event.preventDefault();
  });
  const letGo = (event) => {
    if (!letsGo(event) || !(memory.pins.size || memory.at)) return;
    memory.pins.clear();
    memory.at = null;
    tellPins(stage);
    showFocus(stage);
  };
  document.addEventListener("keydown", letGo, { signal: stage.left.signal, capture: true });
}

function point(stage, label) {
  const at = label ? label.dataset.side + label.dataset.place : null;
  if (at === stage.memory.at) return;
  stage.memory.at = at;
  showFocus(stage);
}

function pin(stage, name) {
  const { pins } = stage.memory;
  pins.has(name) ? pins.delete(name) : pins.add(name);
  tellPins(stage);
  showFocus(stage);
}

// What is pinned and pointed at elsewhere on the page.
function select(stage, pins, [at = null]) {
  const { memory } = stage;
  if ([...memory.pins].join() === pins.join() && memory.at === at) return;
  Object.assign(memory, { pins: new Set(pins), at, told: pins.join() });
  showFocus(stage);
}

// The page keeps the pins in its link; it is told only what it does not know.
function tellPins({ memory, keep }) {
  const told = [...memory.pins].join();
  if (told !== memory.told) keep("pins", [...memory.pins]);
  memory.told = told;
}

function move(stage, label, event) {
  const arrow = arrowOf(event);
  if (!arrow) return false;
  const [along, across] = stage.meta.direction === "vertical" ? arrow : [arrow[1], arrow[0]];
  const side = across ? (across < 0 ? "q" : "k") : label.dataset.side;
  const place = Number(label.dataset.place) + along;
  const next = label.closest("svg").querySelector(`[data-side="${side}"][data-place="${place}"]`);
  if (next) next.focus();
  return true;
}

function showFocus(stage) {
  const { root, memory, panels, readout } = stage;
  const focused = [...new Set([...memory.pins, ...(memory.at ? [memory.at] : [])])];
  root.classList.toggle("focused", focused.length > 0);
  stage.lit?.(focused);
  stage.pointed?.(memory.at ? [memory.at] : []);
  const inTable = memory.pins.size > 1;
  if (!inTable) makeRoom(stage, Math.max(focused.length, memory.pins.size ? 2 : 1)); // one more may be pointed at
  for (const made of panels) focusPanel(stage, made, focused, inTable);
  if (inTable) return void readout.replaceChildren(...pinTables(stage, focused));
  const spoken = focused.map((name, i) => markOf(focused, i) + describe(stage, name));
  readout.replaceChildren(...spoken.map((text) => html("span", {}, text)));
}

// Numbers of one token more than a panel has lanes for: it is laid out again.
function makeRoom({ panels }, tokens) {
  for (const made of panels) {
    if (tokens * made.heads.length <= made.place.lanes) continue;
    const held = focusIn(made.element);
    made.fit(made.width());
    made.labels = null;
    focusAgain(made.element, held);
  }
}

// Which of several tokens is meant, in front of it and of its numbers; nothing for one alone.
const markOf = (focused, i) => (focused.length > 1 ? `#${i + 1} ` : "");

// The tokens of a panel as they are drawn at first, so that nothing is read back at each hover.
const tokensOf = (drawing) => [...drawing.querySelectorAll(".token")].map((label) => (
  { label, side: label.dataset.side, place: Number(label.dataset.place), kind: "token", pinned: false, mark: "" }
));

function focusPanel(stage, made, focused, inTable) {
  const { meta, arrays, memory } = stage;
  const [rows, columns] = [meta.rows.labels.length, meta.columns.labels.length];
  const order = { q: new Int32Array(rows).fill(-1), k: new Int32Array(columns).fill(-1) };
  focused.forEach((name, i) => (order[name[0]][Number(name.slice(1))] = i));
  const reached = { q: new Uint8Array(rows), k: new Uint8Array(columns) };
  const found = [];
  const numbers = [];
  for (const i of focused.length ? made.mine : []) {
    const [query, key] = [arrays.query[i], arrays.key[i]];
    const [byQuery, byKey] = [order.q[query], order.k[key]];
    if (byQuery < 0 && byKey < 0) continue;
    found.push(i);
    reached.q[query] = reached.k[key] = 1;
    if (inTable) continue;
    if (byQuery >= 0) numbers.push({ i, side: "k", at: byQuery, end: `k${key}` });
    if (byKey >= 0) numbers.push({ i, side: "q", at: byKey, end: `q${query}` });
  }
  // At one end of lines each number has a lane of its own, in the order of the tokens.
  const taken = new Map();
  numbers.sort((one, other) => one.at - other.at);
  const parts = numbers.flatMap((one) => {
    const lane = taken.get(one.end) ?? 0;
    taken.set(one.end, lane + 1);
    return number(stage, made, one, markOf(focused, one.at), lane);
  });
  made.svg.querySelector(".focus").replaceChildren(...straight(stage, made.place, found), ...parts);
  made.labels = made.labels || tokensOf(made.svg);
  for (const token of made.labels) {
    const { label, side, place } = token;
    const at = order[side][place];
    const kind = `token${at < 0 ? "" : " chosen"}${reached[side][place] ? " reached" : ""}`;
    if (token.kind !== kind) label.setAttribute("class", (token.kind = kind));
    const pinned = at >= 0 && memory.pins.has(side + place);
    if (token.pinned !== pinned) label.setAttribute("aria-pressed", String((token.pinned = pinned)));
    const mark = at < 0 ? "" : markOf(focused, at);
    if (token.mark !== mark) nameToken(meta, made.place, label, (token.mark = mark));
  }
}

// A number at the far end of its line. The ground below it begins at the token: what is left of
// a line there would read as a minus.
function number(stage, { place }, { i, side }, mark, lane) {
  const { arrays, dark } = stage;
  const head = stage.meta.heads[arrays.head[i]];
  const index = side === "q" ? arrays.query[i] : arrays.key[i];
  const inward = 4 + place.lane * lane;
  const [x, y] = place.end(side, index);
  const forward = (side === "q") === place.vertical; // whether inward is to the right of the text
  const text = svg("text", {
    x: forward ? inward : -inward, y: 3.5, "text-anchor": forward ? "start" : "end",
    class: "number", fill: inkOf(head, arrays.weight[i], dark),
  }, mark + digits(arrays.weight[i]));
  const from = lane ? inward - 4 : 0;
  const long = inward + place.lane - 4 - from;
  const ground = svg("rect", { class: "ground", x: forward ? from : -from - long, y: -5, width: long, height: 10 });
  const turned = `translate(${x},${y})${place.vertical ? "" : " rotate(-90)"}`;
  return [ground, text].map((part) => {
    part.setAttribute("transform", turned);
    return part;
  });
}
