// What the service says of itself: health, readiness, metrics, events.

import type { Readable } from "node:stream";
import * as z from "zod";
import { type HttpApp, problemResponse, type ServiceParts } from "./http-app.ts";
import { addScheduleRoute } from "./schedule/schedule-route.ts";

const health = z.object({ status: z.literal("ok") });
const readiness = z.object({
  status: z.enum(["ready", "degraded", "unavailable"]),
  models: z.array(z.string()),
  failed: z.array(z.string()),
});
const eventsQuery = z.strictObject({ model_id: z.string().optional() });

/** An answer that is text of some media type, as it is or as a stream of it. */
const textAnswer = <T>(type: string) => ({
  description: "Text.",
  content: { [type]: { schema: z.string() as unknown as z.ZodType<T> } },
});

/** Adds `GET /healthz`, `/readyz`, `/metrics`, `/api/v1/schedule` and `/api/v1/events`. */
export function addSystemRoutes(app: HttpApp, parts: ServiceParts): void {
  const { host, metrics } = parts;
  addScheduleRoute(app, parts);
  addEventsRoute(app, parts);
  app.get(
    "/healthz",
    {
      config: { scope: "anyone", isUncounted: true },
      logLevel: "warn",
      schema: {
        summary: "Whether the process answers",
        response: { 200: health, ...problemResponse },
      },
    },
    async () => ({ status: "ok" as const }),
  );
  app.get(
    "/readyz",
    {
      config: { scope: "anyone", isUncounted: true },
      logLevel: "warn",
      schema: {
        summary: "Which models serve; 503 when none does",
        response: { 200: readiness, 503: readiness, ...problemResponse },
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
      schema: {
        summary: "Metrics for Prometheus",
        response: { 200: textAnswer<string>("text/plain"), ...problemResponse },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
}

function addEventsRoute(app: HttpApp, { host, feed }: ServiceParts): void {
  app.get(
    "/api/v1/events",
    {
      config: { scope: "read" },
      exposeHeadRoute: false, // there would be no end to it
      schema: {
        summary: "Server-sent events from now on, of one model or of all",
        querystring: eventsQuery,
        response: { 200: textAnswer<Readable>("text/event-stream"), ...problemResponse },
      },
    },
    async ({ query: { model_id } }, reply) => {
      if (model_id !== undefined) host.find(model_id);
      const headers = { "Cache-Control": "no-store", "X-Accel-Buffering": "no" };
      return reply.headers(headers).type("text/event-stream").send(feed.open(model_id));
    },
  );
}
