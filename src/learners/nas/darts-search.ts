// One trial of DARTS (Liu, Simonyan & Yang 2019, section 2): weights and architecture by gradients.
//
// Every edge (i, j) is the mixture sum_k p_k op_k with p = softmax(alpha). The inner loop moves the
// weights on the train part, the outer loop alpha on the validation part, one step of each in turn.
// We use the first-order form (its xi = 0): dL_val/dalpha at the current weights. Unlike the paper
// the weights move alone for the first quarter of the steps, so that operations with weights are
// not judged by their random start.

import { CellNetwork, type CellOperation, Random } from "../../index.ts";
import { AlphaOptimizer } from "./alpha-optimizer.ts";
import type { NasSettings } from "./nas-config.ts";
import type { NasWork } from "./nas-work.ts";
import { networkOptionsOf } from "./network-of.ts";
import type { SearchPace } from "./search-pace.ts";
import type { SignalPart, SignalSeries } from "./signal-data.ts";

/** Part of the steps in which alpha rests. */
const WARM_UP_SHARE = 0.25;
const CLIP_NORM = 5;
const WEIGHT_DECAY = 3e-4;

/** The mixture of all operations on all edges, and what is decided about it so far. */
export class Supernet {
  readonly network: CellNetwork;
  readonly #architecture: AlphaOptimizer;
  readonly #decided: (number | undefined)[];
  readonly #series: SignalSeries;
  readonly #settings: NasSettings;
  readonly #random: Random;
  readonly #work: NasWork;

  constructor(series: SignalSeries, settings: NasSettings, seed: number, work: NasWork) {
    const { space, alphaLr } = settings;
    const mixed = space.edges.map(() => space.operations);
    this.network = new CellNetwork(networkOptionsOf(settings, mixed, seed));
    this.#architecture = new AlphaOptimizer(space.edges.length, space.operations.length, alphaLr);
    this.#decided = space.edges.map(() => undefined);
    this.#series = series;
    this.#settings = settings;
    this.#random = new Random(seed);
    this.#work = work;
  }

  /** alpha by edge. */
  alphas(): Float64Array[] {
    return this.#architecture.alphas();
  }

  /** p by edge: softmax(alpha), or all on the operation that was decided for. */
  shares(): Float64Array[] {
    return this.#architecture.shares().map((shares, edge) => {
      const chosen = this.#decided[edge];
      return chosen === undefined ? shares : shares.map((_, k) => (k === chosen ? 1 : 0));
    });
  }

  /** The operation decided for, by edge. */
  decided(): (number | undefined)[] {
    return [...this.#decided];
  }

  /** Puts one operation on an edge. */
  decide(edge: number, operation: number): void {
    this.#decided[edge] = operation;
    this.network.setMixture(this.shares());
  }

  /** One step of the weights on the train part. Returns the batch's loss. */
  moveWeights(lr: number): number {
    const { inputs, labels, count } = this.#draw(this.#series.train);
    const move = { lr, weightDecay: WEIGHT_DECAY, clipNorm: CLIP_NORM };
    return this.network.trainStep(inputs, labels, count, move);
  }

  /** One step of alpha on the validation part, where anything is still open. */
  moveAlphas(): void {
    if (!this.#decided.includes(undefined)) return;
    const { inputs, labels, count } = this.#draw(this.#series.validation);
    this.#architecture.move(this.network.mixtureGradient(inputs, labels, count).gradient);
    this.network.setMixture(this.shares());
  }

  #draw(part: SignalPart) {
    const batch = this.#series.draw(part, this.#random);
    this.#work.step(this.#active(), batch.count);
    return batch;
  }

  /** Loss on the whole validation part. */
  validationLoss(): number {
    const { inputs, labels, count } = this.#series.whole(this.#series.validation);
    this.#work.look(this.#active(), count);
    return this.network.loss(inputs, labels, count);
  }

  /** The operations that a pass computes, by edge. */
  #active(): CellOperation[][] {
    const { operations } = this.#settings.space;
    return this.shares().map((shares) => operations.filter((_, k) => shares[k]! > 0));
  }

  /** Gives the memory back. */
  dispose(): void {
    this.network.dispose();
  }
}

/** Runs the search of one trial. Throws UPDATE_DIVERGED, UPDATE_CANCELLED. */
export async function searchArchitecture(
  supernet: Supernet,
  { searchSteps, weightLr }: NasSettings,
  pace: SearchPace,
): Promise<void> {
  for (let step = 0; step < searchSteps; step++) {
    if (step >= WARM_UP_SHARE * searchSteps) supernet.moveAlphas();
    // Not down to 0: the weights go on when the edges are decided.
    const loss = supernet.moveWeights(weightLr * (1 - (0.7 * step) / searchSteps));
    await pace.after("search", step + 1, searchSteps, loss);
  }
}
