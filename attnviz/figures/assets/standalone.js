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
