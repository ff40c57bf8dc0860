// The `detector` of a model in a configuration file: which one by name, and its options.

import * as z from "zod/mini";
import {
  Adwin,
  Cusum,
  Ddm,
  type DriftDetector,
  Eddm,
  HddmA,
  HddmW,
  Kswin,
  PageHinkley,
} from "../index.ts";
import {
  nonNegativeInteger,
  nonNegativeNumber,
  positiveInteger,
  positiveNumber,
  seed,
  share,
} from "../options.ts";
import { toCamelCase } from "./snake-case.ts";

const mode = z.optional(z.enum(["up", "down", "both"]));
const hddm = {
  drift_confidence: z.optional(share),
  warning_confidence: z.optional(share),
  two_sided: z.optional(z.boolean()),
};

const adwin = z.strictObject({
  name: z.literal("adwin"),
  delta: z.optional(share),
  clock: z.optional(positiveInteger),
  max_buckets: z.optional(positiveInteger),
  min_window_length: z.optional(positiveInteger),
  grace_period: z.optional(nonNegativeInteger),
});
const pageHinkley = z.strictObject({
  name: z.literal("page-hinkley"),
  min_instances: z.optional(positiveInteger),
  delta: z.optional(nonNegativeNumber),
  threshold: z.optional(positiveNumber),
  alpha: z.optional(share),
  mode,
});
const kswin = z.strictObject({
  name: z.literal("kswin"),
  alpha: z.optional(share),
  window_size: z.optional(positiveInteger),
  stat_size: z.optional(positiveInteger),
  seed: z.optional(seed),
});
const ddm = z.strictObject({
  name: z.literal("ddm"),
  warm_start: z.optional(positiveInteger),
  warning_threshold: z.optional(positiveNumber),
  drift_threshold: z.optional(positiveNumber),
});
const eddm = z.strictObject({
  name: z.literal("eddm"),
  warm_start: z.optional(positiveInteger),
  alpha: z.optional(share),
  beta: z.optional(share),
});
const hddmA = z.strictObject({ name: z.literal("hddm-a"), ...hddm });
const hddmW = z.strictObject({ name: z.literal("hddm-w"), ...hddm, lambda: z.optional(share) });
const cusum = z.strictObject({
  name: z.literal("cusum"),
  min_instances: z.optional(positiveInteger),
  slack: z.optional(nonNegativeNumber),
  threshold: z.optional(positiveNumber),
  mode,
});

/** One of the detectors by name; what it leaves open has the detector's own default. */
export const detectorConfig = z.discriminatedUnion("name", [
  adwin,
  pageHinkley,
  kswin,
  ddm,
  eddm,
  hddmA,
  hddmW,
  cusum,
]);

type DetectorConfig = z.output<typeof detectorConfig>;

/** How each is made. Options that do not go together are OPTION_INVALID. */
const CREATE: {
  [Name in DetectorConfig["name"]]: (
    config: Omit<Extract<DetectorConfig, { name: Name }>, "name">,
  ) => DriftDetector;
} = {
  adwin: (config) => new Adwin(toCamelCase(config)),
  "page-hinkley": (config) => new PageHinkley(toCamelCase(config)),
  kswin: (config) => new Kswin(toCamelCase(config)),
  ddm: (config) => new Ddm(toCamelCase(config)),
  eddm: (config) => new Eddm(toCamelCase(config)),
  "hddm-a": (config) => new HddmA(toCamelCase(config)),
  "hddm-w": (config) => new HddmW(toCamelCase(config)),
  cusum: (config) => new Cusum(toCamelCase(config)),
};

/** The detector that a section describes. Throws OPTION_INVALID. */
export function createDetector({ name, ...options }: DetectorConfig): DriftDetector {
  return (CREATE[name] as (config: object) => DriftDetector)(options);
}
