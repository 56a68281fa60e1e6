// Numbers that can be changed where they stand: a field over the cell, for a mouse, a finger and
// keys alike. What is typed is told to the page, which draws the picture anew.

const TYPED = 450; // ms without another key, until what is typed counts

function beginEditing(stage, box) {
  const { memory } = stage;
  const close = () => {
    clearTimeout(memory.typing);
    memory.editing = undefined;
    box.querySelector(".edit")?.remove();
  };
  const open = (name, text) => {
    close();
    const cell = [...box.querySelectorAll(`[data-name="${CSS.escape(name)}"]`)].find((one) => one.getClientRects().length);
    if (!cell) return;
    const [at, around] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
    const zoom = box.currentCSSZoom ?? 1;
    const shown = String(Number(cell.dataset.value));
    const field = html("input", { class: "edit", type: "number", step: 1, min: -cell.dataset.most, max: cell.dataset.most, inputmode: "numeric", "aria-label": cell.dataset.part });
    Object.assign(field.style, { left: `${(at.left - around.left) / zoom}px`, top: `${(at.top - around.top) / zoom}px`, width: `${Math.max(56, at.width / zoom)}px`, height: `${Math.max(24, at.height / zoom)}px` });
    field.value = text ?? shown;
    memory.editing = name;
    const tell = () => {
      clearTimeout(memory.typing);
      memory.typed = field.value;
      const number = Number(field.value);
      if (field.value === "" || !field.checkValidity() || String(number) === shown) return;
      stage.send("edited", { control: cell.dataset.edits, name, number });
    };
    field.addEventListener("input", () => {
      clearTimeout(memory.typing);
      memory.typed = field.value;
      memory.typing = setTimeout(tell, TYPED);
    });
    field.addEventListener("blur", () => setTimeout(() => { // not when a redraw has taken it away
      if (!field.isConnected) return;
      tell();
      close();
    }));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { tell(); close(); cell.focus(); }
      if (event.key === "Escape") { close(); cell.focus(); }
    });
    box.append(field);
    field.focus({ preventScroll: true });
    if (text === undefined) field.select();
  };
  box.addEventListener("click", (event) => {
    const cell = event.target.closest?.("[data-edits]");
    if (cell) open(cell.dataset.name);
  });
  if (memory.editing) open(memory.editing, memory.typed);
}
