// Stands in for min-dom: markup that carries style attributes is built without them, and the styles are then set
// through the object model, which the content policy allows. What is shown stays the same, the mark of bpmn.io too.
import { domify as plain } from "../../../../../../node_modules/min-dom/dist/index.js";
export * from "../../../../../../node_modules/min-dom/dist/index.js";

export function domify(markup, ...rest) {
  const built = plain(String(markup).replaceAll(' style="', ' data-css="'), ...rest);
  const styled = built.querySelectorAll ? [built, ...built.querySelectorAll("[data-css]")] : [];
  for (const one of styled) {
    const css = one.getAttribute?.("data-css");
    if (css) { one.style.cssText = css; one.removeAttribute("data-css"); }
  }
  return built;
}
