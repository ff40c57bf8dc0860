// The background loop at rest.

import * as z from "zod/mini";
import { parseState } from "../../foundation.ts";
import { Random } from "../../index.ts";
import { type BackgroundLoopConfig, type LoopOptions, loopSchema } from "./background-options.ts";
import { OnlineEwc } from "./online-ewc.ts";
import { PatternBank } from "./pattern-bank.ts";
import type { Experience } from "./query-trajectory.ts";
import { ResidualAdapter } from "./residual-adapter.ts";
import { bytesOf, decodeParts, encodeParts, tensorOfBytes, valuesOf } from "./saved-bytes.ts";
import {
  experienceRecord,
  experienceSchema,
  experienceTensors,
  readExperiences,
} from "./saved-experiences.ts";

/** All that changes while the loop runs. */
export interface LoopState {
  bank: PatternBank;
  ewc: OnlineEwc;
  adapter: ResidualAdapter;
  random: Random;
  pending: Experience[];
  /** Ids of `pending`. */
  waiting: Set<string>;
  /** Held-out experiences of the present task, oldest first. */
  heldOut: Experience[];
  normalQuality: number | undefined;
  cycles: number;
  updates: number;
}

const KIND = "BackgroundLoop";
const count = z.int().check(z.minimum(0));
const recordSchema = z.strictObject({
  options: z.record(z.string(), z.unknown()),
  elapsedMs: z.number(),
  normalQuality: z.nullable(z.number().check(z.minimum(0), z.maximum(1))),
  cycles: count,
  updates: count,
  random: z.unknown(),
  ewc: z.unknown(),
  pending: z.array(experienceSchema),
  heldOut: z.array(experienceSchema),
});

/** The bytes of a loop. */
export function encodeLoop(options: LoopOptions, state: LoopState, elapsedMs: number): Uint8Array {
  const { now: _, ...config } = options;
  const { embeddingSize: size } = options;
  const tensors = new Map([
    ["adapter", { shape: [state.adapter.weights.length], values: state.adapter.weights }],
    ["bank", tensorOfBytes(state.bank.toBytes())],
    ...experienceTensors("pending", state.pending, size),
    ...experienceTensors("held_out", state.heldOut, size),
  ]);
  const record: z.input<typeof recordSchema> = {
    options: config,
    elapsedMs,
    normalQuality: state.normalQuality ?? null,
    cycles: state.cycles,
    updates: state.updates,
    random: state.random.state(),
    ewc: state.ewc.state(),
    pending: state.pending.map(experienceRecord),
    heldOut: state.heldOut.map(experienceRecord),
  };
  return encodeParts(KIND, { tensors, record });
}

/** What `encodeLoop` took. Throws FILE_CORRUPT, STATE_INVALID, OPTION_INVALID. */
export function decodeLoop(bytes: Uint8Array): {
  config: BackgroundLoopConfig;
  state: LoopState;
  elapsedMs: number;
} {
  const { tensors, record } = decodeParts(KIND, bytes, recordSchema);
  const { now: _, ...config } = parseState(KIND, loopSchema, record.options);
  const { embeddingSize: size, rank, alpha } = config;
  const experiences = (name: string, records: z.output<typeof experienceSchema>[]) =>
    readExperiences(KIND, tensors, name, records, size);
  const pending = experiences("pending", record.pending);
  const heldOut = experiences("held_out", record.heldOut);
  const weights = valuesOf(KIND, tensors, "adapter", 2 * rank * size);
  const state: LoopState = {
    bank: PatternBank.fromBytes(bytesOf(KIND, tensors, "bank")),
    ewc: OnlineEwc.fromState(record.ewc),
    adapter: new ResidualAdapter({ size, rank, alpha }, weights),
    random: Random.fromState(record.random),
    pending,
    waiting: new Set(pending.map(({ id }) => id)),
    heldOut,
    normalQuality: record.normalQuality ?? undefined,
    cycles: record.cycles,
    updates: record.updates,
  };
  return { config, state, elapsedMs: record.elapsedMs };
}
