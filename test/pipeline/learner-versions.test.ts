// What is kept of versions: names that cannot leave the folder, their order, and what stays.

import { describe, expect, it } from "vitest";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { RollbackManager } from "../../src/store/rollback-manager.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, stream } from "../faults/learner-cycle.ts";

const FOLDER = "/data/model";
const NOW = 1_700_000_000_000;
const weights = new Map([["w", Float32Array.of(1)]]);

const on = (disk: FaultyDisk) => ({ storagePath: FOLDER, disk, lockHost: disk.lockHost });

describe("an id that is no plain name is refused, and nothing is written", () => {
  const ids = ["../x", "a/b", ".hidden", "CON", "x".repeat(200), ""];
  const invalid = { code: expect.stringMatching(/^(ID|OPTION)_INVALID$/) };

  it.each(ids)("RollbackManager: %j", async (id) => {
    const disk = new FaultyDisk();
    const manager = await RollbackManager.open({ maxVersions: 2, ...on(disk) });
    for (const call of [
      () => manager.snapshot(id, weights),
      () => manager.snapshot("child", weights, { parent: id }),
      () => manager.rollback(id),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "ID_INVALID" });
    }
    await manager.close();
    const opening = RollbackManager.open({ maxVersions: 2, ...on(disk), modelId: id });
    await expect(opening).rejects.toMatchObject(invalid);
    expect(disk.paths()).toEqual([]);
  });

  it.each(ids)("VersionStore: %j", async (id) => {
    const disk = new FaultyDisk();
    const versions = await VersionStore.open(on(disk));
    for (const call of [
      () => versions.save({ weights, parent: id }),
      () => versions.save({ weights, parts: new Map([[id, Uint8Array.of(1)]]) }),
      () => versions.read(id),
      () => versions.promote(id, { source: "test" }),
      () => versions.rollback(id),
      () => versions.setAnchor(id),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "ID_INVALID" });
    }
    await versions.close();
    const opening = VersionStore.open({ ...on(disk), modelId: id });
    await expect(opening).rejects.toMatchObject(invalid);
    expect(disk.paths()).toEqual([]);
  });

  it.each(ids)("OnlineLearner: %j", async (id) => {
    const disk = new FaultyDisk();
    for (const place of [on(disk), {}]) {
      const opening = OnlineLearner.open(cycleOptions({ ...place, modelId: id }));
      await expect(opening).rejects.toMatchObject(invalid);
    }
    expect(disk.paths()).toEqual([]);
    const learner = await OnlineLearner.open(cycleOptions(on(disk))); // nothing stayed locked
    const before = disk.paths();
    await expect(learner.rollback(id)).rejects.toMatchObject({ code: "ID_INVALID" });
    expect(disk.paths()).toEqual(before);
    await learner.close();
  });
});

describe("equal timestamps keep their order across a restart", () => {
  const COUNT = 12; // more than one digit, so that an order by text would show

  it("of a VersionStore", async () => {
    const disk = new FaultyDisk();
    const open = () => VersionStore.open({ ...on(disk), now: () => NOW });
    const versions = await open();
    const ids: string[] = [];
    for (let index = 0; index < COUNT; index++) ids.unshift(await versions.save({ weights }));
    await versions.close();
    const again = await open();
    expect((await again.list()).map(({ id }) => id)).toEqual(ids);
    const stamps = new Set((await again.list()).map(({ savedAt }) => savedAt.getTime()));
    expect(stamps).toEqual(new Set([NOW]));
    ids.unshift(await again.save({ weights }));
    expect((await again.list()).map(({ id }) => id)).toEqual(ids);
    await again.close();
  });

  it("of a RollbackManager, which has no clock", async () => {
    const disk = new FaultyDisk();
    const open = () => RollbackManager.open({ ...on(disk), maxVersions: COUNT });
    const manager = await open();
    const ids = Array.from({ length: COUNT }, (_, index) => `v${(index * 5) % COUNT}`);
    for (const id of ids) await manager.snapshot(id, weights);
    await manager.close();
    const again = await open();
    expect(again.listSnapshots()).toEqual(ids.reverse());
    await again.close();
  });
});

it("the active, the anchor and the previous version of a learner are never evicted", async () => {
  const disk = new FaultyDisk();
  const believesAll = { validate: () => ({ pass: true, reason: "passes", measurements: {} }) };
  const learner = await OnlineLearner.open(
    cycleOptions({ ...on(disk), maxVersions: 1, validator: believesAll, probation: false }),
  );
  const listed = async () => {
    const versions = await VersionStore.open({ ...on(disk), readOnly: true });
    const ids = (await versions.list()).map(({ id }) => id);
    await versions.close();
    return ids;
  };
  const anchor = learner.status().versionId;
  for (const sample of stream.slice(0, 30)) await learner.observe(sample);
  for (let update = 0; update < 6; update++) {
    const previous = learner.status().versionId;
    expect(await learner.update()).toMatchObject({ outcome: "promoted" });
    const active = learner.status().versionId;
    expect(await listed()).toEqual(expect.arrayContaining([anchor, previous, active]));
    expect((await listed()).length).toBeLessThanOrEqual(4); // those and the one they replace
  }
  const left = learner.status().versionId;
  await learner.rollback();
  await learner.rollback(anchor);
  expect(learner.status().versionId).toBe(anchor);
  await learner.unfreeze();
  expect(await learner.update()).toMatchObject({ outcome: "promoted" });
  expect(await listed()).toContain(anchor);
  expect(await listed()).not.toContain(left);
  await learner.close();
});
