// Requests generated from /openapi.json, good, spoilt and garbage: no 5xx, every answer as the
// document describes it, and a service that still learns afterwards.
//
// DRIFTKEEL_FUZZ_RUNS sets the requests, 10,000 at most; default 1000. DRIFTKEEL_FUZZ_SEED sets the
// seed.

import fc from "fast-check";
import { expect, it } from "vitest";
import { faultOf, type Operation, readOperations } from "./api-description.ts";
import { type FuzzedRequest, requestsTo } from "./request-arbitraries.ts";
import { batch, type Served } from "./served.ts";
import { dated, QUICK, QUIET, UpdateDesk } from "./update-desk.ts";

const { DRIFTKEEL_FUZZ_RUNS: runs, DRIFTKEEL_FUZZ_SEED: seed } = process.env;
const numRuns = runs === undefined ? 1000 : Math.min(Number(runs), 10_000);

/** Updates of a moment, as hundreds of them are asked for, on nothing but their windows. */
const HASTY = {
  ...{ ...QUIET, max_versions: 5, replay_share: 0 },
  update: { ...QUIET.update, max_steps: 5 },
};

/** Sends a request, and answers what came; a stream without end is cut off. */
async function send(served: Served, { method, url, headers, body }: FuzzedRequest) {
  const answer = await served.app.inject({
    method: method as "GET",
    url,
    headers,
    ...(body !== undefined && { payload: body }),
    payloadAsStream: true,
  });
  const stream = answer.stream();
  const type = String(answer.headers["content-type"]);
  let text = "";
  if (type.startsWith("text/event-stream")) stream.destroy();
  else for await (const part of stream) text += part;
  const json = /json/.test(type) && text !== "" ? JSON.parse(text) : undefined;
  return { status: answer.statusCode, headers: answer.headers, text, json };
}

/** The documented operation that a request reaches; undefined when there is none. */
function reached(operations: readonly Operation[], { method, url }: FuzzedRequest) {
  const [path = ""] = url.split("?");
  return operations.find(
    (each) =>
      each.method === method &&
      new RegExp(`^${each.path.replace("{id}", "[^/]+")}$`).test(path) &&
      !(each.path.includes("{id}/") && path.includes("//")),
  );
}

/** What is wrong with the answer to a request; undefined when nothing is. */
function wrongWith(
  operation: Operation | undefined,
  { method }: FuzzedRequest,
  answer: Awaited<ReturnType<typeof send>>,
): string | undefined {
  const { status, headers, json } = answer;
  // As many streams of events as are allowed; nobody here ever hangs up.
  const isFull = status === 503 && headers["retry-after"] === "10";
  if (isFull && operation?.path === "/api/v1/events") return faultOf(operation, answer);
  if (status >= 500) return `a status of ${status}`;
  if (method === "HEAD") return undefined;
  if (operation) return faultOf(operation, answer);
  if (status < 400) return undefined; // the dashboard and the document itself
  const isProblem = String(headers["content-type"]).startsWith("application/problem+json");
  return isProblem && json?.status === status ? undefined : `no problem document for ${status}`;
}

it(`${numRuns} requests are answered as described, and the service goes on learning`, {
  timeout: 60_000 + 30 * numRuns,
}, async () => {
  const desk = await UpdateDesk.open(HASTY, dated(batch(300)), { other: QUIET });
  const { served } = desk;
  try {
    const operations = await readOperations(served);
    const own = Reflect.ownKeys(Object.prototype).length;
    const statuses = new Map<number, number>();
    const check = async (request: FuzzedRequest) => {
      const job = served.jobs.list().at(-1)?.job_id ?? "job-none";
      const version = served.host.find("signal").learner.status().versionId;
      const fill = (text: string) => text.replaceAll("{job}", job).replaceAll("{version}", version);
      const filled = {
        ...request,
        url: fill(request.url),
        body: request.body && fill(request.body),
      };
      const answer = await send(served, filled);
      const operation = reached(operations, filled);
      const wrong = wrongWith(operation, filled, answer);
      if (wrong) throw new Error(`${request.method} ${filled.url} gave ${wrong}: ${answer.text}`);
      expect(Reflect.ownKeys(Object.prototype)).toHaveLength(own);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    };
    await fc.assert(fc.asyncProperty(requestsTo(operations), check), {
      numRuns,
      ...(seed !== undefined && { seed: Number(seed) }),
    });
    // The requests have come far enough to mean something.
    for (const status of [200, 202, 400, 404, 409, 415]) {
      expect({ status, count: statuses.get(status) ?? 0 }).not.toEqual({ status, count: 0 });
    }
    await goesOnLearning(desk);
  } finally {
    await served.close();
  }
});

async function goesOnLearning(desk: UpdateDesk): Promise<void> {
  for (const { job_id } of desk.served.jobs.list()) await desk.ended(job_id);
  await desk.served.ask("POST", "/api/v1/models/signal/unfreeze", {});
  await desk.feed(dated(batch(400, 0.5)));
  const job = await desk.ended(await desk.start({ ...QUICK, learning_rate: 0.001 }));
  expect(["promoted", "rejected"]).toContain(job.status);
  expect(job.report!.training!.steps).toBe(5);
  expect(Number.isFinite(await desk.output(0.5))).toBe(true);
}
