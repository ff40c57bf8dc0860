// Metrics of the outboxes: what partners have yet to get, and since when one is away.

import { Gauge, type Registry } from "prom-client";
import type { OutboxStatus } from "../../integrations/outbox/index.ts";

/** How the outbox of each partner stands, by the name of the partner. */
export type Outboxes = ReadonlyMap<string, () => OutboxStatus>;

type Read = (status: OutboxStatus, nowMs: number) => number;

const GAUGES: readonly [name: string, help: string, read: Read][] = [
  ["waiting", "Events that the partner does not have yet.", ({ waiting }) => waiting],
  ["refused", "Events that found no room since the start.", ({ refused }) => refused],
  [
    "outage_seconds",
    "Time for which nothing could be delivered to the partner; 0 while all is well.",
    ({ outage }, nowMs) => (outage ? Math.max(0, nowMs - outage.since.getTime()) / 1000 : 0),
  ],
];

/** Adds them to a registry. */
export function addOutboxGauges(registry: Registry, outboxes: Outboxes, nowMs: () => number): void {
  for (const [name, help, read] of GAUGES) {
    new Gauge({
      name: `driftkeel_outbox_${name}`,
      help,
      labelNames: ["partner"],
      registers: [registry],
      collect() {
        for (const [partner, status] of outboxes) this.set({ partner }, read(status(), nowMs()));
      },
    });
  }
}
