// The table of numbers takes part in the selection of the page: a cell that is pointed at marks its
// row and its column, a click pins its query, and on a key's name that key.

const TABLES = '.st-key-table [data-testid="stTable"] table';

// The places that a cell is of, q3 and k0; the name of a row or a column is of one alone.
// A table of a single query has its keys as rows.
function placesIn(cell) {
  const [row, column] = [cell.parentElement.rowIndex - 1, cell.cellIndex - 1];
  const single = cell.closest('[class*="st-key-of_query_"]')?.className.match(/st-key-of_query_(\d+)/)?.[1];
  const [query, key] = single === undefined ? [row, column] : [Number(single), row];
  return [...(query >= 0 ? [`q${query}`] : []), ...(key >= 0 ? [`k${key}`] : [])];
}

function joinTable(keeper, table) {
  if (table.isJoined) return;
  table.isJoined = true;
  const tokens = ({ target }) => {
    const cell = target.closest("td, th");
    return cell ? placesIn(cell).map((name) => tokenAt(sideOf(keeper.meta, name[0]), name)) : [];
  };
  table.addEventListener("pointerover", (event) => askSelection({ at: tokens(event) }));
  table.addEventListener("pointerleave", () => askSelection({ at: [] }));
  table.addEventListener("click", (event) => {
    const [first] = tokens(event);
    if (first) askSelection({ toggle: first });
  });
}

function markTable({ selection, meta }, table) {
  const marked = new Set([...selection.pins, ...selection.at].flatMap((name) => placesOf(sideOf(meta, name[0]), name)));
  for (const cell of table.querySelectorAll("td, th")) {
    const names = placesIn(cell).filter((name) => marked.has(name));
    if (names.length) cell.dataset.marked = names.join(" ");
    else delete cell.dataset.marked;
  }
}
