// Draws a published procedure; the steps that a matter stands at are lit. A list beside says the same in words.
import Viewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

export async function draw(box) {
  const viewer = new Viewer({ container: box });
  try {
    const answer = await fetch(box.dataset.bpmn);
    await viewer.importXML(await answer.text());
    const canvas = viewer.get("canvas");
    canvas.zoom("fit-viewport", "auto");
    for (const id of (box.dataset.lit || "").split(" ").filter(Boolean)) canvas.addMarker(id, "lit");
    box.dataset.drawn = "1";
  } catch { box.hidden = true; }
}
