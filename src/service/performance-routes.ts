// How a model does: its loss and Sharpe ratio over time, and whether its updates have held.

import * as z from "zod";
import { finite } from "./finite.ts";
import { type HttpApp, modelPath, problemResponse, type ServiceParts } from "./http-app.ts";
import { statusSchema } from "./records.ts";

const number = z.number().nullable();

const performanceSchema = z.object({
  model_id: z.string(),
  version_id: z.string(),
  since: z.string().nullable().describe("time of the first point; the service keeps no older ones"),
  points: z.array(
    z.object({
      at: z.string(),
      observed: z.int().describe("samples since the service started"),
      loss: number.describe("mean of the block of samples that ends here"),
      sharpe: number.describe("rolling and annual; null for too little P&L"),
    }),
  ),
  loss: number.describe("mean over the newest samples"),
  sharpe: number,
  sharpe_threshold: number.describe("below it, 5% of the ratio at the last promotion is lost"),
});

const stabilitySchema = z.object({
  model_id: z.string(),
  version_id: z.string(),
  state: statusSchema.shape.state,
  safe_mode: z.string().nullable(),
  probation: statusSchema.shape.probation,
  sharpe: number,
  sharpe_threshold: number,
  updates: z
    .object({ promoted: z.int(), rejected: z.int(), failed: z.int(), rolled_back: z.int() })
    .describe("of the whole audit log; the first version counts as promoted"),
  drift_alerts: z.int(),
  last_verdict: z
    .object({
      at: z.string(),
      outcome: z.string(),
      reason: z.string(),
      measurements: z.record(z.string(), number),
    })
    .nullable(),
});

/** Adds `GET .../performance` and `.../stability`. */
export function addPerformanceRoutes(app: HttpApp, { host }: ServiceParts): void {
  const config = { scope: "read" as const };
  app.get(
    "/api/v1/models/:id/performance",
    {
      config,
      schema: {
        summary: "Loss and Sharpe ratio since the service started, oldest first",
        params: modelPath,
        response: { 200: performanceSchema, ...problemResponse },
      },
    },
    async ({ params: { id } }) => {
      const { performance, learner } = host.find(id);
      const points = performance.points.map(({ atMs, observed, loss, sharpe }) => ({
        at: new Date(atMs).toISOString(),
        observed,
        loss: finite(loss),
        sharpe: finite(sharpe),
      }));
      return {
        model_id: id,
        version_id: learner.status().versionId,
        since: points[0]?.at ?? null,
        points,
        loss: finite(performance.loss),
        sharpe: finite(performance.sharpe),
        sharpe_threshold: finite(performance.sharpeThreshold),
      };
    },
  );
  app.get(
    "/api/v1/models/:id/stability",
    {
      config,
      schema: {
        summary: "Whether updates have held: verdicts, rollbacks, probation, safe mode",
        params: modelPath,
        response: { 200: stabilitySchema, ...problemResponse },
      },
    },
    async ({ params: { id } }) => {
      const { learner, performance, verdicts } = host.find(id);
      const { versionId, state, safeMode, probation } = learner.status();
      return {
        model_id: id,
        version_id: versionId,
        state,
        safe_mode: safeMode ?? null,
        probation: probation ?? null,
        sharpe: finite(performance.sharpe),
        sharpe_threshold: finite(performance.sharpeThreshold),
        ...(await verdicts.read()),
      };
    },
  );
}
