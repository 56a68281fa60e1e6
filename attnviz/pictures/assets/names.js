// Names of tokens where a picture is drawn: the counterpart of attnviz/pictures/names.py.
//
// A piece that goes on with a word keeps its mark (##), faint; an unknown token stands, faint, before
// the characters that it hides. Names side by side run upwards; Chinese and single signs are upright.

const NAME = 12; // px of its letters
const NAME_FONT = `${NAME}px system-ui, sans-serif`;
const SIGN_STEP = 1.1 * NAME; // px from one upright sign to the next
const APART = NAME + 0.5; // least px from one name to the next
const LONGEST_NAME = 96; // px
const WIDE = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uffef]+$/u;
const SEGMENTER = new Intl.Segmenter(); // one for all: to make it takes longer than to use it
const signsOf = (text) => [...SEGMENTER.segment(text)].map(({ segment }) => segment);

/** @typedef {{ faint: string, text: string }} Name */

// A side's name at a place: what is faint before it, and the name itself.
/** @param {any} side @param {number} place @returns {Name} */
function nameAt({ labels, marks, unknown }, place) {
  const hidden = unknown?.[place];
  return hidden ? { faint: `${labels[place]} `, text: hidden } : { faint: marks?.[place] ?? "", text: labels[place] };
}

const LETTERS = /^[\x20-\x7e]{2,}$/; // what is a name of several signs at first sight
const isUpright = ({ faint, text }) => !faint && !LETTERS.test(text) && (WIDE.test(text) || signsOf(text).length === 1);

// As much of a name as fits; what is before it stays, unless that would take more than half of it.
/** @param {Name} name @param {(text: string) => number} size @param {number} most @returns {Name} */
function cutName({ faint, text }, size, most = LONGEST_NAME) {
  const before = size(faint) > most / 2 && size(faint + text) > most ? "" : faint;
  return { faint: before, text: cutTo(most - size(before), size, text) };
}

// What all names of some sides take at most, across a line of text.
/** @param {any[]} sides @param {(text: string) => number} size @param {boolean} turned @returns {number} */
function nameRoom(sides, size, turned) {
  const rooms = sides.flatMap((side) => side.labels.map((_, place) => {
    const name = cutName(nameAt(side, place), size);
    return turned && isUpright(name) ? SIGN_STEP * signsOf(name.text).length : size(name.faint + name.text);
  }));
  return Math.min(LONGEST_NAME, Math.ceil(Math.max(24, ...rooms)));
}

// Write a name into its text element: `way` from the point at which it begins; a mark such as #2
// before it. Signs below each other are read downwards, at both edges.
/** @param {SVGElement} label @param {Name} name @param {number[]} at @param {"above" | "below" | "left" | "right"} way @param {string} [mark] */
function writeName(label, name, [x, y], way, mark = "") {
  const title = label.querySelector("title");
  const isTurned = way === "above" || way === "below";
  const isStack = isTurned && !mark && isUpright(name);
  const ends = way === "left" || way === "below";
  label.setAttribute("text-anchor", isStack ? "middle" : ends ? "end" : "start");
  label.setAttribute("transform", `translate(${x},${y})${isTurned && !isStack ? " rotate(-90)" : ""}`);
  const signs = isStack ? signsOf(name.text) : [];
  const first = way === "above" ? -SIGN_STEP * (signs.length - 1) - 0.1 * NAME : 0.85 * NAME;
  label.setAttribute("y", String(isStack ? first : 0.35 * NAME));
  const written = isStack
    ? [signs[0], ...signs.slice(1).map((sign, i) => svg("tspan", { x: 0, y: first + SIGN_STEP * (i + 1) }, sign))]
    : name.faint ? [mark, svg("tspan", { class: "faint" }, name.faint), ...after(name, isTurned)].filter(Boolean) : [mark + name.text];
  label.replaceChildren(...written, ...(title ? [title] : []));
}

// What follows the faint part: one sign stands upright there too, on the middle of its line.
const after = ({ text }, isTurned) =>
  isTurned && signsOf(text).length === 1 ? [svg("tspan", { rotate: 90, dx: 0.12 * NAME, dy: -0.85 * NAME }, text)] : [text];

// The same on a canvas, whose font is NAME_FONT.
/** @param {CanvasRenderingContext2D} context @param {Name} name @param {number[]} at @param {"below" | "left"} way @param {any} inks @param {number} [most] */
function paintName(context, name, [x, y], way, inks, most = LONGEST_NAME) {
  const { faint, text } = cutName(name, measured(context), most);
  context.save();
  context.translate(x, y);
  context.textBaseline = "middle";
  if (way === "below" && isUpright({ faint, text })) {
    context.textAlign = "center";
    context.fillStyle = inks.ink;
    signsOf(text).forEach((sign, i) => context.fillText(sign, 0, NAME / 2 + SIGN_STEP * i));
    return context.restore();
  }
  if (way === "below") context.rotate(-Math.PI / 2);
  context.textAlign = "right";
  context.fillStyle = inks.ink;
  context.fillText(text, 0, 0);
  context.fillStyle = inks.faint;
  context.fillText(faint, -context.measureText(text).width, 0);
  context.restore();
}
