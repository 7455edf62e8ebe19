// Stands in for the FEEL editor of dmn-js: a cell is a line of plain text. Our cells are few forms, the server reads
// them, and the original brings an editor of 400 KB that writes style elements, which the content policy forbids.
export default class PlainCell {
  constructor({ container, value = "", onChange, contentAttributes = {} }) {
    this.field = document.createElement("div");
    this.field.className = "plain-cell content-editable";
    this.field.contentEditable = "plaintext-only";
    this.field.setAttribute("role", "textbox");
    for (const [name, text] of Object.entries(contentAttributes)) if (text) this.field.setAttribute(name, text);
    this.field.textContent = value;
    this.field.addEventListener("input", () => onChange?.(this.field.textContent));
    container.append(this.field);
  }
  focus() {
    this.field.focus();
    getSelection().selectAllChildren(this.field);
    getSelection().collapseToEnd();
  }
  setValue(value) { if (this.field.textContent !== value) this.field.textContent = value; }
  setVariables() {}
}
export class EditorView { static lineWrapping = []; }
export const DmnVariableResolverModule = {};
