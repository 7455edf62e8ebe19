// Loads the diagram viewer only when somebody opens the picture: guide pages stay light.
const tag = document.getElementById("viewer");
for (const box of document.querySelectorAll("[data-bpmn]")) {
  const fold = box.closest("details");
  const load = () => {
    if (box.dataset.loaded) return;
    box.dataset.loaded = "1";
    const style = document.createElement("link");
    style.rel = "stylesheet"; style.href = tag.dataset.style;
    document.head.append(style);
    import(tag.dataset.viewer).then((viewer) => viewer.draw(box));
  };
  if (!fold || fold.open) load(); else fold.addEventListener("toggle", load, { once: true });
}
