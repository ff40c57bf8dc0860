// The public API for browsers: the same without files. `await init()` before anything else.

export type { Clock, Moment } from "./clock.ts";
export { allocate, release } from "./core/arrays.ts";
export { init } from "./core/init.ts";
export type { CoreOptions, KernelInfo } from "./core/instance.ts";
export { kernelInfo } from "./core/instance.ts";
export type { FisherLabels } from "./core/network-compute.ts";
export type { Activation } from "./core/network-description.ts";
export { Random } from "./core/random.ts";
export type { EwcForm, OptimizerName, ScheduleName } from "./core/training.ts";
export type { ErrorCode } from "./errors.ts";
export { DriftkeelError, DriftkeelRangeError, DriftkeelTypeError } from "./errors.ts";
export type {
  EventBody,
  LearnerEvent,
  Measurements,
  ProbationEnd,
  UpdateReason,
} from "./events.ts";
export type { ModuleAdapter } from "./model/adapted-model.ts";
export type { BlackBoxOptions, SampleLoss } from "./model/black-box-learnable.ts";
export { BlackBoxLearnable } from "./model/black-box-learnable.ts";
export type { Learnable, ModelVersion, ProposalRequest } from "./model/learnable.ts";
export type { Loss } from "./model/loss.ts";
export type { LayerOptions, NetworkOptions } from "./model/network.ts";
export { Network } from "./model/network.ts";
export type { NetworkFisherOptions } from "./model/network-fisher.ts";
export type { NetworkLearnableOptions } from "./model/network-learnable.ts";
export { NetworkLearnable } from "./model/network-learnable.ts";
export type { Sample, SampleOrigin } from "./model/sample.ts";
export type { TrainOptions } from "./model/train-network.ts";
export type {
  EarlyStop,
  TrainingOptions,
  TrainProgress,
  TrainReport,
} from "./model/train-options.ts";
export type { Consolidation, ReplaySource } from "./model/training-run.ts";
export type { AdwinOptions } from "./pipeline/drift/adwin.ts";
export { Adwin } from "./pipeline/drift/adwin.ts";
export type { CusumOptions } from "./pipeline/drift/cusum.ts";
export { Cusum } from "./pipeline/drift/cusum.ts";
export type { DriftDetector, DriftState } from "./pipeline/drift/drift-detector.ts";
export type { PageHinkleyOptions } from "./pipeline/drift/page-hinkley.ts";
export { PageHinkley } from "./pipeline/drift/page-hinkley.ts";
export { rollingSharpe } from "./pipeline/drift/rolling-sharpe.ts";
export type {
  DriftAlert,
  SharpeDriftDetectorOptions,
} from "./pipeline/drift/sharpe-drift-detector.ts";
export { SharpeDriftDetector } from "./pipeline/drift/sharpe-drift-detector.ts";
export type { FeedbackSignal } from "./pipeline/feedback/feedback-signal.ts";
export type { HoldoutSplitOptions } from "./pipeline/feedback/holdout-split.ts";
export { HoldoutSplit } from "./pipeline/feedback/holdout-split.ts";
export type { IntakeOptions } from "./pipeline/feedback/intake.ts";
export type { ReplayBufferOptions, ReplayBufferState } from "./pipeline/feedback/replay-buffer.ts";
export { ReplayBuffer } from "./pipeline/feedback/replay-buffer.ts";
export { OnlineLearner } from "./pipeline/learner.ts";
export type { OnlineLearnerOptions } from "./pipeline/learner-options.ts";
export type {
  DryRunOutcome,
  EwcFacts,
  LearnerStatus,
  Observation,
  Prediction,
  Submission,
  TimeSpan,
  UpdateFacts,
  UpdateOutcome,
  UpdateRequest,
} from "./pipeline/learner-results.ts";
export type { BenchmarkResult } from "./pipeline/promote/benchmark-result.ts";
export type { ProbationOptions, ProbationOutcome } from "./pipeline/promote/probation.ts";
export { Probation } from "./pipeline/promote/probation.ts";
export type { DriftTriggerOptions } from "./pipeline/trigger/drift-trigger.ts";
export { DriftTrigger } from "./pipeline/trigger/drift-trigger.ts";
export type { MinimumNewTriggerOptions } from "./pipeline/trigger/minimum-new-trigger.ts";
export { MinimumNewTrigger } from "./pipeline/trigger/minimum-new-trigger.ts";
export type { ScheduledTriggerOptions } from "./pipeline/trigger/scheduled-trigger.ts";
export { ScheduledTrigger } from "./pipeline/trigger/scheduled-trigger.ts";
export type { Trigger, TriggerConfig, TriggerState } from "./pipeline/trigger/trigger.ts";
export type { LearnerEwcOptions } from "./pipeline/update/candidate-trainer.ts";
export type { EwcOptions } from "./pipeline/update/ewc.ts";
export { Ewc } from "./pipeline/update/ewc.ts";
export { IncrementalUpdater } from "./pipeline/update/incremental-updater.ts";
export type {
  IncrementalUpdaterOptions,
  UpdateOptions,
} from "./pipeline/update/updater-options.ts";
export { Composite } from "./pipeline/validate/composite.ts";
export { Drawdown } from "./pipeline/validate/drawdown.ts";
export { ErrorRate } from "./pipeline/validate/error-rate.ts";
export { FiniteWeights } from "./pipeline/validate/finite-weights.ts";
export { GradientNorm } from "./pipeline/validate/gradient-norm.ts";
export { Latency } from "./pipeline/validate/latency.ts";
export { LossDelta } from "./pipeline/validate/loss-delta.ts";
export type { LossImprovementOptions } from "./pipeline/validate/loss-improvement.ts";
export { LossImprovement } from "./pipeline/validate/loss-improvement.ts";
export { Retention } from "./pipeline/validate/retention.ts";
export type { AnchorSource, SharpeStabilityOptions } from "./pipeline/validate/sharpe-stability.ts";
export { SharpeStability } from "./pipeline/validate/sharpe-stability.ts";
export type { ProfitAndLoss } from "./pipeline/validate/snapshot-of.ts";
export type { ModelSnapshot, ValidationResult, Validator } from "./pipeline/validate/validator.ts";
export { WeightNorm } from "./pipeline/validate/weight-norm.ts";
export type { CurrentVersion, VersionChange } from "./store/current-record.ts";
export { IndexedDbStore } from "./store/indexed-db-store.ts";
export { MemoryStore } from "./store/memory-store.ts";
export type { Store } from "./store/store.ts";
export type { SavedVersion, Version } from "./store/version-files.ts";
export type { VersionEntry } from "./store/version-record.ts";
export type { DamagedVersion, VersionStoreOptions } from "./store/version-store.ts";
export { VersionStore } from "./store/version-store.ts";
