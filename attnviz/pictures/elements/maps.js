// Maps of ink (attnviz/pictures/elements/maps.py): painted from their numbers, a pixel a cell; the
// column of a word that is pointed at lights up in all of them.

function paintInk(stage, image) {
  const values = stage.arrays[image.dataset.array];
  const ramp = stage.arrays[image.dataset.ramp];
  const rows = Number(image.dataset.rows);
  const canvas = html("canvas", { width: values.length / rows, height: rows });
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, rows);
  const put = painter(pixels, ramp);
  for (let i = 0; i < values.length; i++) {
    put(i, signedLevel(values[i], Number(image.dataset.largest)));
  }
  context.putImageData(pixels, 0, 0);
  image.setAttribute("href", canvas.toDataURL());
}

// The word among the names that light up, in every map with a column for it.
function lightColumns(root, names) {
  const word = names.map((name) => /^word\.(\d+)$/.exec(name)?.[1]).find((position) => position !== undefined);
  for (const frame of root.querySelectorAll(".lit-column")) {
    const at = word === undefined ? -1 : frame.dataset.columns.split(" ").indexOf(word);
    frame.classList.toggle("there", at >= 0);
    if (at < 0) continue;
    if (frame.namespaceURI === SVG) frame.setAttribute("transform", `translate(${at * Number(frame.getAttribute("width"))})`);
    else frame.style.left = `${(100 * at) / frame.dataset.columns.split(" ").length}%`;
  }
}

// A map of words on a canvas: its names and its columns light up with everything else of a word.
function followWords(canvas, box) {
  const words = canvas.dataset.columns.split("\n");
  const frame = html("span", { class: "lit-column", "data-columns": words.map((_, at) => at).join(" ") });
  Object.assign(frame.style, { width: `${parseFloat(canvas.style.width) / words.length}px`, height: canvas.style.height });
  box.prepend(frame);
  const tell = (names) => document.dispatchEvent(new CustomEvent("attnviz-light", { detail: names }));
  const named = box.closest(".named") ?? box;
  for (const name of named.querySelectorAll("[data-at]")) name.dataset.part = `word.${name.dataset.at}`;
  named.addEventListener("pointermove", (event) => {
    const at = event.target.dataset?.at ?? (event.target === canvas ? columnUnder(canvas, event, words.length) : undefined);
    if (at !== undefined) tell([`word.${at}`]);
  });
  named.addEventListener("pointerleave", () => tell([]));
}

const columnUnder = (canvas, event, count) => {
  const { x, wide } = pointerIn(canvas, event);
  return within(Math.floor((x / wide) * count), count);
};
