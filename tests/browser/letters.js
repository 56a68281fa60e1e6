// How large letters are drawn, as [where, px, what]: in every figure, at all of its steps, and on
// the page around it, whatever is in a shadow tree. Maps and tables of many numbers are left out.
() => {
  const roots = [document.querySelector('[data-testid="stMain"]') ?? document.body];
  for (const root of roots) {
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) roots.push(element.shadowRoot);
  }
  const found = [];
  for (const root of roots) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (!data.trim() || parentElement.closest("style, script, title, noscript, .katex-mathml")) continue;
      const style = getComputedStyle(parentElement);
      const svg = parentElement.closest("svg.figure");
      const isShown = svg ? svg.checkVisibility() : parentElement.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      if (!isShown || /Material/.test(style.fontFamily)) continue;
      if (!svg && parentElement.closest(".attnviz, .js-plotly-plot")) continue;
      const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
      found.push([svg ? "figure" : "page", parseFloat(style.fontSize) * scale, data.trim()]);
    }
  }
  return found;
}
