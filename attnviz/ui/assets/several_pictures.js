// Several pictures in one component, each in its place: one message for all of them.
const letGo = (place) => {
  const stage = stages.get(place);
  leave(stage);
  leaveSelection(stage);
};
function placeOf(box, at, kind) {
  const old = box.children[at];
  if (old?.dataset.kind === kind) return old;
  const place = html("div", { class: "picture", "data-picture": at, "data-kind": kind });
  if (old) letGo(old);
  if (old) old.replaceWith(place);
  else box.append(place);
  return place;
}
export default function ({ data, parentElement }) {
  const { meta, arrays } = unpack(data);
  const box = parentElement.querySelector(".pictures") ?? html("div", { class: "pictures" });
  if (!box.parentNode) parentElement.append(box);
  box.style.setProperty("--least", meta.least);
  const call = (box.call = {});
  meta.kinds.forEach((kind, at) => {
    const stage = stageOf(placeOf(box, at, kind), DRAWS[kind]);
    joinSelection(stage);
    stage.show(arrays[at]);
  });
  for (const place of [...box.children].slice(meta.kinds.length)) {
    letGo(place);
    place.remove();
  }
  askSelection({});
  return () => {
    if (box.call === call) [...box.children].forEach(letGo); // else new data came meanwhile
  };
}
