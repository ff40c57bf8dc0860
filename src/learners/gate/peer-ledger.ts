// Remembers every frame of every peer by its number, and keeps what it brought in quarantine.

import * as z from "zod/mini";
import { parseRecord, writeRecord } from "../../foundation.ts";
import { DriftkeelError, type Store } from "../../index.ts";

const FOLDER = "peers";
const FLOOR = "floor";

const frameRecord = z.strictObject({
  format_version: z.literal(1),
  from: z.string(),
  seq: z.int().check(z.minimum(0)),
  digest: z.string(),
  received_ms: z.number(),
  /** Signals, or 1 for weights: what counts for the quota. */
  items: z.int().check(z.minimum(0)),
  is_settled: z.boolean(),
  signals: z.array(z.unknown()),
  weights: z.nullable(z.string()),
});
const floorRecord = z.strictObject({
  format_version: z.literal(1),
  floor: z.int().check(z.minimum(0)),
});

/** A frame as it is kept. */
export type KeptFrame = Omit<z.output<typeof frameRecord>, "format_version">;

/** What is remembered of a frame without reading it. */
export type KeptEntry = Omit<KeptFrame, "signals" | "weights">;

interface Peer {
  entries: Map<number, KeptEntry>;
  /** Up to here frames have been forgotten: whether one came is not known any more. */
  floor: number;
}

/** Frames under `peers/<peer>/<sequence>`: each its own record, so that none overwrites another. */
export class PeerLedger {
  readonly #store: Store;
  readonly #maxFrames: number;
  readonly #peers = new Map<string, Peer>();

  private constructor(store: Store, maxFrames: number) {
    this.#store = store;
    this.#maxFrames = maxFrames;
  }

  /** Reads what is kept of `peers`. Throws FILE_CORRUPT, FILE_FAILED, ID_INVALID. */
  static async open(store: Store, peers: Iterable<string>, maxFrames: number): Promise<PeerLedger> {
    const ledger = new PeerLedger(store, maxFrames);
    for (const peer of peers) ledger.#peers.set(peer, await ledger.#readPeer(peer));
    return ledger;
  }

  async #readPeer(peer: string): Promise<Peer> {
    const bytes = await this.#store.read(`${FOLDER}/${peer}/${FLOOR}`);
    const record = bytes && (await parseRecord(bytes, floorRecord));
    if (bytes && !record) throw altered(`${FOLDER}/${peer}/${FLOOR}`);
    const floor = record ? record.floor : -1;
    const entries = new Map<number, KeptEntry>();
    for (const key of await this.#store.list(`${FOLDER}/${peer}/`)) {
      if (key.endsWith(`/${FLOOR}`)) continue;
      const { signals, weights, ...entry } = await this.#readFrame(key);
      entries.set(entry.seq, entry);
    }
    return { entries, floor };
  }

  async #readFrame(key: string): Promise<KeptFrame> {
    const bytes = await this.#store.read(key);
    const record = bytes && (await parseRecord(bytes, frameRecord));
    if (!record || keyOf(record.from, record.seq) !== key) throw altered(key);
    const { format_version: _version, ...frame } = record;
    return frame;
  }

  /** The frame of this number; undefined when none came, as far as is known. */
  find(peer: string, seq: number): KeptEntry | undefined {
    return this.#peers.get(peer)?.entries.get(seq);
  }

  /** Why a frame of this number cannot be kept, whatever it holds; undefined when it can. */
  obstacle(peer: string, seq: number): string | undefined {
    const { entries, floor } = this.#peers.get(peer)!;
    if (seq <= floor) return `replayed: numbers up to ${floor} have been forgotten`;
    if (entries.size < this.#maxFrames || [...entries.values()].some((each) => each.is_settled)) {
      return undefined;
    }
    return `quarantine: it holds ${entries.size} frames of this peer and takes no more`;
  }

  /** Items of the frames that came after a moment. */
  itemsSince(peer: string, ms: number): number {
    const { entries } = this.#peers.get(peer)!;
    let items = 0;
    for (const entry of entries.values()) if (entry.received_ms > ms) items += entry.items;
    return items;
  }

  /** Keeps a frame whose number is free, durably. Throws FILE_FAILED; it is then not known. */
  async add(frame: KeptFrame): Promise<void> {
    const { signals, weights, ...entry } = frame;
    const { entries } = this.#peers.get(frame.from)!;
    if (entries.size >= this.#maxFrames) await this.#forgetOldest(frame.from);
    await this.#write(frame);
    entries.set(frame.seq, entry);
  }

  /** What waits, by peer and number. */
  quarantined(): KeptEntry[] {
    return [...this.#peers.values()].flatMap(({ entries }) =>
      [...entries.values()].filter((entry) => !entry.is_settled).sort((a, b) => a.seq - b.seq),
    );
  }

  /** A frame that waits; undefined when it does not. Throws FILE_CORRUPT, FILE_FAILED. */
  async read(peer: string, seq: number): Promise<KeptFrame | undefined> {
    const entry = this.find(peer, seq);
    return entry && !entry.is_settled ? this.#readFrame(keyOf(peer, seq)) : undefined;
  }

  /** Forgets what a frame brought and remembers that it came. Throws FILE_FAILED. */
  async settle(peer: string, seq: number): Promise<boolean> {
    const entry = this.find(peer, seq);
    if (!entry || entry.is_settled) return false;
    const settled = { ...entry, is_settled: true };
    await this.#write({ ...settled, signals: [], weights: null });
    this.#peers.get(peer)!.entries.set(seq, settled);
    return true;
  }

  #write(frame: KeptFrame): Promise<void> {
    return writeRecord(this.#store, keyOf(frame.from, frame.seq), { format_version: 1, ...frame });
  }

  /** The settled frame of the lowest number goes; the floor is durable before it is gone. */
  async #forgetOldest(peer: string): Promise<void> {
    const known = this.#peers.get(peer)!;
    const settled = [...known.entries.values()].filter((entry) => entry.is_settled);
    const seq = Math.min(...settled.map((entry) => entry.seq));
    const floor = Math.max(known.floor, seq);
    await writeRecord(this.#store, `${FOLDER}/${peer}/${FLOOR}`, { format_version: 1, floor });
    known.floor = floor;
    await this.#store.remove(keyOf(peer, seq));
    known.entries.delete(seq);
  }
}

/** Numbers of equal length list in their order. */
const keyOf = (peer: string, seq: number): string =>
  `${FOLDER}/${peer}/${String(seq).padStart(16, "0")}`;

function altered(key: string): DriftkeelError {
  return new DriftkeelError(
    "FILE_CORRUPT",
    `Expected ${key} to be a record as it was written, got an altered one. Restore it from a ` +
      "copy: without it a frame could be taken twice.",
  );
}
