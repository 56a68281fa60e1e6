// What cannot be read of a figure as it stands at its step: letters that stand on other letters,
// or that something drawn later covers. Of a letter counts what is inked, not its line's height.
(box) => {
  const drawn = [...box.querySelectorAll(":scope > svg.figure")].find((one) => one.getBoundingClientRect().width);
  const isSeen = (one) => getComputedStyle(one).visibility !== "hidden" && one.getClientRects().length > 0;
  const inked = (text) => {
    const { x, y, width, height } = text.getBBox();
    const size = parseFloat(getComputedStyle(text).fontSize);
    const cut = height < 2 * size ? (height - 0.74 * size) / 2 : 0.12 * size; // above and below
    const corners = [[x, y + cut], [x + width, y + cut], [x, y + height - cut], [x + width, y + height - cut]];
    const placed = corners.map(([a, b]) => new DOMPoint(a, b).matrixTransform(text.getScreenCTM()));
    const [across, down] = [placed.map((one) => one.x), placed.map((one) => one.y)];
    return { left: Math.min(...across), right: Math.max(...across), top: Math.min(...down), bottom: Math.max(...down) };
  };
  const share = (a, b) => Math.min(
    Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top),
  ) > 1; // px
  const isFilled = (rect) => {
    const { fill, fillOpacity, opacity } = getComputedStyle(rect);
    return fill !== "none" && Number(fillOpacity) > 0 && Number(opacity) >= 0.5;
  };
  const texts = [...drawn.querySelectorAll("text")].filter((one) => one.textContent.trim() && isSeen(one));
  const rects = [...drawn.querySelectorAll("rect")].filter((one) => isSeen(one) && isFilled(one));
  const places = texts.map(inked);
  return texts.flatMap((text, at) => {
    const other = texts.find((_, n) => n > at && share(places[at], places[n]));
    const isAfter = (rect) => text.compareDocumentPosition(rect) & Node.DOCUMENT_POSITION_FOLLOWING;
    const cover = rects.find((rect) => isAfter(rect) && share(places[at], rect.getBoundingClientRect()));
    return [
      ...(other ? [`"${text.textContent}" on "${other.textContent}"`] : []),
      ...(cover ? [`"${text.textContent}" below a box`] : []),
    ];
  });
}
