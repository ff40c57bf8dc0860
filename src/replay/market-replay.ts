// Replays a market day by day: settle, notice drift, update, judge, keep or undo, predict.

import { DriftkeelRangeError } from "../errors.ts";
import { type DriftAlert, SharpeDriftDetector } from "../pipeline/drift/sharpe-drift-detector.ts";
import type { Bar } from "./bars.ts";
import { FEATURE_LOOKBACK } from "./features.ts";
import { MarketTape } from "./market-tape.ts";
import { measurePerformance } from "./performance.ts";
import { PositionBook } from "./position-book.ts";
import type {
  BaseTrained,
  DriftDetected,
  NaiveUpdated,
  ReplayEvent,
  UpdateReason,
  UpdateSettled,
} from "./replay-event.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { Traders } from "./traders.ts";
import { type TriggerDecision, UpdateTrigger } from "./update-trigger.ts";

/** Fewer days with features than this are too few to train a base network on. */
const MIN_WARM_UP_SAMPLES = 100;

/**
 * Trains on `warmUp`, then takes the live bars one by one and yields what happens, in order.
 *
 * The market's dates are the only clock. On each day the positions of the day before are settled
 * first; what is known at this close then decides about drift, an update and the next positions.
 * A live bar is pulled only after everything about the day before it was yielded.
 * Throws `DATA_EMPTY` for too short a warm-up.
 */
export async function* replayMarket(
  warmUp: readonly Bar[],
  live: Iterable<Bar>,
  settings: ReplaySettings,
): AsyncGenerator<ReplayEvent> {
  checkWarmUp(warmUp);
  const tape = new MarketTape(warmUp);
  const { traders, trained } = await trainBase(tape, settings);
  try {
    yield trained;
    const book = new PositionBook(settings.costBps);
    const detector = new SharpeDriftDetector({ ...settings.drift, input: "returns" });
    const { scheduleDays, cooldownDays, holdoutDays } = settings;
    const trigger = new UpdateTrigger({ scheduleDays, cooldownDays, minDays: holdoutDays });
    book.take(traders.positions(tape.input(tape.today)));
    const { driftkeel } = traders;
    driftkeel.remember(tape.samples(tape.firstDay, updateDays(tape, settings).trainFrom));
    for (const bar of live) {
      tape.append(bar);
      // One day leaves the training days each day, and only then enters the replay buffer.
      const { trainFrom } = updateDays(tape, settings);
      if (trainFrom > tape.firstDay) driftkeel.remember(tape.samples(trainFrom - 1, trainFrom));
      const pnl = book.settle(tape.returnOn(tape.today));
      const alert = detector.observe(new Date(`${bar.date}T00:00:00Z`), pnl.driftkeel);
      const decision = trigger.decide(alert !== undefined);
      if (alert !== undefined) yield driftDetected(bar.date, alert, decision);
      if (decision === "drift" || decision === "schedule") {
        yield await update(tape, traders, decision, settings);
        yield await updateNaive(tape, traders, settings);
      }
      const position = traders.positions(tape.input(tape.today));
      book.take(position);
      const rollingSharpe = detector.currentSharpe();
      yield { kind: "day-settled", date: bar.date, pnl, position, rollingSharpe };
    }
  } finally {
    traders.dispose();
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
): Promise<{ traders: Traders; trained: BaseTrained }> {
  const samples = tape.samples(tape.firstDay, tape.today);
  const { traders, report } = await Traders.train(samples, settings);
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

function driftDetected(date: string, alert: DriftAlert, decision: TriggerDecision): DriftDetected {
  const { currentSharpe, meanSharpe, threshold, windowSize } = alert;
  const action = decision === "cooling-down" || decision === "too-early" ? decision : "update";
  return { kind: "drift-detected", date, currentSharpe, meanSharpe, threshold, windowSize, action };
}

/** Where the days of an update start: those that train, and those held out, which end today. */
function updateDays(
  tape: MarketTape,
  { holdoutDays, trainDays }: ReplaySettings,
): { trainFrom: number; holdoutFrom: number } {
  const holdoutFrom = tape.today - holdoutDays;
  return { trainFrom: Math.max(tape.firstDay, holdoutFrom - trainDays), holdoutFrom };
}

/**
 * Tries one update on three ranges of days without overlap: the newest `holdoutDays` judge, the
 * `trainDays` before them train, all older ones are in the replay buffer.
 */
async function update(
  tape: MarketTape,
  { driftkeel }: Traders,
  trigger: UpdateReason,
  settings: ReplaySettings,
): Promise<UpdateSettled> {
  const { trainFrom, holdoutFrom } = updateDays(tape, settings);
  const train = tape.samples(trainFrom, holdoutFrom);
  const holdout = tape.samples(holdoutFrom, tape.today);
  const outcome = await driftkeel.update(train, holdout);
  // Read off the samples themselves, so that the log says what was used and not what was meant.
  const { samples, newest } = driftkeel.remembered;
  const days = {
    replaySamples: samples,
    ...(newest === undefined ? {} : { replayTo: dateText(newest) }),
    trainFrom: dateText(train[0]!.timestamp!),
    trainTo: dateText(train.at(-1)!.timestamp!),
    holdoutFrom: dateText(holdout[0]!.timestamp!),
    holdoutTo: dateText(holdout.at(-1)!.timestamp!),
  };
  return { ...outcome, date: tape.date(tape.today), trigger, days };
}

/** Trains the naive trader on the newest `trainDays` whose outcome is known, to the last one. */
async function updateNaive(
  tape: MarketTape,
  { naive }: Traders,
  { trainDays }: ReplaySettings,
): Promise<NaiveUpdated> {
  const train = tape.samples(Math.max(tape.firstDay, tape.today - trainDays), tape.today);
  const outcome = await naive.update(train);
  return {
    ...outcome,
    date: tape.date(tape.today),
    trainFrom: dateText(train[0]!.timestamp!),
    trainTo: dateText(train.at(-1)!.timestamp!),
  };
}

/** YYYY-MM-DD. */
function dateText(timestamp: Date): string {
  return timestamp.toISOString().slice(0, 10);
}
