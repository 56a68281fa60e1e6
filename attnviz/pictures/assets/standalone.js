// A file draws each picture once, from the packet in its element.
// The packet is compressed (zlib) and written in base64.
async function unfolded(packed) {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
for (const figure of document.querySelectorAll("[data-packet]")) {
  unfolded(figure.dataset.packet).then((packet) => stageOf(figure, DRAWS[figure.dataset.kind]).show(packet));
}
// A file that is light or dark as its reader's screen is: its pictures change with it.
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const figure of document.querySelectorAll("[data-packet]")) {
    const stage = stages.get(figure);
    if (stage?.meta && stage.dark !== isDark(stage.root)) stage.put(stage);
  }
});
// A page around this one may frame it as tall as it is: `framed` in standalone.py asks once.
function tellHeight() {
  const root = document.documentElement;
  const bar = innerHeight - root.clientHeight; // of a horizontal scroll bar
  parent.postMessage({ attnvizHeight: Math.ceil(root.getBoundingClientRect().height) + bar }, "*");
}
if (parent !== window) {
  addEventListener("message", tellHeight);
  new ResizeObserver(tellHeight).observe(document.documentElement);
}
