// The HTTP server of a host: its routes, who may use them, what an error looks like.

import swagger from "@fastify/swagger";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { version } from "../../package.json";
import { monotonicMs } from "../foundation.ts";
import { Access } from "./access.ts";
import { describeApi } from "./api-description.ts";
import { answerBroken } from "./broken-request.ts";
import { addDashboardRoute } from "./dashboard-route.ts";
import { endWithRequests } from "./ending.ts";
import { EventFeed } from "./event-feed.ts";
import { addHistoryRoutes } from "./history-routes.ts";
import type { HttpApp } from "./http-app.ts";
import { addJobRoutes } from "./jobs/job-routes.ts";
import type { UpdateJobs } from "./jobs/update-jobs.ts";
import { addLearningRoutes } from "./learning-routes.ts";
import { type MeterOptions, meter } from "./metrics/meter.ts";
import type { ModelHost } from "./model-host.ts";
import { addOperatorRoutes } from "./operator-routes.ts";
import { addPerformanceRoutes } from "./performance-routes.ts";
import { PROBLEM_TYPE, ProblemError, problemOf } from "./problem.ts";
import { RateLimit } from "./rate-limit.ts";
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

/** A server over models and their jobs, not listening yet. */
export async function createServer(
  { host, jobs }: ServerParts,
  options: ServerOptions & MeterOptions,
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
      // Node would answer its absence without a word.
      requireHostHeader: false,
    },
    // At the end it would answer with documents of its own kind.
    return503OnClosing: false,
    clientErrorHandler: answerBroken,
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
  guard(app, new Access(options.keys), new RateLimit(options, monotonicMs));
  await app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: "Driftkeel", version } },
    transform: jsonSchemaTransform,
  });
  const metrics = meter(app, { host, jobs }, options);
  const feed = new EventFeed({ host, jobs }, options);
  app.addHook("preClose", async () => feed.close());
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
    routes.get("/openapi.json", open, async () => describeApi(app.swagger()));
  });
  await app.ready();
  return app;
}

/**
 * Counts the request and asks for a key before anything of a body is read. A route without a scope
 * is nobody's.
 */
function guard(app: HttpApp, access: Access, limit: RateLimit): void {
  app.addHook("onRequest", async ({ headers, ip, is404, raw, routeOptions }) => {
    const { scope, isUncounted } = routeOptions.config;
    const key = access.find(headers);
    if (!isUncounted) limit.take(key ? `key ${key.name}` : `address ${ip}`);
    if (raw.httpVersion === "1.1" && headers.host === undefined) {
      throw new ProblemError(400, 'Expected the header "Host".');
    }
    if (is404) return;
    if (scope === undefined) throw new Error(`${routeOptions.url} has no scope`);
    if (scope !== "anyone") access.check(headers, key, scope);
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
