// A staged file shows up whole or not at all.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StagedFile } from "../../src/replay/staged-file.ts";

describe("StagedFile", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-stage-"));
    path = join(folder, "deep", "file.txt");
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("leaves the former file until it is published, then only the new one", async () => {
    const first = await StagedFile.open(path);
    await first.append("first");
    await first.publish();
    const second = await StagedFile.open(path);
    await second.append("sec");
    await second.append("ond");
    expect(await readFile(path, "utf8")).toBe("first");
    await second.publish();
    expect(await readFile(path, "utf8")).toBe("second");
    expect(await readdir(join(folder, "deep"))).toEqual(["file.txt"]);
  });

  it("leaves nothing behind when it is discarded", async () => {
    const stage = await StagedFile.open(path);
    await stage.append("never");
    await stage.discard();
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  it("keeps the published file when it is discarded afterwards", async () => {
    const stage = await StagedFile.open(path);
    await stage.publish();
    await stage.discard();
    expect(await readdir(join(folder, "deep"))).toEqual(["file.txt"]);
  });

  it("reports a folder that cannot be made", async () => {
    await writeFile(join(folder, "deep"), "a file is in the way");
    await expect(StagedFile.open(path)).rejects.toMatchObject({ code: "FILE_FAILED" });
  });
});
