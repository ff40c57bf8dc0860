// Builds the demo pages into a folder: the files as they are, each script with all it needs.

import { cpSync, rmSync } from "node:fs";
import { build } from "esbuild";

const FOLDER = "src/demo";
const PAGES = ["forgetting", "drift", "bench"];
const PLOT_STYLE = "node_modules/uplot/dist/uPlot.min.css";

/** Fills the folder, which is emptied first. */
export async function bundleDemo(outdir: string): Promise<void> {
  rmSync(outdir, { recursive: true, force: true });
  cpSync(`${FOLDER}/pages`, outdir, { recursive: true });
  cpSync(PLOT_STYLE, `${outdir}/uplot.css`);
  await build({
    entryPoints: PAGES.flatMap((page) => [
      `${FOLDER}/${page}-page.ts`,
      `${FOLDER}/${page}-worker.ts`,
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
