// One writer per folder: a file that says who writes, and how to tell that nobody does any more.
//
// Every writer has a lock file of its own name, `<name>-<token>`. It creates the file as a claim,
// then lists the folder: of two writers at least one sees the other. A claim gives way to a held
// lock, and of two claims the one with the larger token gives way. Because no two writers share a
// name, removing the file of a dead one can never hit the file of a living one.
//
// The owner adds a beat to its file every BEAT_MS. A writer that cannot tell whether an owner lives
// (another container, another boot) takes over after PATIENCE_MS without a beat. An owner that was
// merely suspended finds its file gone at its next write and is refused.

import * as z from "zod/mini";
import { DriftkeelError } from "../errors.ts";
import { join } from "./built-in.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { LockHost, LockOwner } from "./lock-host.ts";
import { sha256 } from "./sha256.ts";
import { decodeUtf8 } from "./utf8.ts";

const BEAT_MS = 3_000;
/** Five beats: an event loop that is blocked for less keeps its lock. */
const PATIENCE_MS = 15_000;
/** Nobody waits longer, whatever the others do. */
const MAX_WAIT_MS = 2 * PATIENCE_MS;
const POLL_MS = 250;
/** Beats before the file is cut back to its first line. */
const BEATS_KEPT = 1_000;

const ownerLine = z.strictObject({
  pid: z.int().check(z.positive()),
  thread: z.int().check(z.minimum(0)),
  started: z.string().check(z.maxLength(64)),
  machine: z.string().check(z.maxLength(512)),
});

const encoder = new TextEncoder();
/** The package may be loaded twice in one process (ESM and CommonJS): both count together. */
const COUNTER = Symbol.for("driftkeel.locks-taken");
const counters = globalThis as { [COUNTER]?: number };

/** A lock file as another writer reads it. */
interface OtherLock {
  path: string;
  token: string;
  content: string;
  owner: LockOwner | undefined;
  isHeld: boolean;
}

function parseOwner(line: string): LockOwner | undefined {
  try {
    return ownerLine.parse(JSON.parse(line));
  } catch {
    return undefined; // half written: who it was shows in its beats or not at all
  }
}

function lockedError(folder: string, other: OtherLock): DriftkeelError {
  const who = other.owner ? `process ${other.owner.pid}` : "another process";
  return new DriftkeelError(
    "STORE_LOCKED",
    `Expected to be the only writer of ${folder}, got a lock of ${who}. Close the other writer, ` +
      `or open with readOnly. If you are certain that it is gone, remove ${other.path}.`,
  );
}

/** Whoever has the lock of a folder, as far as this process can tell. */
export interface LockHolder {
  /** undefined: its line is half written. */
  owner: LockOwner | undefined;
  /** false: the next writer takes over at once. undefined: this process cannot tell. */
  isAlive: boolean | undefined;
}

/** Who has the lock `name` of a folder, without taking it; a living holder before a dead one. */
export async function findLockHolder(
  disk: Disk,
  folder: string,
  name: string,
  host: LockHost,
): Promise<LockHolder | undefined> {
  const holders = (await readOthers(disk, folder, name, "")).map(
    ({ owner }): LockHolder => ({ owner, isAlive: owner && host.isAlive(owner) }),
  );
  return holders.find(({ isAlive }) => isAlive !== false) ?? holders[0];
}

/** The right to write to a folder, from `acquire` to `release`. */
export class FolderLock {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #path: string;
  readonly #file: DiskFile;
  readonly #firstLine: Uint8Array;
  readonly #timer: ReturnType<typeof setInterval>;
  #beats = 0;
  #isBeating = false;

  private constructor(
    disk: Disk,
    folder: string,
    path: string,
    file: DiskFile,
    firstLine: Uint8Array,
  ) {
    this.#disk = disk;
    this.#folder = folder;
    this.#path = path;
    this.#file = file;
    this.#firstLine = firstLine;
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    // A forgotten lock keeps no process alive; in browsers timers are numbers.
    this.#timer.unref?.();
  }

  /**
   * Takes the lock `name` of an existing folder, over dead owners. Locks of other names are no
   * business of it. Throws STORE_LOCKED, FILE_FAILED.
   */
  static async acquire(
    disk: Disk,
    folder: string,
    name: string,
    host: LockHost,
  ): Promise<FolderLock> {
    const count = (counters[COUNTER] ?? 0) + 1;
    counters[COUNTER] = count;
    const identity = JSON.stringify([host.owner, count]);
    const token = (await sha256(encoder.encode(identity))).slice(0, 16);
    const path = join(folder, `${name}-${token}`);
    const firstLine = encoder.encode(`${JSON.stringify(host.owner)}\n`);
    const file = await disk.create(path);
    const lock = new FolderLock(disk, folder, path, file, firstLine);
    try {
      await file.write(firstLine);
      await waitForOthers(disk, folder, name, token, host);
      await file.write(encoder.encode("held "));
      return lock;
    } catch (cause) {
      await lock.release().catch(() => {});
      throw cause;
    }
  }

  /** Throws STORE_LOCKED when another writer has taken over. */
  async assertHeld(): Promise<void> {
    if ((await this.#disk.read(this.#path)) !== undefined) return;
    throw new DriftkeelError(
      "STORE_LOCKED",
      `Expected to be the only writer of ${this.#folder}, but the lock ${this.#path} was taken ` +
        `over while this process did not run. Open again; what was acknowledged is kept.`,
    );
  }

  /** Gives the folder free. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    try {
      await this.#file.close();
    } finally {
      await this.#disk.remove(this.#path);
    }
  }

  /** Writes through the open file: when another writer has removed it, nothing comes back. */
  async #beat(): Promise<void> {
    if (this.#isBeating) return;
    this.#isBeating = true;
    try {
      if (this.#beats === BEATS_KEPT) {
        this.#beats = 0;
        await this.#file.truncate(this.#firstLine.length);
        await this.#file.write(encoder.encode("held "));
      }
      this.#beats += 1;
      await this.#file.write(encoder.encode("."));
    } catch {
      // The next write to the folder fails for the same reason and reports it.
    } finally {
      this.#isBeating = false;
    }
  }
}

/** Resolves when nobody else holds or may get the lock. Throws STORE_LOCKED. */
async function waitForOthers(
  disk: Disk,
  folder: string,
  name: string,
  token: string,
  host: LockHost,
): Promise<void> {
  const watched = new Map<string, { content: string; silentMs: number }>();
  for (let waitedMs = 0; ; waitedMs += POLL_MS) {
    let mustWait = false;
    for (const other of await readOthers(disk, folder, name, token)) {
      const before = watched.get(other.token);
      const isSame = before?.content === other.content;
      const silentMs = isSame ? before.silentMs + POLL_MS : 0;
      watched.set(other.token, { content: other.content, silentMs });

      const isAlive = other.owner && host.isAlive(other.owner);
      const hasBeaten = before !== undefined && !isSame;
      if (isAlive === false || (isAlive === undefined && silentMs >= PATIENCE_MS)) {
        await disk.remove(other.path);
        continue;
      }
      const comesFirst = other.isHeld || other.token < token;
      const isOver = waitedMs >= MAX_WAIT_MS;
      if (isOver || (comesFirst && (isAlive || hasBeaten))) throw lockedError(folder, other);
      mustWait = true;
    }
    if (!mustWait) return;
    await host.sleep(POLL_MS);
  }
}

async function readOthers(
  disk: Disk,
  folder: string,
  name: string,
  token: string,
): Promise<OtherLock[]> {
  const others: OtherLock[] = [];
  for (const entry of await disk.list(folder)) {
    const start = `${name}-`;
    const otherToken = entry.name.slice(start.length);
    if (!entry.name.startsWith(start) || !/^[0-9a-f]{16}$/.test(otherToken)) continue;
    if (otherToken === token) continue;
    const path = join(folder, entry.name);
    const bytes = await disk.read(path);
    if (bytes === undefined) continue;
    const content = decodeUtf8(bytes) ?? "";
    const [firstLine = "", rest = ""] = content.split("\n");
    const owner = parseOwner(firstLine);
    others.push({ path, token: otherToken, content, owner, isHeld: rest.includes("held") });
  }
  return others;
}
