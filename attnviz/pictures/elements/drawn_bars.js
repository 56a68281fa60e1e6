// Bars that a reader draws (attnviz/pictures/elements/drawn_bars.py), the same in both forms of
// the figure; once all are drawn and given away, the page draws them beside what was measured.
const BAR_STEP = 5; // per cent
const BY_KEY = { ArrowUp: BAR_STEP, ArrowRight: BAR_STEP, ArrowDown: -BAR_STEP, ArrowLeft: -BAR_STEP, PageUp: 4 * BAR_STEP, PageDown: -4 * BAR_STEP };

function beginDrawnBars(stage, box) {
  const groups = [...box.querySelectorAll(".drawn-bars")];
  const isOnPaper = Boolean(stage.meta.reader?.onPaper);
  if (isOnPaper) groups.forEach(drawForAPencil);
  if (!groups.length || isOnPaper) return void (stage.memory.bars = undefined);
  const columnsOf = (group) => [...group.querySelectorAll(".column")];
  const count = columnsOf(groups[0]).length;
  const bars = (stage.memory.bars ??= Array(count).fill(null));
  const show = () => {
    for (const group of groups) {
      columnsOf(group).forEach((column, n) => showBar(column, bars[n]));
      const isOpen = bars.includes(null);
      group.querySelector(".commit").style.display = isOpen ? "none" : "";
      group.querySelector(".todo").style.display = isOpen ? "" : "none";
    }
  };
  const set = (n, value) => {
    bars[n] = Math.max(0, Math.min(100, value));
    show();
  };
  for (const group of groups) {
    columnsOf(group).forEach((column, n) => {
      const follow = (event) => {
        const reach = column.querySelector(".reach").getBoundingClientRect();
        const share = (reach.bottom - event.clientY) / reach.height;
        set(n, BAR_STEP * Math.round((100 * share) / BAR_STEP));
      };
      column.addEventListener("pointerdown", (event) => {
        column.setPointerCapture(event.pointerId);
        follow(event);
      });
      column.addEventListener("pointermove", (event) => { if (event.buttons) follow(event); });
      column.addEventListener("keydown", (event) => {
        if (event.key in BY_KEY) set(n, (bars[n] ?? 0) + BY_KEY[event.key]);
        else if (event.key === "Home" || event.key === "End") set(n, event.key === "End" ? 100 : 0);
        else return;
        event.preventDefault();
        event.stopPropagation();
      });
    });
    const commit = group.querySelector(".commit");
    const give = () => stage.send("chosen", { [group.dataset.control]: bars.join("-") });
    commit.addEventListener("click", give);
    commit.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      give();
    });
  }
  show();
}

// On paper nothing slides and nothing is given away.
function drawForAPencil(group) {
  group.querySelector(".commit").remove();
  for (const column of group.querySelectorAll(".column")) {
    for (const name of ["role", "tabindex", "aria-label", "aria-valuemin", "aria-valuemax"]) column.removeAttribute(name);
  }
}

function showBar(column, value) {
  const reach = column.querySelector(".reach");
  const [top, high] = [Number(reach.getAttribute("y")), Number(reach.getAttribute("height"))];
  const height = (high * (value ?? 0)) / 100;
  const bar = column.querySelector(".height");
  bar.setAttribute("y", String(top + high - height));
  bar.setAttribute("height", String(height));
  const [hint, percent] = column.querySelectorAll("text");
  hint.style.display = value === null ? "" : "none";
  percent.textContent = value === null ? "" : `${value} %`;
  const size = Number(percent.getAttribute("font-size"));
  percent.setAttribute("y", String(Math.max(top + size, top + high - height - 0.4 * size)));
  column.setAttribute("aria-valuenow", String(value ?? 0));
  column.setAttribute("aria-valuetext", value === null ? "?" : `${value} %`);
}
