// The `trigger` of a model in a configuration file: which one by name, and its options.

import * as z from "zod/mini";
import { DriftTrigger, MinimumNewTrigger, ScheduledTrigger, type Trigger } from "../index.ts";
import { nonNegativeInteger, nonNegativeNumber, positiveInteger } from "../options.ts";
import { toCamelCase } from "./snake-case.ts";

const timing = {
  cooldown_ms: z.optional(nonNegativeNumber),
  eval_window_size: z.optional(positiveInteger),
};

/** One of the triggers by name. */
export const triggerConfig = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("scheduled"), interval: positiveInteger, ...timing }),
  z.strictObject({ name: z.literal("minimum-new"), minimum_new: positiveInteger, ...timing }),
  z.strictObject({
    name: z.literal("drift"),
    drift_threshold: nonNegativeNumber,
    min_sample_count: z._default(nonNegativeInteger, 0),
    eval_window_size: z._default(positiveInteger, 100),
    cooldown_ms: z._default(nonNegativeNumber, 0),
  }),
]);

/** The trigger that a section describes. Throws OPTION_INVALID. */
export function createTrigger(config: z.output<typeof triggerConfig>): Trigger {
  switch (config.name) {
    case "scheduled":
      return new ScheduledTrigger(withoutName(config));
    case "minimum-new":
      return new MinimumNewTrigger(withoutName(config));
    case "drift":
      return new DriftTrigger(withoutName(config));
  }
}

function withoutName<T extends { name: string }>({ name: _, ...options }: T) {
  return toCamelCase(options);
}
