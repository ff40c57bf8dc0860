// The artifact index: what is known of each trajectory file without reading it again.

import { lstatSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { type Trajectory, trajectoryOf } from "./trajectory.ts";
import {
  type BrokenFile,
  type FileStamp,
  listTrajectoryFiles,
  readTrajectoryFile,
} from "./trajectory-files.ts";

/** Files read without a pause; other work of the process waits as long as one batch takes. */
const BATCH = 256;

/** An entry as it is kept: [file, size, modified, id, task id, created, origin], or a problem. */
const entryRecord = z.union([
  z.tuple([
    z.string(),
    z.number(),
    z.number(),
    z.string(),
    z.string(),
    z.number(),
    z.enum(["live", "benchmark", "peer"]),
  ]),
  z.tuple([z.string(), z.number(), z.number(), z.string()]),
]);
const indexRecord = z.strictObject({
  format_version: z.literal(1),
  max_file_bytes: z.number(),
  entries: z.array(entryRecord),
});

/** What is known of a whole file. */
export interface IndexedTrajectory extends FileStamp {
  file: string;
  trajectoryId: string;
  taskId: string;
  createdMs: number;
  origin: Trajectory["origin"];
}

type Entry = IndexedTrajectory | (BrokenFile & FileStamp);

/**
 * The files of a folder. `refresh` reads only those that are new or were touched since, by size and
 * time of change.
 */
export class TrajectoryIndex {
  readonly #folder: string;
  readonly #maxFileBytes: number;
  #entries = new Map<string, Entry>();
  #readCount = 0;
  #hasChanged = false;

  constructor(folder: string, maxFileBytes: number) {
    this.#folder = folder;
    this.#maxFileBytes = maxFileBytes;
  }

  /** Takes over what `toJson` gave; anything else is no index, and every file is read anew. */
  restore(json: string): void {
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      return;
    }
    const parsed = indexRecord.safeParse(value);
    if (!parsed.success || parsed.data.max_file_bytes !== this.#maxFileBytes) return;
    this.#entries = new Map(parsed.data.entries.map((record) => [record[0], entryOf(record)]));
  }

  /** This index as JSON. */
  toJson(): string {
    const entries = [...this.#entries.values()].map((entry) => {
      const stamp = [entry.file, entry.sizeBytes, entry.modifiedMs];
      if ("problem" in entry) return [...stamp, entry.problem];
      return [...stamp, entry.trajectoryId, entry.taskId, entry.createdMs, entry.origin];
    });
    return JSON.stringify({ format_version: 1, max_file_bytes: this.#maxFileBytes, entries });
  }

  /** Looks at the folder again. Throws FILE_FAILED when it cannot be listed. */
  async refresh(): Promise<void> {
    const entries = new Map<string, Entry>();
    this.#readCount = 0;
    for (const [index, file] of listTrajectoryFiles(this.#folder).entries()) {
      if (index % BATCH === BATCH - 1) await new Promise((resume) => setImmediate(resume));
      const entry = this.#untouched(file) ?? this.#read(file);
      entries.set(file, entry);
    }
    this.#hasChanged = this.#readCount > 0 || entries.size !== this.#entries.size;
    this.#entries = entries;
  }

  #untouched(file: string): Entry | undefined {
    const known = this.#entries.get(file);
    if (known === undefined) return undefined;
    try {
      const { size, mtimeMs } = lstatSync(join(this.#folder, file));
      return known.sizeBytes === size && known.modifiedMs === mtimeMs ? known : undefined;
    } catch {
      return undefined;
    }
  }

  #read(file: string): Entry {
    this.#readCount++;
    const found = readTrajectoryFile(this.#folder, file, this.#maxFileBytes);
    const stamp = found.stamp ?? { sizeBytes: -1, modifiedMs: -1 };
    if ("problem" in found) return { file, ...stamp, problem: found.problem };
    const { trajectory_id: trajectoryId, task, origin } = found.record;
    const createdMs = Date.parse(task.created_at);
    return { file, ...stamp, trajectoryId, taskId: task.task_id, createdMs, origin };
  }

  /** Files that the last `refresh` had to read. */
  get readCount(): number {
    return this.#readCount;
  }

  /** Whether the last `refresh` found anything that was not in the index, or less. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** The whole trajectories by time; of files with the same id the first by name counts. */
  trajectories(): IndexedTrajectory[] {
    return [...this.#firstOfId().values()].sort(
      (a, b) => a.createdMs - b.createdMs || (a.trajectoryId < b.trajectoryId ? -1 : 1),
    );
  }

  /** The files that hold none, and those that hold one again. */
  broken(): BrokenFile[] {
    const first = this.#firstOfId();
    return [...this.#entries.values()].flatMap((entry) => {
      if ("problem" in entry) return [{ file: entry.file, problem: entry.problem }];
      const { file } = first.get(entry.trajectoryId)!;
      if (file === entry.file) return [];
      return [{ file: entry.file, problem: `${entry.trajectoryId} is in ${file} already` }];
    });
  }

  #firstOfId(): Map<string, IndexedTrajectory> {
    const first = new Map<string, IndexedTrajectory>();
    for (const entry of this.#entries.values()) {
      if (!("problem" in entry) && !first.has(entry.trajectoryId)) {
        first.set(entry.trajectoryId, entry);
      }
    }
    return first;
  }

  /** The trajectory of an entry; undefined when the file is not what it was. */
  load({ file, trajectoryId }: IndexedTrajectory): Trajectory | undefined {
    const found = readTrajectoryFile(this.#folder, file, this.#maxFileBytes);
    if ("problem" in found || found.record.trajectory_id !== trajectoryId) return undefined;
    return trajectoryOf(found.record);
  }
}

function entryOf(record: z.output<typeof entryRecord>): Entry {
  const [file, sizeBytes, modifiedMs] = record;
  if (record.length === 4) return { file, sizeBytes, modifiedMs, problem: record[3] };
  const [, , , trajectoryId, taskId, createdMs, origin] = record;
  return { file, sizeBytes, modifiedMs, trajectoryId, taskId, createdMs, origin };
}
