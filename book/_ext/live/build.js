// Bundles entry.js into one file, with the licences of all that went into it beside it.
import { build } from "esbuild";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const target = "../../_static/live/libraries.min.js";
const { metafile } = await build({
  entryPoints: ["entry.js"],
  outfile: target,
  bundle: true,
  minify: true,
  format: "esm",
  legalComments: "none",
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
});
const folders = new Set();
for (const file of Object.keys(metafile.inputs)) {
  const found = /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file);
  if (found) folders.add(found[0]);
}
const parts = [...folders].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file && existsSync(`${folder}/${file}`) ? readFileSync(`${folder}/${file}`, "utf8") : "";
  const own = text.trim() || (/^@(jupyterlab|lumino)\//.test(name) ? "See at the end." : "");
  if (!own) throw new Error(`${name} has no licence: add its text`);
  return `${name} ${version} (${license})\n\n${own}\n`;
});
parts.push(readFileSync("jupyter-LICENSE.txt", "utf8"));
writeFileSync(`${target.replace("libraries.min.js", "LICENSES.txt")}`, parts.join(`\n${"-".repeat(72)}\n\n`));
