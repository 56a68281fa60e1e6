// The boxes of ink of all texts of an SVG, which of them touch, and which leave the figure.
() => {
  const LARGE = 20;
  const context = document.createElement("canvas").getContext("2d");
  const ordered = (points, side) => points.map((point) => point[side]).sort((a, b) => a - b);
  const boxOf = (text) => {
    const { fontSize, fontFamily, fontWeight } = getComputedStyle(text);
    // Small letters are measured in whole px: they are measured large.
    context.font = `${fontWeight} ${LARGE * parseFloat(fontSize)}px ${fontFamily}`;
    const box = {};
    const large = context.measureText(text.textContent);
    for (const name of ["width", ...["Left", "Right", "Ascent", "Descent"].map((side) => `actualBoundingBox${side}`)]) {
      box[name] = large[name] / LARGE;
    }
    const anchor = text.getAttribute("text-anchor") ?? "start";
    const before = { start: 0, middle: box.width / 2, end: box.width }[anchor];
    const [x, y] = ["x", "y"].map((name) => Number(text.getAttribute(name) ?? 0));
    const matrix = text.getScreenCTM();
    const corners = [
      new DOMPoint(x - before - box.actualBoundingBoxLeft, y - box.actualBoundingBoxAscent),
      new DOMPoint(x - before + box.actualBoundingBoxRight, y + box.actualBoundingBoxDescent),
    ].map((corner) => corner.matrixTransform(matrix));
    const [left, right] = ordered(corners, "x");
    const [top, bottom] = ordered(corners, "y");
    return { said: text.textContent, left, right, top, bottom };
  };
  for (const use of document.querySelectorAll("svg use")) {
    use.replaceWith(...document.querySelector(use.getAttribute("href")).cloneNode(true).children);
  }
  for (const named of document.querySelectorAll("svg defs g")) named.remove();
  const boxes = [...document.querySelectorAll("svg text")].filter((t) => t.textContent.trim()).map(boxOf);
  // A word may be drawn twice at its place, the second time in an ink that can be read there.
  const isAgain = (a, b) => a.said === b.said && a.left === b.left && a.top === b.top;
  const touch = (a, b) =>
    !isAgain(a, b) &&
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const pairs = boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) => touch(a, b)).map((b) => [a.said, b.said]));
  const svg = document.querySelector("svg").getBoundingClientRect();
  const leaves = (b) =>
    b.left < svg.left || b.right > svg.right || b.top < svg.top || b.bottom > svg.bottom;
  return { count: boxes.length, pairs, outside: boxes.filter(leaves).map((b) => b.said), wide: svg.width };
}
