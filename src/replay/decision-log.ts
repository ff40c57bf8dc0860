// Writes every decision of a replay as one line of JSON, in order.

import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type {
  BaseTrained,
  DriftDetected,
  NaiveUpdated,
  ReplayEvent,
  UpdateSettled,
} from "./replay-event.ts";

/** What names the contents of a written log. */
export interface LogDigest {
  lines: number;
  /** Hexadecimal, of all bytes. */
  sha256: string;
}

function baseLine(event: BaseTrained): object {
  return {
    samples: event.samples,
    steps: event.steps,
    loss_before: event.lossBefore,
    loss_after: event.lossAfter,
  };
}

function driftLine(event: DriftDetected): object {
  return {
    action: event.action,
    ...(event.obstacle !== undefined && { obstacle: event.obstacle }),
    current_sharpe: event.currentSharpe,
    mean_sharpe: event.meanSharpe,
    threshold: event.threshold,
    window_size: event.windowSize,
  };
}

function updateLine(event: UpdateSettled): object {
  return {
    trigger: event.trigger,
    reason: event.reason,
    ...(event.versionId !== undefined && { version: event.versionId }),
    holdout_loss_before: event.lossBefore ?? null,
    holdout_loss_after: event.lossAfter ?? null,
    measurements: event.measurements,
    steps: event.steps,
    replay_samples: event.days.replaySamples,
    train_from: event.days.trainFrom,
    train_to: event.days.trainTo,
    holdout_from: event.days.holdoutFrom,
    holdout_to: event.days.holdoutTo,
  };
}

function naiveLine(event: NaiveUpdated): object {
  return {
    train_loss_before: event.loss?.before ?? null,
    train_loss_after: event.loss?.after ?? null,
    steps: event.steps,
    train_from: event.trainFrom,
    train_to: event.trainTo,
  };
}

function details(event: ReplayEvent): object | undefined {
  switch (event.kind) {
    case "base-trained":
      return baseLine(event);
    case "drift-detected":
      return driftLine(event);
    case "day-settled":
      // Positions are consequences, not decisions; one a day would bury them.
      return undefined;
    case "naive-updated":
    case "naive-update-failed":
      return naiveLine(event);
    case "architecture-proposed": {
      const { accepted, reason, cell, parameters, currentSharpe, foundSharpe } = event;
      const sharpes = { current_sharpe: currentSharpe, found_sharpe: foundSharpe };
      return { accepted, reason, cell, parameters, ...sharpes };
    }
    case "version-rolled-back":
      return { from: event.from, to: event.to };
    default:
      return updateLine(event);
  }
}

/** The log of one replay, in a folder that is put in place when all of it is there. */
export class DecisionLog {
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #lines = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Starts an empty log at `path`, in a folder that exists. */
  static async open(path: string): Promise<DecisionLog> {
    return new DecisionLog(await open(path, "w"));
  }

  /**
   * Appends `{"seq","date","event", ...}` with snake_case details, numbered from 0; what is no
   * decision is passed over. Holds market dates and no clock, so that equal runs make equal bytes.
   */
  async append(event: ReplayEvent): Promise<void> {
    const found = details(event);
    if (found === undefined) return;
    const line = { seq: this.#lines, date: event.date, event: event.kind, ...found };
    const text = `${JSON.stringify(line)}\n`;
    this.#lines += 1;
    this.#hash.update(text);
    await this.#file.appendFile(text);
  }

  /** What the log holds so far. */
  digest(): LogDigest {
    return { lines: this.#lines, sha256: this.#hash.copy().digest("hex") };
  }

  /** Makes the log durable and closes it. */
  async close(): Promise<void> {
    await this.#file.sync().finally(() => this.#file.close());
  }
}
