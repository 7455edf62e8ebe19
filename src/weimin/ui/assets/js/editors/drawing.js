// The drawing editor: only what the checker admits can be drawn, everything else has no button.
import Modeler from "bpmn-js/lib/Modeler";
import Search from "bpmn-js/lib/features/search";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "bpmn-js/dist/assets/bpmn-font/css/bpmn.css";
import "./editors.css";
import zh, { missing } from "./zh.js";
import { Panel } from "./panel.js";
import { Room } from "./room.js";
import { keep } from "./sheet.js";

const WEIMIN = { name: "Weimin", uri: "https://weimin.example/bpmn", prefix: "weimin", xml: { tagAlias: "lowerCase" }, types: [
  { name: "Step", extends: ["bpmn:UserTask"],
    properties: ["kind", "agency", "role", "limit", "unit", "outcomes"].map((name) => ({ name, type: "String", isAttr: true })) },
  { name: "Way", extends: ["bpmn:Process"],
    properties: ["data", "after"].map((name) => ({ name, type: "String", isAttr: true })) },
] };
const PIECES = [
  ["start", "bpmn:StartEvent", "bpmn-icon-start-event-none", "Create start event"],
  ["task", "bpmn:UserTask", "bpmn-icon-user-task", "Create task", "Append task"],
  ["choice", "bpmn:ExclusiveGateway", "bpmn-icon-gateway-xor", "Create exclusive gateway", "Append exclusive gateway"],
  ["parallel", "bpmn:ParallelGateway", "bpmn-icon-gateway-parallel", "Create parallel gateway", "Append parallel gateway"],
  ["end", "bpmn:EndEvent", "bpmn-icon-end-event-none", "Create end event", "Append end event"],
  ["text", "bpmn:TextAnnotation", "bpmn-icon-text-annotation", "Create annotation", "Add text annotation"],
];

function shape(factory, type) {
  const made = factory.createShape({ type });
  if (type === "bpmn:UserTask")
    for (const [name, value] of [["kind", "review"], ["agency", "township"], ["role", "reviewer"]]) made.businessObject.set(`weimin:${name}`, value);
  return made;
}

class Palette {
  static $inject = ["palette", "create", "elementFactory", "handTool", "lassoTool", "spaceTool", "globalConnect", "translate"];
  constructor(palette, create, factory, hand, lasso, space, connect, translate) {
    Object.assign(this, { create, factory, translate });
    this.tools = [["hand", hand, "bpmn-icon-hand-tool", "Activate hand tool"], ["lasso", lasso, "bpmn-icon-lasso-tool", "Activate lasso tool"],
      ["space", space, "bpmn-icon-space-tool", "Activate create/remove space tool"], ["connect", connect, "bpmn-icon-connection-multi", "Activate global connect tool"]];
    palette.registerProvider(this);
  }
  getPaletteEntries() {
    const entries = {};
    for (const [name, tool, icon, title] of this.tools)
      entries[name] = { group: "tools", className: icon, title: this.translate(title),
        action: { click: (event) => (tool.activateHand ? tool.activateHand(event) : tool.activateSelection ? tool.activateSelection(event) : tool.start ? tool.start(event) : tool.toggle(event)) } };
    for (const [name, type, icon, title] of PIECES) {
      const begin = (event) => this.create.start(event, shape(this.factory, type));
      entries[name] = { group: "pieces", className: icon, title: this.translate(title), action: { dragstart: begin, click: begin } };
    }
    return entries;
  }
}

class Pad {
  static $inject = ["contextPad", "autoPlace", "create", "connect", "elementFactory", "modeling", "translate"];
  constructor(pad, autoPlace, create, connect, factory, modeling, translate) {
    Object.assign(this, { autoPlace, create, connect, factory, modeling, translate });
    pad.registerProvider(this);
  }
  getMultiElementContextPadEntries(elements) { return { remove: this.remove(elements) }; }
  getContextPadEntries(element) {
    const entries = {}, ends = ["bpmn:EndEvent", "bpmn:TextAnnotation"];
    if (!element.waypoints && element.type !== "label" && !ends.includes(element.type)) {
      for (const [name, type, icon, , title] of PIECES.filter(([, , , , title]) => title)) {
        const place = () => this.autoPlace.append(element, shape(this.factory, type));
        entries[name] = { group: "model", className: icon, title: this.translate(title),
          action: { click: place, dragstart: (event) => this.create.start(event, shape(this.factory, type), { source: element }) } };
      }
      const join = (event) => this.connect.start(event, element);
      entries.connect = { group: "connect", className: "bpmn-icon-connection-multi", title: this.translate("Connect to other element"), action: { click: join, dragstart: join } };
    }
    if (element.type !== "label") entries.remove = this.remove([element]);
    return entries;
  }
  remove(elements) {
    return { group: "edit", className: "bpmn-icon-trash", title: this.translate("Delete"), action: { click: () => this.modeling.removeElements([...elements]) } };
  }
}

class Limited extends Modeler {
  getModules() { return super.getModules().filter((one) => one !== Search); }
}

const form = document.querySelector("form[data-drawing]");
const sheet = form.querySelector("[data-sheet]");
const modeler = new Limited({
  container: sheet, moddleExtensions: { weimin: WEIMIN },
  additionalModules: [zh, { __init__: ["paletteProvider", "contextPadProvider", "room"], paletteProvider: ["type", Palette], contextPadProvider: ["type", Pad], room: ["type", Room] }],
});
const canvas = modeler.get("canvas"), registry = modeler.get("elementRegistry"), selection = modeler.get("selection");

function select(id) {
  const one = registry.get(id);
  if (!one) return;
  selection.select(one);
  canvas.scrollToElement(one, { top: 80, bottom: 80, left: 120, right: 120 });
}

// The whole drawing beside the palette, which would lie on its left end.
function fit() {
  const { inner, outer } = canvas.viewbox(), small = outer.width < 500, left = small ? 10 : 110, around = 30;
  const scale = Math.max(small ? 0.6 : 0.2, Math.min((outer.width - left - around) / inner.width, (outer.height - 2 * around) / inner.height, 1));
  canvas.viewbox({ x: inner.x - left / scale, y: inner.y - (outer.height / scale - inner.height) / 2,
    width: outer.width / scale, height: outer.height / scale });
}

async function open() {
  const panel = new Panel(form.querySelector("[data-panel]"), modeler, JSON.parse(form.dataset.words));
  form.querySelector("[data-canvas]").hidden = false;
  await modeler.importXML(form.elements.xml.value);
  fit();
  for (const one of document.querySelectorAll("[data-where]")) if (registry.get(one.dataset.where)) canvas.addMarker(one.dataset.where, "faulty");
  panel.show();
  const stack = modeler.get("commandStack");
  keep({ form, select, has: (id) => registry.get(id), isChanged: () => stack.canUndo(), save: async () => (await modeler.saveXML({ format: true })).xml });
  for (const [name, act] of [["undo", () => stack.canUndo() && stack.undo()], ["redo", () => stack.canRedo() && stack.redo()],
    ["fit", fit], ["in", () => modeler.get("zoomScroll").stepZoom(1)], ["out", () => modeler.get("zoomScroll").stepZoom(-1)]])
    form.querySelector(`[data-tool=${name}]`).addEventListener("click", act);
  form.dataset.ready = "1";
}
open().catch((fault) => {
  form.querySelector("[data-canvas]").hidden = true;
  const problem = form.querySelector("[data-problem]");
  problem.hidden = false; problem.textContent = `这个文件画不出来（${fault.message}）。请用下面的文件上传改好。`;
});
form.missing = missing;
