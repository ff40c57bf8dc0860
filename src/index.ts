// The public API for Node.

export type { Clock, Moment } from "./clock.ts";
export { allocate, release } from "./core/arrays.ts";
export type { CellOperation } from "./core/cell-description.ts";
export {
  cellEdges,
  frameParameters,
  operationNames as cellOperations,
  operationParameters,
} from "./core/cell-description.ts";
export type { CellMove } from "./core/cell-training.ts";
export { softmax } from "./core/cell-training.ts";
export type { Assignment, KMeansResult, KMeansStart, Neighbor } from "./core/cluster.ts";
export { assignToCentroids, CosineIndex, sphericalKMeans, unitRows } from "./core/cluster.ts";
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
export type { CellNetworkOptions } from "./model/cell-network.ts";
export { CellNetwork } from "./model/cell-network.ts";
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
export type { DdmOptions } from "./pipeline/drift/ddm.ts";
export { Ddm } from "./pipeline/drift/ddm.ts";
export type { DriftDetector, DriftState } from "./pipeline/drift/drift-detector.ts";
export type { EddmOptions } from "./pipeline/drift/eddm.ts";
export { Eddm } from "./pipeline/drift/eddm.ts";
export { HddmA } from "./pipeline/drift/hddm-a.ts";
export type { HddmOptions } from "./pipeline/drift/hddm-options.ts";
export type { HddmWOptions } from "./pipeline/drift/hddm-w.ts";
export { HddmW } from "./pipeline/drift/hddm-w.ts";
export type { KswinOptions } from "./pipeline/drift/kswin.ts";
export { Kswin } from "./pipeline/drift/kswin.ts";
export type { PageHinkleyOptions } from "./pipeline/drift/page-hinkley.ts";
export { PageHinkley } from "./pipeline/drift/page-hinkley.ts";
export type { PopulationStabilityOptions } from "./pipeline/drift/population-stability-index.ts";
export {
  driftByStability,
  populationStabilityIndex,
} from "./pipeline/drift/population-stability-index.ts";
export { rollingSharpe } from "./pipeline/drift/rolling-sharpe.ts";
export type {
  DriftAlert,
  SharpeDriftDetectorOptions,
} from "./pipeline/drift/sharpe-drift-detector.ts";
export { SharpeDriftDetector } from "./pipeline/drift/sharpe-drift-detector.ts";
export type { FeedbackCollectorOptions } from "./pipeline/feedback/feedback-collector.ts";
export { FeedbackCollector } from "./pipeline/feedback/feedback-collector.ts";
export type { TornLine } from "./pipeline/feedback/feedback-files.ts";
export type { FeedbackSignal } from "./pipeline/feedback/feedback-signal.ts";
export type { HoldoutSplitOptions } from "./pipeline/feedback/holdout-split.ts";
export { HoldoutSplit } from "./pipeline/feedback/holdout-split.ts";
export type { IntakeOptions } from "./pipeline/feedback/intake.ts";
export type { ReplayBufferOptions, ReplayBufferState } from "./pipeline/feedback/replay-buffer.ts";
export { ReplayBuffer } from "./pipeline/feedback/replay-buffer.ts";
export type { SampleStore } from "./pipeline/feedback/sample-store.ts";
export type { MemorySampleStoreOptions } from "./pipeline/feedback/sample-store-memory.ts";
export { MemorySampleStore } from "./pipeline/feedback/sample-store-memory.ts";
export type { SqliteSampleStoreOptions } from "./pipeline/feedback/sample-store-sqlite.ts";
export { SqliteSampleStore } from "./pipeline/feedback/sample-store-sqlite.ts";
export type { SourcePosition } from "./pipeline/feedback/source-position.ts";
export type { LearnerInspection } from "./pipeline/inspect-learner.ts";
export { inspectLearner } from "./pipeline/inspect-learner.ts";
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
export type { ConservativeOptions, DailyOptions, Preset } from "./pipeline/presets.ts";
export { conservative, daily } from "./pipeline/presets.ts";
export type { BenchmarkResult } from "./pipeline/promote/benchmark-result.ts";
export type { ProbationOptions, ProbationOutcome } from "./pipeline/promote/probation.ts";
export { Probation } from "./pipeline/promote/probation.ts";
export type {
  PromotionDecision,
  PromotionPolicyOptions,
} from "./pipeline/promote/promotion-policy.ts";
export { PromotionPolicy } from "./pipeline/promote/promotion-policy.ts";
export type {
  SafeModeOptions,
  SafeModeState,
  UpdateStrength,
} from "./pipeline/promote/safe-mode.ts";
export { SafeMode } from "./pipeline/promote/safe-mode.ts";
export { allOf } from "./pipeline/trigger/all-of.ts";
export { anyOf } from "./pipeline/trigger/any-of.ts";
export type { DetectorTriggerOptions } from "./pipeline/trigger/detector-trigger.ts";
export { DetectorTrigger } from "./pipeline/trigger/detector-trigger.ts";
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
export type {
  CompareSharpeOptions,
  SharpeComparison,
  SharpeInference,
} from "./pipeline/validate/compare-sharpe.ts";
export { compareSharpe } from "./pipeline/validate/compare-sharpe.ts";
export { Composite } from "./pipeline/validate/composite.ts";
export { Drawdown } from "./pipeline/validate/drawdown.ts";
export { ErrorRate } from "./pipeline/validate/error-rate.ts";
export { FiniteWeights } from "./pipeline/validate/finite-weights.ts";
export { GradientNorm } from "./pipeline/validate/gradient-norm.ts";
export { Latency } from "./pipeline/validate/latency.ts";
export type { Kernel } from "./pipeline/validate/long-run-variance.ts";
export { LossDelta } from "./pipeline/validate/loss-delta.ts";
export type { LossImprovementOptions } from "./pipeline/validate/loss-improvement.ts";
export { LossImprovement } from "./pipeline/validate/loss-improvement.ts";
export type { OutputKlOptions } from "./pipeline/validate/output-kl.ts";
export { OutputKl } from "./pipeline/validate/output-kl.ts";
export { Perplexity } from "./pipeline/validate/perplexity.ts";
export { Retention } from "./pipeline/validate/retention.ts";
export type { AnchorSource, SharpeStabilityOptions } from "./pipeline/validate/sharpe-stability.ts";
export { SharpeStability } from "./pipeline/validate/sharpe-stability.ts";
export type { ProfitAndLoss } from "./pipeline/validate/snapshot-of.ts";
export type { ModelSnapshot, ValidationResult, Validator } from "./pipeline/validate/validator.ts";
export type { ValidatorLimits } from "./pipeline/validate/validators-from.ts";
export { validatorsFrom } from "./pipeline/validate/validators-from.ts";
export { WeightNorm } from "./pipeline/validate/weight-norm.ts";
export type { AuditHead, AuditProblem, AuditVerdict } from "./store/audit-chain.ts";
export type { AuditEvent, AuditEventType } from "./store/audit-line.ts";
export { AUDIT_EVENT_TYPES } from "./store/audit-line.ts";
export type { AuditEntry, AuditLogOptions, AuditRepair } from "./store/audit-log.ts";
export { AuditLog } from "./store/audit-log.ts";
export type { StoreOptions } from "./store/choose-store.ts";
export type { CurrentVersion, VersionChange } from "./store/current-record.ts";
export type { Disk, DiskEntry, DiskFile } from "./store/disk.ts";
export type { FileStoreOptions } from "./store/file-store.ts";
export { FileStore } from "./store/file-store.ts";
export type { LockHost, LockOwner } from "./store/lock-host.ts";
export { MemoryStore } from "./store/memory-store.ts";
export type { DamagedSnapshot, RollbackManagerOptions } from "./store/rollback-manager.ts";
export { RollbackManager } from "./store/rollback-manager.ts";
export type { Tensor, TensorFile } from "./store/safetensors.ts";
export { decodeSafetensors, encodeSafetensors } from "./store/safetensors.ts";
export type { StorageOptions } from "./store/storage-options.ts";
export type { Store } from "./store/store.ts";
export type { SavedVersion, Version } from "./store/version-files.ts";
export type { VersionEntry } from "./store/version-record.ts";
export type { DamagedVersion, VersionStoreOptions } from "./store/version-store.ts";
export { VersionStore } from "./store/version-store.ts";
