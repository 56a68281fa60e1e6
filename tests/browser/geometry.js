// What cannot be read on a page, as sentences: text under 9 px, cells of attention under 6 px
// where there is room for more, what is cut or overlaps, labels that are missing in silence,
// text of a figure that hardly differs from the page.
// Everything is measured on the page as it stands, nothing is known of how it was drawn.

const LEAST_TEXT = 9; // px
const LEAST_CELL = 6;
const LEAST_CONTRAST = 4.5; // of a text with what is behind it
const SLACK = 1.5; // px of rounding
const TOOLBARS = ".modebar-container, .stElementToolbar"; // shown while a chart is pointed at

// What is written on a canvas, and maps that are painted on it, are recorded while that is done.
const written = new WeakMap();
const record = (canvas) => {
  if (!written.has(canvas)) written.set(canvas, { texts: [], maps: [] });
  return written.get(canvas);
};
window.writtenOn = (canvas) => written.get(canvas)?.texts ?? []; // for letters.js
const context = CanvasRenderingContext2D.prototype;
const { fillText, drawImage } = context;
context.fillText = function (text, x, y, ...more) {
  const { width } = this.measureText(text);
  const size = parseFloat(/([\d.]+)px/.exec(this.font)[1]);
  const left = { left: x, start: x, center: x - width / 2, right: x - width, end: x - width }[this.textAlign];
  const top = this.textBaseline === "middle" ? y - size / 2 : y - size;
  const m = this.getTransform();
  const corners = [[left, top], [left + width, top], [left, top + size], [left + width, top + size]]
    .map(([a, b]) => [m.a * a + m.c * b + m.e, m.b * a + m.d * b + m.f]);
  const [xs, ys] = [corners.map((c) => c[0]), corners.map((c) => c[1])];
  record(this.canvas).texts.push({
    text, size: size * Math.hypot(m.a, m.b), ink: this.fillStyle,
    box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
  });
  return fillText.call(this, text, x, y, ...more);
};
context.drawImage = function (...given) {
  const m = this.getTransform();
  if (given.length === 9) { // a part of an image that has a pixel a cell
    const [, , , columns, rows, , , width, height] = given;
    record(this.canvas).maps.push({ rows, columns, width: width * m.a, height: height * m.d });
  }
  return drawImage.apply(this, given);
};

// Pictures of the app live in shadow trees, which `querySelectorAll`, `closest` and `parentElement`
// do not pass.
const parentOf = (element) => element.parentElement ?? element.getRootNode().host ?? null;
const near = (element, selector) => {
  for (let e = element; e; e = e.getRootNode().host) {
    const found = e.closest(selector);
    if (found) return found;
  }
  return null;
};
const treesIn = (root) => [root, ...[...root.querySelectorAll("*")].filter((e) => e.shadowRoot).flatMap((e) => treesIn(e.shadowRoot))];
const allIn = (root, selector) => treesIn(root).flatMap((tree) => [...tree.querySelectorAll(selector)]);
const textsIn = (root) => treesIn(root).flatMap((tree) => {
  const walker = document.createTreeWalker(tree, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
});
Object.assign(window, { allIn, textsIn }); // for letters.js

function measure() {
  const faults = new Set();
  const short = (text) => `"${text.trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const px = (number) => `${number.toFixed(1)} px`;
  const main = document.querySelector('[data-testid="stMain"]') || document.body;
  const isSeen = (element) =>
    element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
    element.getClientRects().length > 0 && // an SVG's text that is not displayed says it is visible
    !near(element, `${TOOLBARS}, .katex-mathml, noscript, script, style, [data-testid="stHeader"]`) &&
    !/Material/.test(getComputedStyle(element).fontFamily);
  const isFixed = (element) => {
    for (let e = element; e; e = parentOf(e)) if (["fixed", "sticky"].includes(getComputedStyle(e).position)) return true;
    return false;
  };

  // How many px on the screen a px of this element is.
  const scaleOf = (element) => {
    const outer = element.ownerSVGElement ? outermost(element) : element;
    if (!(outer instanceof SVGSVGElement)) return element.currentCSSZoom ?? 1;
    const inside = outer.viewBox.baseVal?.width || outer.width.baseVal.value;
    return outer.getBoundingClientRect().width / inside;
  };
  const outermost = (element) => {
    let svg = element.ownerSVGElement;
    while (svg.ownerSVGElement) svg = svg.ownerSVGElement;
    return svg;
  };

  // WCAG's contrast of a figure's text with the page; numbers in cells have grounds of their own.
  const channels = (colour) => /rgba?\(([^)]*)\)/.exec(colour)?.[1].split(/[,\s/]+/).map(Number);
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let e = element; e; e = parentOf(e)) {
      const [r, g, b, alpha = 1] = channels(getComputedStyle(e).backgroundColor) ?? [];
      if (alpha === 1 && r !== undefined) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const contrastOf = (text) => {
    const ink = channels(getComputedStyle(text).fill);
    if (!ink || text.closest(".scatterlayer, .heatmap-label")) return Infinity;
    const [light, dark] = [luminance(ink), luminance(groundOf(text))].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };

  // Whether text runs neither along nor down the page: then its box says little.
  const isOblique = (element) => {
    const { a = 1, b = 0 } = element.getScreenCTM?.() ?? {};
    return Math.abs(a * b) > 0.01;
  };

  // The part of a box that can be seen, and by what it is cut for good.
  const shown = (element, box) => {
    let [left, top, right, bottom] = [box.left, box.top, box.right, box.bottom];
    let [cut, scrolled] = [null, false];
    const first = element.tagName === "CANVAS" ? parentOf(element) : element;
    for (let e = first; e && e !== main.parentElement; e = parentOf(e)) {
      const style = getComputedStyle(e);
      if (style.overflowX === "visible" && style.overflowY === "visible") continue;
      const edge = e.getBoundingClientRect();
      const out = Math.max(edge.left - left, right - edge.right, edge.top - top, bottom - edge.bottom);
      const scrolls = /auto|scroll/.test(style.overflowX + style.overflowY) && !matchMedia("print").matches;
      scrolled ||= scrolls; // what is beyond can be scrolled to
      if (out > SLACK && !scrolled && !cut) cut = e;
      left = Math.max(left, edge.left); right = Math.min(right, edge.right);
      top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
    }
    if (right <= left || bottom <= top) return { box: null, cut };
    return { box: { left, top, right, bottom }, cut };
  };

  const items = []; // what must not overlap: {box, name, element}
  const add = (element, box, name, size) => {
    if (size < LEAST_TEXT - 0.05) faults.add(`${name} is written in ${px(size)}`);
    const seen = shown(element, box);
    const ellipsis = seen.cut && getComputedStyle(seen.cut).textOverflow === "ellipsis";
    if (seen.cut && !ellipsis) faults.add(`${name} is cut off by ${seen.cut.className.baseVal ?? (seen.cut.className || seen.cut.tagName)}`);
    if (seen.box && !isFixed(element)) items.push({ box: seen.box, name, element });
  };

  // Whether a text ends in dots: the browser then says its box twice.
  const isShortened = (element) => {
    for (let e = element; e && e !== main; e = parentOf(e)) {
      if (getComputedStyle(e).textOverflow === "ellipsis" && e.scrollWidth > e.clientWidth) return true;
    }
    return false;
  };

  for (const text of textsIn(main)) {
    const { parentElement: parent } = text;
    if (!text.data.trim() || !parent || parent.closest("title") || !isSeen(parent)) continue;
    const size = parseFloat(getComputedStyle(parent).fontSize) * scaleOf(parent);
    if (parent.closest("svg") && !(contrastOf(parent) >= LEAST_CONTRAST)) {
      faults.add(`${short(text.data)} has a contrast of ${contrastOf(parent).toFixed(2)}`);
    }
    const range = document.createRange();
    range.selectNodeContents(text);
    const boxes = [...range.getClientRects()];
    for (const box of isShortened(parent) ? boxes.slice(0, 1) : boxes) {
      if (box.width > 1 && box.height > 1) add(parent, box, short(text.data), size);
    }
  }

  for (const canvas of allIn(main, "canvas")) {
    if (!isSeen(canvas) || canvas.matches("[aria-hidden=true]")) continue; // marks lie over a map
    const edge = canvas.getBoundingClientRect();
    if (!edge.width) continue;
    const scale = edge.width / canvas.width;
    const { texts } = written.get(canvas) || { texts: [] };
    for (const { text, size, box } of texts) {
      const at = {
        left: edge.left + box[0] * scale, top: edge.top + box[1] * scale,
        right: edge.left + box[2] * scale, bottom: edge.top + box[3] * scale,
      };
      const out = Math.max(edge.left - at.left, at.right - edge.right, edge.top - at.top, at.bottom - edge.bottom);
      if (out > SLACK) faults.add(`${short(text)} is cut off by its canvas, ${px(out)}`);
      add(canvas, at, `${short(text)} on a canvas`, size * scale);
    }
    const name = canvas.getAttribute("aria-label")?.slice(0, 40) || canvas.className;
    const seen = shown(canvas, edge);
    if (seen.cut) faults.add(`the map ${name} is cut off`);
    if (seen.box && !isFixed(canvas)) items.push({ box: seen.box, name: `the map ${name}`, element: canvas });
  }

  items.sort((a, b) => a.box.top - b.box.top);
  const inner = ({ left, top, right, bottom }) => { // letters are lower than their line
    const by = 0.2 * Math.min(right - left, bottom - top);
    return { left: left + by, right: right - by, top: top + by, bottom: bottom - by };
  };
  const boxes = items.map((item) => inner(item.box));
  for (let i = 0; i < items.length; i++) {
    for (let j = i + 1; j < items.length && items[j].box.top < items[i].box.bottom; j++) {
      const [a, b] = [boxes[i], boxes[j]];
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide <= SLACK || high <= SLACK || (isOblique(items[i].element) && isOblique(items[j].element))) continue;
      const [one, other] = [items[i].element, items[j].element];
      if (one.tagName === "CANVAS" && one === other && [items[i], items[j]].some(({ name }) => name.startsWith("the map"))) continue;
      faults.add(`${items[i].name} and ${items[j].name} overlap, ${px(wide)} × ${px(high)}`);
    }
  }

  // Cells of attention: [what, cell across, cell down, room across]
  const maps = [];
  const roomOf = (element) => near(element, ".attnviz, .stPlotlyChart, [data-testid]").getBoundingClientRect().width;
  for (const canvas of allIn(main, "canvas[data-array]")) {
    if (!isSeen(canvas)) continue;
    const [rows, columns] = ["rows", "columns"].map((n) => canvas.dataset[n]?.split("\n").length);
    const box = canvas.getBoundingClientRect();
    if (canvas.dataset.columns !== undefined && canvas.dataset.rows === canvas.dataset.columns) {
      maps.push([canvas.getAttribute("aria-label"), box.width / columns, box.height / rows, columns, canvas]);
    }
    checkNames(canvas, rows, columns);
  }
  for (const canvas of allIn(main, "canvas")) {
    const { maps: painted } = written.get(canvas) || { maps: [] };
    if (!isSeen(canvas) || !painted.length) continue;
    const scale = canvas.getBoundingClientRect().width / canvas.width;
    const last = painted[painted.length - 1];
    maps.push([canvas.getAttribute("aria-label"), (scale * last.width) / last.columns, (scale * last.height) / last.rows, last.columns, canvas]);
  }
  for (const plot of main.querySelectorAll(".js-plotly-plot")) {
    const image = plot.querySelector(".hm image");
    if (!image || !isSeen(plot)) continue;
    const box = image.getBoundingClientRect();
    const { z } = plot._fullData.find((trace) => trace.type === "heatmap");
    maps.push([plot._fullLayout.title.text, box.width / z[0].length, box.height / z.length, z[0].length, plot]);
    const named = (axis) => plot.querySelectorAll(`.${axis}tick text`).length;
    for (const axis of ["x", "y"]) {
      if (named(axis) < z.length && !/\d/.test(plot.querySelector(".gtitle-subtitle, .g-gtitle .gtitle-subtitle")?.textContent || "")) {
        faults.add(`${plot._fullLayout.title.text}: ${named(axis)} of ${z.length} named on ${axis}, and does not say so`);
      }
    }
  }
  const share = (element) => { // of a projector's screen, which all maps of a fan share
    const fan = near(element, ".fit .fan");
    const { width, height } = fan?.getBoundingClientRect() ?? {};
    return fan ? Math.sqrt((width * height) / fan.childElementCount) : Infinity;
  };
  for (const [what, across, down, count, element] of maps) {
    const room = Math.min(roomOf(element), share(element));
    const could = Math.min(LEAST_CELL, (0.6 * room) / count); // the rest is for names
    if (Math.min(across, down) < could - 0.1) {
      faults.add(`cells of ${what} are ${px(across)} × ${px(down)} where there is room for ${px(could)}`);
    }
  }

  // Rows and columns are numbers, or are named, or a note says which are.
  function checkNames(canvas, rows, columns) {
    const figure = canvas.closest("figure");
    const said = figure.textContent + (canvas.closest(".wall, .strip")?.previousElementSibling?.textContent || "");
    const box = canvas.getBoundingClientRect();
    for (const [side, count] of [["rows", rows], ["columns", columns]]) {
      const names = canvas.dataset[side]?.split("\n");
      if (!names || names.every((name, i) => name === String(i))) continue;
      const drawn = [...figure.querySelectorAll(side === "rows" ? ".rownames span" : ".columnnames span")].filter(isSeen);
      if (drawn.length < count && !figure.querySelector(".some") && !canvas.closest(".unnamed, .fit .fan")) {
        faults.add(`${canvas.getAttribute("aria-label")}: ${drawn.length} of ${count} ${side} named, and does not say so`);
      }
      for (const name of drawn) {
        const at = name.getBoundingClientRect();
        const index = Number(name.dataset.at);
        const [start, size] = side === "rows" ? [box.top, box.height] : [box.left, box.width];
        const middle = side === "rows" ? (at.top + at.bottom) / 2 : (at.left + at.right) / 2;
        const off = Math.abs(middle - start - ((index + 0.5) * size) / count);
        if (!(off < Math.max(5, size / count))) faults.add(`${name.textContent} stands ${px(off)} from its ${side}`);
      }
    }
  }

  if (main.scrollWidth > main.clientWidth + 1) faults.add("the page scrolls sideways");
  return [...faults];
}
window.attnvizFaults = measure;

// Resolves once nothing has moved or been drawn for a while.
window.attnvizStill = async () => {
  const state = () => {
    const main = document.querySelector('[data-testid="stMain"]') || document.body;
    const script = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    const boxes = allIn(main, "canvas, svg, table, h1, h2, h3, p").map((e) => {
      const { x, y, width, height } = e.getBoundingClientRect();
      return [x, y, width, height].map(Math.round).join();
    });
    return script === undefined || script === "notRunning" ? boxes.join(";") : Math.random();
  };
  for (let last = null, same = 0; same < 3; ) {
    const now = state();
    same = now === last ? same + 1 : 0;
    last = now;
    await new Promise((done) => setTimeout(done, 70));
  }
};
