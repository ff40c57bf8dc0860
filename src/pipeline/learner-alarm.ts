// When to update: what the detector says of the value that is watched, and what the trigger does.

import type { UpdateReason } from "../events.ts";
import type { DriftDetector, DriftState } from "./drift/drift-detector.ts";
import type { LearnerState } from "./learner-state.ts";
import type { LearnerTrace } from "./learner-trace.ts";
import type { Trigger } from "./trigger/trigger.ts";

/** The options that decide. */
interface AlarmOptions {
  detector?: DriftDetector | undefined;
  trigger?: Trigger | undefined;
  watched: "loss" | "pnl";
  onDrift: "new-chapter" | "update";
  minSamples: number;
  minHoldout: number;
}

/** Listens to one learner's outcomes. */
export class LearnerAlarm {
  readonly #options: AlarmOptions;
  readonly #state: LearnerState;
  readonly #trace: LearnerTrace;

  constructor(options: AlarmOptions, state: LearnerState, trace: LearnerTrace) {
    this.#options = options;
    this.#state = state;
    this.#trace = trace;
  }

  /** What the watched value of a sample means, once that sample is in its window. */
  hear(watched: number): { drift: DriftState; reason: UpdateReason | undefined } {
    const drift = this.#detectDrift(watched);
    return { drift, reason: this.#updateReason(drift, watched) };
  }

  #detectDrift(watched: number): DriftState {
    const { detector } = this.#options;
    if (!detector || !Number.isFinite(watched)) return "stable";
    const drift = detector.update(watched);
    if (drift === "drift") {
      const { measurements } = detector;
      this.#trace.emit({ type: "drift-detected", value: watched, measurements });
    }
    return drift;
  }

  /**
   * After drift the windows start empty, and an update is tried whenever `minSamples` new ones are
   * there, until the training window has filled and another one no longer helps: the first samples
   * of a new world say little.
   */
  #updateReason(drift: DriftState, watched: number): UpdateReason | undefined {
    const { minSamples, minHoldout, onDrift } = this.#options;
    const state = this.#state;
    const isTriggered = this.#askTrigger(watched);
    if (drift === "drift") {
      if (onDrift === "update") return "drift";
      // Alarm upon alarm must not keep the windows from ever filling.
      const isTooNew = state.isAdapting && state.intake.training().length < minSamples;
      if (!isTooNew) state.intake.startChapter();
      state.isAdapting = true;
    }
    const isReady = state.intake.holdout().length >= minHoldout;
    if (state.isAdapting && isReady && state.intake.sinceUpdate >= minSamples) return "drift";
    return isTriggered ? "trigger" : undefined;
  }

  #askTrigger(watched: number): boolean {
    const { trigger } = this.#options;
    if (!trigger || !Number.isFinite(watched)) return false;
    const { triggerState } = this.#state;
    const loss = this.#options.watched === "pnl" ? -watched : watched;
    trigger.recordSample(triggerState, loss);
    return trigger.shouldRetrain(triggerState, loss);
  }
}
