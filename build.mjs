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
copyFileSync("src/weimin/ui/assets/img/icon.svg", `${out}/icon.svg`);
console.log(`front end built into ${out}`);
