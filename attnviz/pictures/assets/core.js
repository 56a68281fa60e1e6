// What all pictures share: reading a packet, small DOM helpers, light or dark, the pointer and the
// keys. LOOK is `for_scripts` of attnviz/pictures/style.py: colours, steps, widths and ticks.

/**
 * @typedef {{ meta: any, arrays: Record<string, any> }} Packet
 * @typedef {{ light: string, dark: string }} Paint a colour in each mode
 * @typedef {Paint & { dash: string, minus?: Paint }} HeadCode how one head is drawn
 * @typedef {HeadCode & { name: string, title: string, says: string, formula: string, notes: string[] }} Head
 * @typedef {Record<string, string | number | boolean>} Attributes
 * @typedef {[down: number, right: number]} Arrow
 */

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };
const ADD = "add"; // what a click on a tile does that adds a head or takes it away

// The counterpart of attnviz/pictures/packet.py.
/** @param {Uint8Array} packet @returns {Packet} */
function unpack(packet) {
  const bytes = packet.slice(); // a buffer of its own, so that offsets are aligned
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const arrays = {};
  for (const { name, type, shape, offset } of header.arrays) {
    const count = shape.reduce((product, size) => product * size, 1);
    arrays[name] = new TYPES[type](bytes.buffer, 4 + length + offset, count);
  }
  return { meta: header.meta, arrays };
}

/** @param {Uint8Array | undefined} one @param {Uint8Array} other @returns {boolean} */
function sameBytes(one, other) {
  if (!one || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

const SVG = "http://www.w3.org/2000/svg";

function node(space, tag, attributes = {}, ...children) {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children); // strings become text nodes: tokens are data, never markup
  return made;
}
/** @param {string} tag @param {Attributes} [attributes] @param {(string | Node)[]} children @returns {HTMLElement & Record<string, any>} */
const html = (tag, attributes, ...children) => node(null, tag, attributes, ...children);
/** @param {string} tag @param {Attributes} [attributes] @param {(string | Node)[]} children @returns {SVGElement} */
const svg = (tag, attributes, ...children) => node(SVG, tag, attributes, ...children);

// "{a} looks at {b}" with values for a and b.
/** @param {string} template @param {Record<string, string | number>} values @returns {string} */
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

// Whether the page behind `element` is dark, from its own background colour.
/** @param {Element} element @returns {boolean} */
function isDark(element) {
  const colour = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const hex = /^#([0-9a-f]{6})/i.exec(colour);
  if (!hex) return matchMedia("(prefers-color-scheme: dark)").matches;
  const [red, green, blue] = hex[1].match(/../g).map((two) => parseInt(two, 16));
  return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
}
const inksOf = (dark) => LOOK.inks[dark ? "dark" : "light"];

// Values: shares from 0 to 1, or of either sign. A level is a place in the ramp of their colours,
// the counterpart of `map_levels` in attnviz/pictures/style.py.
const { levels: LEVELS, half: HALF } = LOOK; // of shares, and on each side of 0
const ink = (value) => Math.sqrt(Math.min(1, Math.abs(value)));
/** @param {number} value @param {boolean} signed @returns {number} */
const levelOf = (value, signed) =>
  signed ? HALF + Math.sign(value) * Math.round(HALF * ink(value)) : Math.round(LEVELS * ink(value));
const paperOf = (signed) => (signed ? HALF : 0);

// The colour of a level in a ramp; all of them as whole pixels, made once.
const colourOf = (ramp, level) => [...ramp.subarray(3 * level, 3 * level + 3)];
const palettes = new WeakMap();
/** @param {Uint8Array} ramp @returns {Uint32Array} */
function paletteOf(ramp) {
  if (!palettes.has(ramp)) {
    const bytes = new Uint8Array((4 * ramp.length) / 3);
    for (let level = 0; 3 * level < ramp.length; level++) {
      bytes.set([...colourOf(ramp, level), LEVELS], 4 * level);
    }
    palettes.set(ramp, new Uint32Array(bytes.buffer));
  }
  return palettes.get(ramp);
}
// What gives a pixel of an image the colour of a level: tens of thousands at every new head.
/** @param {ImageData} image @param {Uint8Array} ramp @returns {(at: number, level: number) => void} */
function painter(image, ramp) {
  const [pixels, palette] = [new Uint32Array(image.data.buffer), paletteOf(ramp)];
  return (at, level) => void (pixels[at] = palette[level]);
}
const rampOf = ({ arrays, dark }) => (dark ? arrays.ramp_dark : arrays.ramp_light);

// Black or white, whichever can be read: one of them always has a contrast of 4.5 and more.
function inkOn(rgb) {
  const [black, white] = LOOK.readable;
  const [r, g, b] = rgb.map((v) => v / LEVELS).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? black : white;
}

// How a line of a weight is drawn: as opaque as the weight is large, and wider.
/** @param {HeadCode} head @param {string} colour @param {number} weight @param {Attributes} ends @returns {Attributes} */
function stroke(head, colour, weight, ends) {
  const size = Math.abs(weight);
  return {
    ...ends,
    stroke: colour,
    "stroke-opacity": size,
    "stroke-width": LOOK.line.thinnest + LOOK.line.thicker * size,
    ...(head.dash === "none" ? {} : { "stroke-dasharray": head.dash }),
  };
}

// Lines as paths: those of one head that share a step of opacity, which is what a screen can
// show, are one path: 40,000 lines are then few elements. `path(query, key)` is
// where one runs.
/** @param {any} stage @param {Iterable<number>} indices @param {(query: number, key: number) => string} path @returns {SVGElement[]} */
function strokes({ meta, arrays, dark }, indices, path) {
  const paths = new Map();
  for (const i of indices) {
    const step = Math.round(LEVELS * Math.abs(arrays.weight[i]));
    const name = (2 * arrays.head[i] + (arrays.weight[i] < 0 ? 1 : 0)) * (LEVELS + 1) + step;
    if (!paths.has(name)) paths.set(name, []);
    paths.get(name).push(path(arrays.query[i], arrays.key[i]));
  }
  return [...paths].map(([name, parts]) => {
    const which = Math.floor(name / (LEVELS + 1));
    const [head, sign] = [meta.heads[which >> 1], which & 1 ? -1 : 1];
    const opacity = (name % (LEVELS + 1)) / LEVELS;
    return svg("path", stroke(head, inkOf(head, sign, dark), opacity, { d: parts.join("") }));
  });
}

// A line as it is drawn, with its sign where there are two.
function swatch(head, value, dark) {
  const colour = inkOf(head, value, dark);
  const line = svg("svg", { class: "swatch", width: 26, height: 8, "aria-hidden": "true" });
  line.append(svg("line", stroke(head, colour, value, { x1: 0, y1: 4, x2: 26, y2: 4 })));
  if (!head.minus) return [line];
  const sign = html("span", { class: "sign" }, value < 0 ? "−" : "+");
  sign.style.color = colour;
  return [line, sign];
}

// Title of a head with its swatches and what it does.
/** @param {Head} head @param {boolean} dark @returns {HTMLElement} */
function headTitle(head, dark) {
  const swatches = (head.minus ? [1, -1] : [1]).flatMap((value) => swatch(head, value, dark));
  const name = html("strong", {}, head.title);
  name.style.color = dark ? head.dark : head.light;
  return html("p", { class: "title" }, ...swatches, name, html("span", { class: "says" }, head.says));
}

// Numbers of lines, and the two sides between which they run.
const DIGITS = 3;
const digits = (weight) => digitsOf(weight, DIGITS);
// Whether a key lets go of what is pinned: Escape, unless it closes what lies open over the page.
// To be asked before that is closed: while the event is on its way down.
const OPEN = '[role="dialog"], [role="listbox"], [role="menu"]';
const letsGo = (event) => event.key === "Escape" && !document.querySelector(OPEN);

// Sentences as running text: a space between two, and none after full-width punctuation.
const running = (sentences) => sentences.filter(Boolean)
  .reduce((text, next) => text + (!text || /[\u3001-\u3003\u3008-\u3011\uff01-\uff0f\uff1a-\uff1f]$/.test(text) ? "" : " ") + next, "");
const sideOf = (meta, side) => (side === "q" ? meta.rows : meta.columns);

// The numbers of one token in words, each head with the sum of what is drawn.
function describe(stage, name) {
  const { meta, arrays } = stage;
  const side = name[0];
  const place = Number(name.slice(1));
  const [own, other] = side === "q" ? [arrays.query, arrays.key] : [arrays.key, arrays.query];
  const far = sideOf(meta, side === "q" ? "k" : "q").names;
  const heads = meta.heads.map((head, index) => {
    const found = [];
    for (let i = 0; i < own.length; i++) {
      if (own[i] === place && arrays.head[i] === index) found.push([arrays.weight[i], other[i]]);
    }
    found.sort((one, two) => Math.abs(two[0]) - Math.abs(one[0]));
    // The sum is of the digits shown, so that it can be checked by adding them up.
    const listed = found.map(([weight, at]) => `${far[at]} ${digits(weight)}`).join(", ");
    if (head.minus) return `${head.name}: ${listed || "–"}`; // what has two signs is no share of a row
    const sum = found.reduce((total, [weight]) => total + Number(digits(weight)), 0).toFixed(DIGITS);
    return `${head.name}: ${listed || "–"} (Σ ${sum})`;
  });
  const words = side === "q" ? meta.words.focus_query : meta.words.focus_key;
  return `${fill(words, { token: sideOf(meta, side).names[place] })} ${heads.join(" · ")}`;
}

// A text as it fits: cut at characters as people count them, with … for the rest.
/** @param {number} most @param {(text: string) => number} size @param {string} text @returns {string} */
function cutTo(most, size, text) {
  if (size(text) <= most) return text;
  const kept = Array.from(text);
  while (kept.length > 1 && size(`${kept.join("")}…`) > most) kept.pop();
  return `${kept.join("")}…`;
}
const measured = (context) => (text) => context.measureText(text).width;

// Down and right of an arrow key; nothing for another key.
/** @param {KeyboardEvent} event @returns {Arrow | undefined} */
const arrowOf = ({ key }) => ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] })[key];
const within = (place, count) => Math.max(0, Math.min(count - 1, place));
// The cell of a grid to which an arrow leads from another.
/** @param {number[]} at @param {Arrow} arrow @param {number} rows @param {number} columns @returns {number[]} */
const stepped = (at, [down, right], rows, columns) =>
  [within(at[0] + down, rows), within(at[1] + right, columns)];

// Where the pointer is in an element, in its own px.
/** @param {Element} element @param {MouseEvent} event */
function pointerIn(element, event) {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top, wide: box.width, high: box.height };
}

// A number with a true minus sign, and never minus zero: as `printed` in digits.py.
/** @param {number} value @param {number} decimals @returns {string} */
function digitsOf(value, decimals) {
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

// The ink of a value in a picture's own colours.
const inkOf = (head, value, dark) => {
  const paint = value < 0 && head.minus ? head.minus : head;
  return dark ? paint.dark : paint.light;
};

// The hatch of cells that are not allowed: slanted lines, as far apart everywhere.
const { apart: HATCH, width: HATCH_WIDTH } = LOOK.hatch; // px
function hatch(context, cells, dark) {
  context.save();
  context.beginPath();
  for (const [x, y, wide, high] of cells) context.rect(x, y, wide, high);
  context.clip();
  const [right, low] = cells.reduce(([r, l], [x, y, wide, high]) => [Math.max(r, x + wide), Math.max(l, y + high)], [0, 0]);
  const [left, top] = cells.reduce(([r, l], [x, y]) => [Math.min(r, x), Math.min(l, y)], [right, low]);
  context.beginPath();
  for (let at = Math.ceil((left + top) / HATCH) * HATCH; at < right + low; at += HATCH) {
    context.moveTo(at - low, low);
    context.lineTo(at - top, top);
  }
  context.strokeStyle = inksOf(dark).faint;
  context.lineWidth = HATCH_WIDTH;
  context.stroke();
  context.restore();
}

// Neighbours of a row that are not allowed, as one rectangle each, in cells.
function deniedRuns(denied, start, rows, columns) {
  const runs = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const from = column;
      while (column < columns && denied[start + row * columns + column]) column++;
      if (column > from) runs.push([from, row, column - from, 1]);
    }
  }
  return runs;
}

// A picture in a page that is drawn again on new data, width or theme, and otherwise left
// alone: `draw(stage)` fills stage.root from stage.meta and stage.arrays. stage.memory
// survives redraws; what it hears beyond its root, it hears until it is left (`stage.left.signal`).
// Returns the stage.
const stages = new WeakMap();
function stageOf(parent, draw) {
  let stage = stages.get(parent);
  if (stage) return stage;
  const root = html("div", { class: "attnviz" });
  parent.append(root);
  stage = { root, memory: {}, left: new AbortController(), send: () => {}, keep: () => {} };
  stage.show = (packet) => {
    if (sameBytes(stage.packet, packet) && stage.dark === isDark(root)) return;
    stage.packet = packet.slice();
    stage.put(unpack(packet));
  };
  stage.put = ({ meta, arrays }) => {
    Object.assign(stage, { meta, arrays, dark: isDark(root) });
    stage.redraw();
  };
  stage.redraw = () => {
    const held = focusIn(root);
    root.classList.toggle("dark", stage.dark);
    root.classList.toggle("fit", shareOf(root) > 0);
    const sizes = zooms(root);
    for (const zoom of sizes) {
      root.style.zoom = String(zoom);
      root.style.setProperty("--attnviz-zoomed", String(zoom));
      stage.width = root.clientWidth;
      draw(stage);
      if (sizes.length === 1 || (root.getBoundingClientRect().height <= heightOf(root) && isWhole(root))) break;
    }
    focusAgain(root, held);
    makeReachable(root);
    root.dataset.drawn = String(Number(root.dataset.drawn || 0) + 1);
  };
  stage.observer = new ResizeObserver(() => {
    if (stage.meta && root.clientWidth && root.clientWidth !== stage.width) stage.redraw();
  });
  stage.observer.observe(root);
  stages.set(parent, stage);
  return stage;
}

// Where the focus is in a picture, so that it is there again when the picture is drawn anew:
// the how-manieth of its kind.
const activeIn = (root) => root.getRootNode().activeElement;
const kindOf = ({ tagName, dataset: { side, place, slot, array } }) => [tagName, side, place, slot, array].join();
const ofKind = (root, kind) => [...root.querySelectorAll("*")].filter((one) => kindOf(one) === kind);
function focusIn(root) {
  const active = activeIn(root);
  if (!active || active === root || !root.contains(active)) return null;
  const kind = kindOf(active);
  return { kind, at: ofKind(root, kind).indexOf(active) };
}

function focusAgain(root, held) {
  if (!held) return;
  const found = ofKind(root, held.kind)[held.at];
  if (!found) root.tabIndex = -1; // it is no longer drawn: the picture itself
  (found ?? root).focus({ preventScroll: true });
}

// What scrolls can be scrolled by key, where nothing in it takes the focus.
function makeReachable(root) {
  for (const box of root.querySelectorAll(".scroll, .mapbox")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (scrolls && !box.querySelector('[tabindex="0"], summary')) box.tabIndex = 0;
  }
}

// A page may give its pictures a share of the window's height, such as a projector's screen:
// the largest of a few sizes that fits is then taken. Elsewhere a picture is as tall as it is.
const ZOOMS = [2.2, 1.9, 1.6, 1.4, 1.2, 1, 0.85, 0.7, 0.55];
const property = (element, name) => parseFloat(getComputedStyle(element).getPropertyValue(name));
const shareOf = (root) => property(root, "--attnviz-fit");
const zooms = (root) => (shareOf(root) ? ZOOMS : [property(root, "--attnviz-zoom") || 1]);
const isWhole = (root) => [root, ...root.querySelectorAll(".scroll")].every((box) => box.scrollWidth <= box.clientWidth);
const heightOf = (root) => (shareOf(root) ? shareOf(root) * window.innerHeight : Infinity);

function leave(stage) {
  stage.observer.disconnect();
  stage.left.abort();
}
