// What a cycle has to learn from: the index of trajectories, the seen ones, the dataset.

import type { Disk } from "../../index.ts";
import type { BenchmarkSuite } from "./benchmark-suite.ts";
import { CaseIndex } from "./case-index.ts";
import type { CycleReport } from "./cycle-report.ts";
import { DatasetBuilder, type DatasetOptions, type RouterDataset } from "./dataset-builder.ts";
import { SeenTrajectories } from "./seen-trajectories.ts";
import type { Trajectory } from "./trajectory.ts";
import { type IndexedTrajectory, TrajectoryIndex } from "./trajectory-index.ts";

/** Broken files that a report names. */
const MAX_BROKEN = 100;
/** Files read without a pause. */
const BATCH = 256;

/** Where a cycle finds its data. */
interface DataOptions {
  folder: string;
  maxFileBytes: number;
  seenPath: string;
  /** The index as it was saved; undefined to read every file. */
  savedIndex: string | undefined;
  suite: BenchmarkSuite;
  disk?: Disk | undefined;
}

/** The trajectories of a folder, told apart by what they are good for. */
export class CycleData {
  readonly index: TrajectoryIndex;
  readonly seen: SeenTrajectories;
  readonly #suite: BenchmarkSuite;
  readonly #live: IndexedTrajectory[] = [];
  readonly counts: CycleReport["trajectories"];

  private constructor(index: TrajectoryIndex, seen: SeenTrajectories, suite: BenchmarkSuite) {
    this.index = index;
    this.seen = seen;
    this.#suite = suite;
    const broken = index.broken();
    const counts = { quarantined: 0, peer: 0, seen: 0, unseen: 0 };
    const whole = index.trajectories();
    for (const entry of whole) {
      const kind = this.#kindOf(entry);
      counts[kind]++;
      if (kind === "seen" || kind === "unseen") this.#live.push(entry);
    }
    this.counts = {
      files: whole.length + broken.length,
      read: index.readCount,
      broken: broken.length,
      brokenFiles: broken.slice(0, MAX_BROKEN),
      ...counts,
    };
  }

  /** Reads the seen ids and looks through the folder. Throws FILE_CORRUPT, FILE_FAILED. */
  static async open(options: DataOptions): Promise<CycleData> {
    const { folder, maxFileBytes, seenPath, savedIndex, suite, disk } = options;
    const seen = await SeenTrajectories.open(seenPath, disk);
    const index = new TrajectoryIndex(folder, maxFileBytes);
    if (savedIndex !== undefined) index.restore(savedIndex);
    await index.refresh();
    return new CycleData(index, seen, suite);
  }

  #kindOf({ origin, taskId, trajectoryId }: IndexedTrajectory) {
    if (origin === "benchmark" || this.#suite.has(taskId)) return "quarantined";
    if (origin === "peer") return "peer";
    return this.seen.has(trajectoryId) ? "seen" : "unseen";
  }

  /** Samples of the oldest unseen trajectories. */
  async dataset(options: DatasetOptions): Promise<RouterDataset> {
    const builder = new DatasetBuilder(options, (taskId) => this.#suite.has(taskId));
    const unseen = this.#live.filter(({ trajectoryId }) => !this.seen.has(trajectoryId));
    for await (const trajectory of this.#load(unseen.slice(0, options.maxTrajectories))) {
      builder.add(trajectory);
    }
    return builder.build();
  }

  /** A case index of all live trajectories. */
  async cases(): Promise<CaseIndex> {
    const cases = new CaseIndex();
    for await (const trajectory of this.#load(this.#live)) cases.add(trajectory);
    return cases;
  }

  async *#load(entries: readonly IndexedTrajectory[]): AsyncGenerator<Trajectory> {
    for (const [number, entry] of entries.entries()) {
      if (number % BATCH === BATCH - 1) await new Promise((resume) => setImmediate(resume));
      const trajectory = this.index.load(entry);
      if (trajectory) yield trajectory;
    }
  }
}
