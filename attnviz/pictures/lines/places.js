// Where the tokens of a line diagram stand, and what its two sides are called.

const GAP = 150; // least px between the two edges, horizontal
const LOW_GAP = 88; // where several panels stand below each other
const VERTICAL_GAP = 220;
const NUMBER = 34; // px that one number takes along its line's end
const MARK = 24; // px of a mark such as #2: which of several tokens a number belongs to
const ROW = 17; // px a token, vertical

// Where tokens stand: end(side, i) is the point where lines of token i begin or end.
// As many numbers may stand on a line: one a head and token that is looked at.
function geometry(meta, width, heads, tokens) {
  const lanes = heads * tokens;
  const count = Math.max(meta.rows.labels.length, meta.columns.labels.length);
  const measure = document.createElement("canvas").getContext("2d");
  measure.font = NAME_FONT;
  const sizes = new Map();
  const size = (text) => sizes.get(text) ?? sizes.set(text, measure.measureText(text).width).get(text);
  const turned = meta.direction !== "vertical";
  const names = nameRoom([meta.rows, meta.columns], size, turned);
  const label = 8 + (turned ? Math.max(names, MARK + NAME) : names + MARK);
  // A mark takes its room from the longest names, so that nothing moves when it comes.
  const cut = (name, mark) => cutName(name, size, label - 8 - (turned ? size(mark) : MARK));
  const lane = tokens > 1 ? NUMBER + MARK : NUMBER;
  const room = lane * lanes + 30;
  if (meta.direction === "vertical") {
    const gap = Math.max(120, room, Math.min(VERTICAL_GAP, width - 2 * label));
    return {
      lane, lanes, vertical: true, label, cut, width: gap + 2 * label, height: count * ROW + 26,
      end: (side, i) => [side === "q" ? label : label + gap, 26 + (i + 0.5) * ROW],
    };
  }
  const step = Math.max(APART, Math.min(46, (width - 12) / Math.max(count, 1)));
  const gap = Math.max(isStacked(meta) ? LOW_GAP : GAP, room);
  return {
    lane, lanes, vertical: false, label, cut, width: Math.max(count * step + 12, 200), height: 2 * label + gap,
    end: (side, i) => [6 + (i + 0.5) * step, side === "q" ? label : label + gap],
  };
}

// Of a pair of texts: a thin line where the second one begins, past the names of each side and, where
// both sides are the pair, across.
function betweenTexts(meta, place) {
  const at = (side) => {
    const { second } = sideOf(meta, side);
    if (second === undefined) return null;
    const [one, other] = [place.end(side, second - 1), place.end(side, second)];
    return [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2];
  };
  const outward = place.vertical ? [place.label - 2, 0] : [0, place.label - 2];
  const group = svg("g", { class: "between" });
  const ends = ["q", "k"].map((side, i) => {
    const from = at(side);
    if (!from) return null;
    const away = outward.map((px) => (i ? px : -px));
    group.append(svg("path", { d: `M${from.join(" ")}l${away.join(" ")}` }));
    return from;
  });
  if (ends[0] && ends[1]) group.append(svg("path", { d: `M${ends[0].join(" ")}L${ends[1].join(" ")}` }));
  return group;
}

// Whether panels stand below each other.
const isStacked = ({ panels }) => panels.heads.length > 1 && !panels.beside;

// What the two sides are called: above columns of names; above rows of names the caption says it.
function sideNames(meta, place) {
  const group = svg("g", { class: "edges" });
  if (!place.vertical) return group;
  group.append(
    svg("text", { x: 0, y: 14 }, meta.words.queries),
    svg("text", { x: place.width, y: 14, "text-anchor": "end" }, meta.words.keys));
  return group;
}
