// Every parser of stored bytes, given anything: a value or a typed error, nothing else.
//
// DRIFTKEEL_FUZZ_RUNS sets the inputs of each parser; default 500.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { feedbackFile, parseFeedback } from "../../src/pipeline/feedback/feedback-files.ts";
import { verifyChain } from "../../src/store/audit-chain.ts";
import { AuditLog } from "../../src/store/audit-log.ts";
import { parseCurrent } from "../../src/store/current-record.ts";
import { MemoryStore } from "../../src/store/memory-store.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/store/safetensors.ts";
import { seal } from "../../src/store/sealed-json.ts";
import { decodeSnapshot, encodeSnapshot } from "../../src/store/snapshot.ts";
import { VersionStore } from "../../src/store/version-store.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";

const numRuns = Number(process.env.DRIFTKEEL_FUZZ_RUNS ?? 500);
const LIMIT_MS = 60_000 + numRuns * 10;
const encoder = new TextEncoder();

/** Bytes that are nearly right: cuts, repeats, insertions and flips of `valid`. */
function near(valid: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat(valid.length - 1);
  const patch = fc.oneof(fc.uint8Array({ maxLength: 8 }), textBytes(fc.json()));
  const edit = fc.tuple(place, fc.nat(12), patch);
  return fc.array(edit, { minLength: 1, maxLength: 4 }).map((edits) => {
    let bytes = [...valid];
    for (const [at, removed, inserted] of edits) {
      bytes = [...bytes.slice(0, at), ...inserted, ...bytes.slice(at + removed)];
    }
    return Uint8Array.from(bytes);
  });
}

function textBytes(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return text.map((each) => encoder.encode(each));
}

const anything = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  textBytes(fc.json()),
  textBytes(fc.array(fc.json(), { maxLength: 4 }).map((lines) => lines.join("\n"))),
);

/** A safetensors file with any JSON as its header. */
const anyHeader = fc.tuple(fc.json(), fc.uint8Array({ maxLength: 16 })).map(([json, data]) => {
  const header = encoder.encode(json);
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
});

const offset = fc.oneof(fc.nat(16), fc.constantFrom(-4, 0.5, 2 ** 53, 2 ** 31, "4", null));
const tensorEntry = fc.record(
  {
    dtype: fc.constantFrom("F32", "F64", "f32", null),
    shape: fc.oneof(fc.array(offset, { maxLength: 3 }), fc.constant("x")),
    data_offsets: fc.array(offset, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
/** Headers that look like ones. */
const tensorHeader = fc
  .tuple(
    fc.dictionary(fc.constantFrom("a", "b", "__metadata__", "__proto__"), tensorEntry),
    fc.nat(16),
  )
  .map(([header, dataBytes]) => {
    const json = encoder.encode(JSON.stringify(header));
    const bytes = new Uint8Array(8 + json.length + dataBytes);
    bytes.set(json, 8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    return bytes;
  });

/** The code of what `parse` throws, undefined when it returns; an untyped error is thrown on. */
async function codeOf(parse: () => unknown): Promise<string | undefined> {
  try {
    await parse();
    return undefined;
  } catch (error) {
    const { name, code } = error as { name: string; code?: string };
    if (!/^Driftkeel(|Type|Range)Error$/.test(name)) throw error;
    return code;
  }
}

async function fuzz(
  inputs: fc.Arbitrary<Uint8Array>,
  parse: (bytes: Uint8Array) => unknown,
  code: string,
): Promise<void> {
  const check = async (bytes: Uint8Array) => {
    expect([undefined, code]).toContain(await codeOf(() => parse(bytes)));
  };
  await fc.assert(fc.asyncProperty(inputs, check), { numRuns });
}

describe(`any bytes, ${numRuns} times`, { timeout: LIMIT_MS }, () => {
  it("as safetensors give a file or FILE_CORRUPT", async () => {
    const valid = encodeSafetensors({
      tensors: new Map([["a", { shape: [2], values: Float32Array.of(1, 2) }]]),
      metadata: new Map([["b", "c"]]),
    });
    const inputs = fc.oneof(anything, anyHeader, tensorHeader, near(valid));
    await fuzz(inputs, decodeSafetensors, "FILE_CORRUPT");
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("as a snapshot give SNAPSHOT_CORRUPT", async () => {
    const valid = await encodeSnapshot({
      weights: new Map([["w", Float32Array.of(1, 2)]]),
      modelId: "m",
      versionId: "v",
      kernelBuild: "k",
      seed: 0,
    });
    const inputs = fc.oneof(anything, anyHeader, near(valid));
    await fuzz(inputs, decodeSnapshot, "SNAPSHOT_CORRUPT");
  });

  it("as current.json give a pointer or POINTER_CORRUPT", async () => {
    const store = new MemoryStore();
    const versions = await VersionStore.open({ store, now: () => 0 });
    const id = await versions.save({ weights: new Map([["w", Float32Array.of(1)]]) });
    await versions.promote(id, { source: "test", benchmark: { a: 1 } });
    const valid = (await store.read("current.json")) as Uint8Array;
    await fuzz(fc.oneof(anything, near(valid)), parseCurrent, "POINTER_CORRUPT");
  });

  it("as current.json under a seal that fits give a pointer or POINTER_CORRUPT", async () => {
    const id = fc.constantFrom("20260101-000000-abcd", "../x", "", null, 1);
    const time = fc.constantFrom("2026-01-01T00:00:00.000Z", "2026-13-01T00:00:00.000Z", 5);
    const text = fc.oneof(fc.string(), fc.constant(null));
    const change = fc.record(
      {
        version_id: id,
        promotion_source: text,
        promoted_at: time,
        rollback_from: id,
        rolled_back_at: time,
      },
      { requiredKeys: ["version_id"] },
    );
    const records = fc.record({
      format_version: fc.constantFrom(1, 1, 1, 2, "1"),
      active: id,
      promotion_source: text,
      promoted_at: time,
      benchmark_summary: fc.oneof(fc.dictionary(fc.string(), fc.double()), fc.constant(null)),
      prior_version: id,
      anchor: id,
      history: fc.array(change, { maxLength: 3 }),
    });
    const check = async (record: object) => {
      const bytes = encoder.encode(`${await seal(record, "sha256")}\n`);
      expect([undefined, "POINTER_CORRUPT"]).toContain(await codeOf(() => parseCurrent(bytes)));
    };
    await fc.assert(fc.asyncProperty(records, check), { numRuns });
  });

  it("as an audit log give a verdict, and open or AUDIT_CORRUPT", async () => {
    const disk = new FaultyDisk();
    const log = await AuditLog.open("/log", { disk, lockHost: disk.lockHost, now: () => 0 });
    await log.log({ eventType: "job", outcome: "a" });
    await log.log({ eventType: "job", outcome: "b", details: { a: 1 } });
    const valid = (await disk.read("/log")) as Uint8Array;
    const inputs = fc.oneof(anything, near(valid));
    const check = async (bytes: Uint8Array) => {
      const { intact, problem } = await verifyChain(bytes, []);
      expect(intact).toBe(problem === undefined);
      const victim = new FaultyDisk();
      await (await victim.create("/log")).write(bytes);
      const open = () => AuditLog.open("/log", { disk: victim, lockHost: victim.lockHost });
      const code = await codeOf(async () => (await open()).close());
      expect([undefined, "AUDIT_CORRUPT"]).toContain(code);
      // What was opened for writing is whole, or was already broken inside.
      if (code === undefined && intact) {
        const repaired = (await victim.read("/log")) as Uint8Array;
        expect(await verifyChain(repaired, [])).toMatchObject({ intact: true });
      }
    };
    await fc.assert(fc.asyncProperty(inputs, check), { numRuns });
  });

  it("as feedback give signals or FEEDBACK_CORRUPT", async () => {
    const line =
      '{"timestamp":"2026-01-01T00:00:00.000Z","prediction_id":"a","predicted":[1],' +
      '"actual":[0.5,-1],"score":0}\n';
    const inputs = fc.oneof(anything, near(encoder.encode(line.repeat(3))));
    await fuzz(inputs, (bytes) => parseFeedback(feedbackFile(1), bytes), "FEEDBACK_CORRUPT");
  });
});
