// Architecture search for trading signals: what `driftkeel/nas` offers.

export type {
  AutoNasTriggerOptions,
  CurrentSignal,
  DriftData,
  NasProposal,
} from "./auto-nas-trigger.ts";
export { AutoNasTrigger } from "./auto-nas-trigger.ts";
export type { NasConfig } from "./nas-config.ts";
export { runRandomSearch } from "./random-search.ts";
export type { NasPhase, NasProgress } from "./search-pace.ts";
export type { Cell, SearchSpaceOptions } from "./search-space.ts";
export { SearchSpace } from "./search-space.ts";
export { sharpeRatio } from "./sharpe-ratio.ts";
export type { SignalData, SignalScale } from "./signal-data.ts";
export type { NasExport } from "./signal-model.ts";
export { SignalModel } from "./signal-model.ts";
export type { NasResult, NasRunOptions, NasTrial } from "./signal-nas.ts";
export { runSignalNas } from "./signal-nas.ts";
export type { TrainedCell } from "./train-cell.ts";
