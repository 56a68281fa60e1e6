// The numbers of a map as a table, from a packet of attnviz/pictures/numbers: a row a query, a
// column a key; of a long text the row of one query stands as a column. Hidden cells are empty.
//
// A cell that is pointed at marks its row and its column; a click pins its query, and on a key's
// name that key.

const NOT_ALLOWED = "▨";

function drawNumbers(stage) {
  const { root, meta } = stage;
  const table = html("table", { "aria-label": meta.alt }, header(meta), html("tbody", {}, ...bodyRows(stage)));
  root.replaceChildren(html("div", { class: "scroll numbers" }, table));
  Object.assign(stage, { table, marked: [], select: (pins, at) => mark(stage, [...new Set([...pins, ...at])]) });
  table.addEventListener("pointerover", ({ target }) => stage.pointed?.(placesIn(stage, target)));
  table.addEventListener("pointerleave", () => stage.pointed?.([]));
  table.addEventListener("click", ({ target }) => {
    const [first] = placesIn(stage, target);
    if (first) stage.pin?.(first);
  });
}

const isOneRow = ({ query }) => query !== null;

function header(meta) {
  const names = isOneRow(meta) ? [meta.rows.names[meta.query]] : meta.columns.names;
  return html("thead", {}, html("tr", {}, html("td"), ...names.map((name) => html("th", { scope: "col" }, name))));
}

function bodyRows({ meta, arrays }) {
  const across = isOneRow(meta) ? 1 : meta.columns.names.length;
  const names = isOneRow(meta) ? meta.columns.names : meta.rows.names;
  return names.map((name, row) => {
    const cells = Array.from({ length: across }, (_, column) => html("td", {}, written(arrays, row * across + column)));
    return html("tr", {}, html("th", { scope: "row" }, name), ...cells);
  });
}

function written({ weights, denied }, at) {
  if (denied?.[at]) return NOT_ALLOWED;
  return Number.isNaN(weights[at]) ? "" : digitsOf(weights[at], 4);
}

// The places that a cell is of, q3 and k0; the name of a row or a column is of one alone.
function placesIn({ meta }, target) {
  const cell = target.closest("td, th");
  if (!cell) return [];
  const [row, column] = [cell.parentElement.rowIndex - 1, cell.cellIndex - 1];
  const [query, key] = isOneRow(meta) ? [meta.query, row] : [row, column];
  return [...(query >= 0 ? [`q${query}`] : []), ...(key >= 0 ? [`k${key}`] : [])];
}

// Mark the row or the column of each place.
function mark(stage, names) {
  for (const cell of stage.marked) delete cell.dataset.marked;
  stage.marked = [];
  for (const name of names) {
    for (const cell of cellsOf(stage, name)) {
      cell.dataset.marked = cell.dataset.marked ? `${cell.dataset.marked} ${name}` : name;
      stage.marked.push(cell);
    }
  }
}

function cellsOf({ table, meta }, name) {
  const place = Number(name.slice(1)) + 1;
  const isRow = (name[0] === "q") !== isOneRow(meta);
  if (isOneRow(meta) && name[0] === "q") return place === meta.query + 1 ? [...table.rows].flatMap((row) => [...row.cells]) : [];
  return isRow ? [...table.rows[place].cells] : [...table.rows].map((row) => row.cells[place]);
}
