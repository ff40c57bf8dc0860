// The public API for browsers: the same without files. `await init()` before anything else.

export { allocate, release } from "./core/arrays.ts";
export { init } from "./core/init.ts";
export type { CoreOptions, KernelInfo } from "./core/instance.ts";
export { kernelInfo } from "./core/instance.ts";
export type { FisherLabels } from "./core/network-compute.ts";
export type { Activation } from "./core/network-description.ts";
export type { EwcForm, OptimizerName, ScheduleName } from "./core/training.ts";
export type { ErrorCode } from "./errors.ts";
export { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "./errors.ts";
export type { ModuleAdapter } from "./model/adapted-model.ts";
export type { Loss } from "./model/loss.ts";
export type { LayerOptions, NetworkOptions } from "./model/network.ts";
export { Network } from "./model/network.ts";
export type { NetworkFisherOptions } from "./model/network-fisher.ts";
export type { Sample, SampleOrigin } from "./model/sample.ts";
export type { TrainOptions } from "./model/train-network.ts";
export type {
  EarlyStop,
  TrainingOptions,
  TrainProgress,
  TrainReport,
} from "./model/train-options.ts";
export type { Consolidation, ReplaySource } from "./model/training-run.ts";
export type { DriftDetector, DriftState } from "./pipeline/drift/drift-detector.ts";
export { rollingSharpe } from "./pipeline/drift/rolling-sharpe.ts";
export type {
  DriftAlert,
  SharpeDriftDetectorOptions,
} from "./pipeline/drift/sharpe-drift-detector.ts";
export { SharpeDriftDetector } from "./pipeline/drift/sharpe-drift-detector.ts";
export type { ReplayBufferOptions, ReplayBufferState } from "./pipeline/feedback/replay-buffer.ts";
export { ReplayBuffer } from "./pipeline/feedback/replay-buffer.ts";
export type { EwcOptions } from "./pipeline/update/ewc.ts";
export { Ewc } from "./pipeline/update/ewc.ts";
export { IncrementalUpdater } from "./pipeline/update/incremental-updater.ts";
export type {
  IncrementalUpdaterOptions,
  UpdateOptions,
} from "./pipeline/update/updater-options.ts";
