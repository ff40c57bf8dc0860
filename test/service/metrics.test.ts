// The metrics of the service: what each shows after what happened, and before anything did.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LearnerEvent, Observation, Sample, UpdateOutcome } from "../../src/index.ts";
import { degradationOf } from "../../src/service/metrics/degradation.ts";
import { Vitals } from "../../src/service/metrics/vitals.ts";
import { Metrics } from "../../src/service/metrics.ts";
import { batch, Served } from "./served.ts";
import { SLOW, UpdateDesk } from "./update-desk.ts";

const START_MS = Date.UTC(2026, 0, 1);
let nowMs: number;
let metrics: Metrics;
beforeEach(() => {
  nowMs = START_MS;
  metrics = new Metrics(["signal", "other"], () => nowMs);
});

/** The value of one series. */
async function numberOf(series: string): Promise<number> {
  const line = (await metrics.text()).split("\n").find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`There is no ${series}.`);
  return Number(line.slice(series.length));
}

const of = (name: string, more = "") => numberOf(`driftkeel_${name}{model="signal"${more}}`);

type Told = LearnerEvent extends infer E
  ? E extends LearnerEvent
    ? Omit<E, "at" | "modelId">
    : never
  : never;

function tell(event: Told): void {
  metrics.observe({ at: nowMs, modelId: "signal", ...event } as LearnerEvent);
}

const measurements = {};
const started = { type: "update-started", reason: "drift", samples: 9, replayed: 0 } as const;
const promoted = { type: "promoted", versionId: "b", reason: "", measurements } as const;
const rejected = { type: "candidate-rejected", reason: "", measurements } as const;
const failed = { type: "update-failed", code: "TRAINING_DIVERGED", message: "" } as const;
const wentBack = { type: "rolled-back", from: "b", to: "a", reason: "", measurements } as const;

const training = {
  steps: 1,
  lossBefore: 1,
  lossAfter: 1,
  gradientNorm: 1,
  penalty: 0.25,
  elapsedMs: 1,
  stopReason: "finished" as const,
};

function outcomeOf(
  outcome: UpdateOutcome["outcome"],
  more: {
    measurements?: Record<string, number>;
    fisher?: [number, number];
    loss?: [number, number];
  },
): UpdateOutcome {
  const [fisherMax = 0, fisherMedian = 0] = more.fisher ?? [];
  const [lossBefore = 1, lossAfter = 1] = more.loss ?? [];
  const facts = {
    reason: "drift" as const,
    samples: { training: 1, replay: 0, holdout: 1 },
    trainedOn: undefined,
    judgedOn: undefined,
    training,
    ewc: more.fisher && { lambda: 1, fisherMax, fisherMedian },
    heldOut: more.loss && { lossBefore, lossAfter },
  };
  return { outcome, reason: "", measurements: more.measurements ?? {}, facts };
}

const observation: Observation = { loss: 1, side: "training", drift: "stable", rolledBack: false };
const sample = (timestamp?: number): Sample => ({
  input: Float32Array.of(1),
  label: Float32Array.of(1),
  ...(timestamp !== undefined && { timestamp: new Date(timestamp) }),
});

it("has every series from the start, in the format's spelling", async () => {
  const text = await metrics.text();
  const types = [...text.matchAll(/^# TYPE (driftkeel_\S+)/gm)].map(([, name]) => name!);
  expect(types.length).toBeGreaterThan(15);
  for (const name of types) expect(text).toMatch(new RegExp(`^${name}(_sum)?\\{`, "m"));
  expect(text).toContain('driftkeel_sharpe_ratio{model="other",phase="live"} NaN\n');
  expect(text).not.toContain(" Nan");
  expect(text).toContain("process_cpu_seconds_total");
  const gauges = [...text.matchAll(/^# TYPE (\S+) gauge/gm)].map(([, name]) => name!);
  expect(gauges.filter((name) => name.endsWith("_total"))).toEqual([]);
});

describe("feedback lag", () => {
  it("is the age of the newest sample when asked, and grows when none comes", async () => {
    metrics.observeSample("signal", observation, sample(START_MS - 60_000));
    expect(await of("feedback_lag_seconds")).toBe(60);
    metrics.observeSample("signal", observation, sample(START_MS - 90_000));
    expect(await of("feedback_lag_seconds")).toBe(60);
    nowMs += 3_600_000;
    expect(await of("feedback_lag_seconds")).toBe(3660);
    metrics.observeSample("signal", observation, sample());
    expect(await of("feedback_lag_seconds")).toBe(0);
  });

  it("counts from the start of the service before the first sample", async () => {
    nowMs += 5000;
    expect(await of("feedback_lag_seconds")).toBe(5);
  });

  it("takes a time to come for now, so that it cannot hide that feedback stops", async () => {
    metrics.observeSample("signal", observation, sample(START_MS + 86_400_000));
    nowMs += 10_000;
    expect(await of("feedback_lag_seconds")).toBe(10);
  });
});

describe("updates", () => {
  it("show how long one has been running while it does, and 0 after any end", () => {
    for (const end of [promoted, rejected, failed]) {
      let elapsedMs = 1000;
      const vitals = new Vitals({ nowMs: () => nowMs, elapsedMs: () => elapsedMs });
      const at = { at: nowMs, modelId: "signal" };
      vitals.hear({ ...at, ...started });
      elapsedMs += 3_601_000;
      expect(vitals.updateSeconds).toBe(3601);
      vitals.hear({ ...at, type: "update-progressed", step: 1, maxSteps: 2, loss: 1 });
      vitals.hear({ ...at, type: "update-skipped", obstacle: "too-soon", reason: "" });
      expect(vitals.updateSeconds).toBe(3601);
      expect(vitals.hear({ ...at, ...end })).toBe(3601);
      expect(vitals.updateSeconds).toBe(0);
    }
  });

  it("count those that failed in a row; a cancelled one is passed over", async () => {
    const counts = [];
    const cancelled = { ...failed, code: "UPDATE_CANCELLED" };
    for (const event of [failed, failed, cancelled, failed, rejected, failed, promoted]) {
      tell(event);
      counts.push(await of("failed_updates_in_a_row"));
    }
    expect(counts).toEqual([1, 2, 2, 3, 0, 1, 0]);
    expect(await of("updates_total", ',outcome="failed"')).toBe(5);
  });

  it("end with a dry run that was accepted, of which no event tells", async () => {
    tell(started);
    const { outcome: _, ...rest } = outcomeOf("rejected", {
      measurements: { sharpeBefore: 1, sharpeAfter: 0 },
    });
    metrics.observeUpdate("signal", { outcome: "accepted", ...rest });
    expect(await of("update_running_seconds")).toBe(0);
    expect(await of("updates_total", ',outcome="accepted"')).toBe(1);
    expect(await of("update_duration_seconds_count")).toBe(1);
    expect(await of("sharpe_ratio", ',phase="pre"')).toBe(Number.NaN);
  });

  it("have one duration each, whoever tells first that they ended", async () => {
    tell(started);
    metrics.observeUpdate("signal", outcomeOf("promoted", {}));
    tell(promoted);
    tell(started);
    tell(promoted);
    metrics.observeUpdate("signal", outcomeOf("promoted", {}));
    expect(await of("update_duration_seconds_count")).toBe(2);
    expect(await of("updates_total", ',outcome="promoted"')).toBe(2);
  });
});

describe("the last update", () => {
  it("shows both Sharpe ratios, and what a promotion took until it is rolled back", async () => {
    const sharpe = { sharpeBefore: 2, sharpeAfter: 1.8 };
    metrics.observeUpdate("signal", outcomeOf("promoted", { measurements: sharpe }));
    expect(await of("sharpe_ratio", ',phase="pre"')).toBe(2);
    expect(await of("sharpe_ratio", ',phase="post"')).toBe(1.8);
    expect(await of("degradation_ratio")).toBeCloseTo(0.1, 12);
    const worse = { sharpeBefore: 2, sharpeAfter: -1 };
    metrics.observeUpdate("signal", outcomeOf("rejected", { measurements: worse }));
    expect(await of("sharpe_ratio", ',phase="post"')).toBe(-1);
    expect(await of("degradation_ratio")).toBeCloseTo(0.1, 12);
    tell(wentBack);
    expect(await of("degradation_ratio")).toBe(0);
  });

  it("shows penalty and Fisher, and by which factor the Fisher changed", async () => {
    const changes = [];
    const broken: [number, number] = [Number.NaN, 1];
    for (const fisher of [[2, 1], [6, 1], [3, 1], broken, [1, 0.5]] as [number, number][]) {
      metrics.observeUpdate("signal", outcomeOf("rejected", { fisher }));
      expect(await of("fisher_max")).toBe(fisher[0]);
      expect(await of("fisher_median")).toBe(fisher[1]);
      changes.push(await of("fisher_change_ratio"));
    }
    expect(changes).toEqual([1, 3, 2, 1, 3]);
    expect(await of("ewc_penalty")).toBe(0.25);
  });

  it("is taken from the sample that led to it, once", async () => {
    const first = outcomeOf("rejected", { fisher: [1, 1] });
    const update = outcomeOf("rejected", { fisher: [4, 1] });
    metrics.observeUpdate("signal", first);
    metrics.observeSample("signal", { ...observation, update }, sample());
    metrics.observeUpdate("signal", update);
    expect(await of("fisher_change_ratio")).toBe(4);
  });
});

it("shows jobs by state; a state that is left out has none", async () => {
  metrics.setJobs("signal", { queued: 3, running: 1, parked: 2 });
  expect(await of("job_queue", ',state="queued"')).toBe(3);
  metrics.setJobs("signal", { evaluating: 1 });
  expect(await of("job_queue", ',state="queued"')).toBe(0);
  expect(await of("job_queue", ',state="running"')).toBe(0);
  expect(await of("job_queue", ',state="parked"')).toBe(0);
  expect(await of("job_queue", ',state="evaluating"')).toBe(1);
});

it("shows the rolling Sharpe ratio of what recent samples earned", async () => {
  for (let index = 0; index < 40; index++) {
    const pnl = index % 2 === 0 ? 0.03 : -0.01;
    metrics.observeSample("signal", { ...observation, pnl }, sample());
  }
  const deviation = 0.02 * Math.sqrt(40 / 39);
  expect(await of("sharpe_ratio", ',phase="live"')).toBeCloseTo(
    (0.01 / deviation) * Math.sqrt(252),
    9,
  );
});

describe("degradation", () => {
  const sharpe = (sharpeBefore: number, sharpeAfter: number) =>
    degradationOf({ measurements: { sharpeBefore, sharpeAfter } });
  const loss = (before: number, after: number) =>
    degradationOf(outcomeOf("promoted", { loss: [before, after] }));

  it("is the share of the Sharpe ratio that was lost, whatever its sign", () => {
    expect(sharpe(2, 1)).toBe(0.5);
    expect(sharpe(-2, -3)).toBe(0.5);
    expect(sharpe(-2, -1)).toBe(-0.5);
    expect(sharpe(0, -0.1)).toBeCloseTo(0.2, 12);
    expect(sharpe(0.001, -0.001)).toBeCloseTo(0.004, 12);
  });

  it("is the relative rise of the loss without P&L, and unknown without both", () => {
    expect(loss(2, 3)).toBe(0.5);
    expect(loss(-2, -1)).toBe(0.5);
    expect(loss(0, 1e-7)).toBeCloseTo(0.1, 12);
    expect(degradationOf({ measurements: {} })).toBe(Number.NaN);
  });
});

describe("a service", () => {
  let served: Served;
  afterEach(() => served.close());

  it("measures real samples and updates", async () => {
    served = await Served.open();
    const { learner } = served.host.find("signal");
    await served.ask("POST", "/api/v1/models/signal/feedback", batch(200));
    while (learner.status().observed < 200) await new Promise(setImmediate);
    const { outcome, facts } = await served.host.find("signal").update({}, false);
    expect(outcome).toBe("promoted");
    const { lossBefore, lossAfter } = facts!.heldOut!;
    const { text } = await served.ask("GET", "/metrics");
    const shown = /^driftkeel_degradation_ratio\{model="signal"\} (\S+)$/m.exec(text)![1];
    expect(Number(shown)).toBe((lossAfter - lossBefore) / lossBefore);
    expect(text).toMatch(/^driftkeel_feedback_lag_seconds\{model="signal"\} \d+(\.\d+)?$/m);
    expect(text).toContain('driftkeel_update_running_seconds{model="signal"} 0\n');
  });

  it("shows a job and its update while they run, and a cancelled one as no failure", async () => {
    const desk = await UpdateDesk.open(SLOW);
    served = desk.served;
    const id = await desk.start();
    const seen = async (pattern: RegExp) => {
      for (;;) {
        const { text } = await served.ask("GET", "/metrics");
        if (pattern.test(text)) return text;
        await new Promise(setImmediate);
      }
    };
    const text = await seen(/update_running_seconds\{model="signal"\} (0\.0*[1-9]|[1-9])/);
    expect(text).toContain('driftkeel_job_queue{model="signal",state="running"} 1\n');
    await desk.cancel(id);
    await desk.ended(id);
    const after = await seen(/job_queue\{model="signal",state="running"\} 0\n/);
    expect(after).toContain('driftkeel_update_running_seconds{model="signal"} 0\n');
    expect(after).not.toContain('state="cancelled"');
    expect(after).toContain('driftkeel_failed_updates_in_a_row{model="signal"} 0\n');
    expect(after).toContain('driftkeel_updates_total{model="signal",outcome="failed"} 1\n');
  });
});
