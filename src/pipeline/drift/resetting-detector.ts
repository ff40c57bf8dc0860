// What the detectors of this folder share: parsed options, a memory of plain data, and a fresh
// start on the update after a detection.

import type * as z from "zod/mini";
import { describeValue } from "../../describe-value.ts";
import { DriftkeelRangeError } from "../../errors.ts";
import { parseOptions, parseState } from "../../options.ts";
import type { DriftDetector, DriftState } from "./drift-detector.ts";
import { savedDetector } from "./saved-detector.ts";

/** Characters of a foreign detector's name that a message shows. */
const SHOWN = 40;

/** What a kind of detector has fixed for all of its instances. */
export interface DetectorKind<Options extends z.ZodMiniObject, Memory extends z.ZodMiniObject> {
  /** The name of the class, for messages and saved states. */
  name: string;
  options: Options;
  /** Everything that decides later results; only what JSON keeps. */
  memory: Memory;
  /** Throws unless the value is one that the method is defined for. */
  check: (value: unknown) => void;
}

/**
 * A detector whose memory is plain data. A refused value changes nothing; a value after a detection
 * meets an empty memory, so that each detection is one change.
 */
export abstract class ResettingDetector<
  Options extends z.ZodMiniObject,
  Memory extends z.ZodMiniObject,
> implements DriftDetector
{
  protected readonly options: Readonly<z.output<Options>>;
  readonly #kind: DetectorKind<Options, Memory>;
  #memory: z.output<Memory>;
  #result: DriftState = "stable";

  protected constructor(kind: DetectorKind<Options, Memory>, options: unknown) {
    this.#kind = kind;
    this.options = parseOptions(kind.name, kind.options, options);
    this.#memory = this.begin();
  }

  /** The memory before the first value. Called before the fields of a subclass exist. */
  protected abstract begin(): z.output<Memory>;

  /** Takes a checked value into `memory` and judges. Never throws. */
  protected abstract take(value: number, memory: z.output<Memory>): DriftState;

  /** The numbers behind the last judgement, all finite. */
  protected abstract measure(memory: z.output<Memory>): Record<string, number>;

  /** Whether a memory of the right form can have come from these options. */
  protected isPossible(_memory: z.output<Memory>): boolean {
    return true;
  }

  /** Takes one value. Throws ARGUMENT_TYPE, ARGUMENT_RANGE (NaN, infinity, outside the domain). */
  update(value: number): DriftState {
    this.#kind.check(value);
    if (this.#result === "drift") this.reset();
    this.#result = this.take(value, this.#memory);
    return this.#result;
  }

  reset(): void {
    this.#memory = this.begin();
    this.#result = "stable";
  }

  get measurements(): Readonly<Record<string, number>> {
    return this.measure(this.#memory);
  }

  state(): unknown {
    const saved = { options: this.options, result: this.#result, memory: this.#memory };
    return structuredClone({ detector: this.#kind.name, ...saved });
  }

  restore(state: unknown): void {
    const { name, memory: schema } = this.#kind;
    const saved = parseState(name, savedDetector, state);
    if (saved.detector !== name) {
      throw this.#misfit(`the state of a detector ${saved.detector.slice(0, SHOWN)}`);
    }
    const names = new Set([...Object.keys(this.options), ...Object.keys(saved.options)]);
    const own: Record<string, unknown> = this.options;
    const other = [...names].find((option) => saved.options[option] !== own[option]);
    if (other !== undefined) {
      const value = describeValue(saved.options[other]);
      throw this.#misfit(`one with ${describeValue(other)} being ${value}`);
    }
    const memory = parseState(name, schema, saved.memory);
    if (!this.isPossible(memory)) throw this.#misfit("one that these options cannot lead to");
    // Parsing has copied every object and array: the caller keeps what it gave.
    this.#memory = memory;
    this.#result = saved.result;
  }

  #misfit(got: string): Error {
    const { name } = this.#kind;
    return new DriftkeelRangeError(
      "STATE_INVALID",
      `Expected the state of a ${name} with options ${JSON.stringify(this.options)}, got ${got}. ` +
        `Construct the detector with the options it was saved with.`,
    );
  }
}
