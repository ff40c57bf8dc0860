// Schedules: when a run is due, what stands in its way, and a real timer that asks for an update.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { windowDaysOf } from "../../src/config/schedule-config.ts";
import { startService } from "../../src/service/index.ts";
import type { Job } from "../../src/service/jobs/job.ts";
import { jitterMs, nextRunMs, type TimedSchedule } from "../../src/service/schedule/cron-times.ts";
import { obstacleToRun, whatIsDue } from "../../src/service/schedule/what-is-due.ts";
import { fileWith, signal } from "../config/config-file.ts";
import { batch, Served } from "./served.ts";

const at = (text: string) => Date.parse(`${text}Z`);

function configOf(schedule: object, more: object = {}) {
  return parseModelConfigs("test.json", fileWith({ schedule, ...more })).get("signal")!;
}

/** Six in the morning, and what `more` says. */
function daily(more: object = {}): TimedSchedule {
  return configOf({ cron: "0 6 * * *", ...more }).schedule as TimedSchedule;
}

/** A job that was promoted, and what `more` says. */
function job(created_at: string, more: Partial<Job> = {}): Job {
  return {
    job_id: "job-1",
    model_id: "signal",
    status: "promoted",
    source: "schedule",
    request: { data_window: { start: "", end: "" }, dry_run: false } as Job["request"],
    created_at: `${created_at}Z`,
    started_at: null,
    finished_at: null,
    progress: null,
    report: null,
    error: null,
    ...more,
  };
}

const rejected = (training: object | null) =>
  ({ status: "rejected", report: { training } }) as Partial<Job>;

describe("the section", () => {
  it("says where in the file a wrong expression, zone or number of days stands", () => {
    const wrong = [
      [{ cron: "61 6 * * *" }, '"models.signal.schedule.cron" to be a cron expression'],
      [{ cron: "0 6 30 2 *" }, '"models.signal.schedule.cron" to be a cron expression'],
      [{ cron: "2026-11-21T06:00:00" }, '"models.signal.schedule.cron" to be a cron expression'],
      [{ time_zone: "Mars/Olympus" }, '"models.signal.schedule.time_zone" to be the name'],
      [{ window_days: 10 }, '"models.signal.schedule.window_days" to be within min_days and'],
      [{ window_days: 91 }, "(30 to 90), got 91"],
      [{ crom: "0 6 * * *" }, '"models.signal.schedule.crom"; did you mean "cron"?'],
      [{ max_updates_per_day: 1001 }, "an integer from 1 to 1000, got 1001"],
      [{ jitter_seconds: 86_401 }, "an integer from 0 to 86400, got 86401"],
    ] as const;
    for (const [schedule, message] of wrong) expect(() => configOf(schedule)).toThrow(message);
    configOf({ cron: "0 6 * * *", max_updates_per_day: 1000, jitter_seconds: 86_400 });
  });

  it("takes sixty days, or the nearest number that the model allows", () => {
    expect(windowDaysOf(configOf({}))).toBe(60);
    expect(windowDaysOf(configOf({}, { online_update: { max_days: 45 } }))).toBe(45);
    const longer = { online_update: { min_days: 80, max_days: 90 } };
    expect(windowDaysOf(configOf({}, longer))).toBe(80);
    expect(windowDaysOf(configOf({ window_days: 90 }))).toBe(90);
  });
});

describe("a run is due", () => {
  const due = (now: string, jobs: Job[], schedule = daily(), since = "2026-11-01") =>
    whatIsDue({ modelId: "signal", schedule, state: "ready", jobs, nowMs: at(now) }, at(since));

  it("when its time went by and no scheduled job tells of it", () => {
    const before = job("2026-11-19T06:00:01");
    expect(due("2026-11-20T05:59:59", [before])).toBeUndefined();
    const scheduledMs = at("2026-11-20T06:00:00");
    expect(due("2026-11-20T07:00:00", [before])).toEqual({
      scheduledMs,
      plannedMs: scheduledMs,
      missed: 1,
    });
    expect(due("2026-11-20T07:00:00", [before, job("2026-11-20T06:00:01")])).toBeUndefined();
  });

  it("once for all that were missed, and not for those before the model was there", () => {
    expect(due("2026-11-20T07:00:00", [job("2026-11-16T06:00:01")])?.missed).toBe(4);
    expect(due("2026-11-20T07:00:00", [], daily(), "2026-11-18T12:00:00")?.missed).toBe(2);
    expect(due("2026-11-20T07:00:00", [], daily(), "2026-11-20T06:30:00")).toBeUndefined();
  });

  it("when somebody else asked for an update meanwhile: only schedules make their runs", () => {
    const asked = job("2026-11-20T06:30:00", { source: "api" });
    expect(due("2026-11-20T07:00:00", [asked])?.scheduledMs).toBe(at("2026-11-20T06:00:00"));
  });

  it("with its jitter, and is not missed before that is over", () => {
    const schedule = daily({ jitter_seconds: 3600 });
    const scheduledMs = at("2026-11-20T06:00:00");
    const late = jitterMs(schedule, "signal", scheduledMs);
    const made = [job("2026-11-19T07:00:00")];
    const now = new Date(scheduledMs + late - 1000).toISOString().slice(0, -1);
    expect(due(now, made, schedule)).toEqual({
      scheduledMs,
      plannedMs: scheduledMs + late,
      missed: 0,
    });
    expect(nextRunMs(schedule, "signal", at(now))).toBe(scheduledMs + late);
  });

  it("at the hour of its time zone, in summer and in winter", () => {
    const paris = daily({ time_zone: "Europe/Paris" });
    expect(nextRunMs(paris, "signal", at("2026-07-01T00:00:00"))).toBe(at("2026-07-01T04:00:00"));
    expect(nextRunMs(paris, "signal", at("2026-12-01T00:00:00"))).toBe(at("2026-12-01T05:00:00"));
  });
});

it("draws the jitter from the model and the date: the same in every process", () => {
  const schedule = daily({ jitter_seconds: 600 });
  const late = (id: string, day: string) => jitterMs(schedule, id, at(`${day}T06:00:00`));
  expect(late("signal", "2026-11-20")).toBe(late("signal", "2026-11-20"));
  const days = Array.from({ length: 30 }, (_, day) => `2026-11-${`${day + 1}`.padStart(2, "0")}`);
  const all = days.flatMap((day) => [late("signal", day), late("other", day)]);
  expect(new Set(all).size).toBe(60);
  expect(Math.min(...all)).toBeLessThan(100_000);
  expect(Math.max(...all)).toBeGreaterThan(500_000);
  expect(Math.max(...all)).toBeLessThanOrEqual(600_000);
  expect(jitterMs(daily(), "signal", at("2026-11-20T06:00:00"))).toBe(0);
});

describe("a run is held back", () => {
  const obstacle = (jobs: Job[], more: object = {}, state: "ready" | "frozen" = "ready") =>
    obstacleToRun({
      modelId: "signal",
      schedule: daily(more),
      state,
      jobs,
      nowMs: at("2026-11-20T06:00:00"),
    });

  it("while updates are frozen or one is under way", () => {
    expect(obstacle([])).toBeUndefined();
    expect(obstacle([], {}, "frozen")).toBe("its updates are frozen");
    const running = job("2026-11-19T23:00:00", { status: "evaluating" });
    expect(obstacle([running])).toBe("an update of it is under way");
  });

  it("after one update a day, whoever asked for it, unless more are allowed", () => {
    const asked = job("2026-11-20T01:00:00", { source: "api", ...rejected({ steps: 1 }) });
    const told = "it was updated once today (UTC), max_updates_per_day is 1";
    expect(obstacle([asked])).toBe(told);
    expect(obstacle([job("2026-11-20T01:00:00", { status: "rolled_back" })])).toBe(told);
    expect(obstacle([asked], { max_updates_per_day: 2 })).toBeUndefined();
    expect(obstacle([asked, asked], { max_updates_per_day: 2 })).toContain("updated 2 times");
  });

  it("not by what judged no candidate, nor by the day before in its time zone", () => {
    const time = "2026-11-20T01:00:00";
    const none = [
      job(time, { status: "failed" }),
      job(time, { status: "cancelled" }),
      job(time, rejected(null)),
      job(time, { request: { dry_run: true } as Job["request"] }),
      job("2026-11-19T23:59:59"),
    ];
    expect(obstacle(none)).toBeUndefined();
    expect(obstacle([job(time)], { time_zone: "America/New_York" })).toBeUndefined();
  });
});

describe("a service with schedules", () => {
  let served: Served | undefined;
  afterEach(async () => {
    await served?.close();
    served = undefined;
    lines.length = 0;
  });

  const lines: { msg: string; missed?: number }[] = [];
  const log = { write: (text: string) => lines.push(JSON.parse(text)) };
  const schedules = async () => (await served!.ask("GET", "/api/v1/schedule")).json.schedules;
  const model = (schedule: object) => ({ ...signal, schedule });

  it("fires by its timer, trains on the window, and holds the next run back", async () => {
    const every = model({ cron: "* * * * * *", catch_up: false });
    served = await Served.open({ models: { signal: every, other: signal }, log });
    await served.ask("POST", "/api/v1/models/signal/feedback", batch(300));
    await served.app.listen({ host: "127.0.0.1", port: 0 });
    await vi.waitFor(async () => expect((await schedules())[0].runs.skipped).toBeGreaterThan(0), {
      timeout: 10_000,
    });
    const [listed, none] = await schedules();
    expect(none).toBeUndefined();
    expect(listed).toMatchObject({
      model_id: "signal",
      window_days: 60,
      last_run: { status: "promoted" },
      last_skip: { reason: expect.stringMatching(/updated once today|under way/) },
      runs: { submitted: 1, failed: 0 },
    });
    const [made, ...more] = served.jobs.list("signal");
    expect(more).toEqual([]);
    const { start, end } = made!.request.data_window;
    expect(Date.parse(end) - Date.parse(start)).toBe(60 * 86_400_000);
    expect(made).toMatchObject({ source: "schedule", request: { learning_rate: 1e-5 } });
    expect(made!.report!.samples.training).toBeGreaterThan(100);
  });

  it("makes up for a missed run once, or only tells of it", async () => {
    const baseDir = mkdtempSync(join(tmpdir(), "driftkeel-schedule-"));
    const models = {
      eager: model({ cron: "0 6 * * *" }),
      patient: model({ cron: "0 6 * * *", catch_up: false }),
    };
    const config = { name: "test.json", text: JSON.stringify({ models }) };
    const start = (now: string) =>
      startService({ config, baseDir, port: 0, log, now: () => at(now) });
    try {
      await (await start("2026-11-20T12:00:00")).close();
      const service = await start("2026-11-23T05:00:00"); // two runs were nobody's
      await vi.waitFor(async () => {
        const answer = await fetch(`${service.url}/api/v1/schedule`);
        expect((await answer.json()) as object).toMatchObject({
          schedules: [
            { next_run_at: "2026-11-23T06:00:00.000Z", runs: { submitted: 1, missed: 2 } },
            { last_run: null, runs: { submitted: 0, missed: 2 } },
          ],
        });
      });
      await service.close();
    } finally {
      rmSync(baseDir, { recursive: true, force: true });
    }
    const told = lines.filter(({ msg }) => msg === "scheduled updates were missed");
    expect(told.map(({ missed }) => missed)).toEqual([2, 2]);
  });

  it("tells of a run that a frozen model made impossible", async () => {
    served = await Served.open({ models: { signal: model({ cron: "* * * * * *" }) }, log });
    await served.ask("POST", "/api/v1/models/signal/freeze", { reason: "maintenance" });
    await served.app.listen({ host: "127.0.0.1", port: 0 });
    await vi.waitFor(async () => expect((await schedules())[0].runs.skipped).toBe(1), {
      timeout: 5000,
    });
    expect((await schedules())[0].last_skip.reason).toBe("its updates are frozen");
    expect(served.jobs.list()).toEqual([]);
  });
});
