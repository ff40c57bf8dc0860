// Runs the commands of docs/cli.md, in order, and compares what they print with what it shows.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { consoleExamples } from "../pages/console-examples.ts";
import { run } from "./command-line.ts";

const page = readFileSync("docs/cli.md", "utf8");
const block = (language: string) =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

const examples = consoleExamples(page, "$ driftkeel ");

const ID = /\d{8}-\d{6}-[0-9a-f]{4}/g;

/** The text without what differs from run to run and from machine to machine. */
function lasting(text: string): string {
  return text
    .replace(ID, "<id>")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")
    .replace(/[0-9a-f]{16,}/g, "<hex>")
    .replace(/[\d.]+ (B|KiB|MiB|GiB|TiB)\b/g, "<size>")
    .replace(/[\d.]+ ms\b/g, "<ms>")
    .replace(/\d+\.\d+\.\d+ \(/g, "<version> (")
    .replace(/\/\S+(?=driftkeel-data)/g, "<folder>/")
    .replace(/^(SQLite +).*$/m, "$1<driver>")
    .replace(/ {2,}/g, " ")
    .replace(/─+/g, "─")
    .trim();
}

let folder: string;
const home = process.cwd();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-docs-"));
  process.chdir(folder);
  writeFileSync("driftkeel.json", block("json"));
  writeFileSync("make-samples.mjs", block("js"));
  execFileSync(process.execPath, ["make-samples.mjs"]);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

it("shows every command but the replay of the README", () => {
  const shown = new Set(examples.map(({ command }) => command.split(" ")[0]));
  const all = ["run", "status", "versions", "rollback", "audit", "export", "import", "doctor"];
  expect([...shown].sort()).toEqual(all.sort());
});

it("prints what the page shows", async () => {
  /** The ids of this run, by those of the page. */
  const ids = new Map<string, string>();
  for (const { command, output } of examples) {
    const actual = command.replace(ID, (id) => ids.get(id) ?? id);
    const { exitCode, stdout, stderr } = await run(actual.split(" "));
    expect({ command, exitCode }).toEqual({ command, exitCode: 0 });
    expect(lasting(stderr + stdout)).toBe(lasting(output));
    const found = (stderr + stdout).match(ID) ?? [];
    for (const [index, id] of (output.match(ID) ?? []).entries()) ids.set(id, found[index]!);
  }
});
