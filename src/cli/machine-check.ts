// What this machine has of what Driftkeel needs, found out by trying it.

import { mkdtemp, open, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { engines } from "../../package.json";
import { type Clock, clock, monotonicMs } from "../clock.ts";
import { init, type KernelInfo, kernelInfo } from "../index.ts";
import { findOutboxes, type WaitingOutbox } from "./outbox-check.ts";

const SYNCS = 21;
const SYNC_BYTES = 4096;
/** A variable, so that no bundler follows it. */
const SQLITE_DRIVER: string = "libsql";

/** What was found, each part on its own: a missing one hides no other. */
export interface MachineReport {
  node: { version: string; needed: string; isEnough: boolean };
  /** undefined: the core did not start, as `coreFailure` says. */
  core: KernelInfo | undefined;
  coreFailure: string | undefined;
  folder: FolderReport;
  sqlite: boolean;
  /** What partners have yet to get. */
  outboxes: WaitingOutbox[];
  /** What the system's clock says. */
  now: Date;
}

/** What was found out about the base directory. */
export interface FolderReport {
  /** Where it was tried: the base directory, or where it would be created. */
  path: string;
  /** undefined: nothing can be written there, as `failure` says. */
  medianSyncMs: number | undefined;
  failure: string | undefined;
  freeBytes: number | undefined;
}

/** Tries everything; takes some tens of disk syncs. Leaves nothing behind. */
export async function checkMachine(baseDir: string): Promise<MachineReport> {
  return {
    node: checkNode(process.versions.node),
    ...(await checkCore()),
    folder: await checkFolder(baseDir),
    sqlite: await canImport(SQLITE_DRIVER),
    outboxes: await findOutboxes(baseDir),
    now: new Date(Number((clock.parse(undefined) as Clock)())),
  };
}

/** Whether nothing that is needed is missing; SQLite is optional. */
export function isUsable({ node, core, folder }: MachineReport): boolean {
  return node.isEnough && core !== undefined && folder.medianSyncMs !== undefined;
}

/** Compares a version with the lowest that package.json asks for. */
export function checkNode(version: string): MachineReport["node"] {
  const needed = engines.node;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [lowestMajor = 0, lowestMinor = 0] = needed.replace(">=", "").split(".").map(Number);
  const isEnough = major > lowestMajor || (major === lowestMajor && minor >= lowestMinor);
  return { version, needed, isEnough };
}

async function checkCore(): Promise<Pick<MachineReport, "core" | "coreFailure">> {
  try {
    await init();
    return { core: kernelInfo(), coreFailure: undefined };
  } catch (error) {
    return { core: undefined, coreFailure: messageOf(error) };
  }
}

async function checkFolder(baseDir: string): Promise<FolderReport> {
  const path = await nearestThere(resolve(baseDir));
  const freeBytes = await statfs(path).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  try {
    return { path, medianSyncMs: await medianSyncMs(path), failure: undefined, freeBytes };
  } catch (error) {
    return { path, medianSyncMs: undefined, failure: messageOf(error), freeBytes };
  }
}

/** The path, or what is above it and exists: asking changes nothing. */
async function nearestThere(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false,
  );
  return exists || dirname(path) === path ? path : nearestThere(dirname(path));
}

/** The median of write and fsync of 4 KiB, in a folder of its own below `path`. */
async function medianSyncMs(path: string): Promise<number> {
  const folder = await mkdtemp(join(path, ".doctor-"));
  try {
    const file = await open(join(folder, "sync"), "w");
    try {
      const times: number[] = [];
      for (let count = 0; count < SYNCS; count++) {
        const start = monotonicMs();
        await file.write(new Uint8Array(SYNC_BYTES).fill(count));
        await file.sync();
        times.push(monotonicMs() - start);
      }
      return times.sort((a, b) => a - b)[Math.floor(SYNCS / 2)]!;
    } finally {
      await file.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function canImport(name: string): Promise<boolean> {
  return import(name).then(
    () => true,
    () => false,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
