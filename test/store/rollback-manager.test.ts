// Snapshots to go back to: their order, what is evicted, what never is, what is never served.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { RollbackManager } from "../../src/store/rollback-manager.ts";
import { decodeSnapshot } from "../../src/store/snapshot.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const weightsOf = (value: number) => new Map([["w", Float32Array.of(value, -0)]]);

async function onDisk(maxVersions: number, disk = new FaultyDisk()) {
  const open = (more: object = {}) =>
    RollbackManager.open({
      maxVersions,
      storagePath: "/snap",
      disk,
      lockHost: disk.lockHost,
      ...more,
    });
  return { disk, open, manager: await open() };
}

describe("snapshots", () => {
  it("come back as they were, whatever the caller does with its arrays", async () => {
    const { manager } = await onDisk(3);
    const weights = new Map([
      ["b", Float32Array.of(1, -0, 1e-45)],
      ["a", new Float32Array(0)],
    ]);
    const saving = manager.snapshot("v1", weights);
    weights.get("b")?.fill(9);
    await saving;
    const read = await manager.rollback("v1");
    expect([...read]).toEqual([
      ["b", Float32Array.of(1, -0, 1e-45)],
      ["a", new Float32Array(0)],
    ]);
    read.get("b")?.fill(9);
    expect((await manager.rollback("v1")).get("b")?.[0]).toBe(1);
  });

  it("say where they come from", async () => {
    const { disk, open } = await onDisk(3);
    await expect(open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
    const store = new MemoryStore();
    const manager = await RollbackManager.open({
      maxVersions: 1,
      store,
      modelId: "signal",
      kernelBuild: "simd",
    });
    await manager.snapshot("v2", weightsOf(1), { seed: 7, parent: "v1" });
    const [key = ""] = await store.list();
    const { weights, ...origin } = await decodeSnapshot((await store.read(key)) as Uint8Array);
    const expected = { modelId: "signal", versionId: "v2", kernelBuild: "simd", seed: 7 };
    expect(origin).toEqual({ ...expected, parent: "v1" });
    expect(disk.isDead).toBe(false);
  });

  it("are listed newest first, in the same order after a restart without any clock", async () => {
    const { manager, open } = await onDisk(5);
    for (const id of ["z", "a", "m", "a", "Z"]) await manager.snapshot(id, weightsOf(1));
    expect(manager.listSnapshots()).toEqual(["Z", "a", "m", "z"]);
    await manager.close();
    const again = await open();
    expect(again.listSnapshots()).toEqual(["Z", "a", "m", "z"]);
    await again.snapshot("m", weightsOf(2));
    expect(again.listSnapshots()).toEqual(["m", "Z", "a", "z"]);
    expect((await again.rollback("m")).get("w")?.[0]).toBe(2);
  });

  it("replaced by the same id leave no second file", async () => {
    const { manager, disk } = await onDisk(5);
    for (let value = 0; value < 4; value++) await manager.snapshot("same", weightsOf(value));
    expect(disk.paths()).toEqual(["/snap/000000000004-same.safetensors"]);
    expect((await manager.rollback("same")).get("w")?.[0]).toBe(3);
  });

  it("replaced just before a crash leave one file after the next start", async () => {
    const { manager, disk } = await onDisk(5);
    await manager.snapshot("same", weightsOf(1));
    disk.crashAt(disk.points + 5, "lost"); // at the removal of what was replaced
    await expect(manager.snapshot("same", weightsOf(2))).rejects.toThrow("remove");
    const next = disk.restart();
    expect(next.paths()).toHaveLength(2);
    const again = (await onDisk(5, next)).manager;
    expect(next.paths()).toEqual(["/snap/000000000002-same.safetensors"]);
    expect((await again.rollback("same")).get("w")?.[0]).toBe(2);
  });

  it("taken at once are kept in the order of the calls", async () => {
    const { manager } = await onDisk(9);
    const large = new Map([["w", new Float32Array(200_000)]]);
    await Promise.all([
      manager.snapshot("large", large),
      manager.snapshot("small", weightsOf(1)),
      manager.snapshot("last", weightsOf(1)),
    ]);
    expect(manager.listSnapshots()).toEqual(["last", "small", "large"]);
  });
});

describe("eviction", () => {
  it("keeps the newest maxVersions", async () => {
    const { manager, disk } = await onDisk(2);
    for (const id of ["a", "b"]) await manager.snapshot(id, weightsOf(1));
    expect(manager.listSnapshots()).toEqual(["b", "a"]);
    await manager.snapshot("c", weightsOf(1));
    expect(manager.listSnapshots()).toEqual(["c", "b"]);
    expect(disk.paths()).toHaveLength(2);
    await expect(manager.rollback("a")).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
  });

  it("spares what is pinned, over a restart, and the newest", async () => {
    const { manager, open } = await onDisk(2);
    for (const id of ["a", "b"]) await manager.snapshot(id, weightsOf(1));
    await manager.pin({ active: "b", anchor: "a" });
    await manager.snapshot("c", weightsOf(1));
    expect(manager.listSnapshots()).toEqual(["c", "b", "a"]);
    await manager.close();
    const again = await open();
    expect(again.pins()).toEqual({ active: "b", anchor: "a" });
    await again.snapshot("d", weightsOf(1));
    expect(again.listSnapshots()).toEqual(["d", "b", "a"]);
    await again.pin({ active: "d" });
    await again.prune();
    expect(again.listSnapshots()).toEqual(["d", "b"]);
    const unknown = again.pin({ previous: "gone" });
    await expect(unknown).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
    expect(again.pins()).toEqual({ active: "d" });
  });

  it("holds for any sequence of calls, with a restart after each", async () => {
    const ids = fc.constantFrom("a", "b", "c", "d", "e");
    const steps = fc.array(fc.record({ id: ids, pin: fc.boolean() }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), steps, async (maxVersions, all) => {
        const { manager, open } = await onDisk(maxVersions);
        await manager.close();
        let expected: string[] = [];
        let pinned: string | undefined;
        for (const [value, { id, pin }] of all.entries()) {
          const one = await open();
          await one.snapshot(id, weightsOf(value));
          if (pin) await one.pin({ active: id });
          await one.close();
          expected = [id, ...expected.filter((each) => each !== id)];
          const keeps = (each: string, at: number) => at === 0 || each === pinned;
          for (let at = expected.length - 1; at >= 0 && expected.length > maxVersions; at--) {
            if (!keeps(expected[at] as string, at)) expected.splice(at, 1);
          }
          if (pin) pinned = id;
          const two = await open();
          expect(two.listSnapshots()).toEqual(expected);
          await two.close();
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe("damage", () => {
  const spoil = (bytes: Uint8Array) => {
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };

  it("is reported by the list and never served", async () => {
    const { manager, disk, open } = await onDisk(3);
    for (const id of ["a", "b", "c"]) await manager.snapshot(id, weightsOf(1));
    disk.tamper("/snap/000000000002-b.safetensors", spoil);
    // Found when it is asked for ...
    await expect(manager.rollback("b")).rejects.toMatchObject({ code: "SNAPSHOT_CORRUPT" });
    expect(manager.listSnapshots()).toEqual(["c", "a"]);
    await manager.close();
    // ... and at the start.
    const again = await open();
    expect(again.listSnapshots()).toEqual(["c", "a"]);
    const [damaged] = again.listDamaged();
    expect(damaged).toMatchObject({ id: "b", error: { code: "SNAPSHOT_CORRUPT" } });
    await expect(again.rollback("b")).rejects.toThrow(damaged?.error.message);
    // It is the first to go.
    await again.snapshot("d", weightsOf(1));
    expect(again.listDamaged()).toEqual([]);
    expect(again.listSnapshots()).toEqual(["d", "c", "a"]);
  });

  it("of a file under another's name is found", async () => {
    const { manager, disk, open } = await onDisk(3);
    await manager.snapshot("a", weightsOf(1));
    await manager.snapshot("b", weightsOf(2));
    const [one, two] = disk.paths();
    const bytes = (await disk.read(one as string)) as Uint8Array;
    disk.tamper(two as string, () => bytes);
    await manager.close();
    expect((await open()).listDamaged().map(({ id }) => id)).toEqual(["b"]);
  });

  it("of the pins evicts nothing until they are named again", async () => {
    const { manager, disk, open } = await onDisk(1);
    await manager.snapshot("a", weightsOf(1));
    await manager.pin({ active: "a" });
    await manager.close();
    disk.tamper("/snap/pins.json", spoil);
    const again = await open();
    const corrupt = { code: "POINTER_CORRUPT" };
    expect(() => again.pins()).toThrowError(expect.objectContaining(corrupt));
    await expect(again.prune()).rejects.toMatchObject(corrupt);
    await expect(again.snapshot("b", weightsOf(1))).rejects.toMatchObject(corrupt);
    expect((await again.rollback("a")).size).toBe(1);
    await again.pin({ active: "a" });
    await again.snapshot("b", weightsOf(1));
    expect(again.listSnapshots()).toEqual(["b", "a"]);
  });
});

describe("misuse", () => {
  it.each(["", ".", "..", ".a", "a/b", "a\\b", "a b", "ä", "a".repeat(129), "con", "LPT1.x"])(
    "the id %j is refused",
    async (id) => {
      const { manager } = await onDisk(1);
      const invalid = { name: "DriftkeelRangeError", code: "ID_INVALID" };
      await expect(manager.snapshot(id, weightsOf(1))).rejects.toMatchObject(invalid);
      await expect(manager.rollback(id)).rejects.toMatchObject(invalid);
    },
  );

  it("an id of 128 characters is taken, with the dots it may have", async () => {
    const { manager, open } = await onDisk(2);
    for (const id of ["a".repeat(128), "0_.-...", "console"]) {
      await manager.snapshot(id, weightsOf(1));
      expect((await manager.rollback(id)).size).toBe(1);
    }
    await manager.close();
    expect((await open()).listSnapshots()).toEqual(["console", "0_.-..."]);
  });

  it("what are no weights is refused", async () => {
    const { manager, disk } = await onDisk(1);
    const cases: [unknown, string][] = [
      [{ w: [1] }, "ARGUMENT_TYPE"],
      [new Map(), "DATA_EMPTY"],
      [new Map([["w", [1]]]), "ARGUMENT_TYPE"],
      [new Map([[1, Float32Array.of(1)]]), "ARGUMENT_TYPE"],
      [new Map([["__metadata__", Float32Array.of(1)]]), "ARGUMENT_RANGE"],
    ];
    for (const [weights, code] of cases) {
      const saving = manager.snapshot("a", weights as Map<string, Float32Array>);
      await expect(saving).rejects.toMatchObject({ code });
    }
    await expect(manager.snapshot("a", weightsOf(1), { seed: -1 })).rejects.toMatchObject({
      code: "OPTION_INVALID",
    });
    expect(disk.paths()).toEqual([]);
  });

  it("an unknown id names the nearest", async () => {
    const { manager } = await onDisk(1);
    await manager.snapshot("signal-7", weightsOf(1));
    await expect(manager.rollback("signal-8")).rejects.toThrow('did you mean "signal-7"?');
    await expect(manager.rollback("x")).rejects.toThrow("known: signal-7.");
  });

  it("is refused after close, and by a reader", async () => {
    const { manager, open } = await onDisk(1);
    await manager.snapshot("a", weightsOf(1));
    const reader = await open({ readOnly: true });
    expect(reader.listSnapshots()).toEqual(["a"]);
    await reader.rollback("a");
    const readOnly = { code: "STORE_READ_ONLY" };
    await expect(reader.snapshot("b", weightsOf(1))).rejects.toMatchObject(readOnly);
    await expect(reader.pin({})).rejects.toMatchObject(readOnly);
    await manager.close();
    await manager.close();
    for (const call of [manager.rollback("a"), manager.prune(), manager.pin({})]) {
      await expect(call).rejects.toMatchObject({ code: "STORE_CLOSED" });
    }
  });

  it.each([
    {},
    { maxVersions: 0, storagePath: "/x" },
    { maxVersions: 10_001, storagePath: "/x" },
    { maxVersions: 1 },
    { maxVersions: 1, storagePath: "/x", store: new MemoryStore() },
    { maxVersions: 1, storagePath: "" },
    { maxVersions: 1, storagePath: "/x", keep: 3 },
  ])("the options %j are refused", async (options) => {
    const opening = RollbackManager.open(options as { maxVersions: number });
    await expect(opening).rejects.toMatchObject({
      code: expect.stringMatching(/^OPTION_(INVALID|UNKNOWN)$/),
    });
  });
});
