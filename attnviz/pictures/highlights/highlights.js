// Highlights: the sentence as running text, from a packet of attnviz/pictures/highlights.
//
// Pointing at a token tints the others by the weights between them, as dark as in a heatmap; a
// click pins it, and pointing at another one then reads out the number between the two; of several
// pinned tokens the last tints, and the others are underlined. Escape lets go. Queries and keys
// that are not the same places are two texts.

const MOST_LISTED = 8; // weights that are read out; the others are summed

function drawHighlights(stage) {
  const { root, meta, memory, dark } = stage;
  const signature = [...meta.rows.names, "", ...meta.columns.names].join("\n");
  if (memory.signature !== signature) Object.assign(memory, { signature, pins: [...meta.pins], at: null });
  memory.looks ??= "q"; // from which side the chosen token is seen: as a query, or as a key
  const name = html("strong", {}, meta.head.title);
  name.style.color = dark ? meta.head.dark : meta.head.light;
  const readout = html("p", { class: "readout", "aria-live": "polite" });
  const texts = meta.joined ? [textOf(meta.rows, "")] : [textOf(meta.rows, "q"), textOf(meta.columns, "k")];
  root.replaceChildren(
    html("p", { class: "title" }, name, html("span", { class: "says" }, meta.head.says)),
    ...(meta.joined ? [directions(stage)] : []),
    ...texts,
    readout,
    html("p", { class: "note" }, meta.head.about),
    html("p", { class: "note" }, running(meta.head.notes)),
    ...(meta.words.help ? [html("p", { class: "help" }, meta.words.help)] : []),
  );
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  Object.assign(stage, { readout, spans: [...root.querySelectorAll(".word")], select: (pins, at) => select(stage, pins, at) });
  listen(stage);
  tint(stage);
}

// One text; its side is empty where it is that of queries and keys.
function textOf({ names, second, ...named }, side) {
  const words = names.map((name, i) => html("span", {
    class: "word", role: "button", tabindex: i === 0 ? "0" : "-1", "data-side": side, "data-place": i,
    "aria-pressed": "false", "aria-label": name, title: name,
  }, ...written(nameAt(named, i))));
  const parted = words.flatMap((word, i) => (i === second ? [html("span", { class: "between", "aria-hidden": "true" }), " ", word, " "] : [word, " "]));
  return html("p", { class: "running" }, ...parted);
}

const written = ({ faint, text }) => (faint ? [html("span", { class: "faint" }, faint), text] : [text]);

function directions(stage) {
  const { meta, memory } = stage;
  const buttons = [["q", meta.words.looks_at], ["k", meta.words.looked_at_by]].map(([side, words]) => {
    const button = html("button", { type: "button", "aria-pressed": String(memory.looks === side), "data-side": side }, words);
    button.addEventListener("click", () => {
      memory.looks = side;
      memory.pins = memory.pins.map((pin, i) => (i === memory.pins.length - 1 ? side + pin.slice(1) : pin));
      tell(stage);
    });
    return button;
  });
  return html("p", { class: "directions", role: "group", "aria-label": meta.words.directions }, ...buttons);
}

// ---- hover, pin, Escape, keyboard

const tokenAt = (event) => event.target.closest?.(".word");

function listen(stage) {
  const { root, memory } = stage;
  if (memory.listening) return;
  memory.listening = true;
  const point = (word) => {
    const at = word ? stage.spans.indexOf(word) : null;
    if (at === memory.at) return;
    memory.at = at;
    tint(stage);
    stage.pointed?.(at === null ? [] : [nameOf(stage, at)]);
  };
  const pin = (word) => {
    const at = stage.spans.indexOf(word);
    const others = memory.pins.filter((name) => spanOf(stage, name) !== at);
    memory.pins = others.length < memory.pins.length ? others : [...others, nameOf(stage, at)];
    tell(stage);
  };
  root.addEventListener("pointerover", (event) => point(tokenAt(event)));
  root.addEventListener("pointerleave", () => point(null));
  root.addEventListener("focusin", (event) => point(tokenAt(event)));
  root.addEventListener("click", (event) => tokenAt(event) && pin(tokenAt(event)));
  root.addEventListener("keydown", (event) => {
    const word = tokenAt(event);
    const arrow = arrowOf(event);
    if (!word) return;
    if (event.key === "Enter" || event.key === " ") pin(word);
    else if (arrow) stage.spans[within(stage.spans.indexOf(word) + arrow[0] + arrow[1], stage.spans.length)].focus();
    else return;
    event.preventDefault();
  });
  const letGo = (event) => {
    if (!letsGo(event) || (!memory.pins.length && memory.at === null)) return;
    Object.assign(memory, { pins: [], at: null });
    tell(stage);
  };
  document.addEventListener("keydown", letGo, { signal: stage.left.signal, capture: true });
}

function tell(stage) {
  stage.keep("pins", stage.memory.pins);
  tint(stage);
}

// What is pinned and pointed at elsewhere on the page.
function select(stage, pins, at) {
  const { memory, root, meta } = stage;
  const [pointed] = at.map((name) => spanOf(stage, name)).filter((span) => span >= 0);
  Object.assign(memory, { pins, at: pointed ?? null });
  if (meta.joined && pins.length) {
    memory.looks = pins.at(-1)[0];
    for (const one of root.querySelectorAll(".directions button")) one.setAttribute("aria-pressed", String(one.dataset.side === memory.looks));
  }
  tint(stage);
}

// The word of a token, q3 or k0, and the token of a word.
const spanOf = ({ meta, spans }, name) =>
  spans.findIndex(({ dataset }) => dataset.place === name.slice(1) && (meta.joined || dataset.side === name[0]));
function nameOf(stage, at) {
  const { side, place } = seen(stage, at);
  return side + place;
}

// The side and place of a token: as what it is seen.
function seen({ memory, spans }, at) {
  const { side, place } = spans[at].dataset;
  return { side: side || memory.looks, place: Number(place) };
}

// Where the cell between the chosen token and another place is.
const cellOf = ({ meta }, { side, place }, other) =>
  side === "q" ? place * meta.columns.labels.length + other : other * meta.columns.labels.length + place;

function tint(stage) {
  const { meta, arrays, memory, spans, readout } = stage;
  const pinned = memory.pins.map((name) => spanOf(stage, name));
  const pin = pinned.at(-1) ?? null;
  const chosenAt = pin ?? memory.at;
  const chosen = chosenAt === null ? null : seen(stage, chosenAt);
  spans.forEach((word, at) => {
    const isOther = chosen && (meta.joined || word.dataset.side !== chosen.side);
    const cell = isOther ? cellOf(stage, chosen, Number(word.dataset.place)) : null;
    const value = cell === null ? NaN : arrays.weights[cell];
    const colour = Number.isNaN(value) ? null : colourOf(rampOf(stage), levelOf(value, meta.signed));
    word.style.background = colour ? `rgb(${colour})` : "";
    word.style.color = colour ? inkOn(colour) : "";
    word.classList.toggle("denied", cell !== null && Boolean(arrays.denied?.[cell]));
    word.classList.toggle("chosen", at === chosenAt);
    word.classList.toggle("pointed", at === memory.at);
    word.setAttribute("aria-pressed", String(pinned.includes(at)));
  });
  if (!chosen) return void (readout.textContent = "");
  const other = pin !== null && memory.at !== null && memory.at !== pin ? memory.at : null;
  readout.textContent = other === null ? listed(stage, chosen) : between(stage, chosen, other);
}

// The number between the pinned token and the one that is pointed at.
function between(stage, chosen, other) {
  const { meta, arrays, spans } = stage;
  if (!meta.joined && spans[other].dataset.side === chosen.side) return listed(stage, chosen);
  const place = Number(spans[other].dataset.place);
  const cell = cellOf(stage, chosen, place);
  const [row, column] = chosen.side === "q" ? [chosen.place, place] : [place, chosen.place];
  const { not_allowed, hidden, read } = meta.words;
  const template = arrays.denied?.[cell] ? not_allowed : Number.isNaN(arrays.weights[cell]) ? hidden : read;
  return fill(template, {
    query: meta.rows.names[row], key: meta.columns.names[column], weight: digitsOf(arrays.weights[cell], 4),
  });
}

// The strongest weights of the chosen token, and what the others are together.
function listed(stage, chosen) {
  const { meta, arrays } = stage;
  const far = sideOf(meta, chosen.side === "q" ? "k" : "q").names;
  const found = far.map((name, other) => [arrays.weights[cellOf(stage, chosen, other)], name])
    .filter(([value]) => !Number.isNaN(value))
    .sort((one, two) => Math.abs(two[0]) - Math.abs(one[0]));
  const own = sideOf(meta, chosen.side).names[chosen.place];
  const words = chosen.side === "q" ? meta.words.looks_at : meta.words.looked_at_by;
  const [first, rest] = [found.slice(0, MOST_LISTED), found.slice(MOST_LISTED)];
  const parts = first.map(([value, name]) => `${name} ${digits(value)}`);
  if (rest.length) {
    const sum = digits(rest.reduce((total, [value]) => total + value, 0));
    parts.push(fill(meta.words.others, { count: rest.length, sum }));
  }
  return `${own} · ${words}: ${parts.join(", ") || meta.words.nothing}`;
}
