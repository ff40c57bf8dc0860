// The HTTP server of a host: its routes, who may use them, what an error looks like.

import swagger from "@fastify/swagger";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { version } from "../../package.json";
import type { Clock } from "../index.ts";
import { Access } from "./access.ts";
import type { AlertSettings } from "./alerts/alert-config.ts";
import { Alerts } from "./alerts/alerts.ts";
import { addDashboardRoute } from "./dashboard-route.ts";
import { endWithRequests } from "./ending.ts";
import { EventFeed } from "./event-feed.ts";
import { addHistoryRoutes } from "./history-routes.ts";
import type { HttpApp } from "./http-app.ts";
import { addJobRoutes } from "./jobs/job-routes.ts";
import type { UpdateJobs } from "./jobs/update-jobs.ts";
import { addLearningRoutes } from "./learning-routes.ts";
import { Metrics } from "./metrics.ts";
import type { ModelHost } from "./model-host.ts";
import { addOperatorRoutes } from "./operator-routes.ts";
import { addPerformanceRoutes } from "./performance-routes.ts";
import { PROBLEM_TYPE, ProblemError, problemOf } from "./problem.ts";
import { compileRequestSchema } from "./request-schema.ts";
import type { ServerOptions } from "./service-options.ts";
import { addSystemRoutes } from "./system-routes.ts";

/** How late a request may be found to be late. */
const CHECK_EVERY_MS = 1000;

/** What a server serves; closing it leaves both open. */
export interface ServerParts {
  host: ModelHost;
  jobs: UpdateJobs;
}

/** How a server watches its models. */
interface WatchOptions {
  /** Default: the system's clock. */
  now?: Clock | undefined;
  /** Default: nobody is told. */
  alerts?: AlertSettings | undefined;
}

/** A server over models and their jobs, not listening yet. */
export async function createServer(
  { host, jobs }: ServerParts,
  options: ServerOptions & WatchOptions,
): Promise<HttpApp> {
  const { log, logLevel, bodyLimitBytes, requestTimeoutMs } = options;
  const app: HttpApp = fastify({
    logger: log ? { level: logLevel, stream: log } : false,
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    http: {
      requestTimeout: requestTimeoutMs,
      // Were it longer, Node would give that time to the whole request.
      headersTimeout: requestTimeoutMs,
      // By default Node looks at its connections every 30 s only.
      connectionsCheckingInterval: Math.min(requestTimeoutMs, CHECK_EVERY_MS),
    },
    // The default of Fastify puts the path of the request into the text of the answer.
    frameworkErrors: answerProblem,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(compileRequestSchema);
  app.setSerializerCompiler(serializerCompiler);
  // A page of another site may send plain text without asking.
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler(answerProblem);
  app.setNotFoundHandler((_, reply) => {
    sendProblem(reply, new ProblemError(404, "Expected a path that /openapi.json lists."));
  });
  endWithRequests(app);
  guard(app, new Access(options.keys));
  await app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "Driftkeel", version } },
    transform: jsonSchemaTransform,
  });
  const metrics = new Metrics(
    host.models.map(({ id }) => id),
    options.now,
  );
  const stopCounting = host.watch({
    event: (event) => metrics.observe(event),
    sample: (id, observation, sample) => metrics.observeSample(id, observation, sample),
    update: (id, outcome) => metrics.observeUpdate(id, outcome),
  });
  tellAlerts(app, metrics, options.alerts);
  const feed = new EventFeed({ host, jobs }, options);
  app.addHook("preClose", async () => {
    feed.close();
    stopCounting();
  });
  await app.register(async (routes: HttpApp) => {
    const parts = { host, jobs, metrics, feed, maxWaitingSamples: options.maxWaitingSamples };
    addSystemRoutes(routes, parts);
    addLearningRoutes(routes, parts);
    addHistoryRoutes(routes, parts);
    addPerformanceRoutes(routes, parts);
    addJobRoutes(routes, parts);
    addOperatorRoutes(routes, parts);
    addDashboardRoute(routes);
    const open = { config: { scope: "anyone" as const }, schema: { hide: true } };
    routes.get("/openapi.json", open, async () => app.swagger());
  });
  await app.ready();
  return app;
}

function tellAlerts(app: HttpApp, metrics: Metrics, settings: AlertSettings | undefined): void {
  if (!settings) return;
  const alerts = new Alerts(settings, { metrics, warn: app.log.warn.bind(app.log) });
  app.addHook("onClose", () => alerts.close());
}

/** Asks for a key before anything of a body is read. A route without a scope is nobody's. */
function guard(app: HttpApp, access: Access): void {
  app.addHook("onRequest", async (request) => {
    if (request.is404) return;
    const { scope } = request.routeOptions.config;
    if (scope === undefined) throw new Error(`${request.routeOptions.url} has no scope`);
    if (scope !== "anyone") access.check(request.headers, scope);
  });
}

function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  if (problemOf(error).status >= 500) request.log.error(error);
  sendProblem(reply, error);
}

function sendProblem(reply: FastifyReply, error: unknown): void {
  const problem = problemOf(error);
  if (error instanceof ProblemError) reply.headers(error.headers);
  reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
}
