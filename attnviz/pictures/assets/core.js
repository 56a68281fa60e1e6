// What all pictures share: reading a packet, small DOM helpers, light or dark.

const TYPES = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

// The counterpart of attnviz/pictures/packet.py.
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

function sameBytes(one, other) {
  if (!one || one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

const SVG = "http://www.w3.org/2000/svg";

function node(space, tag, attributes = {}, ...children) {
  const made = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children); // strings become text nodes: tokens are data, never markup
  return made;
}
const html = (tag, attributes, ...children) => node(null, tag, attributes, ...children);
const svg = (tag, attributes, ...children) => node(SVG, tag, attributes, ...children);

// "{a} looks at {b}" with values for a and b.
function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Whether the page behind `element` is dark, from its own background colour.
function isDark(element) {
  const colour = getComputedStyle(element).getPropertyValue("--st-background-color").trim();
  const hex = /^#([0-9a-f]{6})/i.exec(colour);
  if (!hex) return matchMedia("(prefers-color-scheme: dark)").matches;
  const value = parseInt(hex[1], 16);
  return 0.3 * (value >> 16) + 0.59 * ((value >> 8) & 255) + 0.11 * (value & 255) < 128;
}

// Values: shares from 0 to 1, or of either sign. A level is a place in the ramp of their colours,
// the counterpart of `map_levels` in attnviz/pictures/style.py.
const HALF = 127; // levels on each side of 0
const ink = (value) => Math.sqrt(Math.min(1, Math.abs(value)));
const levelOf = (value, signed) =>
  signed ? HALF + Math.sign(value) * Math.round(HALF * ink(value)) : Math.round(255 * ink(value));
const paperOf = (signed) => (signed ? HALF : 0);

// A number with a true minus sign, and never minus zero: as `printed` in tensor.py.
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
const HATCH = 4; // px, as in style.py
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
  context.strokeStyle = dark ? "#A3A39D" : "#5F6368";
  context.lineWidth = 0.6;
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
// survives redraws. Returns the stage.
const stages = new WeakMap();
function stageOf(parent, draw) {
  let stage = stages.get(parent);
  if (stage) return stage;
  const root = html("div", { class: "attnviz" });
  parent.append(root);
  stage = { root, memory: {}, send: () => {}, keep: () => {} };
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
    for (const zoom of zooms(root)) {
      root.style.zoom = zoom;
      stage.width = root.clientWidth;
      draw(stage);
      if (root.getBoundingClientRect().height <= heightOf(root) && root.scrollWidth <= root.clientWidth) break;
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
const heightOf = (root) => (shareOf(root) ? shareOf(root) * window.innerHeight : Infinity);

function leave(stage) {
  stage.observer.disconnect();
  if (stage.memory.letGo) document.removeEventListener("keydown", stage.memory.letGo);
}
