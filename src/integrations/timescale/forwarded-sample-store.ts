// Samples on their way to PostgreSQL: kept in an outbox first, so that an outage stops nothing.

import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import {
  borderMs,
  checkInstance,
  clock,
  pagesOf,
  parseOptions,
  positiveInteger,
  stampSamples,
  Turns,
} from "../../foundation.ts";
import {
  type Clock,
  DriftkeelError,
  type Moment,
  type Sample,
  type SampleStore,
} from "../../index.ts";
import { modelIdOption } from "../model-id-option.ts";
import type { Outbox } from "../outbox/index.ts";
import type { DatabaseOnDemand } from "./database-on-demand.ts";
import { type ForwardedRecord, toWire } from "./forwarded-records.ts";
import { CAPACITY_OPTION, PostgresSampleStore } from "./postgres-sample-store.ts";

const LONGEST_WAIT_MS = 600_000;
const WAIT = `an integer from 1 to ${LONGEST_WAIT_MS}`;

const object = <T>() =>
  z.custom<T>((value) => typeof value === "object" && value !== null, "an object");

const optionsSchema = z.object({
  database: object<Pick<DatabaseOnDemand, "get">>(),
  outbox: object<Pick<Outbox, "add" | "drained">>(),
  modelId: modelIdOption,
  capacity: CAPACITY_OPTION,
  catchUpMs: z._default(positiveInteger.check(z.maximum(LONGEST_WAIT_MS, WAIT)), 5000),
  now: clock,
});

/** What `ForwardedSampleStore` takes. */
export interface ForwardedSampleStoreOptions {
  database: Pick<DatabaseOnDemand, "get">;
  /** Delivers with `deliverRows`; stays open. */
  outbox: Pick<Outbox, "add" | "drained">;
  modelId: string;
  /** Samples held at most: 1..10^12, default 10^9. */
  capacity?: number;
  /** How long reading waits for what was appended before: 1..600,000 ms, default 5000. */
  catchUpMs?: number;
  /** Time of samples that bring none; default: the system's clock. */
  now?: Clock;
}

/**
 * The samples of one model in PostgreSQL, appended through an outbox: `append` resolves when they
 * are durable on this machine, whether the database is in reach or not. Reading waits a while for
 * what is on its way; what has not arrived by then is not read. Each sample is kept once.
 */
export class ForwardedSampleStore implements SampleStore {
  readonly #options: z.output<typeof optionsSchema>;
  /** Nobody else has this name, so that its numbers start anew with every process. */
  readonly #sender = randomUUID();
  readonly #turns = new Turns();
  #sequence = 0;
  #store: PostgresSampleStore | undefined;
  #isClosed = false;

  /** Throws OPTION_INVALID, OPTION_UNKNOWN. */
  constructor(options: ForwardedSampleStoreOptions) {
    this.#options = parseOptions("ForwardedSampleStore", optionsSchema, options);
  }

  /** Throws as the contract says, and OUTBOX_FULL. */
  async append(samples: readonly Sample[]): Promise<void> {
    checkInstance("samples", samples, Array);
    const { outbox, modelId, capacity, now } = this.#options;
    const stamped = stampSamples(samples, () => borderMs("now()", now()));
    return this.#next(async () => {
      if (stamped.length === 0) return;
      this.#sequence += 1;
      await outbox.add({
        kind: "samples",
        model_id: modelId,
        capacity,
        sender: this.#sender,
        sequence: this.#sequence,
        samples: stamped.map(toWire),
      } satisfies ForwardedRecord);
    });
  }

  async range(start: Moment, end: Moment): Promise<Sample[]> {
    const [from, to] = [borderMs("start", start), borderMs("end", end)];
    return this.#read((store) => store.range(from, to));
  }

  pages(start: Moment, end: Moment, options?: { pageSize?: number }): AsyncIterable<Sample[]> {
    return pagesOf(
      (after, endMs, limit) => this.#read((store) => store.page(after, endMs, limit)),
      start,
      end,
      options,
    );
  }

  async count(): Promise<number> {
    return this.#read((store) => store.count());
  }

  async countRange(start: Moment, end: Moment): Promise<number> {
    const [from, to] = [borderMs("start", start), borderMs("end", end)];
    return this.#read((store) => store.countRange(from, to));
  }

  async prune(end: Moment): Promise<number> {
    const to = borderMs("end", end);
    return this.#read((store) => store.prune(to));
  }

  async close(): Promise<void> {
    return this.#turns.run(async () => {
      this.#isClosed = true;
      await this.#store?.close();
    });
  }

  #read<T>(read: (store: PostgresSampleStore) => Promise<T>): Promise<T> {
    return this.#next(async () => {
      const { outbox, database, modelId, capacity, catchUpMs } = this.#options;
      await withinMs(outbox.drained(), catchUpMs);
      this.#store ??= new PostgresSampleStore({
        database: await database.get(),
        modelId,
        capacity,
      });
      return read(this.#store);
    });
  }

  #next<T>(task: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      if (!this.#isClosed) return task();
      const message = "Expected an open ForwardedSampleStore, got a closed one; make another.";
      throw new DriftkeelError("STORE_CLOSED", message);
    });
  }
}

/** Resolves with `event`, or when so much time has passed. */
async function withinMs(event: Promise<void>, limitMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([event, late]);
  clearTimeout(timer);
}
