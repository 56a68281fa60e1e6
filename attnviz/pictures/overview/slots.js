// The slots of the overview: what a click on a tile sets, A, B or one more, as buttons.

function slots(stage) {
  const { meta, memory, dark } = stage;
  const box = html("div", { class: "slots", role: "radiogroup", "aria-label": meta.words.click_sets });
  box.append(html("span", {}, meta.words.click_sets));
  const colours = meta.colours[dark ? "dark" : "light"];
  const buttons = ["A", "B", ADD].map((slot, i) => {
    const button = html("button", { type: "button", role: "radio", "data-slot": slot }, slotName(meta, slot));
    button.style.setProperty("--slot", slot === ADD ? "currentColor" : colours[i]);
    button.addEventListener("click", () => {
      memory.slot = slot;
      check();
    });
    return button;
  });
  const check = () => {
    for (const b of buttons) b.setAttribute("aria-checked", String(b.dataset.slot === memory.slot));
  };
  check();
  box.append(...buttons);
  return box;
}

// What a slot is called, and the head that stands in it.
function slotName(meta, slot) {
  const marked = meta.marked[slot];
  return marked ? `${slot} = ${tileName(meta, ...marked)}` : meta.words.slots[slot] ?? slot;
}
