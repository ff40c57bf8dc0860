// Keeps the latest samples: the newest takes the slot of the oldest.

import type { Offer, ReplayStrategy } from "./replay-strategy.ts";

/** Writes to slot (seen - 1) mod capacity. */
export class Ring implements ReplayStrategy {
  constructor(readonly capacity: number) {}

  place({ seen }: Offer): number {
    return (seen - 1) % this.capacity;
  }

  state(): null {
    return null;
  }

  restore(): void {}
}
