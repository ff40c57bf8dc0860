// The pointer to the active version and its history, and what a version store refuses.

import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { noon, onDisk, weightsOf } from "./versions-on-disk.ts";

describe("the pointer", () => {
  it("says what is active, since when, why and what was before", async () => {
    let time = noon;
    const { open } = onDisk({ now: () => time });
    const versions = await open();
    expect(await versions.getCurrent()).toBe(undefined);
    const first = await versions.save({ weights: weightsOf(1) });
    expect(await versions.getCurrent()).toBe(undefined);
    await versions.promote(first, { source: "bootstrap" });
    const second = await versions.save({ weights: weightsOf(2) });
    expect((await versions.read(second)).parent).toBe(first);
    time += 1000;
    await versions.promote(second, { source: "learner", benchmark: { "loss-after": 0.25 } });
    expect(await versions.getCurrent()).toEqual({
      activeId: second,
      promotionSource: "learner",
      promotedAt: new Date(noon + 1000),
      benchmark: { "loss-after": 0.25 },
      priorId: first,
      anchorId: first,
      history: [
        { kind: "promotion", versionId: first, at: new Date(noon), source: "bootstrap" },
        { kind: "promotion", versionId: second, at: new Date(noon + 1000), source: "learner" },
      ],
    });
  });

  it("goes back, and keeps who went back from where", async () => {
    const { open, disk } = onDisk();
    const versions = await open();
    const first = await versions.save({ weights: weightsOf(1) });
    await versions.promote(first, { source: "a" });
    const second = await versions.save({ weights: weightsOf(2) });
    await versions.promote(second, { source: "b" });
    await versions.rollback(first);
    await versions.rollback(first); // already there: nothing to note
    await versions.close();
    const reader = await open({ readOnly: true });
    const current = await reader.getCurrent();
    expect(current).toMatchObject({
      activeId: first,
      promotionSource: "rollback",
      priorId: second,
    });
    expect(current?.history).toHaveLength(3);
    const change = { kind: "rollback", versionId: first, rollbackFrom: second };
    expect(current?.history.at(-1)).toEqual({ ...change, at: new Date(noon) });
    const text = new TextDecoder().decode(await disk.read("/model/current.json"));
    expect(JSON.parse(text)).toMatchObject({
      active: first,
      promotion_source: "rollback",
      prior_version: second,
      history: [{}, {}, { rollback_from: second, rolled_back_at: new Date(noon).toISOString() }],
    });
  });

  it("moves only to versions that are there, and names the nearest", async () => {
    const versions = await onDisk().open();
    const id = await versions.save({ weights: weightsOf(1) });
    await versions.promote(id, { source: "a" });
    const near = `${id.slice(0, -1)}x`;
    for (const call of [
      versions.rollback(near),
      versions.promote(near, { source: "b" }),
      versions.read(near),
      versions.setAnchor(near),
    ]) {
      await expect(call).rejects.toMatchObject({ code: "VERSION_UNKNOWN" });
      await expect(call).rejects.toThrow(`did you mean "${id}"?`);
    }
    await expect(versions.rollback("../x")).rejects.toMatchObject({ code: "ID_INVALID" });
    expect((await versions.getCurrent())?.activeId).toBe(id);
  });

  it("that is damaged serves nothing, evicts nothing, and is repaired by a rollback", async () => {
    const { open, disk } = onDisk({ maxVersions: 1 });
    const versions = await open();
    const id = await versions.save({ weights: weightsOf(1) });
    await versions.promote(id, { source: "a" });
    await versions.close();
    disk.tamper("/model/current.json", (bytes) => bytes.slice(0, -5));
    const again = await open();
    const corrupt = { code: "POINTER_CORRUPT" };
    await expect(again.getCurrent()).rejects.toMatchObject(corrupt);
    await expect(again.save({ weights: weightsOf(2) })).rejects.toMatchObject(corrupt);
    await expect(again.promote(id, { source: "b" })).rejects.toMatchObject(corrupt);
    expect((await again.list()).map((entry) => entry.id)).toEqual([id]);
    await again.rollback(id);
    const history = [
      { kind: "rollback", versionId: id, rollbackFrom: undefined, at: new Date(noon) },
    ];
    expect(await again.getCurrent()).toMatchObject({ activeId: id, anchorId: id, history });
  });

  it("remembers as much as it is told to", async () => {
    const versions = await onDisk({ maxHistory: 2 }).open();
    const ids: string[] = [];
    for (let count = 0; count < 4; count++) {
      ids.push(await versions.save({ weights: weightsOf(count) }));
      await versions.promote(ids[count] as string, { source: `${count}` });
    }
    const { history } = (await versions.getCurrent()) ?? {};
    expect(history?.map(({ versionId }) => versionId)).toEqual(ids.slice(2));
  });
});

describe("misuse", () => {
  it("is refused before anything changes", async () => {
    const { open, disk } = onDisk();
    const versions = await open();
    const bytes = Uint8Array.of(1);
    const many = new Map(Array.from({ length: 65 }, (_, index) => [`p${index}`, bytes]));
    const cases: [unknown, string][] = [
      [undefined, "OPTION_INVALID"],
      [{ weights: {} }, "OPTION_INVALID"],
      [{ weights: new Map() }, "DATA_EMPTY"],
      [{ weights: weightsOf(1), part: new Map() }, "OPTION_UNKNOWN"],
      [{ weights: weightsOf(1), parts: new Map([["../x", bytes]]) }, "ID_INVALID"],
      [{ weights: weightsOf(1), parts: new Map([["x", "text"]]) }, "ARGUMENT_TYPE"],
      [{ weights: weightsOf(1), parts: new Map([["version.json", bytes]]) }, "ARGUMENT_RANGE"],
      [{ weights: weightsOf(1), parts: many }, "ARGUMENT_RANGE"],
      [{ weights: weightsOf(1), parent: "/" }, "ID_INVALID"],
    ];
    for (const [version, code] of cases) {
      await expect(versions.save(version as never)).rejects.toMatchObject({ code });
    }
    expect(disk.paths()).toEqual([]);

    const id = await versions.save({ weights: weightsOf(1) });
    const benchmarks = [
      { a: Number.NaN },
      JSON.parse('{"__proto__": 1}'),
      { "": 1 },
      [1],
      { a: "1" },
    ];
    for (const benchmark of benchmarks) {
      const promoting = versions.promote(id, { source: "x", benchmark });
      await expect(promoting).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    await expect(versions.promote(id, { source: "" })).rejects.toThrow("1 to 128 characters");
    expect(await versions.getCurrent()).toBe(undefined);
  });

  it("after close, and by a reader, is refused", async () => {
    const { open } = onDisk();
    const versions = await open();
    const id = await versions.save({ weights: weightsOf(1) });
    const reader = await open({ readOnly: true });
    const readOnly = { code: "STORE_READ_ONLY" };
    await expect(reader.save({ weights: weightsOf(1) })).rejects.toMatchObject(readOnly);
    await expect(reader.promote(id, { source: "x" })).rejects.toMatchObject(readOnly);
    await versions.close();
    await versions.close();
    for (const call of [versions.list(), versions.getCurrent(), versions.rollback(id)]) {
      await expect(call).rejects.toMatchObject({ code: "STORE_CLOSED" });
    }
  });

  it("of one store by two is prevented where there is a folder; any store will do", async () => {
    const versions = await VersionStore.open({ store: new MemoryStore() });
    const id = await versions.save({ weights: weightsOf(1) });
    expect((await versions.read(id)).savedAt.getTime()).toBeGreaterThan(noon - 1e12);
    const { open } = onDisk();
    await open();
    await expect(open()).rejects.toMatchObject({ code: "STORE_LOCKED" });
  });
});
