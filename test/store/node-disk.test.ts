// Folders of the real file system: made one by one, and refused rather than waited for.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NodeDisk } from "../../src/store/node-disk.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-disk-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("NodeDisk.createFolder", () => {
  const disk = new NodeDisk();

  it("makes the folders above, and says which was the topmost that was not there", async () => {
    const path = join(folder, "a", "b", "c");
    expect(await disk.createFolder(path)).toBe(join(folder, "a"));
    expect(existsSync(path)).toBe(true);
    expect(await disk.createFolder(join(folder, "a", "d"))).toBe(join(folder, "a", "d"));
  });

  it("says nothing of a folder that is there", async () => {
    expect(await disk.createFolder(folder)).toBeUndefined();
  });

  it("makes one folder for all who ask at once", async () => {
    const path = join(folder, "x", "y");
    await Promise.all([disk.createFolder(path), disk.createFolder(path)]);
    expect(existsSync(path)).toBe(true);
  });

  it("refuses a path on which a file lies, or through which one leads", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(disk.createFolder(file)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(disk.createFolder(join(file, "below"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it.skipIf(!existsSync("/proc/self"))(
    "refuses a folder that the system does not know",
    async () => {
      const making = disk.createFolder("/proc/driftkeel/a/b");
      await expect(making).rejects.toMatchObject({ code: "ENOENT" });
    },
  );
});

describe("NodeDisk.readPart and sizeOf", () => {
  const disk = new NodeDisk();

  it("give the bytes of a part, as far as there are any", async () => {
    const file = join(folder, "file");
    writeFileSync(file, Uint8Array.of(0, 1, 2, 3, 4));
    expect(await disk.sizeOf(file)).toBe(5);
    expect(await disk.readPart(file, 1, 3)).toEqual(Uint8Array.of(1, 2));
    expect(await disk.readPart(file, 3, 9)).toEqual(Uint8Array.of(3, 4));
    expect(await disk.readPart(file, 7, 9)).toEqual(new Uint8Array(0));
    expect(await disk.readPart(file, 2, 2)).toEqual(new Uint8Array(0));
  });

  it("say nothing of a file that there is not, and refuse a folder", async () => {
    const none = join(folder, "none");
    expect([await disk.sizeOf(none), await disk.readPart(none, 0, 1)]).toEqual([
      undefined,
      undefined,
    ]);
    await expect(disk.readPart(folder, 0, 1)).rejects.toMatchObject({ code: "EISDIR" });
  });
});
