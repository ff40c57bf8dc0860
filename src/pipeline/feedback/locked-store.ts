// Samples that must not be forgotten: each content once, with the number of times it was locked.

import type { Sample } from "../../model/sample.ts";
import { contentHash, sameContent } from "./content-hash.ts";

/** A locked sample and how often its content was added. */
interface LockedEntry {
  sample: Sample;
  times: number;
}

/**
 * At most `capacity` contents; a new one is turned away when it is full, so that none is ever
 * evicted.
 */
export class LockedStore {
  readonly #entries: LockedEntry[] = [];
  /** Content hash to the entries that have it. */
  readonly #byHash = new Map<number, LockedEntry[]>();

  constructor(readonly capacity: number) {}

  get size(): number {
    return this.#entries.length;
  }

  /** In the order in which they were first locked. */
  get entries(): readonly LockedEntry[] {
    return this.#entries;
  }

  find(content: Pick<Sample, "input" | "label">): LockedEntry | undefined {
    const candidates = this.#byHash.get(contentHash(content));
    return candidates?.find((entry) => sameContent(entry.sample, content));
  }

  /**
   * Keeps `sample` itself, not a copy, and says whether its content is held now. A repeat counts
   * `times` more and may raise the weight; everything else stays as it was first locked.
   */
  add(sample: Sample, times = 1): boolean {
    const held = this.find(sample);
    if (held) {
      held.times += times;
      const weight = Math.max(held.sample.weight ?? 1, sample.weight ?? 1);
      if (weight !== (held.sample.weight ?? 1)) held.sample.weight = weight;
      return true;
    }
    if (this.#entries.length >= this.capacity) return false;
    const entry = { sample, times };
    this.#entries.push(entry);
    const hash = contentHash(sample);
    const sameHash = this.#byHash.get(hash);
    if (sameHash) sameHash.push(entry);
    else this.#byHash.set(hash, [entry]);
    return true;
  }
}
