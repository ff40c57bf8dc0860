// Jobs under way: what is seen of them, and how they are cancelled.

import { afterEach, expect, it } from "vitest";
import { batch } from "./served.ts";
import { dated, QUICK, SLOW, UpdateDesk } from "./update-desk.ts";

let desk: UpdateDesk;
afterEach(() => desk?.served.close());

it("shows how far the training has come, while it runs and not after", async () => {
  desk = await UpdateDesk.open(SLOW);
  const id = await desk.start();
  const { progress, status } = await desk.until(id, (job) => (job.progress?.step ?? 0) > 0);
  expect(status).toBe("running");
  expect(progress).toMatchObject({ max_steps: 20_000_000, loss: expect.any(Number) });
  const later = await desk.until(id, (job) => job.progress!.step > progress!.step);
  expect(later.progress!.step).toBeLessThan(20_000_000);
  expect((await desk.status()).state).toBe("updating");
  await desk.cancel(id);
  expect((await desk.ended(id)).progress).toBeNull();
});

it("goes through its states in order, and tells listeners of each", async () => {
  desk = await UpdateDesk.open();
  const seen: string[] = [];
  desk.served.jobs.listen(({ status }) => seen.push(status));
  const id = await desk.start();
  await desk.until(id, () => seen.includes("promoted"));
  expect(seen).toEqual(["queued", "running", "evaluating", "promoted"]);
});

it("is cancelled while it trains, and changes nothing", async () => {
  desk = await UpdateDesk.open(SLOW);
  const before = await desk.versions();
  const id = await desk.start();
  await desk.until(id, (job) => job.progress !== null);
  const { status, json } = await desk.cancel(id);
  expect([status, json.job_id]).toEqual([202, id]);
  const job = await desk.ended(id);
  expect(job).toMatchObject({ status: "cancelled", report: null, error: null });
  expect(await desk.versions()).toEqual(before);
  expect(job.finished_at).not.toBeNull();
});

it("is cancelled while it waits behind the job of another model", async () => {
  desk = await UpdateDesk.open(SLOW, dated(batch(600)), { other: SLOW });
  const first = await desk.start();
  await desk.until(first, (job) => job.progress !== null);
  const second = await desk.start({ ...QUICK, model_id: "other" });
  const { json } = await desk.cancel(second);
  expect(json).toMatchObject({ job_id: second, status: "cancelled", started_at: null });
  await desk.cancel(first);
  expect((await desk.ended(first)).status).toBe("cancelled");
  expect((await desk.job(second)).started_at).toBeNull();
});

it("waits for an update that the model makes by itself, cancelled meanwhile or not", async () => {
  desk = await UpdateDesk.open(SLOW, dated(batch(600)), { other: SLOW });
  const samples = dated(batch(600));
  await desk.served.ask("POST", "/api/v1/models/other/feedback", samples);
  const { learner } = desk.served.host.find("signal");
  for (const isCancelled of [false, true]) {
    const first = await desk.start({ ...QUICK, model_id: "other" });
    await desk.until(first, ({ progress }) => progress !== null);
    const second = await desk.start(); // queued behind it
    const leave = new AbortController();
    const own = learner.update({ signal: leave.signal });
    while (learner.status().state !== "updating") await new Promise(setImmediate);
    await desk.cancel(first);
    await desk.until(second, ({ status }) => status === "running");
    if (isCancelled) {
      await desk.cancel(second);
      expect((await desk.ended(second)).status).toBe("cancelled");
      expect(learner.status().state).toBe("updating");
    }
    leave.abort();
    expect((await own).outcome).toBe("failed");
    if (isCancelled) continue;
    while (learner.status().state !== "updating") await new Promise(setImmediate);
    expect((await desk.job(second)).status).toBe("running");
    await desk.cancel(second);
    await desk.ended(second);
  }
});

it("cannot be cancelled once it has ended, nor when there is none", async () => {
  desk = await UpdateDesk.open();
  const id = await desk.start({ ...QUICK, dry_run: true });
  await desk.ended(id);
  const again = await desk.cancel(id);
  expect([again.status, again.json.detail]).toEqual([
    409,
    "Expected a job that has not ended, got one that is rejected.",
  ]);
  expect((await desk.cancel("job-none")).status).toBe(404);
  expect((await desk.job(id)).status).toBe("rejected");
});

it("lists jobs newest first, of all models or of one, as many as asked for", async () => {
  desk = await UpdateDesk.open();
  const ids = [];
  for (let count = 0; count < 3; count++) {
    const id = await desk.start({ ...QUICK, dry_run: true });
    await desk.ended(id);
    ids.unshift(id);
  }
  const list = async (query: string) =>
    (await desk.served.ask("GET", `/api/v1/jobs?${query}`)).json.jobs.map(
      (job: { job_id: string }) => job.job_id,
    );
  expect(await list("")).toEqual(ids);
  expect(await list("limit=2&model_id=signal")).toEqual(ids.slice(0, 2));
  expect(await list("model_id=none")).toEqual([]);
});
