// Builds the front end into src/weimin/ui/static/ui, which is not committed.
import { copyFileSync } from "node:fs";
import { build } from "esbuild";

const out = "src/weimin/ui/static/ui";
const css = "src/weimin/ui/assets/css";
const js = "src/weimin/ui/assets/js";
const common = { bundle: true, minify: true, target: "es2020", logLevel: "warning" };
await build({ ...common, entryPoints: [`${css}/portal.css`, `${css}/desk.css`], outdir: out });
await build({ ...common, entryPoints: [`${js}/portal.js`, `${js}/desk.js`, `${js}/guide.js`, `${js}/passkey.js`, `${js}/editor.js`], outdir: out, format: "esm" });
await build({ ...common, entryPoints: { bpmn: `${js}/bpmn.js` }, outdir: out, format: "esm",
  loader: { ".woff": "dataurl", ".woff2": "dataurl", ".eot": "empty", ".ttf": "empty", ".svg": "dataurl" } });
// the editors of procedures and decision tables: loaded on their own pages only
const stand = (name) => new URL(`${js}/editors/${name}`, import.meta.url).pathname;
const standIns = { name: "stand-ins", setup(made) {
  made.onResolve({ filter: /^min-dom$/ }, () => ({ path: stand("min-dom.js") }));
  made.onResolve({ filter: /^@bpmn-io\/(feel-editor|dmn-variable-resolver)$|^@codemirror\/view$/ }, () => ({ path: stand("feel-editor.js") }));
} };
await build({ ...common, entryPoints: { drawing: `${js}/editors/drawing.js`, table: `${js}/editors/table.js` }, outdir: out, format: "esm",
  plugins: [standIns], assetNames: "[name]", loader: { ".woff": "file", ".woff2": "file", ".eot": "empty", ".ttf": "empty", ".svg": "empty" } });
copyFileSync("src/weimin/ui/assets/img/icon.svg", `${out}/icon.svg`);
console.log(`front end built into ${out}`);
