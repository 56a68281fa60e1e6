// A file draws each picture once, from the packet in its element.
for (const figure of document.querySelectorAll("[data-packet]")) {
  const packet = Uint8Array.from(atob(figure.dataset.packet), (c) => c.charCodeAt(0));
  stageOf(figure, figure.dataset.kind === "lines" ? drawLines : drawDrawing).show(packet);
}
