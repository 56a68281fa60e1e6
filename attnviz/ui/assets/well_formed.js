
// Half of a surrogate pair has no UTF-8, and Streamlit's connection breaks when it is sent.
// It is replaced by the sign for an unreadable character as it is typed, once for all fields.
if (!window.attnvizWellFormed) {
  window.attnvizWellFormed = true;
  document.addEventListener("input", ({ target }) => {
    if (typeof target.value !== "string" || target.value.isWellFormed()) return;
    const { set } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(target), "value");
    set.call(target, target.value.toWellFormed()); // past React, which then sees a change
  }, true);
}
