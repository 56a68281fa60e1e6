// The component that keeps the selection of a page, and tells the page what is pinned.

function keepSelection(keeper) {
  if (keeper.answer) return;
  const { selection } = keeper;
  const tell = () => {
    document.dispatchEvent(new CustomEvent(TELLS, { detail: { pins: [...selection.pins], at: [...selection.at], framed: keeper.meta.framed } }));
  };
  const pin = (pins) => {
    if (pins.join() === selection.pins.join()) return;
    selection.pins = pins;
    keeper.keep("pins", pins.flatMap((name) => placesOf(sideOf(keeper.meta, name[0]), name)));
  };
  keeper.answer = ({ detail: { pins, toggle, at } }) => {
    if (at && !pins && at.join() === selection.at.join()) return;
    if (at) selection.at = at;
    if (pins) pin(pins);
    if (toggle) pin(selection.pins.includes(toggle) ? selection.pins.filter((one) => one !== toggle) : [...selection.pins, toggle]);
    tell();
  };
  keeper.letGo = (event) => letsGo(event) && selection.pins.length && askSelection({ pins: [], at: [] });
  keeper.tell = tell;
  document.addEventListener(ASKS, keeper.answer);
  document.addEventListener("keydown", keeper.letGo, true);
}

function leaveSelected(keeper) {
  document.removeEventListener(ASKS, keeper.answer);
  document.removeEventListener("keydown", keeper.letGo, true);
  keeper.answer = undefined;
}

const keepers = new WeakMap();
export default function ({ data, parentElement, setStateValue }) {
  const keeper = keepers.get(parentElement) ?? { selection: { pins: [], at: [] } };
  keepers.set(parentElement, keeper);
  const call = (keeper.call = {});
  keeper.keep = inTurn(setStateValue);
  [keeper.meta] = data.meta;
  if (keeper.beginning !== data.beginning) {
    keeper.beginning = data.beginning;
    Object.assign(keeper.selection, { pins: data.pins, at: [] });
  }
  keepSelection(keeper);
  keeper.tell();
  return () => {
    if (keeper.call === call) leaveSelected(keeper); // else new data came meanwhile
  };
}
