// Builds the demo pages into a folder: each page in its shell, each script with all it needs.

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { DEMO_PAGES, wrapPage } from "./page-shell.ts";

const FOLDER = "src/demo";
const PLOT_STYLE = "node_modules/uplot/dist/uPlot.min.css";

/** Fills the folder, which is emptied first. */
export async function bundleDemo(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  cpSync(`${FOLDER}/pages`, outdir, { recursive: true });
  for (const page of DEMO_PAGES) {
    const main = readFileSync(`${FOLDER}/pages/${page.name}.html`, "utf8");
    writeFileSync(`${outdir}/${page.name}.html`, wrapPage(page, main));
  }
  cpSync(PLOT_STYLE, `${outdir}/uplot.css`);
  await build({
    entryPoints: DEMO_PAGES.filter(({ name }) => name !== "index").flatMap(({ name }) => [
      `${FOLDER}/${name}-page.ts`,
      `${FOLDER}/${name}-worker.ts`,
    ]),
    outdir,
    bundle: true,
    minify: true,
    platform: "browser",
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
}
