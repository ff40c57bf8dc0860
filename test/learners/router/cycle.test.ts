// One cycle: what it writes, when it does not run, and what a dry run leaves alone.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CaseIndex } from "../../../src/learners/router/index.ts";
import { AuditLog } from "../../../src/store/audit-log.ts";
import { VersionStore } from "../../../src/store/version-store.ts";
import { contentOf } from "../../cli/command-line.ts";
import { RouterBase, suite } from "./router-base.ts";

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

const current = async () => {
  const versions = await VersionStore.open({ storagePath: base.path, readOnly: true });
  const found = await versions.getCurrent();
  await versions.close();
  return found;
};

describe("a cycle", () => {
  it("promotes, reports, marks and notes what it did", async () => {
    base.add({ count: 200 });
    const report = await base.run({ seed: 3 });
    expect(report).toMatchObject({ outcome: "promoted", reason: "every gate holds", seed: 3 });
    expect(report.suite).toMatchObject({ hash: suite.hash, tasks: suite.tasks.length });
    expect(report.dataset).toMatchObject({ used: 200, trained: 160, heldOut: 40 });
    expect(report.dataset!.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await current()).toMatchObject({
      activeId: report.versionId,
      anchorId: report.baselineId,
      promotionSource: "router-cycle",
    });
    const [name] = base.reports();
    const saved = JSON.parse(readFileSync(join(base.path, "reports", name!), "utf8"));
    expect(saved).toMatchObject({
      outcome: "promoted",
      dry_run: false,
      version_id: report.versionId,
      baseline_id: report.baselineId,
    });
    expect(saved.finished_at).not.toBeNull();
    expect(saved.comparisons[0].gates).toMatchObject({ accepted: true, reasons: [] });
    const log = await AuditLog.open(join(base.path, "audit.jsonl"), { readOnly: true });
    const events = (await log.readAll()).map(({ eventType, outcome }) => [eventType, outcome]);
    expect(events).toEqual([
      ["job", "started"],
      ["promotion", "started"],
      ["promotion", "promoted"],
      ["job", "promoted"],
    ]);
    await log.close();
  });

  it("is skipped with the reason when nothing is new, and reports that", async () => {
    base.add({ count: 300 });
    await base.run();
    const before = await current();
    const report = await base.run();
    expect(report.outcome).toBe("skipped");
    expect(report.reason).toBe("0 new trajectories, at least 100 needed");
    expect(base.reports()).toHaveLength(2);
    expect(await current()).toEqual(before);
  });

  it("gives the same challenger for the same seed and files", async () => {
    base.add({ count: 300 });
    const figures = async (seed: number) => {
      const { training, comparisons } = await base.run({ dryRun: true, seed });
      const { challenger, interval } = comparisons[0]!;
      return { training, reward: challenger.averageReward, interval };
    };
    expect(await figures(1)).toEqual(await figures(1));
    expect((await figures(2)).training).not.toEqual((await figures(1)).training);
  });

  it("compares with the anchor too, and with a pinned version only", async () => {
    base.add({ count: 300 });
    const first = await base.run();
    base.add({ count: 300, seed: 1, firstNumber: 300 });
    const roles = (report: typeof first) =>
      report.comparisons.map(({ role, versionId }) => [role, versionId]);
    const second = await base.run({ dryRun: true });
    expect(roles(second)).toEqual([
      ["active", first.versionId],
      ["anchor", first.baselineId],
    ]);
    const pinned = await base.run({ dryRun: true, baselineVersion: first.baselineId! });
    expect(roles(pinned)).toEqual([["pinned", first.baselineId]]);
    const unknown = base.run({ baselineVersion: "20200101-000000-0000" });
    await expect(unknown).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  });

  it("reports a failure and keeps the active router", async () => {
    base.add({ count: 300 });
    await base.run();
    const before = await current();
    base.add({ count: 300, seed: 1, firstNumber: 300 });
    const stop = new AbortController();
    stop.abort();
    const report = await base.run({ signal: stop.signal });
    expect(report.outcome).toBe("failed");
    expect(report.reason).toContain("(UPDATE_CANCELLED)");
    expect(await current()).toEqual(before);
    writeFileSync(join(base.path, "seen.json"), "damaged");
    expect((await base.run()).reason).toContain("(FILE_CORRUPT)");
  });

  it("counts what an executor throws as an error, and the gate says so", async () => {
    base.add({ count: 300 });
    let calls = 0;
    const report = await base.run({
      execute: () => {
        calls++;
        if (calls % 2 === 0) throw new Error("down");
        return { reward: 1, isError: false };
      },
    });
    expect(report.outcome).toBe("rejected");
    expect(calls).toBe(2 * suite.tasks.length);
    const { baseline, challenger } = report.comparisons[0]!;
    expect(baseline.errorRate + challenger.errorRate).toBe(1);
  });

  it("rebuilds the case index after a skipped cycle only when asked", async () => {
    base.add({ count: 20 });
    const caseIndexPath = join(base.path, "cases.json");
    await base.run({ caseIndexPath });
    expect(existsSync(caseIndexPath)).toBe(false);
    const report = await base.run({ caseIndexPath, rebuildCaseIndex: true });
    expect(report.outcome).toBe("skipped");
    expect((await CaseIndex.load(caseIndexPath))!.size).toBe(report.caseIndex);
  });
});

describe("a dry run", () => {
  it("changes no file but its report", async () => {
    base.add({ count: 300 });
    await base.run({ caseIndexPath: join(base.path, "cases.json") });
    base.add({ count: 300, seed: 1, firstNumber: 300 });
    const before = contentOf(base.baseDir);
    const report = await base.run({
      dryRun: true,
      caseIndexPath: join(base.path, "cases.json"),
      rebuildCaseIndex: true,
    });
    expect(report).toMatchObject({ dryRun: true, versionId: null });
    expect(["promoted", "rejected"]).toContain(report.outcome);
    const added = contentOf(base.baseDir).filter((line) => !before.includes(line));
    expect(added).toHaveLength(1);
    expect(added[0]).toContain(`reports/${report.reportId}.json`);
    expect(contentOf(base.baseDir)).toHaveLength(before.length + 1);
  });

  it("needs no version to start from, and leaves none", async () => {
    base.add({ count: 300 });
    const before = contentOf(base.baseDir);
    const report = await base.run({ dryRun: true });
    expect(report).toMatchObject({ outcome: "promoted", baselineId: null, versionId: null });
    expect(contentOf(base.baseDir)).toHaveLength(before.length + 1);
    expect(await current()).toBeUndefined();
  });
});
