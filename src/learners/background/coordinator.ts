// Runs both loops: corrections act at once, trajectories are learned from in the background.

import * as z from "zod/mini";
import { parseOptions } from "../../foundation.ts";
import { BackgroundLoop, type BackgroundResult } from "./background-loop.ts";
import type { BackgroundLoopConfig, InstantLoopOptions } from "./background-options.ts";
import { BACKGROUND_STATUSES, type BackgroundStatus } from "./background-update.ts";
import { type Correction, InstantLoop, type InstantUpdate } from "./instant-loop.ts";
import type { SimilarPattern } from "./pattern-bank.ts";
import type { QueryTrajectory } from "./query-trajectory.ts";
import { bytesOf, decodeParts, encodeParts, tensorOfBytes } from "./saved-bytes.ts";

/** What `Coordinator` takes. */
export interface CoordinatorOptions {
  background: BackgroundLoopConfig;
  /** Size and seed come from the background loop. */
  instant?: Omit<InstantLoopOptions, "embeddingSize" | "seed">;
  /** Part of the corrections that stays when the base adapter has learned: 0..1, default 0.5. */
  keepInstant?: number;
}

/** Counts since the first start, restarts included. */
export interface CoordinatorStats {
  /** Corrections that moved an output. */
  instantUpdates: number;
  /** Trajectories taken so far. */
  trajectories: number;
  /** Trajectories that wait. */
  pending: number;
  /** Cycles that were not skipped. */
  cycles: number;
  /** Cycles that were skipped. */
  skipped: number;
  /** Cycles whose adapter was put to use. */
  baseUpdates: number;
  /** Boundaries between tasks. */
  boundaries: number;
  patterns: number;
  /** Quality that is normal now; undefined before the first cycle. */
  normalQuality: number | undefined;
  /** How the last cycle ended. */
  lastStatus: BackgroundStatus | undefined;
}

const KEEP = "a number from 0 to 1";
const optionsSchema = z.strictObject({
  background: z.record(z.string(), z.unknown()), // parsed by the loop it belongs to
  instant: z._default(z.record(z.string(), z.unknown()), {}),
  keepInstant: z._default(z.number(KEEP).check(z.minimum(0, KEEP), z.maximum(1, KEEP)), 0.5),
});

const count = z.int().check(z.minimum(0));
const recordSchema = z.strictObject({
  keepInstant: z.number().check(z.minimum(0), z.maximum(1)),
  trajectories: count,
  skipped: count,
  boundaries: count,
  lastStatus: z.nullable(z.enum(BACKGROUND_STATUSES)),
});
const KIND = "Coordinator";

/** One object to ask, to correct and to feed; call `tick` as often as you like. */
export class Coordinator {
  #background: BackgroundLoop;
  #instant: InstantLoop;
  readonly #keepInstant: number;
  #trajectories = 0;
  #skipped = 0;
  #boundaries = 0;
  #lastStatus: BackgroundStatus | undefined;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: CoordinatorOptions) {
    const { background, instant, keepInstant } = parseOptions(KIND, optionsSchema, options);
    const config = background as unknown as BackgroundLoopConfig;
    this.#background = new BackgroundLoop(config);
    const { embeddingSize, seed = 0 } = config;
    this.#instant = new InstantLoop({ ...instant, embeddingSize, seed });
    this.#keepInstant = keepInstant;
  }

  /** The embedding to search with: the base adapter's output, with the corrections on top. */
  transform(query: Float32Array): Float32Array {
    return this.#instant.apply(this.#background.transform(query));
  }

  /** The patterns that are most similar to the transformed query, best first. */
  findSimilar(query: Float32Array, count: number): SimilarPattern[] {
    return this.#background.patterns.findSimilar(this.transform(query), count);
  }

  /** Moves the output of `correction.input` towards the better answer at once. */
  correct({ input, ...aims }: Correction): InstantUpdate {
    return this.#instant.learn({ input: this.#background.transform(input), ...aims });
  }

  /** Keeps an answered query for the next cycle. Throws as `BackgroundLoop.add`. */
  record(trajectory: QueryTrajectory): void {
    const before = this.#background.pending;
    this.#background.add([trajectory]);
    this.#trajectories += this.#background.pending - before;
  }

  /** Runs a cycle when it is due, or at once with `force`; undefined when it is not due. */
  tick(options?: { force?: boolean }): BackgroundResult | undefined {
    if (!options?.force && !this.#background.shouldRun()) return undefined;
    const result = this.#background.runCycle([], options);
    this.#lastStatus = result.status;
    if (result.status.startsWith("skipped")) this.#skipped++;
    if (result.boundaryDetected) this.#boundaries++;
    if (result.adapterUpdated) this.#instant.fade(this.#keepInstant);
    return result;
  }

  /** Counts of both loops. */
  stats(): CoordinatorStats {
    const { pending, cycles, updates, patterns, normalQuality } = this.#background;
    return {
      instantUpdates: this.#instant.updates,
      trajectories: this.#trajectories,
      pending,
      cycles,
      skipped: this.#skipped,
      baseUpdates: updates,
      boundaries: this.#boundaries,
      patterns: patterns.size,
      normalQuality,
      lastStatus: this.#lastStatus,
    };
  }

  /** The whole state, as bytes; no file is touched, so a page can keep them where it likes. */
  toBytes(): Uint8Array {
    const record: z.input<typeof recordSchema> = {
      keepInstant: this.#keepInstant,
      trajectories: this.#trajectories,
      skipped: this.#skipped,
      boundaries: this.#boundaries,
      lastStatus: this.#lastStatus ?? null,
    };
    const tensors = new Map([
      ["background", tensorOfBytes(this.#background.toBytes())],
      ["instant", tensorOfBytes(this.#instant.toBytes())],
    ]);
    return encodeParts(KIND, { tensors, record });
  }

  /**
   * A coordinator that goes on where `toBytes` was called: the same calls give the same bytes.
   * Throws FILE_CORRUPT, STATE_INVALID.
   */
  static fromBytes(bytes: Uint8Array, clock?: { now?: () => number }): Coordinator {
    const { tensors, record } = decodeParts(KIND, bytes, recordSchema);
    const { keepInstant, lastStatus } = record;
    const coordinator = new Coordinator({ background: { embeddingSize: 1 }, keepInstant });
    coordinator.dispose();
    coordinator.#instant = InstantLoop.fromBytes(bytesOf(KIND, tensors, "instant"));
    coordinator.#background = BackgroundLoop.fromBytes(bytesOf(KIND, tensors, "background"), clock);
    coordinator.#trajectories = record.trajectories;
    coordinator.#skipped = record.skipped;
    coordinator.#boundaries = record.boundaries;
    coordinator.#lastStatus = lastStatus ?? undefined;
    return coordinator;
  }

  /** Gives the memory back. Later cycles throw DISPOSED. */
  dispose(): void {
    this.#background.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
