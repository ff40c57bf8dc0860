// Runs the code of a page of the documentation against a real server.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../prometheus-install.ts";

/** What the one `ts` block of a page prints. from: what stands in it for `to`. */
export function runPage(page: string, [from, to]: readonly [string, string]): string {
  const code = /```ts\n([\s\S]*?)```/.exec(readFileSync(page, "utf8"))?.[1];
  if (!code?.includes(from)) throw new Error(`${page} has no code with ${from}.`);
  const folder = mkdtempSync(join(tmpdir(), "driftkeel-page-"));
  try {
    const local = code.replace(/"driftkeel\/(\w+)"/, (_, name) =>
      JSON.stringify(resolve("src/integrations", name, "index.ts")),
    );
    const file = join(folder, "page.mts");
    writeFileSync(file, local.replace(from, to));
    const args = ["--import", import.meta.resolve("tsx"), file];
    const { code: exit, output } = run(process.execPath, args, { limitMs: 30_000 });
    if (exit !== 0) throw new Error(`The code of ${page} ended with ${exit}: ${output}`);
    return output;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
