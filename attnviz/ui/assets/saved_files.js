// Files that only a browser can draw, because only it has every font: PNG from an SVG, and the
// letters of a PDF. Packets of attnviz/export/png.py and attnviz/export/pdf.py.

const HEADER = 33; // bytes of a PNG before its second chunk

async function pngOf({ meta, arrays }) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([meta.svg], { type: "image/svg+xml" }));
  await image.decode();
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: meta.width, height: meta.height });
  canvas.getContext("2d").drawImage(image, 0, 0, meta.width, meta.height);
  URL.revokeObjectURL(image.src);
  const drawn = new Uint8Array(await new Promise((done) => canvas.toBlob((b) => done(b.arrayBuffer()), "image/png")));
  return new Blob([drawn.subarray(0, HEADER), arrays.chunks, drawn.subarray(HEADER)], { type: "image/png" });
}

// ---- PDF

const EVERYWHERE = "-32767 -32767 32767 32767"; // a box that cuts nothing off
const FREE = "0000000000 65535 f \n"; // the first row of every table of objects

const latin = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const short = (value) => String(Number(value.toFixed(5)));
const list = (values) => values.map(short).join(" ");
const inked = (rgb) => list(rgb.map((value) => value / LEVELS));
// Text as PDF holds it whatever its script: UTF-16, in hexadecimal digits.
const spoken = (text) => {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0"));
  return `<FEFF${units.join("")}>`;
};

async function deflated(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A text as how opaque each of its pixels is, and where it stands from its beginning, in units.
function lettersOf({ text, size, weight }, family, scale) {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const font = `${weight} ${size * scale}px ${family}`;
  context.font = font;
  const box = context.measureText(text);
  const edge = (name) => Math.ceil(Math.max(0, box[`actualBoundingBox${name}`])) + 1;
  const [left, right, up, down] = ["Left", "Right", "Ascent", "Descent"].map(edge);
  const [wide, high] = [left + right, up + down];
  Object.assign(context.canvas, { width: wide, height: high });
  context.font = font;
  context.fillText(text, left, up);
  const pixels = context.getImageData(0, 0, wide, high).data;
  const opacity = Uint8Array.from({ length: wide * high }, (_, i) => pixels[4 * i + 3]);
  return { wide, high, left, up, advance: box.width, opacity };
}

const dictionary = (entries) => `<< ${Object.entries(entries).map(([name, value]) => `/${name} ${value}`).join(" ")} >>`;

// A PDF under way: objects by their numbers, each with its stream if it has one.
class Pdf {
  constructor() {
    this.objects = [];
  }

  add(entries, stream) {
    this.objects.push({ entries, stream });
    return `${this.objects.length} 0 R`;
  }

  async addDeflated(entries, stream) {
    return this.add({ ...entries, Filter: "/FlateDecode" }, await deflated(stream));
  }

  file(root, information) {
    const parts = [latin("%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n")];
    let at = parts[0].length;
    const put = (bytes) => (parts.push(bytes), (at += bytes.length));
    const offsets = this.objects.map(({ entries, stream }, i) => {
      const start = at;
      const length = stream ? { Length: stream.length } : {};
      put(latin(`${i + 1} 0 obj\n${dictionary({ ...entries, ...length })}\n`));
      if (stream) for (const bytes of [latin("stream\n"), stream, latin("\nendstream\n")]) put(bytes);
      put(latin("endobj\n"));
      return start;
    });
    const start = at;
    const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
    const size = offsets.length + 1;
    const trailer = dictionary({ Size: size, Root: root, Info: information });
    put(latin(`xref\n0 ${size}\n${FREE}${rows}trailer\n${trailer}\nstartxref\n${start}\n%%EOF\n`));
    return new Blob(parts, { type: "application/pdf" });
  }
}

async function hatchOf(pdf, { matrix, apart, width, ink }) {
  const line = `${inked(ink)} RG ${short(width)} w 0 0 m 0 ${short(apart)} l S`;
  return pdf.add({
    Type: "/Pattern", PatternType: 1, PaintType: 1, TilingType: 1, BBox: `[0 0 ${short(apart)} ${short(apart)}]`,
    XStep: short(apart), YStep: short(apart), Resources: "<< >>", Matrix: `[${list(matrix)}]`,
  }, latin(line));
}

// One text as an image of its ink, as opaque as its letters are; the same text is kept once.
async function imageOf(pdf, text, drawn) {
  const image = { Type: "/XObject", Subtype: "/Image", BitsPerComponent: 8 };
  const mask = await pdf.addDeflated(
    { ...image, Width: drawn.wide, Height: drawn.high, ColorSpace: "/DeviceGray" }, drawn.opacity);
  return pdf.add({ ...image, Width: 1, Height: 1, ColorSpace: "/DeviceRGB", SMask: mask }, Uint8Array.from(text.ink));
}

const scaleOf = (matrix) => Math.hypot(matrix[0], matrix[1]);

// Texts as operators and the images that these draw. A group of texts that is used again is named
// by its index; `used` says how large its own coordinates are on the page.
async function textsOf(pdf, texts, { families, dpi }, known, used = 1) {
  const [images, operators] = [{}, []];
  for (const text of texts) {
    if ("group" in text) {
      operators.push(`q ${list(text.matrix)} cm /G${text.group} Do Q`);
      continue;
    }
    if (!text.text.trim()) continue;
    const scale = (dpi / 72) * used * scaleOf(text.matrix); // px of a unit
    const name = JSON.stringify([text.text, text.size, text.weight, text.family, text.ink, scale.toPrecision(6)]);
    if (!known.has(name)) {
      const drawn = lettersOf(text, families[text.family], scale);
      const { opacity, ...measures } = drawn;
      known.set(name, { ...measures, key: `T${known.size}`, image: await imageOf(pdf, text, drawn) });
    }
    const { wide, high, left, up, advance, key, image } = known.get(name);
    images[key] = image;
    const before = { start: 0, middle: advance / 2, end: advance }[text.anchor];
    const place = [wide / scale, 0, 0, -high / scale, text.x - (before + left) / scale, text.y + (high - up) / scale];
    operators.push(
      `/Span << /ActualText ${spoken(`${text.text} `)} >> BDC q ${list(text.matrix)} cm ${list(place)} cm /${key} Do Q EMC`);
  }
  return { images, operators: latin(operators.join("\n")) };
}

// A group of texts as a form, as large as its largest use.
async function groupOf(pdf, group, at, meta, known) {
  const used = Math.max(...meta.texts.filter((text) => text.group === at).map((use) => scaleOf(use.matrix)));
  const { images, operators } = await textsOf(pdf, group, meta, known, used);
  const resources = dictionary({ XObject: dictionary(images) });
  return pdf.addDeflated(
    { Type: "/XObject", Subtype: "/Form", BBox: `[${EVERYWHERE}]`, Resources: resources }, operators);
}

async function pdfOf({ meta, arrays }) {
  const pdf = new Pdf();
  const hatches = {};
  for (const [i, hatch] of meta.hatches.entries()) hatches[`H${i}`] = await hatchOf(pdf, hatch);
  const states = meta.opacities.map((opacity, i) => [`O${i}`, dictionary({ Type: "/ExtGState", CA: short(opacity) })]);
  const known = new Map(); // each text that was drawn once
  const { images, operators } = await textsOf(pdf, meta.texts, meta, known);
  const groups = {};
  for (const [i, group] of meta.groups.entries()) groups[`G${i}`] = await groupOf(pdf, group, i, meta, known);
  const drawn = await pdf.addDeflated({}, arrays.content);
  const letters = await pdf.addDeflated({}, operators);
  const resources = dictionary({
    ExtGState: dictionary(Object.fromEntries(states)), Pattern: dictionary(hatches), XObject: dictionary({ ...images, ...groups }),
  });
  const pages = `${pdf.objects.length + 2} 0 R`;
  const page = pdf.add({
    Type: "/Page", Parent: pages, Group: "<< /S /Transparency /CS /DeviceRGB >>", MediaBox: `[0 0 ${list(meta.size)}]`, Resources: resources, Contents: `[${drawn} ${letters}]`,
  });
  pdf.add({ Type: "/Pages", Kids: `[${page}]`, Count: 1 });
  const root = pdf.add({ Type: "/Catalog", Pages: pages });
  const said = Object.entries(meta.information).map(([name, text]) => [name, spoken(text)]);
  return pdf.file(root, pdf.add(Object.fromEntries(said)));
}

// ----

async function saveFile(packet) {
  const file = await { png: pngOf, pdf: pdfOf }[packet.meta.kind](packet);
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: packet.meta.name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export default function ({ data, parentElement }) {
  const packet = unpack(data);
  if (parentElement.asked === packet.meta.asked) return; // a rerun must not save once more
  parentElement.asked = packet.meta.asked;
  saveFile(packet);
}
