// Runs the commands and the code of docs/router.md and compares what they print with what it shows.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { run } from "../../cli/command-line.ts";
import { consoleExamples } from "../../pages/console-examples.ts";

const LIMIT_MS = 120_000;
const page = readFileSync("docs/router.md", "utf8");
const home = process.cwd();

const examples = consoleExamples(page, "$ driftkeel ");

/** The text without what differs from run to run and from machine to machine. */
function lasting(text: string): string {
  return text
    .replace(/\d{6}-\d{8}-\d{6}/g, "<report>")
    .replace(/\d{8}-\d{6}-[0-9a-f]{4}/g, "<id>")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")
    .replace(/[\d.]+ (B|KiB|MiB|GiB|TiB)\b/g, "<size>")
    .replace(/[\d.]+ ms\b/g, "<ms>")
    .replace(/ {2,}/g, " ")
    .replace(/─+/g, "─")
    .trim();
}

let folder: string;
const colors = process.env.NO_COLOR;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-router-docs-"));
  process.chdir(folder);
  process.env.NO_COLOR = "1";
});
afterAll(() => {
  process.chdir(home);
  if (colors === undefined) delete process.env.NO_COLOR;
  else process.env.NO_COLOR = colors;
  rmSync(folder, { recursive: true, force: true });
});

it("shows each command, with the output of a terminal", { timeout: LIMIT_MS }, async () => {
  expect(examples.length).toBeGreaterThan(5);
  for (const { command, output } of examples) {
    const { stdout, stderr } = await run(command.split(" "), { isTTY: true, columns: 80 });
    expect(`${command}\n${lasting(stderr + stdout)}`).toBe(`${command}\n${lasting(output)}`);
  }
});

it("shows code that runs and prints what it says", { timeout: LIMIT_MS }, () => {
  const [, code, printed] = /```ts\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/.exec(page)!;
  const source = pathToFileURL(resolve(home, "src/learners/router/index.ts")).href;
  const file = join(folder, "block.mts");
  writeFileSync(file, code!.replace('"driftkeel/router"', JSON.stringify(source)));
  const loader = pathToFileURL(resolve(home, "node_modules/tsx/dist/esm/index.mjs")).href;
  const output = execFileSync(process.execPath, ["--import", loader, file], { encoding: "utf8" });
  expect(output).toBe(printed);
});
