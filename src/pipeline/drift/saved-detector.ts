// The form of a detector's state on disk, common to all detectors with a plain memory.

import * as z from "zod/mini";

/** `memory` is parsed by the kind of detector it belongs to. */
export const savedDetector = z.object({
  detector: z.string(),
  options: z.record(z.string(), z.unknown()),
  result: z.enum(["stable", "warning", "drift"]),
  memory: z.unknown(),
});
