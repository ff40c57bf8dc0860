// A server with a model that has a story: drift, promotions, a probation, a rollback.

import { vi } from "vitest";
import { signal } from "../../config/config-file.ts";
import { batch, type Served } from "../served.ts";

/** Learns quickly, notices a shift of its labels after a few samples, and is frozen by nobody. */
export const watched = {
  ...signal,
  detector: { name: "page-hinkley", min_instances: 30, threshold: 4, delta: 0.05, mode: "up" },
  intake: { training_window: 200, holdout_window: 60 },
  min_samples: 60,
  min_holdout: 20,
  probation: { min_samples: 60 },
  safe_mode: { enabled: false },
};

/** Sends samples as a client does, and waits until they were learned. */
export async function learn(served: Served, count: number, shift: number): Promise<void> {
  const { learner } = served.host.find("signal");
  const all = learner.status().observed + count;
  const url = "/api/v1/models/signal/feedback";
  const { status, text } = await served.ask("POST", url, batch(count, shift));
  if (status !== 202) throw new Error(text);
  const isLearned = () => {
    if (learner.status().observed < all) throw new Error(`fewer than ${all} samples were learned`);
  };
  await vi.waitFor(isLearned, { timeout: 10_000, interval: 5 });
}

/** Samples, an update that is promoted, and samples of a shifted world that lead to more. */
export async function liveThrough(served: Served): Promise<void> {
  const { learner } = served.host.find("signal");
  await learn(served, 200, 0);
  await learner.update();
  await learn(served, 100, 0);
  await learn(served, 200, 1.5);
}

/** Listens where a browser can reach it; on `port` again after a restart. */
export async function listen(app: Served["app"], port = 0): Promise<string> {
  return app.listen({ host: "127.0.0.1", port });
}

const DAY_MS = 86_400_000;

/** Samples of the sixty days before now: what a window of stored samples is made of. */
export async function sendSixtyDays(served: Served, modelId: string, count: number) {
  const first = Date.now() - 60 * DAY_MS;
  const rows = batch(count).trim().split("\n");
  const lines = rows.map((row, index) => {
    const timestamp = first + (index * 59 * DAY_MS) / count;
    return JSON.stringify({ ...JSON.parse(row), timestamp });
  });
  await served.ask("POST", `/api/v1/models/${modelId}/feedback`, lines.join("\n"));
  return { start: new Date(first).toISOString(), end: new Date().toISOString() };
}
