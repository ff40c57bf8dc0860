// What the service says of itself: health, readiness, metrics, events.

import * as z from "zod";
import type { HttpApp, ServiceParts } from "./http-app.ts";
import { addScheduleRoute } from "./schedule/schedule-route.ts";

const health = z.object({ status: z.literal("ok") });
const readiness = z.object({
  status: z.enum(["ready", "degraded", "unavailable"]),
  models: z.array(z.string()),
  failed: z.array(z.string()),
});
const eventsQuery = z.strictObject({ model_id: z.string().optional() });

/** Adds `GET /healthz`, `/readyz`, `/metrics`, `/api/v1/schedule` and `/api/v1/events`. */
export function addSystemRoutes(app: HttpApp, parts: ServiceParts): void {
  const { host, metrics, feed } = parts;
  addScheduleRoute(app, parts);
  app.get(
    "/healthz",
    {
      config: { scope: "anyone" },
      logLevel: "warn",
      schema: { summary: "Whether the process answers", response: { 200: health } },
    },
    async () => ({ status: "ok" as const }),
  );
  app.get(
    "/readyz",
    {
      config: { scope: "anyone" },
      logLevel: "warn",
      schema: {
        summary: "Which models serve; 503 when none does",
        response: { 200: readiness, 503: readiness },
      },
    },
    async (_, reply) => {
      const models = host.models.map(({ id }) => id);
      const failed = [...host.failures.keys()];
      if (models.length === 0) {
        return reply.code(503).send({ status: "unavailable", models, failed });
      }
      return { status: failed.length === 0 ? "ready" : "degraded", models, failed } as const;
    },
  );
  app.get(
    "/metrics",
    {
      config: { scope: "read" },
      logLevel: "warn",
      schema: { summary: "Metrics for Prometheus", produces: ["text/plain"] },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
  app.get(
    "/api/v1/events",
    {
      config: { scope: "read" },
      schema: {
        summary: "Server-sent events from now on, of one model or of all",
        produces: ["text/event-stream"],
        querystring: eventsQuery,
      },
    },
    async ({ query: { model_id } }, reply) => {
      if (model_id !== undefined) host.find(model_id);
      const headers = { "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
      return reply.headers(headers).type("text/event-stream").send(feed.open(model_id));
    },
  );
}
