// Texts whose contrast with what is behind them is below 4.5, in SVG too, where axe gives up: as
// sentences. What stands on a painted cell is left to the tests of the style table.

(() => {
  const LEAST = 4.5;
  const ON_CELLS = ".cartesianlayer .textpoint, .cartesianlayer .heatmap-label";

  const DISABLED = ":disabled, label:has(:disabled)"; // what cannot be used may be faint

  const middleOf = ({ left, top, width, height }) => [left + width / 2, top + height / 2];
  const textBox = (text) => {
    const range = document.createRange();
    range.selectNodeContents(text);
    return range.getBoundingClientRect();
  };
  // In which of these elements, inmost first, a text is to be seen: it may stand outside of some,
  // as the number above a slider does. What scrolls has its ground behind all that is in it.
  const seenIn = (text, stands, styles) => {
    let [x, y] = middleOf(textBox(text));
    return stands.map((element, i) => {
      const box = element.getBoundingClientRect();
      const scrolls = styles[i].overflowX !== "visible" || styles[i].overflowY !== "visible";
      if (scrolls) [x, y] = middleOf(box);
      return box.left <= x && x <= box.right && box.top <= y && y <= box.bottom;
    });
  };

  const channels = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [0, 0, 0, 0];
    return colour.startsWith("color(srgb") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const over = (ink, share, ground) => ground.map((under, i) => ink[i] * share + under * (1 - share));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };

  // An element and all that it stands in, through shadow roots, inmost first.
  const around = (element) => {
    const found = [];
    for (let e = element; e; e = e.parentElement ?? e.getRootNode().host) found.push(e);
    return found;
  };

  function* trees(root) {
    yield root;
    for (const element of root.querySelectorAll("*")) if (element.shadowRoot) yield* trees(element.shadowRoot);
  }

  window.lowContrast = () => {
    const faults = new Set();
    for (const tree of trees(document.body)) {
      const walker = document.createTreeWalker(tree, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || !element?.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        if (element.closest(`title, script, style, noscript, .katex-mathml, ${DISABLED}, ${ON_CELLS}`)) continue;
        const stands = around(element);
        const styles = stands.map((e) => getComputedStyle(e));
        if (styles.some((style) => style.opacity === "0") || styles[0].backgroundImage !== "none") continue;
        const isGround = seenIn(walker.currentNode, stands, styles);
        let ground = [255, 255, 255];
        for (let i = stands.length - 1; i >= 0; i--) {
          const [r, g, b, a] = channels(styles[i].backgroundColor);
          if (a && isGround[i]) ground = over([r, g, b], a, ground);
        }
        const style = styles[0];
        const ink = channels(element instanceof SVGElement ? style.fill : style.color);
        const opacity = styles.reduce((share, one) => share * Number(one.opacity), ink[3])
          * (element instanceof SVGElement ? Number(style.fillOpacity) : 1);
        const found = contrast(over(ink, opacity, ground), ground);
        if (found < LEAST - 0.005) faults.add(`"${text.slice(0, 40)}" has a contrast of ${found.toFixed(2)}`);
      }
    }
    return [...faults];
  };
})();
