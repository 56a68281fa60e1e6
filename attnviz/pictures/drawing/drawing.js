// Drawings: a tree of attnviz/pictures/drawing as elements and text nodes.

function grown(tree, space) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, attributes, ...children] = tree;
  const inside = tag === "svg" ? SVG : space;
  return node(inside, tag, attributes, ...children.map((child) => grown(child, inside)));
}

function drawDrawing(stage) {
  const { root, meta } = stage;
  const open = new Set([...root.querySelectorAll("details[open]")].map((d) => d.dataset.name));
  for (const old of [...root.children]) if (old !== stage.memory.spoken) old.remove();
  root.prepend(grown(meta.tree, null));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", meta.alt);
  for (const box of root.querySelectorAll("details")) {
    if (open.has(box.dataset.name)) box.open = true;
  }
  for (const canvas of root.querySelectorAll("canvas[data-array]")) paint(stage, canvas);
  for (const image of root.querySelectorAll("image[data-array]")) paintInk(stage, image);
  beginFigures(stage);
  sayVerdict(stage);
}

// A verdict that has changed is announced: by an element that stays, as readers of screens want.
function sayVerdict({ root, memory }) {
  const verdict = running([...root.querySelectorAll(".verdict")].map((one) => one.textContent));
  if (!memory.spoken) root.append((memory.spoken = html("p", { class: "spoken", role: "status" })));
  if (memory.verdict !== undefined && memory.verdict !== verdict) memory.spoken.textContent = verdict;
  memory.verdict = verdict;
}
