// A version store on a disk in memory with a clock that stands, for the tests of it.

import { VersionStore, type VersionStoreOptions } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

export const weightsOf = (value: number) => new Map([["w", Float32Array.of(value)]]);
/** What the clock says. */
export const noon = Date.UTC(2026, 10, 20, 12, 30, 45, 678);

/** How to open a store on a disk of its own. */
export function onDisk(options: Partial<VersionStoreOptions> = {}) {
  const disk = new FaultyDisk();
  const open = (more: Partial<VersionStoreOptions> = {}) =>
    VersionStore.open({
      storagePath: "/model",
      disk,
      lockHost: disk.lockHost,
      now: () => noon,
      ...options,
      ...more,
    });
  return { disk, open };
}
