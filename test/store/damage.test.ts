// Every byte of a snapshot, a pointer, a record and an audit log flipped in turn: always detected.

import { describe, expect, it } from "vitest";
import { AuditLog } from "../../src/store/audit-log.ts";
import { parseCurrent } from "../../src/store/current-record.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/store/snapshot.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

/** One bit, others, all bits, and what makes a line feed of a space: JSON takes both. */
const FLIPS = [0x01, 0x20, 0x80, 0xff, 0x2a];

/** Calls `attempt` for every byte changed in every way, and for every truncation. */
async function damageEverywhere(
  bytes: Uint8Array,
  attempt: (damaged: Uint8Array, what: string) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < bytes.length; at++) {
    for (const flip of FLIPS) {
      const damaged = bytes.slice();
      damaged[at]! ^= flip;
      await attempt(damaged, `byte ${at} ^ ${flip}`);
    }
    await attempt(bytes.slice(0, at), `cut to ${at} bytes`);
  }
}

const weights = new Map([
  ["a", Float32Array.of(1, 2, 3)],
  ["b", Float32Array.of(4)],
]);

describe("a snapshot", () => {
  it("finds every byte that was flipped, and every truncation", async () => {
    const origin = { modelId: "m", versionId: "v", kernelBuild: "k", seed: 1, parent: "p" };
    const bytes = await encodeSnapshot({ weights, ...origin });
    expect(new TextDecoder().decode(bytes)).toContain("}  "); // with padding to damage
    expect(await decodeSnapshot(bytes)).toEqual({ weights, ...origin });
    await damageEverywhere(bytes, async (damaged, what) => {
      const outcome = await decodeSnapshot(damaged).catch((error) => error.code);
      if (outcome !== "SNAPSHOT_CORRUPT") expect.fail(`${what} was not found`);
    });
  });
});

describe("a version store", () => {
  async function filled() {
    const store = new MemoryStore();
    const versions = await VersionStore.open({ store, now: () => 0 });
    const id = await versions.save({ weights, parts: new Map([["ewc.bin", Uint8Array.of(1)]]) });
    await versions.promote(id, { source: "test", benchmark: { reward: 0.5 } });
    await versions.promote(await versions.save({ weights }), { source: "again" });
    await versions.rollback(id);
    return { store, versions, id };
  }

  it("finds every byte of the pointer that was flipped, and every truncation", async () => {
    const { store, versions } = await filled();
    const bytes = (await store.read("current.json")) as Uint8Array;
    await damageEverywhere(bytes, async (damaged, what) => {
      const outcome = await parseCurrent(damaged).catch((error) => error.code);
      if (outcome !== "POINTER_CORRUPT") expect.fail(`${what} was not found`);
    });
    await store.write("current.json", bytes.slice(1));
    await expect(versions.getCurrent()).rejects.toMatchObject({ code: "POINTER_CORRUPT" });
  });

  it.each(["version.json", "model.safetensors", "ewc.bin"])("finds damage of %s", async (file) => {
    const { store, versions, id } = await filled();
    const key = `versions/${id}/${file}`;
    const bytes = (await store.read(key)) as Uint8Array;
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1;
      await store.write(key, damaged);
      const outcome = await versions.read(id).catch((error) => error.code);
      if (outcome !== "SNAPSHOT_CORRUPT") expect.fail(`byte ${at} was not found`);
    }
    await store.remove(key);
    await expect(versions.read(id)).rejects.toMatchObject({ code: "SNAPSHOT_CORRUPT" });
    await expect(versions.promote(id, { source: "x" })).rejects.toMatchObject({
      code: "SNAPSHOT_CORRUPT",
    });
  });
});

describe("an audit log", () => {
  it("finds every byte that was flipped, wherever it is", async () => {
    const disk = new FaultyDisk();
    const log = await AuditLog.open("/log", { disk, lockHost: disk.lockHost, now: () => 0 });
    for (const outcome of ["one", "two", "three"]) {
      await log.log({ eventType: "job", outcome, details: { outcome } });
    }
    await log.close();
    const bytes = (await disk.read("/log")) as Uint8Array;
    const reader = await AuditLog.open("/log", { disk, readOnly: true });
    expect(await reader.verify()).toEqual({ intact: true, events: 3 });
    await damageEverywhere(bytes, async (damaged, what) => {
      disk.tamper("/log", () => damaged);
      const { intact } = await reader.verify();
      // Without its last line feed the last event is still whole.
      if (intact && damaged.length !== bytes.length - 1) expect.fail(`${what} was not found`);
    });
  });

  it("is not written on after damage of its last line or of its head", async () => {
    const disk = new FaultyDisk();
    const open = () => AuditLog.open("/log", { disk, lockHost: disk.lockHost, now: () => 0 });
    const log = await open();
    await log.log({ eventType: "job", outcome: "one" });
    await log.log({ eventType: "job", outcome: "two" });
    await log.close();
    for (const path of ["/log", "/log.head"]) {
      const bytes = (await disk.read(path)) as Uint8Array;
      const lastLine = bytes.lastIndexOf(0x0a, bytes.length - 2) + 1;
      for (let at = lastLine; at < bytes.length; at++) {
        disk.tamper(path, (whole) => {
          whole[at]! ^= 0x10;
          return whole;
        });
        const before = await disk.read("/log");
        await expect(open(), `${path} byte ${at}`).rejects.toMatchObject({ code: "AUDIT_CORRUPT" });
        expect(await disk.read("/log")).toEqual(before);
        disk.tamper(path, () => bytes);
      }
    }
    await (await open()).close();
  });
});
