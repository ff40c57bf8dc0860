// The gate's network as something to learn, with the gate's own rules of training.

import {
  type Consolidation,
  type Learnable,
  type ModelVersion,
  type ProposalRequest,
  ReplayBuffer,
  type ReplaySource,
  type Sample,
  type TrainReport,
} from "../../index.ts";

/** Part of the replayed examples that may be locked ones. */
const LOCKED_SHARE = 0.5;

/**
 * Another learnable with three additions: up to half of what is replayed is locked, what `protect`
 * remembers is protected beside the learner's own EWC, and weights that came from elsewhere can
 * stand for election like a trained candidate.
 */
export class GateLearnable implements Learnable {
  readonly inputSize: number;
  readonly outputSize: number;
  readonly #learnable: Learnable;
  readonly #protect: Consolidation | undefined;
  /** Weights by the signal of the update that they are for: another update trains. */
  readonly #nominated = new WeakMap<AbortSignal, ReadonlyMap<string, Float32Array>>();

  constructor(learnable: Learnable, protect: Consolidation | undefined) {
    this.#learnable = learnable;
    this.#protect = protect;
    this.inputSize = learnable.inputSize;
    this.outputSize = learnable.outputSize;
  }

  initial(): ModelVersion {
    return this.#learnable.initial();
  }

  load(weights: ReadonlyMap<string, Float32Array>): ModelVersion {
    return this.#learnable.load(weights);
  }

  check(name: string, samples: readonly Sample[]): void {
    this.#learnable.check(name, samples);
  }

  fisher(version: ModelVersion, samples: readonly Sample[]): Float32Array {
    return this.#learnable.fisher(version, samples);
  }

  /** The candidate of the update that is run with the returned signal is `weights`, untrained. */
  nominate(weights: ReadonlyMap<string, Float32Array>): AbortSignal {
    const { signal } = new AbortController();
    this.#nominated.set(signal, weights);
    return signal;
  }

  async propose(active: ModelVersion, request: ProposalRequest) {
    const { replay, samples, signal } = request;
    const nominated = signal && this.#nominated.get(signal);
    if (nominated) return this.#elected(active, nominated, samples);
    return this.#learnable.propose(active, {
      ...request,
      replay: replay && { ...replay, buffer: halfLocked(replay.buffer) },
      ewc: joined(request.ewc, this.#protect),
    });
  }

  #elected(
    active: ModelVersion,
    weights: ReadonlyMap<string, Float32Array>,
    samples: readonly Sample[],
  ) {
    const candidate = this.#learnable.load(weights);
    const report: TrainReport = {
      steps: 0,
      lossBefore: active.loss(samples),
      lossAfter: candidate.loss(samples),
      gradientNorm: 0,
      penalty: 0,
      elapsedMs: 0,
      stopReason: "finished",
    };
    return { candidate, report };
  }
}

function halfLocked(buffer: ReplaySource): ReplaySource {
  if (!(buffer instanceof ReplayBuffer)) return buffer;
  return {
    size: buffer.size,
    lockedSize: buffer.lockedSize,
    sample: (count) => buffer.sample(count, { lockedShare: LOCKED_SHARE }),
  };
}

/**
 * One penalty that is the sum of two, but for a constant:
 *
 *     lambda F = la Fa + lb Fb,   baseline = (la Fa a + lb Fb b) / (la Fa + lb Fb)
 */
export function joined(
  first: Consolidation | undefined,
  second: Consolidation | undefined,
): Consolidation | undefined {
  const [firstFisher, secondFisher] = [first?.fisher(), second?.fisher()];
  if (!second || !secondFisher) return first;
  if (!first || !firstFisher) return second;
  const [a, b] = [first.baseline(), second.baseline()];
  const fisher = new Float32Array(a.length);
  const baseline = new Float32Array(a.length);
  for (let p = 0; p < a.length; p++) {
    const [ofA, ofB] = [first.lambda * firstFisher[p]!, second.lambda * secondFisher[p]!];
    fisher[p] = ofA + ofB;
    baseline[p] = ofA + ofB > 0 ? (ofA * a[p]! + ofB * b[p]!) / (ofA + ofB) : a[p]!;
  }
  return { lambda: 1, fisher: () => fisher.slice(), baseline: () => baseline.slice() };
}
