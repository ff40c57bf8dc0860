// Who has a folder open for writing, found out without taking or changing anything.

import { expect, it } from "vitest";
import { FileStore } from "../../src/store/file-store.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const place = (disk: FaultyDisk) => ({
  storagePath: "/model",
  disk,
  lockHost: disk.lockHost,
});

it("is the process that holds the lock, and nobody before and after", async () => {
  const disk = new FaultyDisk();
  expect(await FileStore.findWriter(place(disk))).toBe(undefined);
  const versions = await VersionStore.open(place(disk));
  const files = await disk.list("/model");
  const { owner } = disk.lockHost;
  expect(await FileStore.findWriter(place(disk))).toEqual({ owner, isAlive: true });
  expect(await disk.list("/model")).toEqual(files);
  await versions.close();
  expect(await FileStore.findWriter(place(disk))).toBe(undefined);
});

it("is named as gone when it died, until another one takes over", async () => {
  const disk = new FaultyDisk();
  await disk.createFolder("/model");
  await disk.syncFolder("/");
  await FileStore.open(place(disk));
  const next = disk.restart("kept");
  expect(await FileStore.findWriter(place(next))).toMatchObject({ isAlive: false });
  const store = await FileStore.open(place(next));
  expect(await FileStore.findWriter(place(next))).toMatchObject({ isAlive: true });
  await store.close();
});

it("is the living one when a dead one has left its lock as well", async () => {
  const disk = new FaultyDisk();
  const store = await FileStore.open(place(disk));
  const dead = { ...disk.lockHost.owner, pid: disk.lockHost.owner.pid + 1000 };
  for (const token of ["0".repeat(16), "f".repeat(16)]) {
    const lock = await disk.create(`/model/.lock-${token}`);
    await lock.write(new TextEncoder().encode(`${JSON.stringify(dead)}\nheld `));
  }
  const host = { ...disk.lockHost, isAlive: ({ pid }: { pid: number }) => pid !== dead.pid };
  const list = disk.list.bind(disk);
  for (const inOrder of [true, false]) {
    disk.list = async (path) => (inOrder ? list(path) : (await list(path)).reverse());
    const found = await FileStore.findWriter({ ...place(disk), lockHost: host });
    expect(found).toEqual({ owner: disk.lockHost.owner, isAlive: true });
  }
  disk.list = list;
  await store.close();
});

it("has no name while its line is half written", async () => {
  const disk = new FaultyDisk();
  await disk.createFolder("/model");
  const lock = await disk.create(`/model/.lock-${"a".repeat(16)}`);
  await lock.write(new TextEncoder().encode('{"pid":12'));
  expect(await FileStore.findWriter(place(disk))).toEqual({ owner: undefined, isAlive: undefined });
});
