// A small, quick gate and a stream that it lives through, for the tests of the gate.

import {
  type GateModel,
  type GateModelOptions,
  SignalSimulator,
  type TrainingSignal,
} from "../../../src/learners/gate/index.ts";

const corpus = SignalSimulator.corpus();
/** Options of a gate that is small and quick. */
export const options = (more: GateModelOptions = {}): GateModelOptions => ({
  corpus,
  buckets: 128,
  embeddingSize: 16,
  maxSteps: 60,
  updateEvery: 96,
  now: () => 1_700_000_000_000,
  ...more,
});
/** Lets a gate decide and learn for a while; what it was told, and what it did wrong. */
export async function live(gate: GateModel, simulator: SignalSimulator, count: number) {
  const wrong = { falseAllow: 0, falseBlock: 0 };
  const told: TrainingSignal[] = [];
  for (let index = 0; index < count; index++) {
    const next = simulator.next();
    const allowed = gate.decide(next.call).probability >= 0.5;
    if (allowed && !next.shouldAllow) wrong.falseAllow++;
    if (!allowed && next.shouldAllow) wrong.falseBlock++;
    told.push(simulator.outcome(next, allowed));
    await gate.record(told.at(-1)!);
  }
  return { wrong, told };
}
