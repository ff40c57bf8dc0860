// The metrics of outboxes: what waits, what found no room, and how long a partner is away.

import { expect, it } from "vitest";
import { Metrics } from "../../src/service/metrics.ts";

const NOW = 1_700_000_000_000;

it("show how the outbox of each partner stands when somebody asks", async () => {
  const status = { waiting: 3, capacity: 9, delivered: 1, refused: 2, failures: 4 };
  const outage = { since: new Date(NOW - 2500), message: "away" };
  let isAway = true;
  const metrics = new Metrics(["signal"], () => NOW);
  expect(await metrics.text()).not.toContain("driftkeel_outbox");
  const kafka = () => ({ ...status, outage: isAway ? outage : undefined });
  metrics.watchOutboxes(new Map([["kafka", kafka]]));
  const text = await metrics.text();
  expect(text).toContain('driftkeel_outbox_waiting{partner="kafka"} 3\n');
  expect(text).toContain('driftkeel_outbox_refused{partner="kafka"} 2\n');
  expect(text).toContain('driftkeel_outbox_outage_seconds{partner="kafka"} 2.5\n');
  isAway = false;
  expect(await metrics.text()).toContain('driftkeel_outbox_outage_seconds{partner="kafka"} 0\n');
});
