// Versions: their ids, what belongs to them, what goes and what stays.

import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random.ts";
import { freeVersionId } from "../../src/store/version-id.ts";
import { noon, onDisk, weightsOf } from "./versions-on-disk.ts";

describe("ids", () => {
  it("are the second in UTC and four hexadecimal digits of the seed", async () => {
    const ids = await Promise.all(
      [0, 0, 1].map(async (seed) => {
        const { open } = onDisk({ seed });
        return (await open()).save({ weights: weightsOf(1) });
      }),
    );
    expect(ids[0]).toMatch(/^20261120-123045-[0-9a-f]{4}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it("never collide, not even with all of the second taken", () => {
    const taken = new Set<string>();
    for (let count = 0; count < 2 ** 16; count++) {
      taken.add(`20261120-123045-${count.toString(16).padStart(4, "0")}`);
    }
    const last = [...taken].at(-1) as string;
    taken.delete(last);
    const random = new Random(3);
    expect(freeVersionId(noon, random, taken)).toBe(last);
    taken.add(last);
    expect(freeVersionId(noon, random, taken)).toMatch(/^20261120-123046-/);
  });

  it("do not come back after a restart with the same seed and a clock that stands", async () => {
    const { open } = onDisk({ maxVersions: 2 });
    const ids = new Set<string>();
    for (let start = 0; start < 5; start++) {
      const versions = await open();
      for (let count = 0; count < 3; count++) {
        const id = await versions.save({ weights: weightsOf(1) });
        await versions.promote(id, { source: "test" });
        ids.add(id);
      }
      await versions.close();
    }
    expect(ids.size).toBe(15);
  });

  it("of a clock that no id can name are refused", async () => {
    for (const now of [() => Number.NaN, () => 1e18, () => new Date(-1e14)]) {
      const versions = await onDisk({ now }).open();
      const saving = versions.save({ weights: weightsOf(1) });
      await expect(saving).rejects.toMatchObject({ code: "ARGUMENT_RANGE" });
      expect(await versions.list()).toEqual([]);
    }
  });
});

describe("a version", () => {
  it("comes back with all that belongs to it", async () => {
    const { open, disk } = onDisk({ modelId: "signal", kernelBuild: "simd" });
    const versions = await open();
    const ewc = Buffer.from([1, 2, 3]);
    const parts = new Map([
      ["ewc.bin", ewc],
      ["replay.json", Uint8Array.of()],
    ]);
    const saving = versions.save({ weights: weightsOf(1), parts, seed: 5, parent: "base" });
    ewc.fill(9);
    const id = await saving;
    await versions.close();
    const saved = await (await open()).read(id);
    expect(saved).toMatchObject({
      id,
      sequence: 1,
      savedAt: new Date(noon),
      parent: "base",
      weights: weightsOf(1),
      state: new Map([
        ["ewc.bin", Uint8Array.of(1, 2, 3)],
        ["replay.json", Uint8Array.of()],
      ]),
      modelId: "signal",
      kernelBuild: "simd",
      seed: 5,
    });
    expect(disk.paths()).toEqual(
      ["model.safetensors", "ewc.bin", "replay.json", "version.json"].map(
        (file) => `/model/versions/${id}/${file}`,
      ),
    );
  });

  it("is listed newest first, whatever the clock did", async () => {
    let time = noon;
    const { open } = onDisk({ now: () => time });
    const versions = await open();
    const ids: string[] = [];
    for (const offset of [0, 5_000, -60_000, -60_000]) {
      time = noon + offset;
      ids.unshift(await versions.save({ weights: weightsOf(1) }));
    }
    expect((await versions.list()).map(({ id }) => id)).toEqual(ids);
    await versions.close();
    expect((await (await open()).list()).map(({ id }) => id)).toEqual(ids);
  });

  it("that was never finished is gone after the next start", async () => {
    const { open, disk } = onDisk();
    const versions = await open();
    const id = await versions.save({
      weights: weightsOf(1),
      parts: new Map([["a", Buffer.of(1)]]),
    });
    await versions.close();
    await disk.remove(`/model/versions/${id}/version.json`);
    const reader = await open({ readOnly: true });
    expect(await reader.list()).toEqual([]);
    expect(disk.paths()).toHaveLength(2);
    await (await open()).close();
    expect(disk.paths()).toEqual([]);
  });

  it("that could not be saved leaves nothing", async () => {
    const { open, disk } = onDisk();
    const versions = await open();
    disk.capacityBytes = 600;
    const saving = versions.save({ weights: new Map([["w", new Float32Array(400)]]) });
    await expect(saving).rejects.toMatchObject({ code: "FILE_FAILED" });
    expect(disk.paths()).toEqual([]);
    expect(await versions.list()).toEqual([]);
  });
});

describe("eviction", () => {
  it("spares the active, the prior, the anchor and the newest version", async () => {
    const { open, disk } = onDisk({ maxVersions: 3 });
    const versions = await open();
    const save = () => versions.save({ weights: weightsOf(1) });
    const [anchor, b] = [await save(), await save()];
    await versions.promote(anchor, { source: "a" });
    await versions.promote(b, { source: "b" });
    const c = await save();
    await versions.promote(c, { source: "c" });
    const d = await save();
    const listed = async () => (await versions.list()).map(({ id }) => id);
    expect(await listed()).toEqual([d, c, b, anchor]);
    await versions.setAnchor(c);
    const e = await save();
    expect(await listed()).toEqual([e, c, b]);
    expect(disk.paths()).toHaveLength(1 + 3 * 2);
    const never = onDisk().open();
    await expect((await never).setAnchor("x")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  });

  it("starts with damaged versions", async () => {
    const { open, disk } = onDisk({ maxVersions: 2 });
    const versions = await open();
    const first = await versions.save({ weights: weightsOf(1) });
    const second = await versions.save({ weights: weightsOf(2) });
    disk.tamper(`/model/versions/${second}/version.json`, (bytes) => bytes.fill(0));
    expect(await versions.listDamaged()).toMatchObject([
      { id: second, error: { code: "SNAPSHOT_CORRUPT" } },
    ]);
    const third = await versions.save({ weights: weightsOf(3) });
    expect((await versions.list()).map(({ id }) => id)).toEqual([third, first]);
    expect(await versions.listDamaged()).toEqual([]);
  });
});
