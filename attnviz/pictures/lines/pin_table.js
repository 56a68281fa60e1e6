// Several pins as a small table in place of numbers on lines: a row for each of the strongest
// tokens at the far end, a column for each head of each pin, and what the others are together. The
// sum is of the digits shown, so that it can be checked by adding them up.

const MOST_ROWS = 8;

// The tables of pinned queries and of pinned keys, where there are any.
function pinTables(stage, focused) {
  const ofSide = (side) => focused.filter((name) => name[0] === side);
  return ["q", "k"].map(ofSide).filter((names) => names.length).map((names) => pinTable(stage, names, focused));
}

function pinTable(stage, names, focused) {
  const { meta } = stage;
  const side = names[0][0];
  const columns = names.flatMap((name) => meta.heads.map((head, index) => ({ name, head, weights: weightsAt(stage, name, index) })));
  const size = (place) => Math.max(...columns.map(({ weights }) => Math.abs(weights.get(place) ?? 0)));
  const places = [...new Set(columns.flatMap(({ weights }) => [...weights.keys()]))];
  places.sort((one, other) => size(other) - size(one) || one - other);
  const listed = places.length === MOST_ROWS + 1 ? places : places.slice(0, MOST_ROWS);
  const rest = places.slice(listed.length);
  const together = (weights, group) => { // nothing where no line of the group is drawn
    const found = group.filter((place) => weights.has(place)).map((place) => weights.get(place));
    return found.length ? digits(found.reduce((total, weight) => total + weight)) : "–";
  };
  const groups = [...listed.map((place) => [place]), ...(rest.length ? [rest] : [])];
  const shown = columns.map(({ weights }) => groups.map((group) => together(weights, group)));
  const far = sideOf(meta, side === "q" ? "k" : "q").names;
  const titles = [...listed.map((place) => far[place]), ...(rest.length ? [fill(meta.words.others, { count: rest.length })] : [])];
  const rows = titles.map((title, row) => rowOf(title, shown.map((column) => column[row])));
  if (meta.heads.every((head) => !head.minus)) { // what has two signs is no share of a row
    const sum = (column) => column.reduce((total, text) => total + (Number(text) || 0), 0).toFixed(DIGITS);
    rows.push(rowOf("Σ", shown.map(sum)));
  }
  const table = html("table", { class: "pins" }, html("thead", {}, ...headings(stage, names, focused)), html("tbody", {}, ...rows));
  return html("div", { class: "scroll" }, table);
}

// The lines of one head at a token: the weight of each by the place at its far end.
function weightsAt({ arrays }, name, index) {
  const [own, other] = name[0] === "q" ? [arrays.query, arrays.key] : [arrays.key, arrays.query];
  const found = new Map();
  own.forEach((place, i) => {
    if (place === Number(name.slice(1)) && arrays.head[i] === index) found.set(other[i], arrays.weight[i]);
  });
  return found;
}

const rowOf = (title, texts) =>
  html("tr", {}, html("th", { scope: "row" }, title), ...texts.map((text) => html("td", {}, text)));

// Above the columns the pinned tokens, and below each its heads, where there are several.
function headings({ meta, dark }, names, focused) {
  const side = names[0][0];
  const [own, far] = side === "q" ? [meta.words.queries, meta.words.keys] : [meta.words.keys, meta.words.queries];
  const several = meta.heads.length > 1;
  const tokens = names.map((name) => html("th", { scope: "colgroup", colspan: meta.heads.length },
    markOf(focused, focused.indexOf(name)) + sideOf(meta, side).names[Number(name.slice(1))]));
  const corner = html("th", { scope: "col", rowspan: several ? 2 : 1 }, `${far} ↓ · ${own} →`);
  const heads = names.flatMap(() => meta.heads.map((head) => {
    const cell = html("th", { scope: "col" }, head.name);
    cell.style.color = dark ? head.dark : head.light;
    return cell;
  }));
  return [html("tr", {}, corner, ...tokens), ...(several ? [html("tr", {}, ...heads)] : [])];
}
