// The `detector` of a model in a configuration file: which one by name, and its options.

import * as z from "zod";
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

const mode = z.enum(["up", "down", "both"]).optional();
const hddm = {
  drift_confidence: share.optional(),
  warning_confidence: share.optional(),
  two_sided: z.boolean().optional(),
};

const adwin = z.strictObject({
  name: z.literal("adwin"),
  delta: share.optional(),
  clock: positiveInteger.optional(),
  max_buckets: positiveInteger.optional(),
  min_window_length: positiveInteger.optional(),
  grace_period: nonNegativeInteger.optional(),
});
const pageHinkley = z.strictObject({
  name: z.literal("page-hinkley"),
  min_instances: positiveInteger.optional(),
  delta: nonNegativeNumber.optional(),
  threshold: positiveNumber.optional(),
  alpha: share.optional(),
  mode,
});
const kswin = z.strictObject({
  name: z.literal("kswin"),
  alpha: share.optional(),
  window_size: positiveInteger.optional(),
  stat_size: positiveInteger.optional(),
  seed: seed.optional(),
});
const ddm = z.strictObject({
  name: z.literal("ddm"),
  warm_start: positiveInteger.optional(),
  warning_threshold: positiveNumber.optional(),
  drift_threshold: positiveNumber.optional(),
});
const eddm = z.strictObject({
  name: z.literal("eddm"),
  warm_start: positiveInteger.optional(),
  alpha: share.optional(),
  beta: share.optional(),
});
const hddmA = z.strictObject({ name: z.literal("hddm-a"), ...hddm });
const hddmW = z.strictObject({ name: z.literal("hddm-w"), ...hddm, lambda: share.optional() });
const cusum = z.strictObject({
  name: z.literal("cusum"),
  min_instances: positiveInteger.optional(),
  slack: nonNegativeNumber.optional(),
  threshold: positiveNumber.optional(),
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
