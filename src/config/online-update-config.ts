// The `online_update` of a model in a configuration file: what updates on a window of stored
// samples may be asked for, and their defaults.

import * as z from "zod/mini";
import { nonNegativeNumber, positiveInteger, positiveNumber } from "../options.ts";

const MAX_DAYS = "an integer from 1 to 3650";
const days = positiveInteger.check(z.maximum(3650, MAX_DAYS));
const MOST = 1_000_000;

/** Schema of the section; every member has a default. */
export const onlineUpdateConfig = z.strictObject({
  /** Days that a window may have. */
  min_days: z._default(days, 30),
  max_days: z._default(days, 90),
  /** Of a request that names none. */
  learning_rate: z._default(positiveNumber, 1e-5),
  ewc_lambda: z._default(nonNegativeNumber, 1000),
  /** Samples of a window that an update takes at most. */
  max_samples: z._default(
    positiveInteger.check(z.maximum(MOST, `an integer from 1 to ${MOST}`)),
    100_000,
  ),
});

/** How windows of one model are learned. */
export type OnlineUpdateConfig = z.output<typeof onlineUpdateConfig>;
