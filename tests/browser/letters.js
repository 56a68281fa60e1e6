// How large letters are drawn, as [where, px, what]: in every figure, at all of its steps, on the
// panels between them (tables, bars, maps, curves), and on the page around, whatever is in a
// shadow tree.
() => {
  const main = document.querySelector('[data-testid="stMain"]') ?? document.body;
  const scaleOf = (element, svg) => {
    const inside = svg?.viewBox.baseVal?.width;
    return inside ? svg.getBoundingClientRect().width / inside : element.currentCSSZoom ?? 1;
  };
  const found = [];
  for (const { data, parentElement } of textsIn(main)) {
    if (!data.trim() || parentElement.closest("style, script, title, noscript, .katex-mathml")) continue;
    const style = getComputedStyle(parentElement);
    const figure = parentElement.closest("svg.figure");
    const isShown = figure ? figure.checkVisibility() : parentElement.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!isShown || /Material/.test(style.fontFamily)) continue;
    const isPanel = !figure && parentElement.closest(".attnviz, .js-plotly-plot");
    const scale = scaleOf(parentElement, figure ?? parentElement.closest("svg"));
    found.push([figure ? "figure" : isPanel ? "panel" : "page", parseFloat(style.fontSize) * scale, data.trim()]);
  }
  for (const canvas of allIn(main, "canvas")) {
    const { width } = canvas.getBoundingClientRect();
    if (!width || !canvas.checkVisibility()) continue;
    for (const { text, size } of writtenOn(canvas)) found.push(["canvas", (size * width) / canvas.width, text]);
  }
  return found;
}
