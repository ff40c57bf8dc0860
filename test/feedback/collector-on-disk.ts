// A feedback collector on a disk in memory, for the tests of it.

import {
  FeedbackCollector,
  type FeedbackCollectorOptions,
} from "../../src/pipeline/feedback/feedback-collector.ts";
import type { FeedbackSignal } from "../../src/pipeline/feedback/feedback-signal.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

/** A signal with an id. */
export const signal = (predictionId: string): FeedbackSignal => ({
  timestamp: new Date(1_700_000_000_123),
  predictionId,
  predicted: [0.1, -1e-300],
  actual: [],
  score: 0.5,
});

/** How to open a collector with room for 3 signals, and to read its files as text. */
export function collectorOn(disk = new FaultyDisk()) {
  const open = (options: Partial<FeedbackCollectorOptions> = {}) =>
    FeedbackCollector.open({
      bufferSize: 3,
      flushIntervalMs: 1000,
      storagePath: "/feedback",
      disk,
      lockHost: disk.lockHost,
      ...options,
    });
  const text = async (file: string) => {
    const bytes = await disk.read(`/feedback/${file}`);
    return bytes && new TextDecoder().decode(bytes);
  };
  return { disk, open, text };
}

export const idsOf = (signals: readonly FeedbackSignal[]) =>
  signals.map(({ predictionId }) => predictionId);
