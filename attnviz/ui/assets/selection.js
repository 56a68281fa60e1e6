// One selection on a page: the tokens that are pinned, and those that are pointed at, in every
// picture, and the tiles of the chosen heads in the overview. Tokens are named by their position in
// the text, q3 as a query and k0 as a key, which stays however a picture hides or merges its places.
// The component of kept_selection.js keeps it: pictures ask it by one event of the document, and it
// tells them by another.

const ASKS = "attnviz-asks-selection"; // { pins }, { toggle } or { at }: what becomes of it; {}: what is it
const TELLS = "attnviz-tells-selection"; // { pins, at, framed }

/** @param {Record<string, any>} detail */
const askSelection = (detail) => document.dispatchEvent(new CustomEvent(ASKS, { detail }));

// A place of a picture as the first token behind it, and a token as its place: none where it is hidden.
// A side without positions shows all tokens.
const tokenAt = ({ positions }, name) => (positions ? name[0] + positions[Number(name.slice(1))][0] : name);
function placesOf({ positions }, name) {
  if (!positions) return [name];
  const place = positions.findIndex((all) => all.includes(Number(name.slice(1))));
  return place < 0 ? [] : [name[0] + place];
}

// Let a picture ask for what is done in it, and follow what it is told.
function joinSelection(stage) {
  if (stage.follow) return;
  let isTold = false;
  const token = (name) => tokenAt(sideOf(stage.meta, name[0]), name);
  const ask = (detail) => void (isTold || askSelection(detail));
  stage.keep = (_, pins) => ask({ pins: pins.map(token) });
  stage.pin = (name) => ask({ toggle: token(name) });
  stage.pointed = (names) => ask({ at: names.map(token) });
  stage.follow = ({ detail }) => {
    stage.frame?.(detail.framed);
    if (!stage.select) return;
    const places = (names) => [...new Set(names.flatMap((name) => placesOf(sideOf(stage.meta, name[0]), name)))];
    isTold = true;
    stage.select(places(detail.pins), places(detail.at));
    isTold = false;
  };
  document.addEventListener(TELLS, stage.follow);
}

function leaveSelection(stage) {
  document.removeEventListener(TELLS, stage.follow);
  stage.follow = undefined;
}
