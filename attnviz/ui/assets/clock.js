// What is left of a lesson, counted in the browser: no trip to the server.
const minutes = (seconds) => {
  const whole = Math.abs(Math.round(seconds));
  return `${seconds < 0 ? "−" : ""}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};
let timer = 0;
export default function ({ data, parentElement }) {
  clearInterval(timer); // that of the data before
  const line = parentElement.querySelector("span") ?? parentElement.appendChild(document.createElement("span"));
  line.style.cssText = "font: max(18px, 1.41vw)/1.3 var(--st-font, sans-serif); font-variant-numeric: tabular-nums; color: var(--st-text-color)";
  const show = () => {
    const gone = Date.now() / 1000 - data.begun;
    const over = gone - data.planned;
    const behind = over > 60 ? ` · ${data.texts.behind.replace("{time}", minutes(over))}` : "";
    line.textContent = data.texts.left.replace("{time}", minutes(data.whole - gone)) + behind;
  };
  show();
  const mine = (timer = setInterval(show, 1000));
  return () => clearInterval(mine);
}
