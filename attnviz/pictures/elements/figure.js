// A figure in steps (attnviz/pictures/elements/figure.py): what is there at which step, and
// what lights up with what the reader points at.

const SECONDS = 2.2; // of one step while it plays

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
  let timer = 0;
  const go = (step) => {
    const now = Math.max(0, Math.min(most, step));
    if (now !== stage.memory.step) stage.keep("step", now);
    stage.memory.step = now;
    for (const figure of box.querySelectorAll("svg.figure")) showStep(figure, now);
    stepper.querySelector(".sentence").textContent = sentences[now];
    stepper.querySelector(".count").textContent = `${now + 1} / ${most + 1}`;
    back.disabled = now === 0;
    on.disabled = now === most;
    if (now === most) stop();
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "▶▶";
    play.setAttribute("aria-label", stepper.dataset.play);
  };
  back.addEventListener("click", () => { stop(); go(stage.memory.step - 1); });
  on.addEventListener("click", () => { stop(); go(stage.memory.step + 1); });
  play.addEventListener("click", () => {
    if (timer) return stop();
    if (stage.memory.step === most) go(0);
    play.textContent = "❚❚";
    play.setAttribute("aria-label", stepper.dataset.pause);
    timer = setInterval(() => (box.isConnected ? go(stage.memory.step + 1) : stop()), 1000 * SECONDS);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.closest("button")) return; // presses the button
    const by = { " ": 1, ArrowRight: 1, ArrowLeft: -1, Home: -most, End: most }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation(); // the arrows of the page turn chapters
    stop();
    go(stage.memory.step + by);
  });
  go(stage.memory.step ?? stage.meta.step ?? 0);
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) sideBySide(box, sentences);
  window.addEventListener("beforeprint", () => sideBySide(box, sentences));
}

// All steps beside each other, finished: on paper, and where motion is not wanted.
function sideBySide(box, sentences) {
  if (box.querySelector(".all")) return;
  const figure = box.querySelector("svg.wide");
  const all = html("div", { class: "all" });
  sentences.forEach((sentence, step) => {
    const copy = figure.cloneNode(true);
    showStep(copy, step);
    all.append(html("figure", {}, copy, html("figcaption", {}, `${step + 1} · ${sentence}`)));
  });
  box.append(all);
}

// What belongs to what is pointed at lights up, and its number is written out.
function beginPointing(stage, box) {
  const line = box.querySelector(".calculation");
  const point = (target) => {
    for (const lit of box.querySelectorAll(".lit")) lit.classList.remove("lit");
    line.textContent = target?.dataset.says ?? "";
    box.classList.toggle("pointing", Boolean(target));
    if (!target) return;
    const names = new Set([target.dataset.part, ...(target.dataset.lights ?? "").split(" ")]);
    for (const part of box.querySelectorAll("[data-part]")) {
      if (names.has(part.dataset.part)) part.classList.add("lit");
    }
  };
  const of = (event) => event.target.closest?.("[data-says], [data-lights]");
  for (const name of ["pointerover", "focusin"]) box.addEventListener(name, (event) => point(of(event)));
  box.addEventListener("pointerleave", () => point(null));
  box.addEventListener("click", (event) => {
    const chosen = event.target.closest?.("[data-choose]");
    if (chosen) stage.send("chosen", JSON.parse(chosen.dataset.choose));
  });
}

function beginFigures(stage) {
  for (const box of stage.root.querySelectorAll(".stepped")) {
    beginSteps(stage, box);
    beginPointing(stage, box);
  }
}
