// The public API of `driftkeel/background`: patterns of answered queries, and a base adapter that
// learns from them beside the requests.

export type { BackgroundResult } from "./background-loop.ts";
export { BackgroundLoop } from "./background-loop.ts";
export type {
  BackgroundLoopConfig,
  InstantLoopOptions,
  OnlineEwcOptions,
  PatternBankOptions,
} from "./background-options.ts";
export type { BackgroundStatus, HeldOutGain } from "./background-update.ts";
export type { CoordinatorOptions, CoordinatorStats } from "./coordinator.ts";
export { Coordinator } from "./coordinator.ts";
export type { Correction, InstantUpdate } from "./instant-loop.ts";
export { InstantLoop } from "./instant-loop.ts";
export type { BoundaryEvidence, BoundarySample } from "./online-ewc.ts";
export { OnlineEwc } from "./online-ewc.ts";
export type { Extraction, Pattern, PruneLimits, SimilarPattern } from "./pattern-bank.ts";
export { PatternBank } from "./pattern-bank.ts";
export type { QueryTrajectory, TrajectoryStep } from "./query-trajectory.ts";
