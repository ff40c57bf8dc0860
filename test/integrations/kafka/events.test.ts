// Events of updates: what they say of learners and of jobs.

import { describe, expect, it } from "vitest";
import type { EventBody, LearnerEvent } from "../../../src/index.ts";
import {
  type EndedJob,
  eventOfJob,
  LearnerUpdates,
} from "../../../src/integrations/kafka/index.ts";
import { messageOf } from "../../../src/integrations/kafka/model-update-event.ts";

const at = Date.parse("2026-01-02T03:04:05.678Z");
const happening = (body: EventBody): LearnerEvent => ({ at, modelId: "m", ...body });
const started = happening({
  type: "update-started",
  reason: "drift",
  samples: 9,
  replayed: 0,
  trainedOn: { from: new Date(at - 2000), to: new Date(at - 1000) },
});
const sharpes = { sharpeBefore: 2, sharpeAfter: 1.5 };

/** The event of the last of some happenings. */
function hear(...events: LearnerEvent[]) {
  const updates = new LearnerUpdates(() => "sample-7");
  const heard = events.map((event) => updates.hear(event));
  return heard.at(-1);
}

describe("an update of a learner", () => {
  it("is told with what it was trained on and how it was judged", () => {
    const versionId = "20260102-030405-abcd";
    const promoted = { type: "promoted", versionId, reason: "", measurements: sharpes } as const;
    expect(hear(started, happening(promoted))).toEqual({
      id: "m/promoted/20260102-030405-abcd",
      event: {
        event_type: "model_update",
        timestamp: "2026-01-02T03:04:05.678Z",
        model_id: "m",
        update_type: "drift",
        data_window: { start: "2026-01-02T03:04:03.678Z", end: "2026-01-02T03:04:04.678Z" },
        performance_metrics: { sharpe_pre: 2, sharpe_post: 1.5, degradation_pct: 25 },
        stability_check: "passed",
        outcome: "promoted",
        version_id: versionId,
        job_id: null,
      },
    });
  });

  it("is told when it was rejected, failed or taken back", () => {
    const rejected = { type: "candidate-rejected", reason: "", measurements: {} } as const;
    expect(hear(started, happening(rejected))).toMatchObject({
      id: `m/rejected/${at}/sample-7`,
      event: { outcome: "rejected", performance_metrics: null, stability_check: "not applicable" },
    });
    const worse = { ...rejected, measurements: sharpes };
    expect(hear(started, happening(worse))?.event.stability_check).toBe("failed");
    const failed = { type: "update-failed", code: "UPDATE_DIVERGED", message: "" } as const;
    expect(hear(started, happening(failed))?.event).toMatchObject({ outcome: "failed" });
    const back = {
      type: "rolled-back",
      from: "v2",
      to: "v1",
      reason: "",
      measurements: {},
    } as const;
    expect(hear(started, happening(back))).toMatchObject({
      id: "m/rolled_back/v2",
      event: { outcome: "rolled_back", version_id: "v2", update_type: "unknown" },
    });
  });

  it("is none where nothing ended, and the first version is none", () => {
    const reason = "the model's first version";
    const first = { type: "promoted", versionId: "v1", reason, measurements: {} } as const;
    expect(hear(happening(first))).toBeUndefined();
    expect(hear(started)).toBeUndefined();
    expect(hear(happening({ type: "frozen", reason: "" }))).toBeUndefined();
  });

  it("has a percentage only where there is one", () => {
    const of = (sharpeBefore: number, sharpeAfter: number) => {
      const measurements = { sharpeBefore, sharpeAfter };
      const promoted = { type: "promoted", versionId: "v", reason: "", measurements } as const;
      return hear(started, happening(promoted))?.event.performance_metrics;
    };
    expect(of(-2, -3)).toEqual({ sharpe_pre: -2, sharpe_post: -3, degradation_pct: 50 });
    expect(of(0, 1)).toEqual({ sharpe_pre: 0, sharpe_post: 1, degradation_pct: null });
    expect(of(Number.NaN, 1)?.sharpe_pre).toBeNull();
  });
});

const job: EndedJob = {
  job_id: "job-1",
  model_id: "m",
  status: "promoted",
  source: "schedule",
  finished_at: "2026-01-02T00:00:00.000Z",
  request: { data_window: { start: "a", end: "b" }, dry_run: false },
  report: { performance_metrics: null, stability_check: "off", version_id: "v1" },
};

describe("a job", () => {
  it("is told with every field, and goes by the key of its model", () => {
    const found = eventOfJob(job)!;
    expect(found.event).toEqual({
      event_type: "model_update",
      timestamp: job.finished_at,
      model_id: "m",
      update_type: "scheduled-update",
      data_window: job.request.data_window,
      performance_metrics: null,
      stability_check: "off",
      outcome: "promoted",
      version_id: "v1",
      job_id: "job-1",
    });
    const value = JSON.stringify(found.event);
    const headers = { event_id: "m/promoted/job-1" };
    expect(messageOf("t", found)).toEqual({ topic: "t", key: "m", value, headers });
  });

  it("is told at each of its ends, and not before", () => {
    const ends = ["promoted", "rejected", "rolled_back", "failed", "cancelled"];
    for (const status of ends) expect(eventOfJob({ ...job, status })?.event.outcome).toBe(status);
    for (const status of ["queued", "running", "evaluating"]) {
      expect(eventOfJob({ ...job, status, finished_at: null })).toBeUndefined();
    }
    expect(eventOfJob({ ...job, report: null })?.event.version_id).toBeNull();
    const dry = { ...job, request: { ...job.request, dry_run: true } };
    expect(eventOfJob(dry)).toBeUndefined();
  });
});
