// Updates on request: jobs that are taken in at once and looked at later.

import * as z from "zod";
import { nonNegativeNumber, positiveNumber } from "../../options.ts";
import type { HostedModel } from "../hosted-model.ts";
import { type HttpApp, problemResponse, type ServiceParts } from "../http-app.ts";
import { ProblemError } from "../problem.ts";
import { isUnderWay, type Job, type JobRequest, jobRecord } from "./job.ts";
import type { UpdateJobs } from "./update-jobs.ts";

const DAY_MS = 86_400_000;
const MOMENT = "an ISO 8601 date or time";
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const moment = z
  .string(MOMENT)
  .refine((text) => ISO.test(text) && !Number.isNaN(Date.parse(text)), MOMENT);
const KEY = "a text of 1 to 256 visible characters";

const updateBody = z.strictObject({
  model_id: z.string(),
  data_window: z.strictObject({ start: moment, end: moment }),
  learning_rate: z
    .optional(positiveNumber)
    .describe("default: the model's, 1e-5 unless configured"),
  ewc_lambda: z
    .optional(nonNegativeNumber)
    .describe("default: the model's, 1000 unless configured"),
  stability_check: z.boolean().default(true),
  dry_run: z.boolean().default(false),
});

const accepted = z.object({
  job_id: z.string(),
  status: jobRecord.shape.status,
  estimated_duration_seconds: z
    .number()
    .nullable()
    .describe("from the jobs of this model before; null before the first"),
  status_url: z.string(),
});

const jobPath = z.strictObject({ id: z.string() });
const LIMIT = "an integer from 1 to 1000";
const jobsQuery = z.strictObject({
  model_id: z.string().optional(),
  limit: z.coerce.number(LIMIT).int(LIMIT).min(1, LIMIT).max(1000, LIMIT).default(100),
});
const jobList = z.object({ jobs: z.array(jobRecord) });

/** Adds `POST /api/v1/models/online-update`, and `GET` and `DELETE` of jobs. */
export function addJobRoutes(app: HttpApp, { host, jobs }: ServiceParts): void {
  app.post(
    "/api/v1/models/online-update",
    {
      config: { scope: "operate" },
      schema: {
        summary: "Trains a candidate on a window of samples, judges it, promotes it or does not",
        headers: z.strictObject({
          "idempotency-key": z
            .string(KEY)
            .regex(/^[\x21-\x7e]{1,256}$/, KEY)
            .optional(),
        }),
        body: updateBody,
        response: { 202: accepted, ...problemResponse },
      },
    },
    async ({ body, headers }, reply) => {
      const model = host.find(body.model_id);
      const request = requestOf(model, body);
      const key = headers["idempotency-key"];
      const job = await jobs.submit(model, request, { source: "api", key });
      const status_url = `/api/v1/jobs/${job.job_id}`;
      reply.code(202).header("Location", status_url);
      const estimated_duration_seconds = estimateSeconds(jobs.list(body.model_id));
      return { job_id: job.job_id, status: job.status, estimated_duration_seconds, status_url };
    },
  );
  addJobReads(app, jobs);
}

function addJobReads(app: HttpApp, jobs: UpdateJobs): void {
  app.get(
    "/api/v1/jobs",
    {
      config: { scope: "read" },
      schema: {
        summary: "Jobs, newest first",
        querystring: jobsQuery,
        response: { 200: jobList, ...problemResponse },
      },
    },
    async ({ query: { model_id, limit } }) => {
      return { jobs: jobs.list(model_id).slice(-limit).reverse() };
    },
  );
  app.get(
    "/api/v1/jobs/:id",
    {
      config: { scope: "read" },
      schema: {
        summary: "Where a job stands, its progress and its report",
        params: jobPath,
        response: { 200: jobRecord, ...problemResponse },
      },
    },
    async ({ params: { id } }) => jobs.find(id),
  );
  app.delete(
    "/api/v1/jobs/:id",
    {
      config: { scope: "operate" },
      schema: {
        summary:
          "Cancels a job; one that trains ends at its next step, unless it is judged already",
        params: jobPath,
        response: { 202: jobRecord, ...problemResponse },
      },
    },
    async ({ params: { id } }, reply) => reply.code(202).send(await jobs.cancel(id)),
  );
}

/** A request with the model's defaults. Throws a problem: 400 for a window of another length. */
export function requestOf(
  { config }: HostedModel,
  body: Omit<z.output<typeof updateBody>, "model_id">,
): JobRequest {
  const { min_days, max_days, learning_rate, ewc_lambda } = config.online_update;
  const [start, end] = [new Date(body.data_window.start), new Date(body.data_window.end)];
  const days = (end.getTime() - start.getTime()) / DAY_MS;
  if (days < min_days || days > max_days) {
    throw new ProblemError(
      400,
      `Expected body member "data_window" to span ${min_days} to ${max_days} days, ` +
        `got ${Number(days.toFixed(3))}.`,
    );
  }
  return {
    data_window: { start: start.toISOString(), end: end.toISOString() },
    learning_rate: body.learning_rate ?? learning_rate,
    ewc_lambda: body.ewc_lambda ?? ewc_lambda,
    stability_check: body.stability_check,
    dry_run: body.dry_run,
  };
}

/** The median of what the jobs before took. */
function estimateSeconds(jobs: readonly Job[]): number | null {
  const seconds = jobs
    .filter(({ status, report }) => !isUnderWay(status) && report !== null)
    .map(
      ({ started_at, finished_at }) => (Date.parse(finished_at!) - Date.parse(started_at!)) / 1000,
    )
    .sort((a, b) => a - b);
  return seconds[seconds.length >>> 1] ?? null;
}
