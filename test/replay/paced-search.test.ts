// A replay asks for architectures after alerts, on what is known, and not after every one.

import { describe, expect, it } from "vitest";
import type { SearchRequest } from "../../src/replay/architecture-search.ts";
import { FEATURE_LOOKBACK, FEATURE_NAMES } from "../../src/replay/features.ts";
import { replayMarket } from "../../src/replay/market-replay.ts";
import type { ReplayEvent } from "../../src/replay/replay-event.ts";
import { parseReplayOptions } from "../../src/replay/replay-options.ts";
import { shuffledAfter, syntheticBars } from "./synthetic-bars.ts";

const WARM_UP_DAYS = 260;
const bars = syntheticBars(480);

async function replay(series: typeof bars, searchEveryDays: number) {
  const requests: SearchRequest[] = [];
  const search = {
    propose: async (request: SearchRequest) => {
      requests.push(request);
      const accepted = requests.length % 2 === 0;
      const numbers = { parameters: 7, currentSharpe: 0.1, foundSharpe: 0.2 };
      return { accepted, reason: "for the test", cell: ["skip"], ...numbers };
    },
  };
  const settings = parseReplayOptions({
    searchEveryDays,
    searchDays: 200,
    trainDays: 80,
    holdoutDays: 20,
    drift: { windowSize: 10 },
    base: { maxSteps: 10 },
    update: { maxSteps: 2 },
  });
  const events: ReplayEvent[] = [];
  const [warmUp, live] = [series.slice(0, WARM_UP_DAYS), series.slice(WARM_UP_DAYS)];
  for await (const event of replayMarket(warmUp, live, settings, { search })) events.push(event);
  return { requests, events };
}

describe("a replay with a search", () => {
  it("asks on days of alerts, so many days apart, and reports every proposal", async () => {
    const { requests, events } = await replay(bars, 50);
    const proposals = events.filter((event) => event.kind === "architecture-proposed");
    expect(proposals.length).toBeGreaterThan(1);
    expect(proposals).toHaveLength(requests.length);
    expect(proposals[0]).toMatchObject({ accepted: false, cell: ["skip"], parameters: 7 });
    const alerts = events.filter((event) => event.kind === "drift-detected");
    expect(alerts.map(({ date }) => date)).toEqual(
      expect.arrayContaining(proposals.map(({ date }) => date)),
    );
    const dayOf = (date: string) => bars.findIndex((bar) => bar.date === date);
    for (const [index, { date }] of proposals.entries()) {
      if (index === 0) continue;
      expect(dayOf(date) - dayOf(proposals[index - 1]!.date)).toBeGreaterThanOrEqual(50);
    }
  });

  it("hands over the newest known days and what was earned on every live day", async () => {
    const { requests } = await replay(bars, 50);
    for (const { alert, features, featureCount, returns, servedPnl } of requests) {
      const today = bars.findIndex((bar) => bar.date === alert.date);
      expect(featureCount).toBe(FEATURE_NAMES.length);
      expect(returns).toHaveLength(Math.min(200, today - FEATURE_LOOKBACK + 1));
      expect(features).toHaveLength(featureCount * returns.length);
      const newest = bars[today]!.close / bars[today - 1]!.close - 1;
      expect(returns.at(-1)).toBeCloseTo(newest, 6);
      expect(servedPnl).toHaveLength(today - WARM_UP_DAYS + 1);
    }
  });

  it("asks for the same when the days after are shuffled", async () => {
    const first = await replay(bars, 50);
    const day = bars.findIndex((bar) => bar.date === first.requests[0]!.alert.date);
    const other = await replay(shuffledAfter(bars, day), 50);
    expect(other.requests[0]).toEqual(first.requests[0]);
  });
});
