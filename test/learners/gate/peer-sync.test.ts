// Frames of peers: what is taken, what is refused and why, and that a refusal changes nothing.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createFrame,
  type PeerAnswer,
  PeerSync,
  type PeerSyncOptions,
  type TrainingSignal,
  toWire,
} from "../../../src/learners/gate/index.ts";
import { MemoryStore } from "../../../src/store/memory-store.ts";
import { keyPair, otherShared, shared } from "./peer-keys.ts";
import { signal, signals } from "./signals.ts";

const START_MS = 1_700_000_000_000;

/** A door with the peers alice (a secret) and bob (another), on a store that can be looked into. */
async function openDoor(more: Partial<PeerSyncOptions> = {}) {
  const store = new MemoryStore();
  const peers = { alice: shared, bob: otherShared };
  const sync = await PeerSync.open({ peers, store, now: () => START_MS, ...more });
  const contents = async () => {
    const keys = await store.list();
    const entries = await Promise.all(
      keys.map(async (key) => [key, Buffer.from((await store.read(key))!).toString()]),
    );
    return JSON.stringify([entries, sync.quarantined()]);
  };
  return { sync, store, contents };
}

const frame = (seq: number, list: TrainingSignal[] = [signal()], from = "alice") =>
  createFrame({ from, seq, signals: list, key: from === "bob" ? otherShared : shared });

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (value: string) => new TextEncoder().encode(value);

/** A frame with some members replaced, and its signature as it was. */
const altered = (bytes: Uint8Array, members: object) =>
  bytesOf(JSON.stringify({ ...JSON.parse(text(bytes)), ...members }));

const reasonOf = ({ rejected }: PeerAnswer) => rejected[0]?.reason ?? "";

describe("a genuine frame", () => {
  it("is taken into quarantine, and told so", async () => {
    const { sync } = await openDoor();
    const list = [signal(), signal({ tool: "run_shell", userOverride: true })];
    expect(await sync.handle(await frame(1, list))).toEqual({
      status: "accepted",
      received: 2,
      accepted: 2,
      rejected: [],
    });
    expect(sync.quarantined()).toEqual([{ from: "alice", seq: 1, receivedMs: START_MS, items: 2 }]);
    expect(await sync.read("alice", 1)).toEqual({ signals: list });
  });

  it("brings any signals whole, in any order of numbers", async () => {
    const { sync } = await openDoor({ quota: { signals: 1e9, perMs: 1 } });
    let seq = 1000;
    await fc.assert(
      fc.asyncProperty(fc.array(signals, { minLength: 1, maxLength: 5 }), async (list) => {
        seq -= 1;
        const answer = await sync.handle(await frame(seq, list));
        expect(answer).toMatchObject({ status: "accepted", accepted: list.length });
        expect(await sync.read("alice", seq)).toEqual({ signals: list });
      }),
    );
  });

  it("may be signed with Ed25519", async () => {
    const [{ signing, verifying }, other] = await Promise.all([keyPair(), keyPair()]);
    const { sync } = await openDoor({ peers: { carol: verifying } });
    const options = { from: "carol", signals: [signal()] };
    const genuine = await createFrame({ ...options, seq: 1, key: signing });
    expect(await sync.handle(genuine)).toMatchObject({ status: "accepted" });
    const forged = await createFrame({ ...options, seq: 2, key: other.signing });
    expect(reasonOf(await sync.handle(forged))).toMatch(/^forged/);
    // The public key is known to all: as a secret it must open nothing.
    const key = { ...shared, secret: (verifying as { publicKey: Uint8Array }).publicKey };
    const confused = await createFrame({ ...options, seq: 3, key });
    expect(reasonOf(await sync.handle(confused))).toMatch(/^forged/);
  });

  it("may hold signals that are wrong: they are named, the others are taken", async () => {
    const { sync } = await openDoor();
    const wrong = { ...signal(), riskScore: 0.5 };
    const sent = [wrong, signal()].map((each) => toWire(each));
    sent[0]!.risk_score = 7; // as a peer with other software would sign it
    const bytes = await createSigned(1, sent);
    const answer = await sync.handle(bytes);
    expect(answer).toMatchObject({ status: "partial", received: 2, accepted: 1 });
    expect(answer.rejected).toEqual([
      { index: 0, reason: expect.stringMatching(/^malformed: .*"risk_score"/) },
    ]);
    expect((await sync.read("alice", 1))!.signals).toEqual([signal()]);
  });
});

/** What a peer signs that does not check its signals. */
async function createSigned(seq: number, sent: unknown[]): Promise<Uint8Array> {
  const content = ["driftkeel-gate-frame-1", "signals", "alice", seq, sent, null];
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", shared.secret, hmac, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, bytesOf(JSON.stringify(content)));
  const signature = Buffer.from(mac).toString("base64");
  return bytesOf(JSON.stringify({ type: "signals", from: "alice", seq, signals: sent, signature }));
}

describe("what is refused", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const cases: [string, (genuine: Uint8Array) => Uint8Array, RegExp][] = [
    ["nothing", () => new Uint8Array(0), /^malformed: not JSON/],
    ["bytes that are no text", () => Uint8Array.of(0xff, 0xfe, 0x7b), /^malformed: not UTF-8/],
    ["half a frame", (genuine) => genuine.subarray(0, 60), /^malformed: not JSON/],
    ["another value", () => bytesOf("[1]"), /^malformed: not a frame/],
    ["deep nesting", () => bytesOf(deep), /^malformed/],
    ["a number of no frame", (genuine) => altered(genuine, { seq: -1 }), /^malformed: "seq"/],
    ["an unknown member", (genuine) => altered(genuine, { extra: 1 }), /^malformed: not a frame/],
    ["a path for a name", (genuine) => altered(genuine, { from: "../x" }), /^malformed: "from"/],
    ["another type", (genuine) => altered(genuine, { type: "weights" }), /^malformed: "weights"/],
    ["an unknown peer", (genuine) => altered(genuine, { from: "mallory" }), /^unknown peer/],
    ["a peer of the prototype", (genuine) => altered(genuine, { from: "toString" }), /^unknown/],
    ["another peer's name", (genuine) => altered(genuine, { from: "bob" }), /^forged/],
    ["another number", (genuine) => altered(genuine, { seq: 8 }), /^forged/],
    ["other signals", (genuine) => altered(genuine, { signals: [] }), /^forged/],
    ["an empty signature", (genuine) => altered(genuine, { signature: "" }), /^forged/],
    ["a long frame", () => new Uint8Array(2 ** 20 + 1), /^oversized: 1048577 bytes/],
  ];
  it.each(cases)("%s, with the reason and without a trace", async (_, make, reason) => {
    const { sync, contents } = await openDoor();
    await sync.handle(await frame(1));
    const before = await contents();
    const answer = await sync.handle(make(await frame(7)));
    expect(answer).toMatchObject({ status: "refused", accepted: 0 });
    expect(reasonOf(answer)).toMatch(reason);
    expect(await contents()).toBe(before);
    expect(await sync.handle(await frame(7))).toMatchObject({ status: "accepted" });
  });

  it("any changed byte of a genuine frame", async () => {
    const { sync, contents } = await openDoor();
    const before = await contents();
    const genuine = await frame(3);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(genuine.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (place, change) => {
          const bytes = genuine.slice();
          bytes[place]! ^= change;
          const answer = await sync.handle(bytes);
          expect(answer.status).toBe("refused");
          expect(reasonOf(answer)).toMatch(/^(malformed|forged|unknown peer)/);
          expect(await contents()).toBe(before);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("any bytes and any JSON at all", async () => {
    const { sync, contents } = await openDoor();
    const before = await contents();
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((json) => bytesOf(json)),
    );
    await fc.assert(
      fc.asyncProperty(any, async (bytes) => {
        expect(await sync.handle(bytes)).toMatchObject({ status: "refused", accepted: 0 });
        expect(await contents()).toBe(before);
      }),
      { numRuns: 1000 },
    );
    expect(await sync.handle("frame" as never)).toMatchObject({ status: "refused" });
  });

  it("a frame that came before, and its number for another one", async () => {
    const { sync, contents } = await openDoor();
    const first = await frame(5);
    await sync.handle(first);
    const before = await contents();
    const again = await sync.handle(first);
    expect(again).toMatchObject({ status: "duplicate", received: 1, accepted: 0 });
    expect(reasonOf(again)).toBe("replayed: frame 5 came before");
    const other = await sync.handle(await frame(5, [signal({ allowed: false })]));
    expect(other).toMatchObject({ status: "refused", accepted: 0 });
    expect(reasonOf(other)).toBe("replayed: number 5 belongs to another frame");
    expect(await contents()).toBe(before);
    // The numbers of one peer are nothing to another.
    expect(await sync.handle(await frame(5, [signal()], "bob"))).toMatchObject({ accepted: 1 });
  });

  it("more signals than a frame or a quota may bring, until time has passed", async () => {
    let nowMs = START_MS;
    const quota = { signals: 3, perMs: 1000 };
    const { sync, contents } = await openDoor({ quota, maxSignals: 2, now: () => nowMs });
    const two = [signal(), signal({ tool: "git_push" })];
    expect(reasonOf(await sync.handle(await frame(1, [...two, signal()])))).toMatch(/^oversized/);
    expect(await sync.handle(await frame(2, two))).toMatchObject({ accepted: 2 });
    const before = await contents();
    expect(reasonOf(await sync.handle(await frame(3, two)))).toMatch(/^quota: 2 of 3 in 1000 ms/);
    expect(await contents()).toBe(before);
    expect(await sync.handle(await frame(4))).toMatchObject({ accepted: 1 });
    expect(await sync.handle(await frame(3, two, "bob"))).toMatchObject({ accepted: 2 });
    nowMs += 1000;
    expect(await sync.handle(await frame(3, two))).toMatchObject({ accepted: 2 });
  });
});

describe("the quarantine", () => {
  it("is still there after a restart, with the numbers that came", async () => {
    const store = new MemoryStore();
    Object.assign(store, { close: async () => {} }); // outlives its doors
    const first = await openDoor({ store });
    const taken = await frame(1);
    await first.sync.handle(taken);
    await first.sync.handle(await frame(2));
    await first.sync.settle("alice", 2);
    await first.sync.close();
    const again = await openDoor({ store });
    expect(again.sync.quarantined()).toEqual(first.sync.quarantined());
    expect(await again.sync.handle(taken)).toMatchObject({ status: "duplicate" });
    expect(await again.sync.handle(await frame(2))).toMatchObject({ status: "duplicate" });
  });

  it("gives a frame once: settled, its content is gone and its number known", async () => {
    const { sync, contents } = await openDoor();
    await sync.handle(await frame(1, [signal({ tool: "unheard_of" })]));
    expect(await sync.settle("alice", 1)).toBe(true);
    expect(await sync.settle("alice", 1)).toBe(false);
    expect(await sync.settle("alice", 9)).toBe(false);
    expect(await sync.read("alice", 1)).toBeUndefined();
    expect(await contents()).not.toContain("unheard_of");
  });

  it("has a limit, and makes place by forgetting what is settled", async () => {
    const { sync } = await openDoor({ maxFrames: 2 });
    await sync.handle(await frame(1));
    await sync.handle(await frame(2));
    expect(reasonOf(await sync.handle(await frame(3)))).toMatch(/^quarantine: it holds 2/);
    await sync.settle("alice", 1);
    expect(await sync.handle(await frame(3))).toMatchObject({ status: "accepted" });
    expect(sync.quarantined().map(({ seq }) => seq)).toEqual([2, 3]);
    expect(reasonOf(await sync.handle(await frame(1)))).toMatch(/^replayed: numbers up to 1/);
  });

  it("answers honestly when the disk fails, and takes the frame when it works again", async () => {
    const { sync, store, contents } = await openDoor();
    const before = await contents();
    const { write } = MemoryStore.prototype;
    store.write = async () => {
      throw Object.assign(new Error("no space in /home/gate"), { code: "FILE_FAILED" });
    };
    const failed = await sync.handle(await frame(1));
    expect(failed).toMatchObject({ status: "failed", received: 1, accepted: 0 });
    expect(reasonOf(failed)).toBe("it could not be kept (FILE_FAILED); send it again");
    expect(await contents()).toBe(before);
    store.write = write;
    expect(await sync.handle(await frame(1))).toMatchObject({ status: "accepted" });
  });

  it("refuses to open with a record that was altered", async () => {
    const store = new MemoryStore();
    Object.assign(store, { close: async () => {} });
    const { sync } = await openDoor({ store });
    await sync.handle(await frame(1));
    const [key] = await store.list("peers/");
    const bytes = (await store.read(key!))!;
    bytes[30]! ^= 1;
    await store.write(key!, bytes);
    await expect(openDoor({ store })).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });
});

describe("options", () => {
  it.each([
    { peers: { alice: { algorithm: "hmac-sha256", secret: new Uint8Array(31) } } },
    { peers: { alice: { algorithm: "ed25519", publicKey: new Uint8Array(31) } } },
    { peers: { alice: { algorithm: "none" } } },
    { peers: { alice: shared, Alice: shared } },
    { peers: { "a/b": shared } },
    { maxSignals: 0 },
  ])("of %j are refused", async (more) => {
    const opening = openDoor(more as Partial<PeerSyncOptions>);
    await expect(opening).rejects.toMatchObject({ code: "OPTION_INVALID" });
  });
});
