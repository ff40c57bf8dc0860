// Runs the command line in this process and captures what it writes.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import { runProgram } from "../../src/cli/program.ts";
import type { Output } from "../../src/cli/terminal.ts";

class Capture extends Writable {
  text = "";
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Exit code and outputs of one command line. */
export async function run(args: string[], terminal = { isTTY: false, columns: 80 }) {
  const stdout: Output & Capture = Object.assign(new Capture(), terminal);
  const stderr: Output & Capture = Object.assign(new Capture(), terminal);
  const exitCode = await runProgram(args, { stdout, stderr });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** The same with `--json`: what was printed, parsed. */
export async function runJson(args: string[]) {
  const { exitCode, stdout, stderr } = await run([...args, "--json"]);
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever was printed
  return { exitCode, stderr, record: JSON.parse(stdout) as any };
}

/** Every file below a folder with a digest of its bytes. */
export function contentOf(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => `${path} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`);
}
