// Verdicts are counted out of the audit log, each event once, however long the log is.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { AuditLog } from "../../src/index.ts";
import { VerdictTally } from "../../src/service/verdict-tally.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-tally-"));
  path = join(folder, "audit.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const OUTCOMES = [
  "promoted",
  "candidate-rejected",
  "update-failed",
  "rolled-back",
  "drift-detected",
];

/** Logs `count` events whose outcomes go round. */
async function log(count: number, details: Record<string, unknown> = {}): Promise<void> {
  const audit = await AuditLog.open(path, { now: () => 0 });
  const outcomes = Array.from({ length: count }, (_, index) => OUTCOMES[index % OUTCOMES.length]!);
  await Promise.all(
    outcomes.map((outcome) => audit.log({ eventType: "update", outcome, details })),
  );
  await audit.close();
}

const each = (count: number) => ({
  updates: { promoted: count, rejected: count, failed: count, rolled_back: count },
  drift_alerts: count,
});

it("counts what a log holds, and later what has come", async () => {
  const tally = new VerdictTally(path);
  expect(await tally.read()).toEqual({ ...each(0), last_verdict: null });
  await log(5, { reason: "too bad", measurements: { loss: 2, sharpe: null } });
  expect(await tally.read()).toEqual({
    ...each(1),
    last_verdict: {
      ...{ at: "1970-01-01T00:00:00.000Z", outcome: "candidate-rejected", reason: "too bad" },
      measurements: { loss: 2, sharpe: null },
    },
  });
  await log(1000);
  const [first, second] = await Promise.all([tally.read(), tally.read()]);
  expect([first, second]).toEqual([first, first]);
  expect(first).toMatchObject(each(201));
  expect(await new VerdictTally(path).read()).toEqual(first);
});

it("reads no event twice", async () => {
  await log(300);
  const tally = new VerdictTally(path);
  await tally.read();
  const read = vi.spyOn(AuditLog.prototype, "readPage");
  const all = vi.spyOn(AuditLog.prototype, "readAll");
  await log(10);
  expect(await tally.read()).toMatchObject(each(62));
  expect(read.mock.calls).toEqual([[{ limit: 100 }]]);
  expect(all).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

it("starts over with another log in the place of the one before", async () => {
  await log(300);
  const tally = new VerdictTally(path);
  expect(await tally.read()).toMatchObject(each(60));
  rmSync(path);
  rmSync(`${path}.head`);
  await log(15);
  expect(await tally.read()).toMatchObject(each(3));
});
