// Alerts by the service itself: told once when they begin and once when they end.

import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LearnerEvent, UpdateOutcome } from "../../src/index.ts";
import { parseAlerts } from "../../src/service/alerts/alert-config.ts";
import { AlertWatch } from "../../src/service/alerts/alert-watch.ts";
import { Webhook } from "../../src/service/alerts/webhook.ts";
import { Metrics } from "../../src/service/metrics.ts";
import { type Service, startService } from "../../src/service/service.ts";
import { signal } from "../config/config-file.ts";
import { WebhookReceiver } from "./webhook-receiver.ts";

const SECRET = "a secret of the test";
const HOUR_MS = 3_600_000;

let nowMs: number;
let receiver: WebhookReceiver;
let watching: Watching;
beforeEach(async () => {
  nowMs = Date.UTC(2026, 0, 1);
  receiver = await WebhookReceiver.open();
});
afterEach(async () => {
  await watching?.webhook.close(0);
  await receiver.close();
});

/** Metrics, watched, with a webhook to the receiver. */
interface Watching {
  metrics: Metrics;
  watch: AlertWatch;
  webhook: Webhook;
}

function watchModels(webhookConfig: object = {}, limitConfig: object = {}): Watching {
  const webhook = { url: receiver.url, secret_env: "SECRET", ...webhookConfig };
  const member = { source: "test", webhook, limits: limitConfig };
  const { limits, ...rest } = parseAlerts("a.json", member, { SECRET });
  const metrics = new Metrics(["signal", "other"], () => nowMs);
  const delivery = new Webhook({
    ...rest.webhook,
    nowMs: () => nowMs,
    pause: async () => {},
    count: (end) => metrics.countMessage(end),
    warn: () => {},
  });
  const send = delivery.send.bind(delivery);
  const watch = new AlertWatch({ vitals: metrics.vitals, limits, nowMs: () => nowMs, send });
  metrics.listen((model) => watch.look(model));
  watching = { metrics, watch, webhook: delivery };
  return watching;
}

type Body = { type: LearnerEvent["type"] } & Record<string, unknown>;

function tell({ metrics }: Watching, events: readonly Body[], modelId = "signal"): void {
  for (const event of events) metrics.observe({ at: nowMs, modelId, ...event } as LearnerEvent);
}

const started = { type: "update-started", reason: "drift", samples: 1, replayed: 0 } as const;
const failed = { type: "update-failed", code: "TRAINING_DIVERGED", message: "" } as const;
const promoted = { type: "promoted", versionId: "b", reason: "", measurements: {} } as const;
const wentBack = { type: "rolled-back", from: "b", to: "a", reason: "", measurements: {} } as const;

function outcome(sharpeBefore: number, sharpeAfter: number): UpdateOutcome {
  return { outcome: "promoted", reason: "", measurements: { sharpeBefore, sharpeAfter } };
}

/** State, model and alert of what arrived. */
async function told(count: number): Promise<string[]> {
  const bodies = await receiver.bodies(count);
  return bodies.map(({ state, model_id, alert }) => `${state} ${model_id} ${alert}`);
}

describe("an alert", () => {
  it("is told once while it fires, and once more when it has ended", async () => {
    const one = watchModels();
    tell(one, [failed, failed]);
    one.watch.lookAll();
    tell(one, [failed]);
    expect(await told(1)).toEqual(["firing signal failed-updates"]);
    tell(one, [failed, failed]);
    one.watch.lookAll();
    tell(one, [failed, failed, failed], "other");
    expect(await told(2)).toEqual(["firing signal failed-updates", "firing other failed-updates"]);
    tell(one, [promoted]);
    expect((await told(3))[2]).toBe("recovered signal failed-updates");
    tell(one, [failed, failed, failed]);
    expect((await told(4))[3]).toBe("firing signal failed-updates");
  });

  it("says what, since when, and is signed", async () => {
    const one = watchModels();
    one.metrics.observeUpdate("signal", outcome(2, 1.5));
    const [body] = await receiver.bodies(1);
    const at = new Date(nowMs).toISOString();
    expect(body).toEqual({
      format_version: 1,
      state: "firing",
      model_id: "signal",
      alert: "degradation",
      severity: "critical",
      summary: "share of the quality that the last promotion took: 0.25, limit 0.05",
      value: 0.25,
      limit: 0.05,
      since: at,
      at,
      source: "test",
      dedup_key: "test/signal/degradation",
    });
    const { headers, body: text } = receiver.received[0]!;
    const digest = createHmac("sha256", SECRET)
      .update(`${nowMs / 1000}.${text}`)
      .digest("hex");
    expect(headers["driftkeel-signature"]).toBe(`t=${nowMs / 1000},v1=${digest}`);
    expect(headers["content-type"]).toBe("application/json");
    nowMs += HOUR_MS;
    tell(one, [wentBack]);
    const [, end] = await receiver.bodies(2);
    expect(end).toMatchObject({ state: "recovered", since: at, value: 0 });
    expect(end!.at).toBe(new Date(nowMs).toISOString());
  });

  it("is told anew after ten minutes when it was not delivered and still holds", async () => {
    const one = watchModels({ max_attempts: 2 });
    receiver.answers.push(500, 500);
    tell(one, [failed, failed, failed]);
    await receiver.bodies(2);
    while (!(await one.metrics.text()).includes('messages_total{outcome="failed"} 1\n')) {
      await new Promise(setImmediate);
    }
    nowMs += 599_000;
    one.watch.lookAll();
    nowMs += 1000;
    one.watch.lookAll();
    expect(await told(3)).toEqual(new Array(3).fill("firing signal failed-updates"));
    tell(one, [promoted]);
    expect((await told(4))[3]).toBe("recovered signal failed-updates");
  });

  it("that ended while it was being told has its end told after it", async () => {
    const one = watchModels();
    receiver.answers.push(500);
    tell(one, [failed, failed, failed]);
    tell(one, [promoted]);
    expect((await told(3)).slice(1)).toEqual([
      "firing signal failed-updates",
      "recovered signal failed-updates",
    ]);
  });
});

describe("the conditions", () => {
  const cases: Record<string, (one: Watching, isPast: boolean) => void> = {
    degradation: ({ metrics }, isPast) =>
      metrics.observeUpdate("signal", outcome(1, isPast ? 0.94 : 0.95)),
    "failed-updates": (one, isPast) => tell(one, new Array(isPast ? 3 : 2).fill(failed)),
    rollbacks: (one, isPast) =>
      tell(one, [...new Array(5).fill(promoted), ...new Array(isPast ? 2 : 1).fill(wentBack)]),
    "feedback-lag": ({ watch }, isPast) => {
      nowMs += 24 * HOUR_MS + (isPast ? 1 : 0);
      watch.lookAll();
    },
    "fisher-anomaly": ({ metrics }, isPast) => {
      const fisher = { lambda: 1, fisherMax: isPast ? 1.1e7 : 1e7, fisherMedian: 1 };
      const facts = { ewc: fisher } as unknown as NonNullable<UpdateOutcome["facts"]>;
      metrics.observeUpdate("signal", { ...outcome(1, 1), facts });
    },
  };

  for (const [alert, happen] of Object.entries(cases)) {
    it(`tell of ${alert} past the limit, not at it`, async () => {
      const one = watchModels();
      happen(one, false);
      watching = watchModels();
      happen(watching, true);
      expect((await told(1))[0]).toBe(`firing signal ${alert}`);
      const other = alert === "feedback-lag" ? 2 : 1;
      expect(await told(other)).toHaveLength(other);
      await one.webhook.close(0);
    });
  }

  it("tell of an update while it runs", async () => {
    const one = watchModels({}, { max_update_seconds: 0 });
    tell(one, [started]);
    one.watch.lookAll();
    expect(await told(1)).toEqual(["firing signal long-update"]);
    tell(one, [promoted]);
    expect((await told(2))[1]).toBe("recovered signal long-update");
  });

  it("tell of a Fisher that is not finite or that jumps, and forget old rollbacks", async () => {
    const one = watchModels({}, { max_feedback_lag_seconds: 1e9 });
    const measure = (fisherMax: number, fisherMedian = 1) => {
      const facts = { ewc: { lambda: 1, fisherMax, fisherMedian } };
      const update = { ...outcome(1, 1), facts } as unknown as UpdateOutcome;
      one.metrics.observeUpdate("signal", update);
    };
    measure(Number.NaN);
    expect((await receiver.bodies(1))[0]).toMatchObject({ state: "firing", value: null });
    measure(2);
    await receiver.bodies(2);
    measure(201);
    const jump = (await receiver.bodies(3))[2];
    expect(jump).toMatchObject({ alert: "fisher-anomaly", value: 100.5, limit: 100 });
    measure(201, 0); // a median of 0 is none
    expect((await told(4))[3]).toBe("recovered signal fisher-anomaly");
    tell(one, [...new Array(5).fill(promoted), wentBack, wentBack]);
    expect((await told(5))[4]).toBe("firing signal rollbacks");
    nowMs += 14 * 24 * HOUR_MS;
    one.watch.lookAll();
    expect((await told(6))[5]).toBe("recovered signal rollbacks");
  });
});

describe("a service", () => {
  const variable = "DRIFTKEEL_TEST_SECRET";
  const lines: string[] = [];
  let baseDir: string;
  let service: Service;
  beforeEach(() => {
    baseDir = mkdtempSync(join(tmpdir(), "driftkeel-alerts-"));
    process.env[variable] = SECRET;
    lines.length = 0;
  });
  afterEach(() => {
    delete process.env[variable];
    rmSync(baseDir, { recursive: true, force: true });
  });

  async function start(more: object = {}): Promise<void> {
    const alerts = { webhook: { url: receiver.url, secret_env: variable, ...more } };
    const config = { name: "a.json", text: JSON.stringify({ models: { signal }, alerts }) };
    const log = { write: (text: string) => void lines.push(text) };
    service = await startService({ config, baseDir, port: 0, now: () => nowMs, log });
    nowMs += 25 * HOUR_MS;
    await post("freeze", { reason: "test" }); // an event: it looks at once
  }

  async function post(path: string, body: object): Promise<void> {
    const url = `${service.url}/api/v1/models/signal/${path}`;
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    expect({ path, ok: answer.ok, text: await answer.text() }).toMatchObject({ path, ok: true });
  }

  /** Gives a sample and waits until it was learned. */
  async function learn(): Promise<void> {
    await post("feedback", { input: [1], label: [1] });
    const lag = 'feedback_lag_seconds{model="signal"} 0\n';
    while (!(await (await fetch(`${service.url}/metrics`)).text()).includes(lag));
  }

  it("tells alerts where its configuration says, without a secret in the log", async () => {
    receiver.answers.push(500);
    await start();
    expect(await told(2)).toEqual(new Array(2).fill("firing signal feedback-lag"));
    await learn();
    await post("unfreeze", {});
    expect((await told(3))[2]).toBe("recovered signal feedback-lag");
    await service.close();
    expect(lines.join("")).toContain("status 500");
    expect(lines.join("")).not.toMatch(new RegExp(`${SECRET}|${variable}|${receiver.url}`));
  });

  it("learns, and ends, while the webhook does not answer", async () => {
    receiver.answers.push("never");
    await start({ timeout_ms: 60_000 });
    await told(1);
    await learn();
    await service.close();
    expect(receiver.received).toHaveLength(1);
  });
});
