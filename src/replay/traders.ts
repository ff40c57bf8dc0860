// The traders of a replay side by side: they see the same days and share one base network.

import type { Network } from "../model/network.ts";
import type { Sample } from "../model/sample.ts";
import { NaiveLearner } from "./naive-learner.ts";
import type { PerTrader } from "./replay-event.ts";
import type { ReplaySettings } from "./replay-options.ts";
import { SignalLearner } from "./signal-learner.ts";
import { type BaseReport, trainSignalNetwork } from "./signal-network.ts";

/** `hold` is always invested, `static` is the base network alone, the other two learn on top. */
export class Traders {
  readonly #network: Network;
  readonly naive: NaiveLearner;
  readonly driftkeel: SignalLearner;

  private constructor(network: Network, settings: ReplaySettings, driftkeel: SignalLearner) {
    this.#network = network;
    this.naive = new NaiveLearner(network, settings);
    this.driftkeel = driftkeel;
  }

  /**
   * Trains the base network on `warmUp`, oldest first; until the first update all are alike. place:
   * as `SignalLearner.open` has it.
   */
  static async train(
    warmUp: Sample[],
    settings: ReplaySettings,
    place: { storagePath: string | undefined; today: Date },
  ): Promise<{ traders: Traders; report: BaseReport }> {
    const { network, report } = await trainSignalNetwork(warmUp, settings);
    const driftkeel = await SignalLearner.open(network, warmUp, settings, place);
    return { traders: new Traders(network, settings, driftkeel), report };
  }

  /** The positions that the traders take on the features of a day, -1..1. */
  positions(input: Float32Array): PerTrader<number> {
    return {
      hold: 1,
      static: this.#network.forward(input)[0]!,
      naive: this.naive.position(input),
      driftkeel: this.driftkeel.position(input),
    };
  }

  /** Gives the core's memory back; the traders are of no use afterwards. */
  async close(): Promise<void> {
    await this.driftkeel.close();
    this.naive.dispose();
    this.#network.dispose();
  }
}
