// Squares of thumbnails (attnviz/pictures/elements/thumbnail.py): the number under the pointer,
// by its address, where no calculation is written out.
const SQUARE_DIGITS = 4;
function beginSquares(box) {
  const line = box.querySelector(".calculation");
  box.addEventListener("pointerover", (event) => {
    const square = event.target;
    if (!square.matches?.(".thumbnail > .cell") || square.dataset.says) return;
    const [row, column] = square.dataset.part.split(".").slice(-2);
    const name = square.parentElement.dataset.name;
    line.textContent = `${name} [${row}, ${column}] = ${digitsOf(Number(square.dataset.value), SQUARE_DIGITS)}`;
  });
}
