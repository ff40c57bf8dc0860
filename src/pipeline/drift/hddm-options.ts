// What both HDDM detectors are told.

import * as z from "zod/mini";
import { atMost, probability } from "./detector-options.ts";

/** The options of HddmA; HddmW adds lambda. */
export const hddmOptions = z.strictObject({
  driftConfidence: z._default(probability, 0.001),
  warningConfidence: z._default(probability, 0.005),
  twoSided: z._default(z.boolean(), false),
});

export interface HddmOptions {
  /** Chance of a false drift per test: 1e-100 to below 1; default 0.001. */
  driftConfidence?: number;
  /** Chance of a false warning per test, at least driftConfidence; default 0.005. */
  warningConfidence?: number;
  /** Whether a falling mean is drift too; default false: only a rising one. */
  twoSided?: boolean;
}

/** For `check`: what is drift is a warning too. */
export const confidencesInOrder = atMost("driftConfidence", "warningConfidence");
