// A staged folder shows up whole or not at all.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { StagedFolder } from "../../src/replay/staged-folder.ts";
import { FileStore } from "../../src/store/file-store.ts";

let base: string;
let path: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "driftkeel-stage-"));
  path = join(base, "deep", "model");
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function publish(text: string): Promise<void> {
  const folder = await StagedFolder.open(path);
  writeFileSync(join(folder.stage, "file"), text);
  await folder.publish();
}

const shown = () => readFileSync(join(path, "file"), "utf8");
const beside = () => readdirSync(join(base, "deep"));

it("leaves the former folder until it is published, then only the new one", async () => {
  await publish("first");
  const second = await StagedFolder.open(path);
  writeFileSync(join(second.stage, "file"), "second");
  expect(shown()).toBe("first");
  await second.publish();
  expect(shown()).toBe("second");
  expect(beside()).toEqual(["model"]);
});

it("leaves nothing behind when it is discarded, and what was published", async () => {
  await publish("first");
  const second = await StagedFolder.open(path);
  await second.discard();
  expect(shown()).toBe("first");
  expect(beside()).toEqual(["model"]);
});

it("starts empty where a process of the same number left its stage", async () => {
  const first = await StagedFolder.open(path);
  writeFileSync(join(first.stage, "left"), "");
  const second = await StagedFolder.open(path);
  expect(readdirSync(second.stage)).toEqual([]);
});

it("gives the former folder back when the stage cannot be put in place", async () => {
  await publish("first");
  const second = await StagedFolder.open(path);
  rmSync(second.stage, { recursive: true });
  await expect(second.publish()).rejects.toMatchObject({ code: "FILE_FAILED" });
  expect(shown()).toBe("first");
  expect(beside()).toEqual(["model"]);
});

it("refuses a folder that a writer holds, and a place that cannot be made", async () => {
  await publish("first");
  const writer = await FileStore.open({ storagePath: path });
  const second = await StagedFolder.open(path);
  await expect(second.publish()).rejects.toMatchObject({ code: "STORE_LOCKED" });
  await writer.close();
  await second.discard();
  mkdirSync(join(base, "other"));
  writeFileSync(join(base, "other", "file"), "in the way");
  const opening = StagedFolder.open(join(base, "other", "file", "model"));
  await expect(opening).rejects.toMatchObject({ code: "FILE_FAILED" });
});
