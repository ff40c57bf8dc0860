// Updates on request over HTTP: how each kind of job ends, and requests that are refused.

import { afterEach, describe, expect, it } from "vitest";
import { batch } from "./served.ts";
import { dated, QUICK, QUIET, SLOW, UpdateDesk } from "./update-desk.ts";

let desk: UpdateDesk;
afterEach(() => desk?.served.close());

/** Samples of a world in which the version that is active now makes no mistake. */
async function faultless(on: UpdateDesk): Promise<string> {
  const rows: string[] = [];
  for (let index = 0; index < 300; index++) {
    const x = Math.sin(7 * index);
    rows.push(JSON.stringify({ input: [x], label: [await on.output(x)] }));
  }
  return rows.join("\n");
}

describe("a job", () => {
  it("is taken in at once and ends as promoted, with a report", async () => {
    desk = await UpdateDesk.open();
    const before = await desk.status();
    const { status, headers, json } = await desk.ask(QUICK);
    expect(status).toBe(202);
    expect(json).toEqual({
      job_id: expect.stringMatching(/^job-/),
      status: "queued",
      estimated_duration_seconds: null,
      status_url: `/api/v1/jobs/${json.job_id}`,
    });
    expect(headers.location).toBe(json.status_url);
    const job = await desk.ended(json.job_id);
    expect(job).toMatchObject({ status: "promoted", error: null, progress: null, source: "api" });
    expect(job.request).toEqual({
      data_window: { start: "2026-09-20T00:00:00.000Z", end: "2026-11-20T00:00:00.000Z" },
      ...QUICK,
      stability_check: true,
      dry_run: false,
    });
    const { version_id } = await desk.status();
    const report = job.report!;
    expect(report).toMatchObject({
      version_before: before.version_id,
      version_id,
      would_promote: true,
      ewc: { lambda: QUICK.ewc_lambda },
      stability_check: "not applicable",
      performance_metrics: null,
    });
    expect(version_id).not.toBe(before.version_id);
    expect(report.samples.training + report.samples.holdout).toBe(600);
    expect(report.training!.steps).toBe(50);
    expect(report.training!.loss_after).toBeLessThan(report.training!.loss_before!);
    expect(report.held_out!.loss_after).toBeLessThan(report.held_out!.loss_before!);
    expect(report.reason).toContain("the loss went from");
    const second = await desk.ask(QUICK);
    expect(second.json.estimated_duration_seconds).toBe(0); // by the clock of the test
    await desk.ended(second.json.job_id);
  });

  it("is promoted under its own id, and trained on its window alone", async () => {
    desk = await UpdateDesk.open();
    const window = { start: "2026-09-22T00:00:00Z", end: "2026-11-01T00:00:00Z" };
    const job = await desk.ended(await desk.start({ ...QUICK, data_window: window }));
    const { trained_on, judged_on, samples } = job.report!;
    for (const span of [trained_on!, judged_on!]) {
      expect(Date.parse(span.from)).toBeGreaterThanOrEqual(Date.parse(window.start));
      expect(Date.parse(span.to)).toBeLessThan(Date.parse(window.end));
    }
    expect(samples.training + samples.holdout).toBeLessThan(450);
    const changes = await desk.served.host.find("signal").changes();
    expect(changes.at(-1)).toMatchObject({ source: job.job_id });
  });

  it("is rejected for a loss that rises, and says so", async () => {
    desk = await UpdateDesk.open();
    await desk.ended(await desk.start());
    const before = [await desk.status(), await desk.versions()];
    const job = await desk.ended(await desk.start({ ...QUICK, learning_rate: 5 }));
    expect(job).toMatchObject({ status: "rejected", error: null });
    expect(job.report).toMatchObject({ version_id: null, would_promote: false });
    expect(job.report!.reason).toMatch(/the loss went from .*, not within the allowed rise of 0/);
    expect([await desk.status(), await desk.versions()]).toEqual(before);
  });

  it("is rejected for too few samples, and says how many there were", async () => {
    desk = await UpdateDesk.open(QUIET, dated(batch(40)));
    const job = await desk.ended(await desk.start());
    expect(job.status).toBe("rejected");
    expect(job.report!.reason).toMatch(/\d+ training samples, 64 are needed/);
    const early = { start: "2020-01-01", end: "2020-03-01" };
    const none = await desk.ended(await desk.start({ ...QUICK, data_window: early }));
    expect(none.report!.reason).toContain("0 training samples");
  });

  it("fails when its training diverges, and leaves the model as it was", async () => {
    const update = { ...QUIET.update, optimizer: "sgd", clip_norm: 1e30, max_steps: 500 };
    desk = await UpdateDesk.open({ ...QUIET, update });
    const before = [await desk.status(), await desk.versions()];
    const job = await desk.ended(await desk.start({ learning_rate: 1e30, ewc_lambda: 0 }));
    expect(job).toMatchObject({ status: "failed", error: { code: "UPDATE_FAILED" } });
    expect(job.error!.message).toContain("Expected finite values throughout the training");
    expect([await desk.status(), await desk.versions()]).toEqual(before);
    expect((await desk.ask(QUICK)).status).toBe(202);
  });

  it("fails when its window holds more samples than allowed", async () => {
    desk = await UpdateDesk.open({ ...QUIET, online_update: { max_samples: 599 } });
    const job = await desk.ended(await desk.start());
    expect(job).toMatchObject({ status: "failed", error: { code: "OPTION_INVALID" } });
    expect(job.error!.message).toContain("at most 599 samples");
  });

  it("becomes rolled back when probation goes back from its version", async () => {
    desk = await UpdateDesk.open();
    const rows = await faultless(desk);
    const id = await desk.start();
    const promoted = await desk.ended(id);
    expect(promoted.status).toBe("promoted");
    await desk.feed(rows);
    const job = await desk.until(id, ({ status }) => status === "rolled_back");
    expect((await desk.status()).version_id).toBe(job.report!.version_before);
    expect(job.finished_at).toBe(promoted.finished_at);
    const stability = await desk.served.ask("GET", "/api/v1/models/signal/stability");
    expect(stability.json.updates.rolled_back).toBe(1);
  });

  it("is told as rolled back when samples that waited end the probation at once", async () => {
    desk = await UpdateDesk.open({ ...QUIET, update: { ...QUIET.update, max_steps: 5000 } });
    const rows = await faultless(desk);
    const id = await desk.start();
    await desk.until(id, ({ progress }) => progress !== null);
    await desk.feed(rows);
    await desk.until(id, ({ status }) => status === "rolled_back");
    expect((await desk.job(id)).report!.version_id).not.toBe((await desk.status()).version_id);
  });

  it("becomes rolled back when an operator goes back from its version", async () => {
    desk = await UpdateDesk.open();
    const id = await desk.start();
    await desk.ended(id);
    await desk.served.ask("POST", "/api/v1/models/signal/rollback");
    await desk.until(id, ({ status }) => status === "rolled_back");
  });
});

describe("a dry run", () => {
  it("tells what would happen and changes nothing", async () => {
    desk = await UpdateDesk.open();
    const before = [await desk.status(), await desk.versions(), await desk.output(0.3)];
    const job = await desk.ended(await desk.start({ ...QUICK, dry_run: true }));
    expect(job).toMatchObject({ status: "rejected", error: null });
    expect(job.report).toMatchObject({ would_promote: true, version_id: null });
    expect(job.report!.reason).toMatch(/^dry run: every weight is finite/);
    expect([await desk.status(), await desk.versions(), await desk.output(0.3)]).toEqual(before);
    const bad = await desk.ended(await desk.start({ ...QUICK, learning_rate: 50, dry_run: true }));
    expect(bad.report!.would_promote).toBe(false);
  });

  it("leaves what comes later as it would have been", async () => {
    const outputs: number[] = [];
    const updates: unknown[] = [];
    for (const hasDryRun of [false, true]) {
      desk = await UpdateDesk.open({
        ...QUIET,
        replay_share: 0.5,
        intake: { training_window: 64 },
      });
      if (hasDryRun) await desk.ended(await desk.start({ ...QUICK, dry_run: true }));
      const { report } = await desk.ended(await desk.start());
      const { elapsed_seconds: _, ...training } = report!.training!;
      updates.push([training, report!.held_out, report!.samples]);
      outputs.push(await desk.output(0.3));
      await desk.served.close();
    }
    expect(updates[1]).toEqual(updates[0]);
    expect(outputs[1]).toBe(outputs[0]);
  });
});

describe("asking again", () => {
  it("under the same key gives the same job, also after it has ended", async () => {
    desk = await UpdateDesk.open();
    const key = { "idempotency-key": "a-key" };
    const [first, second] = await Promise.all([desk.ask(QUICK, key), desk.ask(QUICK, key)]);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.json.job_id).toBe(first.json.job_id);
    await desk.ended(first.json.job_id);
    const third = await desk.ask(QUICK, key);
    expect([third.status, third.json.status]).toEqual([202, "promoted"]);
    expect(third.json.job_id).toBe(first.json.job_id);
    expect(await desk.jobs()).toHaveLength(1);
  });

  it("for something else under the same key is refused with 422", async () => {
    desk = await UpdateDesk.open();
    const key = { "idempotency-key": "a-key" };
    await desk.ended(await desk.start(QUICK, key));
    const { status, json } = await desk.ask({ ...QUICK, dry_run: true }, key);
    expect([status, json.status]).toEqual([422, 422]);
    expect(json.detail).toContain("Idempotency-Key");
    expect(await desk.jobs()).toHaveLength(1);
  });

  it("while one runs is refused with 409, and with 423 while frozen", async () => {
    desk = await UpdateDesk.open(SLOW);
    const id = await desk.start();
    const second = await desk.ask(QUICK);
    expect([second.status, second.json.code]).toEqual([409, "UPDATE_IN_PROGRESS"]);
    await desk.until(id, ({ status }) => status === "running");
    expect((await desk.ask(QUICK)).status).toBe(409);
    await desk.cancel(id);
    await desk.ended(id);
    await desk.served.ask("POST", "/api/v1/models/signal/freeze", { reason: "holiday" });
    const frozen = await desk.ask(QUICK);
    expect([frozen.status, frozen.json.code]).toEqual([423, "UPDATES_FROZEN"]);
    expect(await desk.jobs()).toHaveLength(1);
  });

  it("while the model updates by itself is refused with 409", async () => {
    desk = await UpdateDesk.open(SLOW);
    const { learner } = desk.served.host.find("signal");
    const leave = new AbortController();
    const updating = learner.update({ signal: leave.signal });
    while (learner.status().state !== "updating") await new Promise(setImmediate);
    const { status, json } = await desk.ask(QUICK);
    expect([status, json.code]).toEqual([409, "UPDATE_IN_PROGRESS"]);
    leave.abort();
    expect((await updating).outcome).toBe("failed");
    expect(await desk.jobs()).toEqual([]);
  });

  it("twice at the same moment lets one in", async () => {
    desk = await UpdateDesk.open(SLOW);
    const answers = await Promise.all([desk.ask(QUICK), desk.ask(QUICK), desk.ask(QUICK)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409]);
    const [job] = await desk.jobs();
    await desk.cancel(job!.job_id);
  });
});

describe("a request that is wrong", () => {
  const window = (start: string, end: string) => ({ data_window: { start, end } });
  const cases: [string, string | object, number, string][] = [
    ["29 days", window("2026-10-22", "2026-11-20"), 400, "to span 30 to 90 days, got 29."],
    ["91 days", window("2026-08-21", "2026-11-20"), 400, "to span 30 to 90 days, got 91."],
    ["days backwards", window("2026-11-20", "2026-09-20"), 400, "to span 30 to 90 days, got -61."],
    ["no date", window("yesterday", "2026-11-20"), 400, "an ISO 8601 date or time"],
    ["a day that there is not", window("2026-13-01", "2026-11-20"), 400, "an ISO 8601 date"],
    ["half a window", { data_window: { start: "2026-10-01" } }, 400, "data_window.end"],
    ["an unknown model", { model_id: "none" }, 404, "the id of a declared model (signal)"],
    ["no model", { model_id: undefined }, 400, '"model_id"'],
    ["a number for a model", { model_id: 7 }, 400, '"model_id"'],
    ["a text for a rate", { learning_rate: "0.1" }, 400, '"learning_rate" to be a number > 0'],
    ["a rate of 0", { learning_rate: 0 }, 400, '"learning_rate" to be a number > 0'],
    ["a negative lambda", { ewc_lambda: -1 }, 400, '"ewc_lambda" to be a number >= 0'],
    ["a text for a flag", { dry_run: "yes" }, 400, '"dry_run"'],
    ["a misspelt member", { stabilty_check: true }, 400, 'did you mean "stability_check"?'],
    ["broken JSON", '{"model_id":', 400, "JSON"],
    ["a list", "[]", 400, "to be an object"],
    ["null", "null", 400, '"model_id"'],
    ["nothing", "", 400, ""],
    ["100 MB", `"${"x".repeat(100 * 2 ** 20)}"`, 413, "too large"],
  ];

  it("gets its problem document and changes nothing", async () => {
    desk = await UpdateDesk.open();
    const before = [await desk.status(), await desk.versions(), await desk.jobs()];
    for (const [name, body, expected, detail] of cases) {
      const answer = typeof body === "string" ? await desk.askText(body) : await desk.ask(body);
      const { status, headers, json } = answer;
      expect({ name, status }).toEqual({ name, status: expected });
      expect(headers["content-type"]).toContain("application/problem+json");
      expect(json).toMatchObject({ type: "about:blank", status: expected });
      expect(json.detail).toContain(detail);
    }
    expect([await desk.status(), await desk.versions(), await desk.jobs()]).toEqual(before);
  });

  it("is refused for a key that is none", async () => {
    desk = await UpdateDesk.open();
    for (const key of ["", "with space", "x".repeat(257), "é"]) {
      const { status, json } = await desk.ask(QUICK, { "idempotency-key": key });
      expect({ key, status }).toEqual({ key, status: 400 });
      expect(json.detail).toContain("a text of 1 to 256 visible characters");
    }
    expect(await desk.jobs()).toEqual([]);
  });

  it("may be of exactly 30 and exactly 90 days", async () => {
    desk = await UpdateDesk.open();
    for (const start of ["2026-10-21", "2026-08-22"]) {
      const body = { ...QUICK, ...window(start, "2026-11-20"), dry_run: true };
      await desk.ended(await desk.start(body));
    }
  });
});
