// Updates on request: jobs over HTTP, from the samples that feedback has left.

import { afterEach, expect, it } from "vitest";
import type { Job } from "../../src/service/jobs/job.ts";
import { signal } from "../config/config-file.ts";
import { batch, Served } from "./served.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 20);
const data_window = { start: "2026-09-20", end: "2026-11-20" };
/** The learner does not update by itself: what happens is the jobs' doing. */
const quiet = { ...signal, min_samples: 64, detector: undefined, trigger: undefined };

let served: Served;
afterEach(() => served?.close());

/** Feedback of the sixty days before now. */
function stream(count: number): string {
  return batch(count)
    .trim()
    .split("\n")
    .map((line, index) => {
      const timestamp = NOW_MS - 60 * DAY_MS + (index * 59 * DAY_MS) / count;
      return JSON.stringify({ ...JSON.parse(line), timestamp });
    })
    .join("\n");
}

async function open(): Promise<void> {
  served = await Served.open({ models: { signal: quiet }, now: () => NOW_MS });
  const { status } = await served.ask("POST", "/api/v1/models/signal/feedback", stream(600));
  expect(status).toBe(202);
}

const ask = (body: object, headers = {}) =>
  served.ask(
    "POST",
    "/api/v1/models/online-update",
    JSON.stringify({ model_id: "signal", data_window, ...body }),
    { "content-type": "application/json", ...headers },
  );

/** Numbers with which the small network learns in one update. */
const quick = { learning_rate: 0.02, ewc_lambda: 0.01 };

/** The job once it has ended. */
async function ended(id: string): Promise<Job> {
  for (;;) {
    const { json } = await served.ask("GET", `/api/v1/jobs/${id}`);
    if (!["queued", "running", "evaluating"].includes(json.status)) return json;
    await new Promise((resolve) => {
      const stop = served.jobs.listen(() => {
        stop();
        resolve(undefined);
      });
    });
  }
}

it("takes an update in at once and ends it as promoted, with a report", async () => {
  await open();
  const { status, headers, json } = await ask(quick);
  expect(status).toBe(202);
  expect(json).toEqual({
    job_id: expect.stringMatching(/^job-/),
    status: "queued",
    estimated_duration_seconds: null,
    status_url: `/api/v1/jobs/${json.job_id}`,
  });
  expect(headers.location).toBe(json.status_url);
  const job = await ended(json.job_id);
  expect(job).toMatchObject({ status: "promoted", error: null, progress: null });
  const active = (await served.ask("GET", "/api/v1/models/signal/status")).json.version_id;
  expect(job.report?.version_id).toBe(active);
  console.log(JSON.stringify(job, null, 1));
  const second = await ask({ ...quick, learning_rate: 0.01 });
  console.log(JSON.stringify(await ended(second.json.job_id), null, 1));
  console.log(second.json);
  console.log(
    JSON.stringify(await ended((await ask({ ...quick, dry_run: true })).json.job_id), null, 1),
  );
  console.log((await served.ask("GET", "/api/v1/models/signal/stability")).json);
  console.log((await served.ask("GET", "/api/v1/models/signal/performance")).json);
});
