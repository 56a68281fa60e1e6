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
  if (event.key === " " && (isField || field.closest?.("button, a, summary, [role=radio]"))) return false;
  if (isField && /^\d$/.test(event.key)) return false;
  return act(event.key, jump);
}

// What a key does, here or in the speaker's window.
function act(key, jump) {
  if (/^\d$/.test(key)) return (typed += key);
  const number = Number(typed);
  typed = "";
  if (key === "Enter" && number) return jump(number), true;
  if (key.toLowerCase() === "b") return blank(), true;
  if (key.toLowerCase() === "f") return fullScreen(), true;
  if (!PRESSES[key]) return false;
  document.querySelector(".attnviz-blank")?.remove();
  const by = { present_right: 1, present_left: -1 }[PRESSES[key]];
  const turn = new CustomEvent("attnviz-turn", { detail: by, cancelable: true });
  if (by && !document.dispatchEvent(turn)) return true;
  press(PRESSES[key]);
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

let call = new AbortController(); // new data come without a word to who had the old ones
export default function ({ data, setTriggerValue }) {
  call.abort();
  const mine = (call = new AbortController());
  requestAnimationFrame(() => showAnswer(data));
  const channel = new BroadcastChannel(CHANNEL);
  const tell = () => channel.postMessage({ now: data });
  const jump = (number) => setTriggerValue("jump", number);
  channel.onmessage = ({ data: { ask, key } }) => {
    if (ask) tell();
    if (key) act(key, jump);
  };
  tell();
  const keys = (event) => {
    if (!take(event, jump)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener("keydown", keys, { capture: true, signal: mine.signal });
  mine.signal.addEventListener("abort", () => channel.close());
  return () => {
    if (mine !== call) return; // new data came meanwhile
    mine.abort();
    document.querySelector(".attnviz-blank")?.remove();
  };
}
