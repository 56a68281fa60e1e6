// Keys of the presenter. A figure with a step left (attnviz/pictures/elements/figure.js) takes
// those that turn the page.
const CHANNEL = "attnviz-presenter"; // the speaker's window listens, and asks to go on
const PRESSES = {
  ArrowLeft: "present_left", PageUp: "present_left",
  ArrowRight: "present_right", PageDown: "present_right", " ": "present_right",
  Home: "present_home", End: "present_end",
};
const FIELD = "input, textarea, [contenteditable], [role=slider]";

const press = (name) => document.querySelector(`.st-key-${name} button:not(:disabled)`)?.click();

function blank() {
  const old = document.querySelector(".attnviz-blank");
  if (old) return old.remove();
  const sheet = document.createElement("div");
  sheet.className = "attnviz-blank";
  Object.assign(sheet.style, { position: "fixed", inset: "0", background: "black", zIndex: "999999" });
  sheet.addEventListener("click", () => sheet.remove());
  document.body.append(sheet);
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
}

let typed = ""; // of a number that a chapter is to be jumped to
function take(event, jump) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return false;
  const field = event.composedPath()[0];
  const isField = field.matches?.(FIELD);
  const isMenu = field.getAttribute?.("role") === "combobox";
  if (isMenu && field.getAttribute("aria-expanded") === "true") return false;
  if (isField && !isMenu && !event.key.startsWith("Page")) return false;
  if (event.key === " " && field.closest?.("button, a, summary, [role=radio]")) return false;
  if (/^\d$/.test(event.key) && !isField) return (typed += event.key);
  const number = Number(typed);
  typed = "";
  if (event.key === "Enter" && number) return jump(number), true;
  if (isField && event.key === " ") return false;
  if (event.key.toLowerCase() === "b") return blank(), true;
  if (event.key.toLowerCase() === "f") return fullScreen(), true;
  if (!PRESSES[event.key]) return false;
  document.querySelector(".attnviz-blank")?.remove();
  const by = { present_right: 1, present_left: -1 }[PRESSES[event.key]];
  const turn = new CustomEvent("attnviz-turn", { detail: by, cancelable: true });
  if (by && !document.dispatchEvent(turn)) return true;
  press(PRESSES[event.key]);
  return true;
}

// What stands beside the picture scrolls where it is too much for the screen: the answer that was
// asked for is in sight, and as much as there is room for of the next question.
let stood = {};
function showAnswer(now) {
  const isHere = now.chapter === stood.chapter && now.screen === stood.screen;
  const isTold = isHere && now.hidden < stood.hidden;
  stood = now;
  if (!isTold) return;
  const asked = [...document.querySelectorAll('.st-key-present_side [class*="st-key-asked_"]')];
  const next = asked.length - now.hidden;
  asked[next]?.scrollIntoView({ block: "nearest" });
  asked[next - 1]?.scrollIntoView({ block: "nearest" });
}

export default function ({ data, setTriggerValue }) {
  requestAnimationFrame(() => showAnswer(data));
  const channel = new BroadcastChannel(CHANNEL);
  const tell = () => channel.postMessage({ now: data });
  channel.onmessage = ({ data: { ask, press: name } }) => {
    if (ask) tell();
    if (name) press(name);
  };
  tell();
  const keys = (event) => {
    if (!take(event, (number) => setTriggerValue("jump", number))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", keys, true);
  return () => {
    document.removeEventListener("keydown", keys, true);
    channel.close();
    document.querySelector(".attnviz-blank")?.remove();
  };
}
