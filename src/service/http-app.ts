// The kind of server that routes are added to, and what routes have in the same way.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import * as z from "zod";
import type { Scope } from "./access.ts";
import type { EventFeed } from "./event-feed.ts";
import type { UpdateJobs } from "./jobs/update-jobs.ts";
import type { Metrics } from "./metrics.ts";
import type { ModelHost } from "./model-host.ts";
import { PROBLEM_TYPE, problemDocument } from "./problem.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a key needs for this route; every route says so. */
    scope?: Scope | "anyone";
    /** Whoever watches the process may ask as often as it likes. */
    isUncounted?: boolean;
  }
}

/** A server whose schemas are zod's. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What routes work on. */
export interface ServiceParts {
  host: ModelHost;
  jobs: UpdateJobs;
  metrics: Metrics;
  feed: EventFeed;
  /** Samples of one model that may wait to be learned. */
  maxWaitingSamples: number;
}

/** The answer of every route when there is a problem. */
export const problemResponse = {
  default: {
    description: "A problem document (RFC 9457).",
    content: { [PROBLEM_TYPE]: { schema: problemDocument } },
  },
};

/** The path of a route below a model. */
export const modelPath = z.strictObject({ id: z.string() });
