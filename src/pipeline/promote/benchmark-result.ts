// How a model did on a fixed suite of benchmark tasks.

/** Figures of one model over the suite. */
export interface BenchmarkResult {
  /** Mean reward of a task. */
  averageReward: number;
  /** Share of the tasks that failed: 0..1. */
  errorRate: number;
  /** Median time of a task in milliseconds. */
  latencyMs: number;
  taskCount: number;
  /** The reward of each task by its id, which pairs it with that of another model. */
  taskRewards?: ReadonlyMap<string, number> | undefined;
}
