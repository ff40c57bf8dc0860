// Owners of a model: one at a time, and whoever was one before can change nothing any more.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AuditLog, type DiskFile, OnlineLearner } from "../../../src/index.ts";
import {
  claimEpoch,
  EpochDisk,
  isOwned,
  type ModelEpoch,
} from "../../../src/integrations/kafka/model-epoch.ts";
import { cycleOptions, outputOf, stream, undisturbed } from "../../faults/learner-cycle.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "driftkeel-epoch-")), "model");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const open = (epoch: ModelEpoch, disk = new EpochDisk(epoch)) =>
  OnlineLearner.open(cycleOptions({ storagePath: epoch.path, disk }));

const SOURCE = "feedback/0";

/** Sends what the learner does not have yet, and stops at `to`. */
async function feed(learner: OnlineLearner, to: number): Promise<void> {
  for (let offset = learner.nextOffset(SOURCE); offset < to; offset++) {
    await (await learner.submit(stream[offset]!, { source: SOURCE, offset })).learned;
  }
}

/** Bytes of every file of an owner, but those of locks. */
async function filesIn(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    const name = join(entry.parentPath, entry.name);
    if (entry.isFile() && !entry.name.includes(".lock-")) {
      files.set(name, await readFile(name, "base64"));
    }
  }
  return files;
}

/** A disk that stops before one of its operations that change something. */
class SuspendedDisk extends EpochDisk {
  readonly #at: number;
  #count = 0;
  readonly reached: Promise<void>;
  #reach: () => void = () => {};
  #resume: () => void = () => {};
  readonly #resumed: Promise<void>;

  constructor(epoch: ModelEpoch, at: number) {
    super(epoch);
    this.#at = at;
    this.reached = new Promise((resolve) => {
      this.#reach = resolve;
    });
    this.#resumed = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  /** Lets it go on, as SIGCONT would. */
  resume(): void {
    this.#resume();
  }

  get hasPassed(): boolean {
    return this.#count > this.#at;
  }

  override async create(path: string) {
    await this.#step();
    return this.#suspending(await super.create(path));
  }

  override async append(path: string) {
    return this.#suspending(await super.append(path));
  }

  #suspending(file: DiskFile): DiskFile {
    const write = file.write.bind(file);
    file.write = async (bytes) => {
      if (!this.hasPassed || bytes.length > 1) await this.#step(); // one byte: the beat of a lock
      await write(bytes);
    };
    return file;
  }

  override async rename(from: string, to: string) {
    await this.#step();
    await super.rename(from, to);
  }

  override async remove(path: string) {
    await this.#step();
    await super.remove(path);
  }

  override async createFolder(path: string) {
    await this.#step();
    return super.createFolder(path);
  }

  async #step(): Promise<void> {
    if (this.#count++ !== this.#at) return;
    this.#reach();
    await this.#resumed;
  }
}

describe("claims of a model", () => {
  it("count up and move everything to the newest owner", async () => {
    const first = await claimEpoch(folder);
    expect(first).toEqual({ number: 1, path: join(folder, "epoch-1") });
    await writeFile(join(first.path, "a"), "1");
    const second = await claimEpoch(folder);
    expect(second.number).toBe(2);
    expect(await readFile(join(second.path, "a"), "utf8")).toBe("1");
    expect([await isOwned(first), await isOwned(second)]).toEqual([false, true]);
    expect(await readdir(folder)).toEqual(["epoch-2"]);
  });

  it("never give two claimants the same epoch", async () => {
    const epochs = await Promise.all(Array.from({ length: 12 }, () => claimEpoch(folder)));
    const numbers = epochs.map(({ number }) => number).sort((a, b) => a - b);
    expect(new Set(numbers).size).toBe(12);
    const owned = await Promise.all(epochs.map((epoch) => isOwned(epoch)));
    expect(owned.filter((isOwned) => isOwned)).toHaveLength(1);
    expect(await readdir(folder)).toEqual([`epoch-${numbers.at(-1)}`]);
  });

  it("take away locks and drafts of the owner before, and nothing else", async () => {
    const { path } = await claimEpoch(folder);
    await mkdir(join(path, ".outbox"));
    for (const name of [".lock-0123456789abcdef", ".draft-x", "x", ".outbox/.lock-1", ".outbox/y"])
      await writeFile(join(path, name), "");
    const next = await claimEpoch(folder);
    expect([...(await filesIn(next.path)).keys()].sort()).toEqual(
      [".outbox/y", "x"].map((name) => join(next.path, name)),
    );
  });

  it("fail with a code where no folder can be", async () => {
    await writeFile(join(folder, "..", "file"), "");
    const claimed = claimEpoch(join(folder, "..", "file", "model"));
    await expect(claimed).rejects.toMatchObject({ code: "FILE_FAILED" });
  });
});

describe("an owner that lost its model", () => {
  it("acknowledges nothing more, and never makes its folder anew", async () => {
    const first = await claimEpoch(folder);
    const old = await open(first);
    await feed(old, 10);
    const second = await claimEpoch(folder);
    const late = old.submit(stream[10]!, { source: SOURCE, offset: 10 });
    await expect(late).rejects.toMatchObject({ code: expect.stringMatching(/LOCKED|FAILED/) });
    const disk = new EpochDisk(first);
    await expect(disk.createFolder(first.path)).rejects.toThrow();
    await expect(disk.createFolder(join(first.path, "versions", "x"))).rejects.toThrow();
    await old.close().catch(() => {});
    expect(await readdir(folder)).toEqual(["epoch-2"]);
    const next = await open(second);
    expect(next.nextOffset(SOURCE)).toBe(10);
    await next.close();
  });

  it("changes nothing, between whichever two of its steps it was suspended", async () => {
    const { output } = await undisturbed();
    for (let at = 3; ; at += 31) {
      const place = `${folder}-${at}`;
      const first = await claimEpoch(place);
      const disk = new SuspendedDisk(first, at);
      let acknowledged = 0;
      const old = (async () => {
        const learner = await open(first, disk);
        try {
          for (const [offset, sample] of stream.entries()) {
            await learner.submit(sample, { source: SOURCE, offset }).then(({ learned }) => learned);
            acknowledged = offset + 1;
          }
        } finally {
          await learner.close();
        }
      })();
      await Promise.race([disk.reached, old]);
      if (!disk.hasPassed) break;
      const second = await claimEpoch(place);
      const next = await open(second);
      // What it acknowledged before the claim is there; the one under way may be.
      expect(next.nextOffset(SOURCE)).toBeGreaterThanOrEqual(acknowledged);
      expect(next.nextOffset(SOURCE)).toBeLessThanOrEqual(acknowledged + 1);
      await feed(next, 70);
      const before = await filesIn(second.path);
      const known = acknowledged;
      disk.resume();
      await old.catch(() => {});
      expect(acknowledged).toBeLessThanOrEqual(Math.max(known, next.nextOffset(SOURCE)));
      expect(acknowledged).toBeLessThanOrEqual(known + 1);
      expect(await filesIn(second.path)).toEqual(before);
      expect(await readdir(place)).toEqual(["epoch-2"]);
      await feed(next, stream.length);
      expect(outputOf(next)).toBe(output);
      await next.close();
      const log = await AuditLog.open(join(second.path, "audit.jsonl"), { readOnly: true });
      expect(await log.verify()).toMatchObject({ intact: true });
      await log.close();
    }
  }, 120_000);
});
