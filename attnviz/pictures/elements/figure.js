// A figure in steps (attnviz/pictures/elements/figure.py): what is there at which step, what
// lights up with what the reader points at, and what they choose in it.

const SECONDS = 2.2; // of one step while it plays
const SETTLED = 600; // ms without another step, until the page keeps the step in its link

// Whether what carries data-from and data-until is there at a step.
const isThere = ({ from = 0, until = Infinity }, step) => Number(from) <= step && step < Number(until);

function showStep(figure, step) {
  for (const part of figure.querySelectorAll("[data-from], [data-until]")) {
    const there = isThere(part.dataset, step);
    part.style.visibility = there ? "" : "hidden";
    part.classList.toggle("now", there && Number(part.dataset.from ?? 0) === step && step > 0);
  }
}

function beginSteps(stage, box) {
  const most = Number(box.dataset.steps) - 1;
  const sentences = [...box.querySelectorAll(".sentences li")].map((one) => one.textContent);
  const stepper = box.querySelector(".stepper");
  const [back, play, on] = ["back", "play", "on"].map((name) => stepper.querySelector(`.${name}`));
  const { memory, meta } = stage;
  let timer = 0;
  const go = (step) => {
    const now = Math.max(0, Math.min(most, step));
    if (memory.step !== undefined && now !== memory.step) keepSoon(stage, now);
    memory.step = now;
    const held = seenFocus(box);
    for (const figure of box.querySelectorAll("svg.figure")) showStep(figure, now);
    stepper.querySelector(".sentence").textContent = sentences[now];
    stepper.querySelector(".count").textContent = `${now + 1} / ${most + 1}`;
    box.dataset.step = String(now);
    back.disabled = now === 0;
    on.disabled = now === most;
    if (held && !canHold(held)) heir(box, held).focus({ preventScroll: true });
    if (now === most) stop();
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶▶";
    play.setAttribute("aria-label", stepper.dataset.play);
  };
  const by = (steps) => { stop(); go(memory.step + steps); };
  back.addEventListener("click", () => by(-1));
  on.addEventListener("click", () => by(1));
  box.addEventListener("click", (event) => {
    const { goes } = event.target.closest?.("[data-goes]")?.dataset ?? {};
    if (goes !== undefined) { stop(); go(Number(goes)); }
  });
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (memory.step === most) go(0);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", stepper.dataset.pause);
    timer = setInterval(() => (box.isConnected ? go(memory.step + 1) : stop()), 1000 * SECONDS);
  });
  memory.stepBy = (steps) => {
    const there = memory.step + steps;
    if (there < 0 || there > most) return false;
    by(steps);
    return true;
  };
  const first = meta.reader?.onPaper ? Number(box.dataset.paper ?? most) : meta.reader?.step ?? 0;
  go(memory.step ?? first);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) sideBySide(box, sentences);
  memory.onPaper = () => sideBySide(box, sentences);
}

// The focus of a keyboard. What has it may be gone at another step: then that has it which is
// called the same, or else the steps.
function seenFocus(box) {
  const { activeElement } = box.getRootNode();
  return activeElement?.matches(":focus-visible") && box.contains(activeElement) ? activeElement : null;
}
const canHold = (one) => !one.disabled && getComputedStyle(one).visibility !== "hidden";
function heir(box, { dataset: { part } }) {
  const same = part ? [...box.querySelectorAll(`svg [data-part="${CSS.escape(part)}"][tabindex]`)] : [];
  return [...same, ...box.querySelectorAll(".stepper button")].find((one) => canHold(one) && one.getClientRects().length);
}

function keepSoon(stage, step) {
  clearTimeout(stage.memory.keeping);
  stage.memory.keeping = setTimeout(() => stage.keep("step", step), SETTLED);
}

// Keys step the figure that is in sight, wherever the focus is, except where somebody types or
// presses something; at its ends they go on to whoever else listens, as the presenter's pages.
const BY = { " ": 1, ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 };
const TAKES_KEYS = "input, textarea, select, [contenteditable], [role=slider], [role=listbox], [role=option], [role=tab], [role=radio], [role=menu]";
const IS_PRESSED = "button, a, summary, [role=button], [data-choose], [data-says], [data-goes]";
const PRESSED_BY_KEY = ["choose", "option", "says", "edits", "goes"].map((name) => `svg [data-${name}]`).join();
function stepByKey(stage, event) {
  const { root, memory } = stage;
  const by = BY[event.key];
  if (!by || !memory.stepBy || event.ctrlKey || event.altKey || event.metaKey) return;
  const target = event.composedPath()[0];
  if (target.matches?.(TAKES_KEYS)) return;
  if (event.key === " " && target.closest?.(IS_PRESSED)) return;
  const isPaging = event.key.startsWith("Page") || event.key === " ";
  if (document.querySelector(".st-key-present")) return; // asks by an event of its own
  if (isPaging && !root.contains(target)) return; // the page scrolls
  if (!isInSight(root) || !memory.stepBy(by)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function isInSight(root) {
  const { top, bottom } = root.getBoundingClientRect();
  return root.isConnected && bottom >= 80 && top <= window.innerHeight - 80;
}

// The presenter asks before it turns its page: a figure that has a step left says no to that.
function stepFirst({ root, memory }, event) {
  if (!event.defaultPrevented && isInSight(root) && memory.stepBy?.(event.detail)) event.preventDefault();
}

// All steps beside each other, finished: on paper, and where motion is not wanted. Of the form that
// is made for little room: its letters are still read.
function sideBySide(box, sentences) {
  if (box.querySelector(".all")) return;
  const figure = box.querySelector("svg.narrow");
  const all = html("div", { class: "all" });
  sentences.forEach((sentence, step) => {
    const copy = figure.cloneNode(true);
    showStep(copy, step);
    for (const one of copy.querySelectorAll("[tabindex]")) one.removeAttribute("tabindex");
    all.append(html("figure", {}, copy, html("figcaption", {}, `${step + 1} · ${sentence}`)));
  });
  box.append(all);
}

// What belongs to what is pointed at lights up in every picture of the page, and its number is
// written out under its own figure. A click keeps it there until another, or Escape.
function light(root, names) {
  for (const part of root.querySelectorAll("[data-part]")) {
    part.classList.toggle("lit", names.includes(part.dataset.part));
  }
  lightColumns(root, names);
}

// A sum of products is written term by term, and the two numbers of each stand out meanwhile.
const TERM = 500; // ms
function playTerms(stage, box, line, target) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const terms = JSON.parse(target.dataset.plays);
  const lights = target.dataset.lights.split(" ");
  let at = 0;
  const next = () => {
    const pair = at < terms.length ? [lights[at], lights[at + terms.length]] : [];
    for (const one of box.querySelectorAll("svg [data-part]")) one.classList.toggle("term", pair.includes(one.dataset.part));
    line.textContent = terms[at] ?? target.dataset.says;
    if (at++ === terms.length || !box.isConnected) clearInterval(stage.memory.playing);
  };
  next();
  stage.memory.playing = setInterval(next, TERM);
}

function beginPointing(stage, box) {
  const line = box.querySelector(".calculation");
  const { memory } = stage;
  const point = (target) => {
    clearInterval(memory.playing);
    for (const one of box.querySelectorAll(".term")) one.classList.remove("term");
    line.textContent = target?.dataset.says ?? "";
    box.classList.toggle("pointing", Boolean(target));
    const names = target ? [target.dataset.part, ...(target.dataset.lights ?? "").split(" ")] : [];
    document.dispatchEvent(new CustomEvent("attnviz-light", { detail: names.filter(Boolean) }));
    if (target?.dataset.plays) playTerms(stage, box, line, target);
  };
  const kept = () => (memory.kept ? box.querySelector(`svg [data-part="${CSS.escape(memory.kept)}"]`) : null);
  const of = (event) => event.target.closest?.("[data-says], [data-lights]");
  for (const name of ["pointerover", "focusin"]) {
    box.addEventListener(name, (event) => {
      const there = of(event);
      if (there && there !== memory.over) point(there);
      memory.over = there; // its own parts are no other
    });
  }
  box.addEventListener("pointerleave", () => point(kept()));
  box.addEventListener("click", (event) => {
    const option = event.target.closest?.("[data-option]");
    if (option && isOpen(stage, option)) {
      const [question, ...name] = option.dataset.option.split(".");
      return stage.send("answered", { question, option: name.join(".") });
    }
    const there = of(event);
    memory.kept = there?.dataset.says && there.dataset.part !== memory.kept ? there.dataset.part : undefined;
    point(kept());
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { memory.kept = undefined; point(null); }
  });
  if (kept()) point(kept());
}

// Whether what can be clicked as an answer answers a question that waits for one.
const isOpen = ({ meta }, option) => {
  const { open = [] } = meta.reader ?? {};
  return open.includes(option.dataset.option.split(".")[0]);
};

// What chooses something when it is clicked, with Ctrl perhaps something else; by the keyboard too.
function beginChoosing(stage) {
  const { root } = stage;
  root.addEventListener("click", (event) => {
    const there = event.target.closest?.("[data-choose]");
    if (!there || event.target.closest("[data-option].asked")) return;
    const { choose, chooseWithCtrl } = there.dataset;
    const hasCtrl = event.ctrlKey || event.metaKey;
    stage.send("chosen", JSON.parse((hasCtrl && chooseWithCtrl) || choose));
  });
  root.addEventListener("keydown", (event) => {
    const there = event.target.closest?.(PRESSED_BY_KEY);
    if (!there || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    const { ctrlKey, metaKey } = event;
    there.dispatchEvent(new MouseEvent("click", { bubbles: true, ctrlKey, metaKey }));
  });
}

// What can be clicked as an answer, which one is right, and what is there only after it is known,
// or only before. A file that asks nothing has no open question.
function showOptions(stage) {
  const { right = [], open = [] } = stage.meta.reader ?? {};
  for (const option of stage.root.querySelectorAll("[data-option]")) {
    const isAsked = isOpen(stage, option);
    option.classList.toggle("asked", isAsked);
    if (isAsked && !option.matches(".by-pointer")) option.setAttribute("tabindex", "0");
    option.classList.toggle("right", right.includes(option.dataset.option));
  }
  for (const part of stage.root.querySelectorAll("[data-after], [data-before]")) {
    const { after, before } = part.dataset;
    part.classList.toggle("secret", after === undefined ? !open.includes(before) : open.includes(after));
  }
}

function beginFigures(stage) {
  showOptions(stage); // before steps are copied: what an open question hides is hidden in them too
  for (const box of stage.root.querySelectorAll(".stepped")) {
    beginSteps(stage, box);
    beginPointing(stage, box);
    beginEditing(stage, box);
    beginSquares(box);
    beginDrawnBars(stage, box);
  }
  if (stage.memory.listens) return; // once a stage, whatever is drawn in it
  stage.memory.listens = true;
  beginChoosing(stage);
  const { signal } = stage.left;
  document.addEventListener("attnviz-light", (/** @type {any} */ event) => light(stage.root, event.detail), { signal });
  document.addEventListener("keydown", (event) => stepByKey(stage, event), { capture: true, signal });
  document.addEventListener("attnviz-turn", (event) => stepFirst(stage, event), { signal });
  window.addEventListener("beforeprint", () => stage.memory.onPaper?.(), { signal });
}
