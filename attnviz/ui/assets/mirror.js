// The speaker's window: where the presenter's is, and its buttons for that one.
const CHANNEL = "attnviz-presenter";
let last = "";
export default function ({ setTriggerValue }) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data: { now } }) => {
    const text = JSON.stringify(now ?? null);
    if (!now || text === last) return;
    last = text;
    setTriggerValue("moved", now);
  };
  channel.postMessage({ ask: true });
  const keys = { ArrowRight: "present_right", PageDown: "present_right", ArrowLeft: "present_left", PageUp: "present_left" };
  const press = (event) => {
    const button = event.target.closest?.(".st-key-speaker_on, .st-key-speaker_back");
    const name = event.type === "click"
      ? button && (button.matches(".st-key-speaker_on") ? "present_right" : "present_left")
      : keys[event.key];
    if (!name) return;
    event.preventDefault();
    channel.postMessage({ press: name });
  };
  document.addEventListener("keydown", press, true);
  document.addEventListener("click", press, true);
  return () => {
    document.removeEventListener("keydown", press, true);
    document.removeEventListener("click", press, true);
    channel.close();
  };
}
