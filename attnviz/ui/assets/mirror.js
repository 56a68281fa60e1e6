// The speaker's window: where the presenter's is, and its buttons for that one.
const CHANNEL = "attnviz-presenter";
let last = "";
let isTyping = false; // the number of a chapter, which ends with Enter

// A clicker may speak to this window: what it says is for the other one, but for what is typed here.
const OURS = /^(\d|[bB]| |Enter|Home|End|Arrow(Left|Right)|Page(Up|Down))$/;
const FIELD = "input, textarea, [contenteditable], [role=slider], [role=combobox]";
const isOwn = (event) =>
  !OURS.test(event.key) || event.ctrlKey || event.altKey || event.metaKey ||
  (event.target.matches?.(FIELD) && !event.key.startsWith("Page")) ||
  (/^( |Enter)$/.test(event.key) && !isTyping && event.target.closest?.("button, a, summary, [role=radio]"));

// Another sentence or head there has other answers: its link is opened here, once for each.
const PLACE = ["ch", "screen", "step", "mode", "a", "g"];
const shownAt = (address) => {
  const { searchParams } = new URL(address, location.href);
  for (const name of PLACE) searchParams.delete(name);
  searchParams.sort();
  return searchParams.toString();
};
function isElsewhere(link) {
  const there = shownAt(link);
  if (there === shownAt(location.href) || sessionStorage.attnvizFollowed === there) return false;
  sessionStorage.attnvizFollowed = there;
  return true;
}

let call = new AbortController(); // that of the data before
export default function ({ setTriggerValue }) {
  call.abort();
  const mine = (call = new AbortController());
  const heard = { capture: true, signal: mine.signal };
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data: { now } }) => {
    const text = JSON.stringify(now ?? null);
    if (!now || text === last) return;
    last = text;
    if (isElsewhere(now.link)) return location.replace(now.link);
    setTriggerValue("moved", now);
  };
  channel.postMessage({ ask: true });
  const press = (event) => {
    const isClick = event.type === "click";
    const button = event.target.closest?.(".st-key-speaker_on, .st-key-speaker_back");
    if (isClick ? !button : isOwn(event)) return;
    event.preventDefault();
    event.stopPropagation();
    isTyping = !isClick && /^\d$/.test(event.key);
    const key = isClick ? (button.matches(".st-key-speaker_on") ? "PageDown" : "PageUp") : event.key;
    channel.postMessage({ key });
  };
  document.addEventListener("keydown", press, heard);
  document.addEventListener("click", press, heard);
  mine.signal.addEventListener("abort", () => channel.close());
  return () => mine.abort();
}
