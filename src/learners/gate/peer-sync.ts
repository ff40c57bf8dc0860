// Takes frames of other gates: verified, numbered, limited, and kept in quarantine until somebody
// decides.

import * as z from "zod/mini";
import { clock, millisecondsOf, parseOptions, Turns } from "../../foundation.ts";
import {
  type Clock,
  DriftkeelRangeError,
  FileStore,
  MemoryStore,
  type Store,
} from "../../index.ts";
import type { Contribution } from "./federated-merge.ts";
import { decodeWeights, type PeerFrame, peerId, readFrame } from "./peer-frame.ts";
import { digestOf, type PeerKey, type Verifier, verifierOf } from "./peer-keys.ts";
import { type KeptFrame, PeerLedger } from "./peer-ledger.ts";
import { fromWire, type TrainingSignal, toWire } from "./training-signal.ts";

export interface PeerSyncOptions {
  /** Who may send, and how each is known; ids that differ only in case are refused. */
  peers: Record<string, PeerKey>;
  /** Folder of the quarantine; without it, or `store`, it lives in memory. */
  storagePath?: string;
  /** Instead of a folder: a store nobody else uses, which is closed with this. */
  store?: Store;
  /** Bytes of one frame: 1..2^30, default 2^20. */
  maxFrameBytes?: number;
  /** Signals of one frame: 1..10^5, default 1000. */
  maxSignals?: number;
  /** Signals (weights count as one) that a peer may bring in any `perMs`; default 10^4 an hour. */
  quota?: { signals: number; perMs: number };
  /** Frames kept of each peer, > 0; default 1024. Settled ones make place for others. */
  maxFrames?: number;
  /** Default: the system's clock. */
  now?: Clock;
}

/** What a peer is told. */
export interface PeerAnswer {
  /**
   * `accepted`: all of it; `partial`: what was not rejected; `duplicate`: it came before;
   * `refused`: nothing; `failed`: not the peer's fault, send it again.
   */
  status: "accepted" | "partial" | "duplicate" | "refused" | "failed";
  /** Signals in the frame, 1 for weights; 0 when it could not be read. */
  received: number;
  accepted: number;
  /** Why; without an index the whole frame is meant. */
  rejected: { index?: number; reason: string }[];
}

/** A frame that waits in quarantine. */
export interface QuarantinedFrame {
  from: string;
  seq: number;
  receivedMs: number;
  items: number;
}

const whole = (most: number) => {
  const phrase = `an integer from 1 to ${most}`;
  return z.int(phrase).check(z.minimum(1, phrase), z.maximum(most, phrase));
};
const optionsSchema = z.strictObject({
  peers: z.record(peerId, z.custom<PeerKey>()),
  storagePath: z.optional(z.string().check(z.minLength(1))),
  store: z.optional(
    z.custom<Store>((value) => typeof value === "object" && value !== null, "a Store"),
  ),
  maxFrameBytes: z._default(whole(2 ** 30), 2 ** 20),
  maxSignals: z._default(whole(100_000), 1000),
  quota: z._default(
    z.strictObject({
      signals: whole(1e9),
      perMs: z.number("a number > 0").check(z.gt(0, "a number > 0")),
    }),
    { signals: 10_000, perMs: 3_600_000 },
  ),
  maxFrames: z._default(whole(1_000_000), 1024),
  now: clock,
});

/** What a verified frame brings. */
type Content = Pick<KeptFrame, "signals" | "weights" | "items">;

/**
 * The gate's door for its peers. Nothing that comes in is learned by itself: it waits, apart from
 * everything local, until it is read and settled. A frame that is refused changes nothing.
 */
export class PeerSync {
  readonly #options: z.output<typeof optionsSchema>;
  readonly #store: Store;
  readonly #verifiers: ReadonlyMap<string, Verifier>;
  readonly #ledger: PeerLedger;
  readonly #turns = new Turns();

  private constructor(
    options: z.output<typeof optionsSchema>,
    store: Store,
    verifiers: ReadonlyMap<string, Verifier>,
    ledger: PeerLedger,
  ) {
    this.#options = options;
    this.#store = store;
    this.#verifiers = verifiers;
    this.#ledger = ledger;
  }

  /**
   * Opens the door; what is in quarantine is still there. Throws OPTION_INVALID, OPTION_UNKNOWN,
   * STORE_LOCKED, FILE_CORRUPT, FILE_FAILED, ID_INVALID, CRYPTO_MISSING.
   */
  static async open(value: PeerSyncOptions): Promise<PeerSync> {
    const options = parseOptions("PeerSync", optionsSchema, value);
    const { peers, storagePath, maxFrames } = options;
    checkIds(Object.keys(peers));
    const verifiers = new Map<string, Verifier>();
    for (const [id, key] of Object.entries(peers)) {
      verifiers.set(id, await verifierOf("PeerSync", key));
    }
    const store =
      options.store ??
      (storagePath === undefined ? new MemoryStore() : await FileStore.open({ storagePath }));
    try {
      const ledger = await PeerLedger.open(store, verifiers.keys(), maxFrames);
      return new PeerSync(options, store, verifiers, ledger);
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  /** Takes the bytes of one frame and says what became of it. Never throws. */
  handle(bytes: Uint8Array): Promise<PeerAnswer> {
    const read = readFrame(bytes, this.#options.maxFrameBytes); // now: the caller owns the bytes
    return this.#turns.run(async () => {
      if ("reason" in read) return refusal(0, read.reason);
      const { frame, content, signature } = read;
      const received = frame.type === "weights" ? 1 : frame.signals.length;
      try {
        const isGenuine = await this.#verifiers.get(frame.from)?.(signature, content);
        if (isGenuine === undefined) return refusal(received, "unknown peer");
        if (!isGenuine) return refusal(received, "forged: the signature is not of this frame");
        return await this.#admit(frame, await digestOf(content), received);
      } catch (error) {
        // A path or a secret in a message is nothing for a peer.
        const { code = "unexpected" } = error as { code?: string };
        const reason = `it could not be kept (${code}); send it again`;
        return { status: "failed", received, accepted: 0, rejected: [{ reason }] };
      }
    });
  }

  /** A genuine frame: is it the first of its number, and within limits? */
  async #admit(frame: PeerFrame, digest: string, received: number): Promise<PeerAnswer> {
    const { from, seq } = frame;
    const { quota, maxSignals, now } = this.#options;
    const before = this.#ledger.find(from, seq);
    if (before?.digest === digest) {
      const reason = `replayed: frame ${seq} came before`;
      return { status: "duplicate", received, accepted: 0, rejected: [{ reason }] };
    }
    if (before) return refusal(received, `replayed: number ${seq} belongs to another frame`);
    if (frame.signals.length > maxSignals) {
      return refusal(received, `oversized: ${received} signals, at most ${maxSignals} are taken`);
    }
    const obstacle = this.#ledger.obstacle(from, seq);
    if (obstacle) return refusal(received, obstacle);
    const nowMs = millisecondsOf("now()", now());
    const used = this.#ledger.itemsSince(from, nowMs - quota.perMs);
    if (used + received > quota.signals) {
      const limit = `${quota.signals} in ${quota.perMs} ms`;
      return refusal(received, `quota: ${used} of ${limit} are used, ${received} more came`);
    }
    const { content, rejected } = contentOf(frame);
    if (content.items === 0) {
      if (received === 0) rejected.push({ reason: "malformed: it brings nothing" });
      return { status: "refused", received, accepted: 0, rejected };
    }
    const about = { from, seq, digest, received_ms: nowMs, is_settled: false };
    await this.#ledger.add({ ...about, ...content });
    const status = rejected.length > 0 ? "partial" : "accepted";
    return { status, received, accepted: content.items, rejected };
  }

  /** What waits, by peer and number. */
  quarantined(): QuarantinedFrame[] {
    return this.#ledger
      .quarantined()
      .map(({ from, seq, received_ms, items }) => ({ from, seq, receivedMs: received_ms, items }));
  }

  /**
   * What a frame in quarantine brought; undefined when it does not wait there. Learn its signals
   * with origin `peer`. Throws FILE_CORRUPT, FILE_FAILED, STORE_CLOSED.
   */
  read(
    from: string,
    seq: number,
  ): Promise<{ signals: TrainingSignal[]; contribution?: Contribution } | undefined> {
    return this.#turns.run(async () => {
      const frame = await this.#ledger.read(from, seq);
      if (!frame) return undefined;
      const { signals, weights } = frame;
      return {
        signals: signals.map(fromWire),
        ...(weights !== null && { contribution: decodeWeights(weights) }),
      };
    });
  }

  /**
   * Ends a frame's quarantine, whether it was learned or thrown away: its content goes, its number
   * stays known. Whether it waited. Throws FILE_FAILED, STORE_CLOSED.
   */
  settle(from: string, seq: number): Promise<boolean> {
    return this.#turns.run(() => this.#ledger.settle(from, seq));
  }

  /** Waits for what is under way and closes the store. */
  close(): Promise<void> {
    return this.#turns.run(() => this.#store.close());
  }
}

function refusal(received: number, reason: string): PeerAnswer {
  return { status: "refused", received, accepted: 0, rejected: [{ reason }] };
}

/** What can be used of a frame; each signal stands for itself. */
function contentOf(frame: PeerFrame): { content: Content; rejected: PeerAnswer["rejected"] } {
  const rejected: PeerAnswer["rejected"] = [];
  if (frame.type === "weights") {
    try {
      decodeWeights(frame.weights);
      return { content: { signals: [], weights: frame.weights, items: 1 }, rejected };
    } catch (error) {
      rejected.push({ reason: `malformed: ${(error as Error).message}` });
      return { content: { signals: [], weights: null, items: 0 }, rejected };
    }
  }
  const signals = frame.signals.flatMap((signal, index) => {
    try {
      return [toWire(fromWire(signal))];
    } catch (error) {
      rejected.push({ index, reason: `malformed: ${(error as Error).message}` });
      return [];
    }
  });
  return { content: { signals, weights: null, items: signals.length }, rejected };
}

function checkIds(ids: readonly string[]): void {
  const twice = ids.find((id, index) =>
    ids.slice(0, index).some((other) => other.toLowerCase() === id.toLowerCase()),
  );
  if (twice === undefined) return;
  throw new DriftkeelRangeError(
    "OPTION_INVALID",
    `Expected PeerSync option "peers" to have ids that differ in more than case, got "${twice}" ` +
      "twice.",
  );
}
