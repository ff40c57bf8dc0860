// Dry runs, which train and judge as an update does and leave a learner as it was.

import { describe, expect, it } from "vitest";
import type { OnlineLearner } from "../../src/pipeline/learner.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { on, probe, readyLearner, world } from "./ready-learner.ts";

const verdict = (pass: boolean, reason: string) => ({ pass, reason, measurements: {} });

describe("a dry run", () => {
  const later = world(12, 2, 100);

  /** Every later thing: an update, samples, another update; what came of it all. */
  async function goOn(learner: OnlineLearner) {
    const outcomes = [];
    outcomes.push(await learner.update());
    for (const sample of later) outcomes.push((await learner.observe(sample)).loss);
    outcomes.push(await learner.update());
    return JSON.stringify(outcomes, (name, value) =>
      name === "elapsedMs" || name === "versionId" ? undefined : value,
    );
  }

  it("leaves status, versions and all that comes later as without it", async () => {
    const ends: unknown[] = [];
    for (const dryRuns of [0, 3]) {
      const disk = new FaultyDisk();
      const options = {
        ewc: { lambda: 0.01 },
        intake: { trainingWindow: 40, holdoutWindow: 20, replayCapacity: 50 },
      };
      const { learner } = await readyLearner({ ...on(disk), ...options });
      const before = learner.status();
      const outputs: string[] = [];
      for (let count = 0; count < dryRuns; count++) {
        const samples = count === 1 ? world(13, 0, 90) : undefined;
        const { outcome, facts } = await learner.dryRun({ lr: 0.01, ...(samples && { samples }) });
        expect(["accepted", "rejected"]).toContain(outcome);
        expect(facts!.samples.replay).toBe(50);
        outputs.push(outcome);
      }
      expect(learner.status()).toEqual(before);
      const came = await goOn(learner);
      const output = [...learner.predict(probe).output];
      await learner.close();
      const versions = await VersionStore.open({ ...on(disk), readOnly: true });
      ends.push({ came, output, versions: (await versions.list()).length });
      await versions.close();
    }
    expect(ends[1]).toEqual(ends[0]);
  });

  it("is no event, and a note in the audit log", async () => {
    const { learner, disk } = await readyLearner();
    const types: string[] = [];
    const listening = (async () => {
      for await (const { type } of learner.events) types.push(type);
    })();
    const { outcome } = await learner.dryRun();
    expect(outcome).toBe("accepted");
    await learner.close();
    await listening;
    expect(new Set(types)).toEqual(new Set(["update-progressed"]));
    const { storagePath, ...place } = on(disk);
    const audit = await AuditLog.open(`${storagePath}/audit.jsonl`, { ...place, readOnly: true });
    const note = (await audit.readAll()).find((each) => each.outcome === "dry-run");
    expect(note).toMatchObject({ eventType: "job", details: { outcome: "accepted" } });
    await audit.close();
  });

  it("tells what stands in the way, and what fails", async () => {
    const { learner } = await readyLearner();
    await learner.freeze("positions are open");
    expect(await learner.dryRun()).toMatchObject({
      ...{ outcome: "skipped", reason: "frozen by an operator: positions are open" },
    });
    await learner.unfreeze();
    const failed = await learner.dryRun({ signal: AbortSignal.abort() });
    expect(failed.outcome).toBe("failed");
    const refused = await learner.dryRun({ validator: { validate: () => verdict(false, "no") } });
    expect(refused).toMatchObject({ outcome: "rejected" });
    expect((await learner.update()).outcome).toBe("promoted");
    await learner.close();
  });

  it("is not joined by another one, nor by an update", async () => {
    const { learner } = await readyLearner();
    const first = learner.dryRun();
    for (const ask of [learner.dryRun(), learner.update()]) {
      await expect(ask).rejects.toMatchObject({ code: "UPDATE_IN_PROGRESS" });
    }
    expect((await first).outcome).toBe("accepted");
    await learner.close();
  });
});
