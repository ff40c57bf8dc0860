// `driftkeel audit`: verdicts on whole and altered logs, and the last events.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLog } from "../../src/store/audit-log.ts";
import { contentOf, run, runJson } from "./command-line.ts";
import { ModelBase } from "./model-base.ts";

let base: ModelBase;
let path: string;
beforeEach(async () => {
  base = new ModelBase();
  await base.addModel("signal", 1);
  await base.addEvents(30);
  path = join(base.folder(), "audit.jsonl");
});
afterEach(() => base.remove());

/** Changes the lines of the log. */
function edit(change: (lines: string[]) => string[]): void {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${change(lines).join("\n")}\n`);
}

describe("driftkeel audit verify", () => {
  it("finds a whole log intact, changes nothing, and exits with 0", async () => {
    const before = contentOf(base.path);
    const { exitCode, record } = await runJson(["audit", "verify", ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toEqual({ model_id: "signal", path, intact: true, events: 30, problem: null });
    expect((await run(["audit", "verify", ...base.flags])).stdout).toBe(
      `${path}: intact, 30 events\n`,
    );
    expect(contentOf(base.path)).toEqual(before);
  });

  it.each([
    ["altered", 4, (lines: string[]) => lines.with(3, lines[3]!.replace("noted", "voted"))],
    ["missing", 4, (lines: string[]) => lines.toSpliced(3, 1)],
    ["reordered", 4, (lines: string[]) => [...lines.toSpliced(3, 1), lines[3]!]],
    ["truncated", 25, (lines: string[]) => lines.slice(0, 25)],
  ])(
    "names the first line of a log with a line %s, and exits with 5",
    async (kind, line, change) => {
      edit(change);
      const { exitCode, record } = await runJson(["audit", "verify", ...base.flags]);
      expect(exitCode).toBe(5);
      expect(record).toMatchObject({ intact: false, problem: { kind, line } });
      const { stdout } = await run(["audit", "verify", ...base.flags]);
      expect(stdout).toContain(`broken at line ${line} (${kind})`);
      expect((await run(["audit", "verify", ...base.flags, "--quiet"])).exitCode).toBe(5);
    },
  );

  it("works beside the writer of the log", async () => {
    const log = await AuditLog.open(path);
    await log.log({ eventType: "drift", outcome: "more" });
    const { exitCode, record } = await runJson(["audit", "verify", ...base.flags]);
    expect({ exitCode, events: record.events }).toEqual({ exitCode: 0, events: 31 });
    await log.close();
  });
});

describe("driftkeel audit tail", () => {
  it("shows the last 20 events, or as many as are asked for, oldest first", async () => {
    const seqs = async (...more: string[]) => {
      const { record } = await runJson(["audit", "tail", ...base.flags, ...more]);
      return record.events.map(({ seq }: { seq: number }) => seq);
    };
    expect(await seqs()).toEqual(Array.from({ length: 20 }, (_, index) => index + 10));
    expect(await seqs("-n", "2")).toEqual([28, 29]);
    expect(await seqs("--lines", "100")).toHaveLength(30);
    const { stdout } = await run(["audit", "tail", ...base.flags, "-n", "1"]);
    expect(stdout).toMatch(/^2026-11-20 12:30:\d\d {2}drift {2}noted {2}number 29\n$/);
  });

  it("gives an event as it stands in the log", async () => {
    const { record } = await runJson(["audit", "tail", ...base.flags, "-n", "1"]);
    const onDisk = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1)!);
    expect(record.events[0]).toEqual(onDisk);
  });

  it("exits with 5 on an altered line, naming it, and with 2 on a count that is none", async () => {
    edit((lines) => lines.with(6, "{}"));
    const altered = await run(["audit", "tail", ...base.flags]);
    expect(altered).toMatchObject({ exitCode: 5, stdout: "" });
    expect(altered.stderr).toContain("line 7");
    for (const count of ["0", "-1", "x", "1.5"]) {
      expect((await run(["audit", "tail", ...base.flags, `--lines=${count}`])).exitCode).toBe(2);
    }
  });

  it("says when there is no event", async () => {
    await base.addModel("other", 1);
    const { exitCode, stdout } = await run(["audit", "tail", ...base.flags, "--model", "other"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: "No events.\n" });
  });
});
