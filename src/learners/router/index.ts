// `driftkeel/router`: an agent router that learns from its trajectories.

export type {
  BenchmarkSuiteData,
  BenchmarkTask,
  TaskOutcome,
} from "./benchmark-suite.ts";
export { BenchmarkSuite } from "./benchmark-suite.ts";
export type { CaseIndexOptions, CaseMatch, PastDecision } from "./case-index.ts";
export { CaseIndex, normalizeInput } from "./case-index.ts";
export type { RouterCycleOptions } from "./cycle-options.ts";
export type { Comparison, CycleOutcome, CycleReport, RouterFigures } from "./cycle-report.ts";
export { reportRecord } from "./cycle-report.ts";
export type { DatasetOptions, LoggedDecision, RouterDataset } from "./dataset-builder.ts";
export { DatasetBuilder } from "./dataset-builder.ts";
export type {
  Evaluation,
  EvaluatorOptions,
  PairedInterval,
  RouterResult,
  TaskExecutor,
} from "./evaluator.ts";
export { Evaluator } from "./evaluator.ts";
export type { Situation } from "./features.ts";
export type { Route, RouterTrainReport } from "./learning-router.ts";
export { LearningRouter } from "./learning-router.ts";
export { runRouterCycle } from "./router-cycle.ts";
export type { Exploration, RouterNetworkOptions, RouterTrainingOptions } from "./router-options.ts";
export type { TaskFamily } from "./sample/families.ts";
export { TASK_FAMILIES } from "./sample/families.ts";
export type { SampleOptions } from "./sample/sample-trajectories.ts";
export { sampleBenchmark, sampleTrajectories } from "./sample/sample-trajectories.ts";
export { SeenTrajectories } from "./seen-trajectories.ts";
export type {
  Candidate,
  CandidateSets,
  CandidateType,
  ContextSnapshot,
  Decision,
  DecisionType,
  Task,
  Trajectory,
} from "./trajectory.ts";
export {
  CANDIDATE_TYPES,
  DECISION_TYPES,
  parseTrajectory,
  trajectoryJson,
} from "./trajectory.ts";
export type { BrokenFile } from "./trajectory-files.ts";
export { writeTrajectory } from "./trajectory-files.ts";
export type { IndexedTrajectory } from "./trajectory-index.ts";
export { TrajectoryIndex } from "./trajectory-index.ts";
