// Runs the commands of docs/service.md against a real server and compares what they print.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { consoleExamples } from "../pages/console-examples.ts";
import { ServeChild } from "./serve-child.ts";

const page = readFileSync("docs/service.md", "utf8");

const examples = consoleExamples(page, "$ ");

/** The text without what differs from run to run. */
function lasting(text: string): string {
  return text
    .replace(/\d{8}-\d{6}-[0-9a-f]{4}/g, "<id>")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<prediction>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replace(/"output":\[-?[\d.]+\]/g, '"output":[<number>]')
    .trim();
}

/** The commands of the page need bash, and a curl that knows --json. */
const canRun = spawnSync("bash", ["-c", "curl --help all | grep -q -- --json"]).status === 0;

let folder: string;
let served: ServeChild;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-service-docs-"));
  writeFileSync(join(folder, "driftkeel.json"), /```json\n([\s\S]*?)```/.exec(page)![1]!);
  served = await ServeChild.start(folder);
});
afterAll(async () => {
  await served.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

it.skipIf(!canRun)("prints what the page shows", () => {
  expect(examples.length).toBeGreaterThan(9);
  for (const { command, output } of examples) {
    const actual = command.replaceAll("http://127.0.0.1:8600", served.url);
    const printed = execFileSync("bash", ["-c", actual], { cwd: folder, encoding: "utf8" });
    expect(`${command}\n${lasting(printed)}`).toBe(`${command}\n${lasting(output)}`);
  }
});
