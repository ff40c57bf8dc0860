// Puts the metrics, and the alerts on them, where they hear of everything.

import type { Clock } from "../../index.ts";
import type { AlertSettings } from "../alerts/alert-config.ts";
import { Alerts } from "../alerts/alerts.ts";
import type { HttpApp } from "../http-app.ts";
import { isUnderWay } from "../jobs/job.ts";
import type { UpdateJobs } from "../jobs/update-jobs.ts";
import { Metrics } from "../metrics.ts";
import type { ModelHost } from "../model-host.ts";
import type { Outboxes } from "./outbox-gauges.ts";

/** How a server watches its models. */
export interface MeterOptions {
  /** Default: the system's clock. */
  now?: Clock | undefined;
  /** Default: nobody is told. */
  alerts?: AlertSettings | undefined;
  /** How the outbox of each partner stands; default: there is none. */
  outboxes?: Outboxes | undefined;
}

/** Metrics that follow the models and their jobs until the server closes. */
export function meter(
  app: HttpApp,
  { host, jobs }: { host: ModelHost; jobs: UpdateJobs },
  { now, alerts: settings, outboxes }: MeterOptions,
): Metrics {
  const ids = host.models.map(({ id }) => id);
  const metrics = new Metrics(ids, now);
  if (outboxes) metrics.watchOutboxes(outboxes);
  const showJobs = (id: string) => metrics.setJobs(id, underWay(jobs, id));
  for (const id of ids) showJobs(id);
  const stops = [
    host.watch({
      event: (event) => metrics.observe(event),
      sample: (id, observation, sample) => metrics.observeSample(id, observation, sample),
      update: (id, outcome, isDryRun) => metrics.observeUpdate(id, outcome, isDryRun),
    }),
    jobs.listen(({ model_id }) => {
      if (ids.includes(model_id)) showJobs(model_id);
    }),
  ];
  app.addHook("preClose", async () => {
    for (const stop of stops) stop();
  });
  if (settings) {
    const alerts = new Alerts(settings, { metrics, warn: app.log.warn.bind(app.log) });
    app.addHook("onClose", () => alerts.close());
  }
  return metrics;
}

/** Jobs that have not ended, by state. */
function underWay(jobs: UpdateJobs, modelId: string): Record<string, number> {
  const byState: Record<string, number> = {};
  for (const { status } of jobs.list(modelId)) {
    if (isUnderWay(status)) byState[status] = (byState[status] ?? 0) + 1;
  }
  return byState;
}
