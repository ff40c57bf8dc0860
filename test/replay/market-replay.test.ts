// A replay decides with what was known, reports what it did, and keeps no harmful update.

import { describe, expect, it } from "vitest";
import type { Bar } from "../../src/replay/bars.ts";
import { replayMarket } from "../../src/replay/market-replay.ts";
import { type ReplayEvent, TRADERS, type UpdateSettled } from "../../src/replay/replay-event.ts";
import { parseReplayOptions, type ReplayOptions } from "../../src/replay/replay-options.ts";
import { shuffledAfter, syntheticBars } from "./synthetic-bars.ts";

const WARM_UP_DAYS = 260;
const bars = syntheticBars(480);

const options = {
  scheduleDays: 10,
  cooldownDays: 5,
  trainDays: 80,
  holdoutDays: 20,
  drift: { windowSize: 10 },
  base: { maxSteps: 40 },
  update: { maxSteps: 10, replayCapacity: 1000 },
} satisfies ReplayOptions;

async function replay(series: readonly Bar[], more: ReplayOptions = {}): Promise<ReplayEvent[]> {
  const settings = parseReplayOptions({ ...options, ...more });
  const live = series.slice(WARM_UP_DAYS);
  const events: ReplayEvent[] = [];
  for await (const event of replayMarket(series.slice(0, WARM_UP_DAYS), live, settings)) {
    // How long an update took is the one thing that differs between equal runs.
    events.push("elapsedMs" in event ? { ...event, elapsedMs: 0 } : event);
  }
  return events;
}

function updatesOf(events: ReplayEvent[]): UpdateSettled[] {
  return events.filter((event) => "trigger" in event);
}

const original = await replay(bars);

describe("replayMarket", () => {
  it("does everything that the other tests look at", () => {
    const kinds = new Set(original.map((event) => event.kind));
    expect([...kinds].sort()).toEqual([
      "base-trained",
      "day-settled",
      "drift-detected",
      "naive-updated",
      "update-promoted",
      "update-rejected",
    ]);
    const triggers = new Set(updatesOf(original).map((update) => update.trigger));
    expect(triggers).toEqual(new Set(["drift", "schedule"]));
  });

  it.each([WARM_UP_DAYS - 1, WARM_UP_DAYS + 40, WARM_UP_DAYS + 120])(
    "gives the same past when all bars after day %i are shuffled",
    async (day) => {
      const { date } = bars[day]!;
      const other = await replay(shuffledAfter(bars, day));
      const past = original.filter((event) => event.date <= date);
      expect(past.length).toBeGreaterThan(day - WARM_UP_DAYS);
      expect(other.filter((event) => event.date <= date)).toEqual(past);
      expect(other).not.toEqual(original);
      // What the naive trader does after that day differs, so that its past could have.
      const naive = (events: ReplayEvent[]) =>
        events.flatMap((event) => (event.kind === "day-settled" ? event.position.naive : []));
      expect(naive(other)).not.toEqual(naive(original));
    },
  );

  it("pulls a bar only after the day before was settled", async () => {
    const pulled: string[] = [];
    function* live(): Generator<Bar> {
      for (const bar of bars.slice(WARM_UP_DAYS, WARM_UP_DAYS + 50)) {
        pulled.push(bar.date);
        yield bar;
      }
    }
    const settings = parseReplayOptions(options);
    for await (const event of replayMarket(bars.slice(0, WARM_UP_DAYS), live(), settings)) {
      if (event.kind === "base-trained") expect(pulled).toEqual([]);
      else expect(pulled.at(-1)).toBe(event.date);
    }
    expect(pulled).toHaveLength(50);
  });

  it("trains and judges on days whose outcome is known, none of them on both sides", () => {
    for (const { date, days } of updatesOf(original)) {
      expect(days.trainFrom <= days.trainTo).toBe(true);
      expect(days.holdoutFrom <= days.holdoutTo).toBe(true);
      expect(days.trainTo < date).toBe(true);
      expect(days.holdoutTo < date).toBe(true);
      expect(days.trainTo).not.toBe(days.holdoutTo);
    }
  });

  it("settles the position of the day before with the return of the day", () => {
    const days = original.filter((event) => event.kind === "day-settled");
    const closeOn = new Map(bars.map((bar) => [bar.date, bar.close]));
    for (let index = 2; index < days.length; index++) {
      const [earlier, before, day] = days.slice(index - 2, index + 1);
      const marketReturn = closeOn.get(day!.date)! / closeOn.get(before!.date)! - 1;
      for (const trader of TRADERS) {
        const held = before!.position[trader];
        const cost = 1e-4 * Math.abs(held - earlier!.position[trader]);
        expect(day!.pnl[trader]).toBeCloseTo(held * marketReturn - cost, 14);
      }
    }
  });

  it("trades as the static model until the first update is accepted", () => {
    const updates = original.findIndex((event) => event.kind === "update-promoted");
    const before = original.slice(0, updates).filter((event) => event.kind === "day-settled");
    for (const { position } of before) expect(position.driftkeel).toBe(position.static);
    const after = original.slice(updates).find((event) => event.kind === "day-settled")!;
    expect(after.position.driftkeel).not.toBe(after.position.static);
  });

  it("keeps the base network out of harm when every update diverges", async () => {
    const events = await replay(bars, { update: { lr: 1e38, maxSteps: 10 } });
    const kinds = new Set(updatesOf(events).map((update) => update.kind));
    expect(kinds).toEqual(new Set(["update-failed"]));
    for (const event of events) {
      expect(event.kind).not.toBe("naive-updated");
      if (event.kind !== "day-settled") continue;
      expect(event.position.driftkeel).toBe(event.position.static);
      expect(event.position.naive).toBe(event.position.static);
      expect(Number.isFinite(event.pnl.driftkeel)).toBe(true);
    }
  });

  it("trains the naive trader on the same days, on the newest that are known, and keeps it", () => {
    const updates = original.filter((event) => "trainFrom" in event);
    expect(updates.map(({ date }) => date)).toEqual(updatesOf(original).map(({ date }) => date));
    for (const { date, trainFrom, trainTo } of updates) {
      const today = bars.findIndex((bar) => bar.date === date);
      expect(trainTo).toBe(bars[today - 1]!.date);
      expect(trainFrom).toBe(bars[today - options.trainDays]!.date);
    }
    const first = original.findIndex((event) => event.kind === "naive-updated");
    for (const [index, event] of original.entries()) {
      if (event.kind !== "day-settled") continue;
      const { position } = event;
      if (index < first) expect(position.naive).toBe(position.static);
      else expect(position.naive).not.toBe(position.static);
    }
  });

  it("gives the naive trader neither EWC nor replay nor a judge", async () => {
    const gated = { ewcLambda: 1000, replayShare: 0.9, replayCapacity: 50 };
    const other = await replay(bars.slice(0, WARM_UP_DAYS + 60), {
      scheduleDays: 20,
      drift: { windowSize: 50 },
      maxLossDelta: 100,
      update: { ...options.update, ...gated },
    });
    const plain = await replay(bars.slice(0, WARM_UP_DAYS + 60), {
      scheduleDays: 20,
      drift: { windowSize: 50 },
    });
    const naive = (events: ReplayEvent[]) =>
      events.flatMap((event) => {
        if (event.kind === "day-settled") return [event.position.naive];
        return "trainFrom" in event ? [event.loss!.after] : [];
      });
    expect(naive(plain)).toEqual(naive(other));
    expect(updatesOf(plain)).not.toEqual(updatesOf(other));
  });

  it("makes another history from another seed", async () => {
    const other = await replay(bars.slice(0, WARM_UP_DAYS + 30), { seed: 2 });
    const day = (events: ReplayEvent[]) => events.find((event) => event.kind === "day-settled");
    expect(day(other)).not.toEqual(day(original));
  });

  it("asks for more when the warm-up is too short to learn from", async () => {
    const { length } = bars.slice(0, 160);
    const settings = parseReplayOptions(options);
    const starting = replayMarket(bars.slice(0, length), bars.slice(length), settings).next();
    await expect(starting).rejects.toThrow("Expected at least 161 days to warm up on, got 160.");
  });
});
