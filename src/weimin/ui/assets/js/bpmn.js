// Draws a published procedure large enough to read, in a box that scrolls sideways; the steps that a matter
// stands at are lit. A list beside says the same in words.
import Viewer from "bpmn-js/lib/Viewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

export async function draw(box) {
  const sheet = document.createElement("div");
  box.append(sheet);
  const viewer = new Viewer({ container: sheet });
  try {
    const answer = await fetch(box.dataset.bpmn);
    await viewer.importXML(await answer.text());
    const canvas = viewer.get("canvas");
    const { inner } = canvas.viewbox();
    sheet.style.width = `${Math.max(inner.width * 1.05 + 40, box.clientWidth - 4)}px`;
    sheet.style.height = `${Math.max(inner.height * 1.05 + 60, 200)}px`;
    canvas.resized();
    canvas.zoom("fit-viewport", "auto");
    for (const id of (box.dataset.lit || "").split(" ").filter(Boolean)) canvas.addMarker(id, "lit");
    for (const [id, mark] of Object.entries(JSON.parse(box.dataset.marks || "{}")))
      if (viewer.get("elementRegistry").get(id)) canvas.addMarker(id, mark);
    box.dataset.drawn = "1";
  } catch { box.hidden = true; }
}
