// Replays a market day by day: settle, learn (drift, update, judge, promote, watch), predict.

import { DriftkeelRangeError } from "../errors.ts";
import type { TimeSpan, UpdateFacts, UpdateOutcome } from "../pipeline/learner-results.ts";
import type { ArchitectureSearch } from "./architecture-search.ts";
import type { Bar } from "./bars.ts";
import { FEATURE_LOOKBACK } from "./features.ts";
import { MarketTape } from "./market-tape.ts";
import { PacedSearch } from "./paced-search.ts";
import { measurePerformance } from "./performance.ts";
import { PositionBook } from "./position-book.ts";
import type {
  BaseTrained,
  DriftDetected,
  NaiveUpdated,
  ReplayEvent,
  UpdateSettled,
} from "./replay-event.ts";
import type { ReplaySettings } from "./replay-options.ts";
import type { LearnedDay } from "./signal-learner.ts";
import { Traders } from "./traders.ts";

/** Fewer days with features than this are too few to train a base network on. */
const MIN_WARM_UP_SAMPLES = 100;

/** Where driftkeel keeps its versions, and who searches architectures. */
export interface ReplayPlace {
  storagePath?: string;
  search?: ArchitectureSearch | undefined;
}

/**
 * Trains on `warmUp`, then takes the live bars one by one and yields what happens, in order.
 *
 * The market's dates are the only clock. On each day the positions of the day before are settled
 * first; what is known at this close then decides about drift, an update and the next positions.
 * A live bar is pulled only after everything about the day before it was yielded. Driftkeel's
 * versions, state and audit log go to the folder `storagePath`, where there is one. With a `search`
 * another architecture is looked for after alerts, and proposed.
 * Throws `DATA_EMPTY` for too short a warm-up.
 */
export async function* replayMarket(
  warmUp: readonly Bar[],
  live: Iterable<Bar>,
  settings: ReplaySettings,
  { storagePath, search }: ReplayPlace = {},
): AsyncGenerator<ReplayEvent> {
  checkWarmUp(warmUp);
  const tape = new MarketTape(warmUp);
  const { traders, trained } = await trainBase(tape, settings, storagePath);
  try {
    yield trained;
    const book = new PositionBook(settings.costBps);
    book.take(traders.positions(tape.input(tape.today)));
    const { driftkeel } = traders;
    const searches = search && new PacedSearch(search, tape, settings);
    for (const bar of live) {
      tape.append(bar);
      const pnl = book.settle(tape.returnOn(tape.today));
      const [yesterday] = tape.samples(tape.today - 1, tape.today);
      const learned = await driftkeel.learn(yesterday!, dateOf(bar.date));
      const decisions = [...whatWasLearned(bar.date, learned, settings.drift.windowSize)];
      yield* decisions;
      const proposed = await searches?.afterDay(pnl.driftkeel, decisions);
      if (proposed) yield proposed;
      const { update } = learned;
      if (update && update.outcome !== "skipped") yield await updateNaive(tape, traders, settings);
      const position = traders.positions(tape.input(tape.today));
      book.take(position);
      const { rollingSharpe } = driftkeel;
      yield { kind: "day-settled", date: bar.date, pnl, position, rollingSharpe };
    }
  } finally {
    await traders.close();
  }
}

function checkWarmUp(warmUp: readonly Bar[]): void {
  const needed = FEATURE_LOOKBACK + MIN_WARM_UP_SAMPLES + 1;
  if (warmUp.length >= needed) return;
  const message = `Expected at least ${needed} days to warm up on, got ${warmUp.length}.`;
  throw new DriftkeelRangeError("DATA_EMPTY", `${message} Take more years or a longer file.`);
}

/** Trains the base network on every sample whose outcome the warm-up shows. */
async function trainBase(
  tape: MarketTape,
  settings: ReplaySettings,
  storagePath: string | undefined,
): Promise<{ traders: Traders; trained: BaseTrained }> {
  const samples = tape.samples(tape.firstDay, tape.today);
  const today = dateOf(tape.date(tape.today));
  const { traders, report } = await Traders.train(samples, settings, { storagePath, today });
  const book = new PositionBook(settings.costBps);
  const hold: number[] = [];
  const base: number[] = [];
  for (let day = tape.firstDay; day < tape.today; day++) {
    book.take(traders.positions(tape.input(day)));
    const pnl = book.settle(tape.returnOn(day + 1));
    hold.push(pnl.hold);
    base.push(pnl.static);
  }
  const performance = measurePerformance(base);
  // Nothing has learned yet: the other two trade as the base network.
  const alike = { static: performance, naive: performance, driftkeel: performance };
  const inSample = { hold: measurePerformance(hold), ...alike };
  const date = tape.date(tape.today);
  return {
    traders,
    trained: { kind: "base-trained", date, samples: samples.length, ...report, inSample },
  };
}

/** The decisions of one day. */
function* whatWasLearned(
  date: string,
  { drift, update, rollback }: LearnedDay,
  windowSize: number,
): Generator<ReplayEvent> {
  if (drift) yield driftDetected(date, drift, windowSize, update);
  if (rollback) yield { kind: "version-rolled-back", date, ...rollback };
  if (update?.facts) yield updateSettled(date, update, update.facts);
}

function driftDetected(
  date: string,
  measured: Readonly<Record<string, number>>,
  windowSize: number,
  update: UpdateOutcome | undefined,
): DriftDetected {
  const isHeldOff = update?.outcome === "skipped";
  return {
    kind: "drift-detected",
    date,
    currentSharpe: measured.currentSharpe!,
    meanSharpe: measured.meanSharpe!,
    threshold: measured.threshold!,
    windowSize,
    action: isHeldOff ? "held-off" : "update",
    ...(isHeldOff && { obstacle: update.reason }),
  };
}

const KIND = {
  promoted: "update-promoted",
  rejected: "update-rejected",
  skipped: "update-rejected",
  failed: "update-failed",
} as const;

function updateSettled(
  date: string,
  { outcome, reason, measurements, versionId }: UpdateOutcome,
  { reason: trigger, samples, trainedOn, judgedOn, training }: UpdateFacts,
): UpdateSettled {
  const { lossBefore, lossAfter } = measurements;
  return {
    kind: KIND[outcome],
    date,
    trigger: trigger === "drift" ? "drift" : "schedule",
    days: {
      trainFrom: dateText(trainedOn, "from"),
      trainTo: dateText(trainedOn, "to"),
      holdoutFrom: dateText(judgedOn, "from"),
      holdoutTo: dateText(judgedOn, "to"),
      replaySamples: samples.replay,
    },
    ...(lossBefore !== undefined && { lossBefore }),
    ...(lossAfter !== undefined && { lossAfter }),
    measurements,
    ...(versionId !== undefined && { versionId }),
    steps: training?.steps ?? 0,
    reason,
    elapsedMs: training?.elapsedMs ?? 0,
  };
}

/** Trains the naive trader on the newest `trainDays` whose outcome is known, to the last one. */
async function updateNaive(
  tape: MarketTape,
  { naive }: Traders,
  { trainDays }: ReplaySettings,
): Promise<NaiveUpdated> {
  const from = Math.max(tape.firstDay, tape.today - trainDays);
  const train = tape.samples(from, tape.today);
  const outcome = await naive.update(train);
  return {
    ...outcome,
    date: tape.date(tape.today),
    trainFrom: tape.date(from),
    trainTo: tape.date(tape.today - 1),
  };
}

/** Midnight, UTC. date: YYYY-MM-DD. */
function dateOf(date: string): Date {
  return new Date(`${date}T00:00:00Z`);
}

/** YYYY-MM-DD. */
function dateText(span: TimeSpan | undefined, end: "from" | "to"): string {
  return span?.[end].toISOString().slice(0, 10) ?? "";
}
