// Keeps the positions of the traders and settles what they earn.

import { type PerTrader, TRADERS } from "./replay-event.ts";

/** Positions decided at one close, held to the next, and the P&L they make of its return. */
export class PositionBook {
  readonly #cost: number;
  #held: PerTrader<number> = { hold: 0, static: 0, naive: 0, driftkeel: 0 };
  #changed: PerTrader<number> = { hold: 0, static: 0, naive: 0, driftkeel: 0 };

  /** Starts without positions. costBps: cost of changing a position by one unit, in 1e-4. */
  constructor(costBps: number) {
    this.#cost = costBps * 1e-4;
  }

  /** Takes positions at a close; `settle` charges for the change from the ones before. */
  take(positions: PerTrader<number>): void {
    for (const trader of TRADERS) {
      this.#changed[trader] = Math.abs(positions[trader] - this.#held[trader]);
    }
    this.#held = { ...positions };
  }

  /**
   * Returns what each trader earned from the last `take` to this close:
   *
   *     pnl = position x marketReturn - cost x |position - position before|
   */
  settle(marketReturn: number): PerTrader<number> {
    const earned = { hold: 0, static: 0, naive: 0, driftkeel: 0 };
    for (const trader of TRADERS) {
      const cost = this.#cost * this.#changed[trader];
      earned[trader] = this.#held[trader] * marketReturn - cost;
    }
    return earned;
  }
}
