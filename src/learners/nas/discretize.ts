// From a mixture to one operation per edge, by what each choice does to the validation loss.
//
// The largest alpha is a poor judge of an operation (Wang et al. 2021, "Rethinking architecture
// selection in differentiable NAS"): a convolution can imitate its neighbours. So each edge, the
// most decided first, tries every operation alone, with a short training of the weights from where
// they stand, and keeps the one with the lowest score
//
//     validation loss x (1 + 2 (parameters of the operation + 1) / (windows of the train part))
//
// The price is Akaike's to first order; the 1 stands for the operation itself and is not paid by
// `zero`. When all are chosen, the edges are gone through once more, now with all others known.

import type { Supernet } from "./darts-search.ts";
import { costsOf, frameOf, type NasSettings } from "./nas-config.ts";
import type { SearchPace } from "./search-pace.ts";
import type { Cell } from "./search-space.ts";

/** Part of the search steps that each try may train. */
const TRY_SHARE = 0.1;
const ROUNDS = 2;
/** Of the learning rate: the weights have settled. */
const TRY_LR = 0.7;
const SETTLE_LR = 0.5;

/** What was chosen, and the scores of the last look at each edge; Infinity where it did not fit. */
export interface Choice {
  cell: Cell;
  scores: Float64Array[];
}

/** Chooses the operations of a searched supernet. Throws UPDATE_DIVERGED, UPDATE_CANCELLED. */
export async function discretize(
  supernet: Supernet,
  settings: NasSettings,
  trainWindows: number,
  pace: SearchPace,
): Promise<Choice> {
  const chooser = new Chooser(supernet, settings, trainWindows, pace);
  const certainty = supernet.shares().map((shares) => Math.max(...shares));
  const order = [...certainty.keys()].sort((a, b) => certainty[b]! - certainty[a]! || a - b);
  for (const edge of order) {
    await chooser.choose(edge);
    chooser.settle();
  }
  for (let round = 1; round < ROUNDS; round++) {
    let changes = 0;
    for (const edge of order) if (await chooser.choose(edge)) changes++;
    if (changes === 0) break;
  }
  const { operations } = settings.space;
  const cell = supernet.decided().map((k) => operations[k!]!);
  return { cell, scores: chooser.scores };
}

/** Tries operations on a supernet. */
class Chooser {
  readonly scores: Float64Array[];
  readonly #supernet: Supernet;
  readonly #settings: NasSettings;
  readonly #prices: number[];
  readonly #pace: SearchPace;
  readonly #steps: number;
  readonly #mostTries: number;
  #tries = 0;

  constructor(supernet: Supernet, settings: NasSettings, trainWindows: number, pace: SearchPace) {
    const { space, searchSteps } = settings;
    this.#supernet = supernet;
    this.#settings = settings;
    this.#pace = pace;
    this.#mostTries = ROUNDS * space.edges.length * space.operations.length;
    this.#steps = Math.ceil(TRY_SHARE * searchSteps);
    this.#prices = costsOf(settings).map(
      (cost, k) => 1 + (space.operations[k] === "zero" ? 0 : (2 * (cost + 1)) / trainWindows),
    );
    this.scores = space.edges.map(() => new Float64Array(space.operations.length));
  }

  /** Decides on one edge; whether that changed anything. */
  async choose(edge: number): Promise<boolean> {
    const { network } = this.#supernet;
    const before = this.#supernet.decided();
    const start = network.weights();
    const scores = this.#prices.map(() => Number.POSITIVE_INFINITY);
    let best: { operation: number; weights: typeof start } | undefined;
    for (const [operation, price] of this.#prices.entries()) {
      const decided = before.map((each, at) => (at === edge ? operation : each));
      if (leastParameters(this.#settings, decided) > this.#settings.maxParams) continue;
      network.setWeights(start);
      this.#supernet.decide(edge, operation);
      await this.#train();
      scores[operation] = this.#supernet.validationLoss() * price;
      if (best && !(scores[operation]! < scores[best.operation]!)) continue;
      best = { operation, weights: network.weights() };
    }
    network.setWeights(best!.weights);
    this.#supernet.decide(edge, best!.operation);
    this.scores[edge] = Float64Array.from(scores);
    return best!.operation !== before[edge];
  }

  async #train(): Promise<void> {
    this.#tries++;
    for (let step = 0; step < this.#steps; step++) {
      const lr = TRY_LR * this.#settings.weightLr * (1 - step / this.#steps);
      const loss = this.#supernet.moveWeights(lr);
      const done = (this.#tries - 1) * this.#steps + step + 1;
      await this.#pace.after("choose", done, this.#mostTries * this.#steps, loss);
    }
  }

  /** Lets the rest of the mixture follow a decision. */
  settle(): void {
    for (let step = 0; step < this.#steps; step++) {
      this.#supernet.moveAlphas();
      this.#supernet.moveWeights(SETTLE_LR * this.#settings.weightLr);
    }
  }
}

/**
 * Parameters of the smallest valid model with the operations decided so far; Infinity when there is
 * none. Open edges take the cheapest operation; those of the cheapest path from the input to the
 * last node one that passes something on.
 */
export function leastParameters(
  settings: NasSettings,
  decided: readonly (number | undefined)[],
): number {
  const { operations, edges, numNodes } = settings.space;
  const costs = costsOf(settings);
  const cheapest = Math.min(...costs);
  const passing = Math.min(...costs.filter((_, k) => operations[k] !== "zero"));
  let total = frameOf(settings);
  // What the cheapest path to each node costs above the cheapest operations.
  const extra = new Array<number>(numNodes).fill(Number.POSITIVE_INFINITY);
  extra[0] = 0;
  for (const [edge, [from, to]] of edges.entries()) {
    const chosen = decided[edge];
    total += chosen === undefined ? cheapest : costs[chosen]!;
    let more = passing - cheapest;
    if (chosen !== undefined) more = operations[chosen] === "zero" ? Number.POSITIVE_INFINITY : 0;
    extra[to] = Math.min(extra[to]!, extra[from]! + more);
  }
  return total + extra[numNodes - 1]!;
}
