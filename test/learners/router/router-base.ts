// A router's folder in a temporary place, with generated trajectories and a benchmark.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CycleReport,
  type RouterCycleOptions,
  runRouterCycle,
  type SampleOptions,
  sampleBenchmark,
  sampleTrajectories,
  type Trajectory,
  trajectoryJson,
} from "../../../src/learners/router/index.ts";

/** A benchmark of every family, small enough for many evaluations. */
export const suite = sampleBenchmark({ tasksPerFamily: 10 });

/** A base directory whose `router/` a cycle works in. */
export class RouterBase {
  readonly baseDir = mkdtempSync(join(tmpdir(), "driftkeel-router-"));
  readonly path = join(this.baseDir, "router");
  readonly trajectories = join(this.path, "trajectories");

  constructor() {
    mkdirSync(this.trajectories, { recursive: true });
  }

  /** Writes generated trajectories. */
  add(options: SampleOptions): Trajectory[] {
    const samples = sampleTrajectories(options);
    for (const each of samples) this.write(`${each.trajectoryId}.json`, trajectoryJson(each));
    return samples;
  }

  /** Writes a file among the trajectories. */
  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.trajectories, name), content);
  }

  run(options: Partial<RouterCycleOptions> = {}): Promise<CycleReport> {
    return runRouterCycle({ path: this.path, suite, ...options });
  }

  /** Names of the reports, oldest first. */
  reports(): string[] {
    return readdirSync(join(this.path, "reports")).sort();
  }

  remove(): void {
    rmSync(this.baseDir, { recursive: true, force: true });
  }
}
