// The editor of decision tables: the table view of dmn-js alone, with its cells as plain text.
import EditingManager from "dmn-js-shared/lib/base/EditingManager";
import Editor from "dmn-js-decision-table/lib/Editor";
import { HIT_POLICIES } from "dmn-js-decision-table/lib/features/hit-policy/HitPolicies";
import { is } from "dmn-js-shared/lib/util/ModelUtil";
import "dmn-js-shared/assets/css/dmn-js-shared.css";
import "dmn-js-decision-table/assets/css/dmn-js-decision-table.css";
import "dmn-js-decision-table/assets/css/dmn-js-decision-table-controls.css";
import "./editors.css";
import zh, { missing } from "./zh.js";
import { keep } from "./sheet.js";

// the two ways of taking rows that the checker admits
HIT_POLICIES.splice(0, HIT_POLICIES.length, ...HIT_POLICIES.filter((one) => ["UNIQUE", "FIRST"].includes(one.value.hitPolicy)));

class TableModeler extends EditingManager {
  _getViewProviders() {
    return [{ id: "decisionTable", constructor: Editor,
      opens: (one) => is(one, "dmn:Decision") && is(one.decisionLogic, "dmn:DecisionTable") }];
  }
}

const form = document.querySelector("form[data-table]");
const sheet = form.querySelector("[data-sheet]");
const modeler = new TableModeler({ container: sheet, decisionTable: { additionalModules: [zh] },
  common: { dataTypes: ["string", "number", "boolean"] } });

async function open() {
  form.querySelector("[data-canvas]").hidden = false;
  await modeler.importXML(form.elements.xml.value);
  const viewer = modeler.getActiveViewer();
  if (!viewer) throw new Error("文件里没有决策表");
  const stack = viewer.get("commandStack");
  const places = (id) => [...sheet.querySelectorAll(`[data-element-id="${CSS.escape(id)}"], [data-row-id="${CSS.escape(id)}"]`)];
  keep({ form, has: (id) => places(id)[0], isChanged: () => stack.canUndo(), save: async () => (await modeler.saveXML({ format: true })).xml,
    select: (id) => places(id)[0]?.scrollIntoView({ block: "center" }) });
  for (const one of document.querySelectorAll("[data-where]")) for (const cell of places(one.dataset.where)) cell.classList.add("faulty");
  for (const [name, act] of [["undo", () => stack.canUndo() && stack.undo()], ["redo", () => stack.canRedo() && stack.redo()]])
    form.querySelector(`[data-tool=${name}]`).addEventListener("click", act);
  form.dataset.ready = "1";
}
open().catch((fault) => {
  form.querySelector("[data-canvas]").hidden = true;
  const problem = form.querySelector("[data-problem]");
  problem.hidden = false; problem.textContent = `这张表打不开（${fault.message}）。请用下面的文件上传改好。`;
});
form.missing = missing;
