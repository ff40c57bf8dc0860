// All quality benches by name, in the order of the page.

import type { QualityBench } from "./table.ts";

/** A bench and what the page says of it. */
export interface BenchEntry {
  title: string;
  /** What its figures answer, for a reader who knows nothing of it. */
  shows: string;
  /** Whether it times something: then nothing else runs beside it. */
  isTimed?: boolean;
  load(): Promise<QualityBench>;
}

export const benches: Record<string, BenchEntry> = {
  gates: {
    title: "Gates before a promotion",
    shows:
      "How often the gates refuse an update that changed nothing, and how often they catch one " +
      "that hurts, on simulated models whose truth is known. Beside them stands the plain rule " +
      "that compares two ratios.",
    load: () => import("./gates.ts"),
  },
  probation: {
    title: "Probation after a promotion",
    shows:
      "How often a promoted model that is as good as the one before is rolled back, however " +
      "often one looks, and how soon a worse one is. Beside it stands a t-test that looks after " +
      "every sample.",
    load: () => import("./probation.ts"),
  },
  drift: {
    title: "Drift detectors",
    shows:
      "How many changes each detector finds, how late, and how often it alarms where nothing " +
      "changes, all with their defaults.",
    load: () => import("./drift.ts"),
  },
  degradation: {
    title: "Ninety days of a changing market",
    shows:
      "What becomes of a trading model in a simulated market that drifts and changes its regime: " +
      "left alone, updated without care, retrained on everything, or in the care of an " +
      "`OnlineLearner`. The market is a simulation, and its drift is set so that a model left " +
      "alone loses 15-25% of its Sharpe ratio; what the others keep is a result.",
    load: () => import("./degradation.ts"),
  },
  poisoned: {
    title: "Poisoned updates",
    shows:
      "What reaches the served model when feedback lies or training goes wrong, and whether the " +
      "loss that users see ever leaves its band.",
    load: () => import("./poisoned.ts"),
  },
  incremental: {
    title: "Incremental update or full retraining",
    shows:
      "Time and quality of an incremental update beside a training from scratch on all history, " +
      "in the market of the degradation bench.",
    isTimed: true,
    load: () => import("./incremental.ts"),
  },
  forgetting: {
    title: "Forgetting: Permuted MNIST",
    shows:
      "What a network still knows of ten tasks that it learned one after another, with EWC, with " +
      "replay, with both, and with neither.",
    isTimed: true,
    load: () => import("./forgetting.ts"),
  },
  "rotated-digits": {
    title: "Forgetting with LoRA: rotated digits",
    shows:
      "Whether adapters on a frozen base can learn turned digits and keep what the base knew of " +
      "upright ones.",
    load: () => import("./rotated-digits.ts"),
  },
};
