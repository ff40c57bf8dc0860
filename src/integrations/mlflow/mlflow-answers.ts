// What MLflow answers, as far as it is read.

import * as z from "zod/mini";

const tag = z.object({ key: z.string(), value: z.optional(z.string()) });

/** Of a request whose answer says nothing. */
export const nothing = z.unknown();

export const experimentAnswer = z.object({
  experiment: z.object({ experiment_id: z.string() }),
});

export const createdExperiment = z.object({ experiment_id: z.string() });

const run = z.object({
  info: z.object({ run_id: z.string(), artifact_uri: z.string() }),
});

export const runAnswer = z.object({ run });

export const runsAnswer = z.object({ runs: z.optional(z.array(run)) });

const modelVersion = z.object({
  version: z.string(),
  source: z.optional(z.string()),
  run_id: z.optional(z.string()),
  tags: z.optional(z.array(tag)),
});

export const modelVersionAnswer = z.object({ model_version: modelVersion });

export const modelVersionsAnswer = z.object({
  model_versions: z.optional(z.array(modelVersion)),
});

/** A version of a registered model, as MLflow tells of it. */
export type ModelVersionRecord = z.output<typeof modelVersion>;

/** A run. */
export type RunRecord = z.output<typeof run>;
