// The public API of `driftkeel/gate`: allow, ask or block decisions that learn from corrections.

export type { SavedTokenizer } from "./byte-pair-tokenizer.ts";
export { BytePairTokenizer } from "./byte-pair-tokenizer.ts";
export type { CalibrationSample, SavedCalibration } from "./calibration.ts";
export { Calibration, calibrationError } from "./calibration.ts";
export type { CalibrationReport } from "./calibration-report.ts";
export type { ConfidenceBandsOptions, CostMatrix, Verdict } from "./confidence-bands.ts";
export { ConfidenceBands } from "./confidence-bands.ts";
export type { Judgement } from "./confusion-matrix.ts";
export { ConfusionMatrix } from "./confusion-matrix.ts";
export { Convergence, wilsonLowerBound } from "./convergence.ts";
export type { Contribution } from "./federated-merge.ts";
export { mergeContributions } from "./federated-merge.ts";
export type { GateDecision, RecordedSignal } from "./gate-model.ts";
export { GateModel } from "./gate-model.ts";
export type { GateModelOptions } from "./gate-options.ts";
export type { CreateFrameOptions } from "./peer-frame.ts";
export { createFrame } from "./peer-frame.ts";
export type { PeerKey, SigningKey } from "./peer-keys.ts";
export type { PeerAnswer, PeerSyncOptions, QuarantinedFrame } from "./peer-sync.ts";
export { PeerSync } from "./peer-sync.ts";
export type { Tokenizer } from "./signal-tokens.ts";
export { signalToTokens } from "./signal-tokens.ts";
export type { SignalSimulatorOptions, SimulatedCall } from "./simulated-signals.ts";
export { SignalSimulator } from "./simulated-signals.ts";
export { tokenFeatures } from "./token-features.ts";
export type { GateCall, Lesson, TrainingSignal, WireSignal } from "./training-signal.ts";
export { fromWire, lessonOf, toWire } from "./training-signal.ts";
