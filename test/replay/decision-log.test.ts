// The log has one line for each decision, in order, without clocks and durations.

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DecisionLog } from "../../src/replay/decision-log.ts";
import {
  baseTrained,
  daySettled,
  driftDetected,
  naiveUpdated,
  updateSettled,
} from "./replay-events.ts";

describe("DecisionLog", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-log-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes decisions as numbered lines and knows their digest", async () => {
    const path = join(folder, "decisions.jsonl");
    const log = await DecisionLog.open(path);
    await log.append(baseTrained);
    await log.append(driftDetected("2004-01-02"));
    await log.append(updateSettled("2004-01-02", "update-promoted", 3));
    await log.append(daySettled("2004-01-02", 0.01));
    await log.append(updateSettled("2004-02-02", "update-failed", 4));
    await log.append(naiveUpdated("2004-02-02", "naive-updated"));
    await log.append(naiveUpdated("2004-02-03", "naive-update-failed"));
    await log.append({
      kind: "version-rolled-back",
      date: "2004-03-02",
      from: "b",
      to: "a",
    });
    await log.close();
    const text = await readFile(path, "utf8");
    const lines = text.trimEnd().split("\n");
    expect(lines[1]).toBe(
      '{"seq":1,"date":"2004-01-02","event":"drift-detected","action":"held-off",' +
        '"obstacle":"for the test","current_sharpe":-2.5,"mean_sharpe":0.5,' +
        '"threshold":-1.25,"window_size":30}',
    );
    expect(lines[2]).toBe(
      '{"seq":2,"date":"2004-01-02","event":"update-promoted","trigger":"schedule",' +
        '"reason":"for the test","version":"20040102-000000-0001","holdout_loss_before":0.5,' +
        '"holdout_loss_after":0.25,"measurements":{"lossBefore":0.5},"steps":40,' +
        '"replay_samples":40,"train_from":"2003-01-02",' +
        '"train_to":"2003-09-30","holdout_from":"2003-10-01","holdout_to":"2003-12-30"}',
    );
    expect(JSON.parse(lines[3]!)).toMatchObject({
      event: "update-failed",
      holdout_loss_after: null,
    });
    expect(lines[4]).toBe(
      '{"seq":4,"date":"2004-02-02","event":"naive-updated","train_loss_before":0.125,' +
        '"train_loss_after":-0.5,"steps":40,"train_from":"2003-01-02","train_to":"2003-12-30"}',
    );
    expect(JSON.parse(lines[5]!)).toMatchObject({
      event: "naive-update-failed",
      train_loss_after: null,
    });
    expect(lines[6]).toBe(
      '{"seq":6,"date":"2004-03-02","event":"version-rolled-back","from":"b","to":"a"}',
    );
    const sha256 = createHash("sha256").update(text).digest("hex");
    expect(log.digest()).toEqual({ lines: 7, sha256 });
  });
});
