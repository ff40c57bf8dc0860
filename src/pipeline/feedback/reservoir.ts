// Keeps a uniform random sample of everything ever offered: each sample is held with probability
// capacity / seen.

import type { Offer, ReplayStrategy } from "./replay-strategy.ts";

/** Algorithm R of Vitter 1985, section 2. */
export class Reservoir implements ReplayStrategy {
  constructor(readonly capacity: number) {}

  place({ held, seen, random }: Offer): number | undefined {
    if (held < this.capacity) return held;
    const slot = Math.floor(random.uniform() * seen);
    return slot < this.capacity ? slot : undefined;
  }

  state(): null {
    return null;
  }

  restore(): void {}
}
