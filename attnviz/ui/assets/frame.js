// What readers of screens and keyboards need of the whole page: its language, the focus where
// it was when the server draws anew, and every box that scrolls within reach of Tab. And the
// page's light or dark, which Streamlit tells its own part of the page, but no popover.

const KEYED = '[class*="st-key-"]';
const TAKES_FOCUS = "button, input, textarea, select, a[href], summary, [tabindex]";
const SCROLLS = '[data-testid="stTable"] > div, [data-testid="stMarkdownContainer"], [data-testid="stVerticalBlock"][overflow="auto"], .st-key-present_side';

const keyOf = (element) => [...element.classList].find((name) => name.startsWith("st-key-"));
const controls = (element) => [...element.querySelectorAll(TAKES_FOCUS)];

let stood = null; // where the focus is: the control, and the keys of what it is in, inmost first

function remember({ target }) {
  const around = [];
  for (let e = target.closest(KEYED); e; e = e.parentElement.closest(KEYED)) around.push(e);
  const at = around.length ? controls(around[0]).indexOf(target) : -1;
  stood = { target, at, keys: around.map(keyOf) };
}

// The person has left the control; were it taken from the page, it would no longer be there.
function forget({ target }) {
  queueMicrotask(() => {
    if (stood?.target === target && target.isConnected && !target.matches(":disabled")) stood = null;
  });
}

// To the same control, made anew, or else to what it was in. A page is drawn bit by bit: where
// only something outer is there yet, the focus waits in that and goes on when the rest has come.
function comeBack() {
  if (!stood || ![document.body, stood.waitsIn].includes(document.activeElement)) return;
  if (stood.target.isConnected && !stood.target.matches(":disabled")) return;
  const before = stood;
  const { keys, at, waitsIn } = before;
  for (const key of keys) {
    const place = document.querySelector(`.${CSS.escape(key)}`);
    if (!place) continue;
    if (place === waitsIn) return;
    const isInmost = key === keys[0];
    const same = isInmost ? controls(place)[at] : null;
    if (!same || same.matches(":disabled")) place.tabIndex = -1;
    (same && !same.matches(":disabled") ? same : place).focus({ preventScroll: true });
    if (!isInmost) stood = { ...before, waitsIn: place };
    return;
  }
}

const reachable = new WeakSet();
function reach() {
  for (const box of document.querySelectorAll(SCROLLS)) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    const isPlain = scrolls && /auto|scroll/.test(getComputedStyle(box).overflow) && !controls(box).length;
    if (isPlain === reachable.has(box)) continue;
    if (isPlain) {
      box.tabIndex = 0;
      reachable.add(box);
    } else {
      box.removeAttribute("tabindex");
      reachable.delete(box);
    }
  }
}

// Enter runs a sentence in a box that grows; with Shift it begins a new line.
function runSentence(event) {
  const { key, target, isTrusted, isComposing } = event;
  const isPlain = !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey);
  if (key !== "Enter" || !isPlain || !isTrusted || isComposing) return;
  if (!target.matches?.(".st-key-sentence_row textarea")) return;
  event.preventDefault();
  event.stopPropagation();
  const asStreamlitHasIt = { key, ctrlKey: true, bubbles: true, cancelable: true };
  target.dispatchEvent(new KeyboardEvent("keydown", asStreamlitHasIt));
}

// A text that somebody has typed is committed when a page link is pressed, not when it is let go: a
// tap on a phone does both at once, and Streamlit would ask for the page before it sends the text.
function commit({ target }) {
  if (target.closest?.('[data-testid="stPageLink"]')) document.activeElement?.blur?.();
}

// A page that was come to by its link then writes into the address what is seen in it. That is one
// step of the way and not two: Back would else lead to the page without it, as nobody has seen it.
function walkInOneStep() {
  if (window.attnvizArrived) return;
  const arrived = { at: null }; // the page that was come to, until the person does something there
  window.attnvizArrived = arrived;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const { pathname } = new URL(url ?? location.href, location.href);
    if (arrived.at === pathname && location.pathname === pathname) {
      history.replaceState(state, title, url);
      return;
    }
    if (location.pathname !== pathname) arrived.at = pathname;
    push(state, title, url);
  };
  const acts = () => { arrived.at = null; };
  for (const act of ["pointerdown", "keydown"]) document.addEventListener(act, acts, true);
}

let call = new AbortController(); // the one before, in another language: nobody ends it but we
export default function ({ data: { language } }) {
  call.abort();
  const mine = (call = new AbortController());
  const { signal } = mine;
  walkInOneStep();
  document.documentElement.lang = language;
  let due = 0;
  const changed = () => {
    comeBack();
    due ||= setTimeout(() => { // once the pictures of a new head stand: reading sizes takes time
      due = 0;
      reach();
      const app = document.querySelector(".stApp");
      if (app) document.documentElement.style.colorScheme = getComputedStyle(app).colorScheme;
    }, 100);
  };
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", changed, { signal });
  document.addEventListener("focusin", remember, { signal });
  document.addEventListener("focusout", forget, { signal });
  document.addEventListener("keydown", runSentence, { capture: true, signal });
  document.addEventListener("pointerdown", commit, { capture: true, signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(due);
  });
  changed();
  return () => mine.abort();
}
