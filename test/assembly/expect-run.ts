// Runs a training plan in the core beside the references and compares what both leave.

import { expect } from "vitest";
import {
  PLAN_GRADIENT_NORM,
  PLAN_LOSS,
  PLAN_LOSS_AFTER,
  PLAN_LOSS_BEFORE,
  PLAN_PENALTY,
  PLAN_STATUS,
  PLAN_STEP,
  STATUS_FINISHED,
  STATUS_STOPPED_EARLY,
} from "../../assembly/layout.ts";
import { MOVE, networkIn32 } from "../tolerance.ts";
import { expectWithin } from "./expect-within.ts";
import type { Core } from "./harness.ts";
import { type Outcome, referenceRun } from "./reference-run.ts";
import { type Plan, placePlan, type Run, trainedValues } from "./train-plan.ts";
import { largest } from "./values.ts";

/** How far a reference run strays when its gradients are as inexact as those in f32. */
interface Stray {
  theta: number;
  /** Of the losses, the penalty and the norm, in this order. */
  reports: number[];
}

/** The numbers of a report. */
function reportsOf({ lossBefore, lossAfter, loss, penalty, gradientNorm }: Outcome): number[] {
  return [lossBefore, lossAfter, loss, penalty, gradientNorm];
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return largest(Array.from(a, (value, k) => value - b[k]!));
}

/**
 * The tolerance of a run: four times what blurring its gradients by the error of one pass changes,
 * since the pass may round against the run at every step, and the roundings of the moves. So it
 * grows where the run itself magnifies errors.
 */
function strayOf(run: Run, exact: Outcome): Stray {
  const { samples, replay, batchRows = samples.count } = run;
  const pass = networkIn32(run.layers, batchRows + (replay?.batchRows ?? 0));
  const blurred = referenceRun(run, pass);
  const moves = run.steps * MOVE * Math.max(1, largest(exact.theta));
  const [sharp, blur] = [reportsOf(exact), reportsOf(blurred)];
  return {
    theta: 4 * difference(exact.theta, blurred.theta) + moves,
    reports: sharp.map(
      (value, k) => 4 * Math.abs(value - blur[k]!) + pass * Math.abs(value) + moves,
    ),
  };
}

/** Runs a plan to its end, all in one call, and compares it with the references. */
export function expectRun(core: Core, run: Run): { plan: Plan; exact: Outcome; allowed: number } {
  const plan = placePlan(core, run);
  const exact = referenceRun(run);
  const stray = strayOf(run, exact);
  // A tolerance as wide as what is learned would prove nothing.
  const learned = difference(exact.theta, trainedValues(run));
  expect(stray.theta).toBeLessThan(0.02 * learned);
  const status = core.exports.train(plan.address, run.steps);
  const ending = exact.stoppedEarly ? STATUS_STOPPED_EARLY : STATUS_FINISHED;
  expect([status, plan.int(PLAN_STATUS)]).toEqual([ending, ending]);
  expect(plan.int(PLAN_STEP)).toBe(exact.steps);
  expectWithin(plan.parameters, exact.theta, stray.theta, "parameters");
  const fields = [PLAN_LOSS_BEFORE, PLAN_LOSS_AFTER, PLAN_LOSS, PLAN_PENALTY, PLAN_GRADIENT_NORM];
  const reports = fields.map((field) => plan.double(field));
  expectWithin(
    reports,
    reportsOf(exact),
    stray.reports,
    "losses before, after, of the last step, penalty, norm",
  );
  return { plan, exact, allowed: stray.theta };
}
