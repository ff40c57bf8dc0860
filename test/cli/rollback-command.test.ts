// `driftkeel rollback`: what it changes, what it notes, and when it changes nothing.

import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentOf, run, runJson } from "./command-line.ts";
import { ModelBase } from "./model-base.ts";

let base: ModelBase;
let ids: string[];
beforeEach(async () => {
  base = new ModelBase();
  ids = await base.addModel();
});
afterEach(() => base.remove());

const rollback = (id: string) => run(["rollback", id, ...base.flags]);
const activeId = async () => {
  const { record } = await runJson(["status", ...base.flags]);
  return record.models[0].active_version;
};

describe("driftkeel rollback", () => {
  it("makes a version active again, says from which one, and notes both in the log", async () => {
    const { exitCode, record } = await runJson(["rollback", ids[0]!, ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toEqual({ model_id: "signal", outcome: "done", from: ids[2], to: ids[0] });
    expect(await activeId()).toBe(ids[0]);
    const details = { from: ids[2], to: ids[0], reason: "operator" };
    expect(await base.events()).toMatchObject([
      { eventType: "rollback", outcome: "started", details },
      { eventType: "rollback", outcome: "done", details },
    ]);
    expect((await rollback(ids[1]!)).stdout).toBe(`signal: ${ids[0]} -> ${ids[1]}\n`);
  });

  it("exits with 3 and changes nothing when the version is active already", async () => {
    const pointer = () => contentOf(base.path).filter((line) => line.includes("current.json"));
    const before = pointer();
    const { exitCode, stdout } = await rollback(ids[2]!);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("active already");
    expect(pointer()).toEqual(before);
    expect(await base.events()).toEqual([]);
  });

  it("exits with 2 on an unknown id, naming the nearest, and notes nothing", async () => {
    const { exitCode, stderr } = await rollback(ids[0]!.replace(/.$/, "x"));
    expect(exitCode).toBe(2);
    expect(stderr).toContain("did you mean");
    expect(await base.events()).toEqual([]);
    expect(await activeId()).toBe(ids[2]);
  });

  it("exits with 5 on a damaged version, which never becomes active", async () => {
    truncateSync(join(base.folder(), "versions", ids[0]!, "model.safetensors"), 40);
    const { exitCode, stderr } = await rollback(ids[0]!);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(SNAPSHOT_CORRUPT)");
    expect(await activeId()).toBe(ids[2]);
  });

  it("exits with 7 and names the owner while a process has the folder", async () => {
    const writer = await base.open();
    const { exitCode, stderr } = await rollback(ids[0]!);
    expect(exitCode).toBe(7);
    expect(stderr).toContain(`process ${process.pid}`);
    expect(stderr).toContain("(STORE_LOCKED)");
    await writer.close();
    expect((await rollback(ids[0]!)).exitCode).toBe(0);
  });

  it("repairs a damaged pointer, whose version nobody knows", async () => {
    writeFileSync(join(base.folder(), "current.json"), "damaged");
    const { exitCode, record } = await runJson(["rollback", ids[1]!, ...base.flags]);
    expect(exitCode).toBe(0);
    expect(record).toMatchObject({ from: null, to: ids[1] });
    expect(await activeId()).toBe(ids[1]);
  });

  it("changes nothing that it could not note", async () => {
    await base.addEvents(2);
    writeFileSync(join(base.folder(), "audit.jsonl"), "altered\n");
    const { exitCode, stderr } = await rollback(ids[0]!);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("(AUDIT_CORRUPT)");
    expect(await activeId()).toBe(ids[2]);
  });
});
