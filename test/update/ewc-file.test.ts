// The EWC file: both formats round trip, damage is always found, and a file is whole or absent.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crc32 } from "../../src/crc32.ts";
import { DriftkeelError, Ewc, type EwcOptions } from "../../src/index.ts";

const HEADER_BYTES = 40;
const corrupt = expect.objectContaining({ name: "DriftkeelError", code: "FILE_CORRUPT" });

function trained(options?: EwcOptions, rounds = 2): Ewc {
  const ewc = new Ewc(Float32Array.of(0.5, -1.5, 3, 4), options);
  for (let round = 1; round <= rounds; round++) {
    ewc.updateFisher(Float32Array.of(1 / round, 2, 0, round), 1);
  }
  return ewc;
}

/** Our format with some bytes changed and the checksum made to fit again. */
function forged(bytes: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  change(view);
  view.setUint32(copy.length - 4, crc32(copy.subarray(0, -4)), true);
  return copy;
}

const settings: [string, EwcOptions, number][] = [
  ["defaults", {}, 2],
  ["no Fisher yet", { lambda: 7 }, 0],
  ["every option", { lambda: 0.1, gamma: 0.25, normalize: true, fisherSamples: 9 }, 3],
  ["an ema", { consolidation: "ema", gamma: 0.9, normalize: false }, 3],
  ["lambda 0", { lambda: 0, gamma: 0 }, 1],
];

describe("our format", () => {
  it.each(settings)("round trips: %s", (_, options, rounds) => {
    using ewc = trained(options, rounds);
    using copy = Ewc.fromBytes(ewc.toBytes());
    expect(copy.toBytes()).toEqual(ewc.toBytes());
    expect(copy.fisher()).toEqual(ewc.fisher());
    expect(copy.baseline()).toEqual(ewc.baseline());
    expect(copy.lambda).toBe(ewc.lambda);
    const moved = Float32Array.of(1, 2, 3, 4);
    expect(copy.penalty(moved)).toBe(ewc.penalty(moved));
  });

  it.each(settings)("learns on as if it had never been written: %s", (_, options, rounds) => {
    using ewc = trained(options, rounds);
    using copy = Ewc.fromBytes(ewc.toBytes());
    for (const each of [ewc, copy]) {
      each.updateFisher(Float32Array.of(3, 1, 4, 1), 1);
      each.computeFisher([1, 2, 3], (w, x) => x * w[0]! * w[1]! + w[2]! ** 2);
    }
    expect(copy.toBytes()).toEqual(ewc.toBytes());
  });

  it("is read from the middle of a larger buffer", () => {
    using ewc = trained();
    const bytes = ewc.toBytes();
    const around = new Uint8Array(bytes.length + 13);
    around.set(bytes, 7);
    using copy = Ewc.fromBytes(around.subarray(7, 7 + bytes.length));
    expect(copy.toBytes()).toEqual(bytes);
  });

  it("has the layout that is written down, little endian", () => {
    using ewc = trained({ lambda: 2.5, gamma: 0.5, fisherSamples: 12 });
    const bytes = ewc.toBytes();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    expect(new TextDecoder().decode(bytes.subarray(0, 4))).toBe("DKEW");
    expect([view.getUint16(4, true), view.getUint16(6, true)]).toEqual([1, 1]);
    expect([view.getUint32(8, true), view.getUint32(12, true)]).toEqual([4, 2]);
    expect([view.getFloat64(16, true), view.getFloat64(24, true)]).toEqual([2.5, 0.5]);
    expect(view.getUint32(32, true)).toBe(12);
    expect(view.getFloat32(HEADER_BYTES + 4, true)).toBe(-1.5);
    expect(bytes).toHaveLength(HEADER_BYTES + 2 * 4 * 4 + 4);
  });
});

describe("damage", () => {
  it.each(settings)("every byte flipped in every bit is found: %s", (_, options, rounds) => {
    using ewc = trained(options, rounds);
    const bytes = ewc.toBytes();
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        expect(() => Ewc.fromBytes(damaged), `byte ${at} ^ ${flip}`).toThrowError(corrupt);
      }
    }
  });

  it("every truncation is found, and every byte too many", () => {
    using ewc = trained();
    for (const format of ["driftkeel", "legacy"] as const) {
      const bytes = ewc.toBytes({ format });
      for (let length = 0; length < bytes.length; length++) {
        expect(() => Ewc.fromBytes(bytes.subarray(0, length))).toThrowError(corrupt);
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      expect(() => Ewc.fromBytes(longer)).toThrowError(corrupt);
    }
  });

  it("any bytes give an Ewc or FILE_CORRUPT, nothing else", () => {
    const anything = fc.uint8Array({ maxLength: 200 });
    fc.assert(fc.property(anything, tryToRead), { numRuns: 2000 });
  });

  it("any change under a checksum that fits gives an Ewc or FILE_CORRUPT, nothing else", () => {
    using ewc = trained({ consolidation: "ema", gamma: 0.9 });
    const bytes = ewc.toBytes();
    const change = fc.array(
      fc.tuple(fc.integer({ min: 0, max: HEADER_BYTES - 1 }), fc.integer({ min: 0, max: 255 })),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(change, (changes) => {
        const altered = forged(bytes, (view) => {
          for (const [at, value] of changes) view.setUint8(at, value);
        });
        tryToRead(altered);
      }),
      { numRuns: 2000 },
    );
  });

  it.each<[string, (view: DataView) => void]>([
    ["another version", (view) => view.setUint16(4, 2, true)],
    ["flags nobody knows", (view) => view.setUint16(6, 0xff01, true)],
    ["a count that does not fit", (view) => view.setUint32(8, 5, true)],
    ["a negative lambda", (view) => view.setFloat64(16, -1, true)],
    ["a lambda that is no number", (view) => view.setFloat64(16, Number.NaN, true)],
    ["gamma above 1", (view) => view.setFloat64(24, 1.5, true)],
    ["gamma 1 in an ema", (view) => view.setFloat64(24, 1, true)],
    ["no updates beside a Fisher", (view) => view.setUint32(12, 0, true)],
    ["an infinite weight", (view) => view.setFloat32(HEADER_BYTES, Number.POSITIVE_INFINITY, true)],
    ["a negative Fisher", (view) => view.setFloat32(HEADER_BYTES + 16, -1, true)],
  ])("content that makes no sense is refused behind a right checksum: %s", (_, change) => {
    using ewc = trained({ consolidation: "ema", gamma: 0.9 });
    expect(() => Ewc.fromBytes(forged(ewc.toBytes(), change))).toThrowError(corrupt);
  });

  it("a file of no parameters is refused", () => {
    const bytes = new Uint8Array(HEADER_BYTES + 4);
    bytes.set(new TextEncoder().encode("DKEW"));
    const empty = forged(bytes, (view) => view.setUint16(4, 1, true));
    expect(() => Ewc.fromBytes(empty)).toThrowError(corrupt);
  });
});

function tryToRead(bytes: Uint8Array): void {
  try {
    Ewc.fromBytes(bytes).dispose();
  } catch (error) {
    expect(error).toBeInstanceOf(DriftkeelError);
    expect(error).toMatchObject({ code: "FILE_CORRUPT" });
  }
}

describe("the legacy format", () => {
  it("round trips lambda, Fisher and baseline", () => {
    using ewc = trained({ lambda: 2.5, gamma: 0.5 });
    const bytes = ewc.toBytes({ format: "legacy" });
    using copy = Ewc.fromBytes(bytes);
    expect(copy.toBytes({ format: "legacy" })).toEqual(bytes);
    expect([copy.lambda, copy.fisher(), copy.baseline()]).toEqual([
      2.5,
      ewc.fisher(),
      ewc.baseline(),
    ]);
  });

  it("has the layout of the system it comes from", () => {
    using ewc = trained({ lambda: 2.5 });
    const bytes = ewc.toBytes({ format: "legacy" });
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const floats = (at: number) => [0, 1, 2, 3].map((p) => view.getFloat32(at + 4 * p, true));
    expect([view.getUint32(0, true), view.getFloat32(4, true)]).toEqual([4, 2.5]);
    expect(view.getBigUint64(8, true)).toBe(2n);
    expect(floats(16)).toEqual([...ewc.fisher()!]);
    expect(floats(32)).toEqual([...ewc.baseline()]);
    expect(bytes).toHaveLength(16 + 8 * 4);
  });

  it("holds the Fisher as the penalty uses it: corrected and normalised", () => {
    using ewc = trained({ consolidation: "ema", gamma: 0.9, normalize: true });
    using copy = Ewc.fromBytes(ewc.toBytes({ format: "legacy" }));
    const moved = Float32Array.of(1, 2, 3, 4);
    expect(copy.penalty(moved)).toBe(ewc.penalty(moved));
  });

  it("writes zeros for a Fisher that is not there: the penalty is 0 on both sides", () => {
    using ewc = trained({}, 0);
    using copy = Ewc.fromBytes(ewc.toBytes({ format: "legacy" }));
    expect(copy.penalty(Float32Array.of(9, 9, 9, 9))).toBe(0);
  });
});

describe("on disk", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "driftkeel-ewc-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("save and load give the same Ewc, and leave no other file", async () => {
    const home = join(folder, "plain");
    await mkdir(home);
    using ewc = trained();
    await ewc.save(join(home, "model.ewc"));
    using copy = await Ewc.load(join(home, "model.ewc"));
    expect(copy.toBytes()).toEqual(ewc.toBytes());
    expect(await readdir(home)).toEqual(["model.ewc"]);
  });

  it("load reads the legacy format too", async () => {
    const path = join(folder, "legacy.bin");
    using ewc = trained();
    await writeFile(path, ewc.toBytes({ format: "legacy" }));
    using copy = await Ewc.load(path);
    expect(copy.fisher()).toEqual(ewc.fisher());
  });

  it("save replaces a file whole; many at once leave one of them, whole", async () => {
    const home = join(folder, "busy");
    await mkdir(home);
    const path = join(home, "model.ewc");
    const all = Array.from({ length: 20 }, (_, index) => {
      const ewc = new Ewc(new Float32Array(5000 + 100 * index).fill(index));
      return { ewc, bytes: Buffer.from(ewc.toBytes()) };
    });
    await all[0]!.ewc.save(path);
    await Promise.all(all.map(({ ewc }) => ewc.save(path)));
    const found = await readFile(path);
    expect(all.some(({ bytes }) => bytes.equals(found))).toBe(true);
    expect(await readdir(home)).toEqual(["model.ewc"]);
    for (const { ewc } of all) ewc.dispose();
  });

  it("save saves what was there when it was called", async () => {
    const path = join(folder, "moment.ewc");
    using ewc = trained();
    const bytes = ewc.toBytes();
    const saving = ewc.save(path);
    ewc.updateFisher(Float32Array.of(9, 9, 9, 9), 1);
    await saving;
    expect(await readFile(path)).toEqual(Buffer.from(bytes));
  });

  it("a failed save keeps the old file and leaves nothing beside it", async () => {
    const home = join(folder, "failing");
    await mkdir(join(home, "model.ewc"), { recursive: true }); // a folder stands in the way
    using ewc = trained();
    await expect(ewc.save(join(home, "model.ewc"))).rejects.toMatchObject({
      name: "DriftkeelError",
      code: "FILE_FAILED",
      cause: expect.any(Error),
    });
    expect(await readdir(home)).toEqual(["model.ewc"]);
  });

  it("files that are missing, truncated or of something else are told apart", async () => {
    using ewc = trained();
    const path = join(folder, "damaged.ewc");
    await expect(Ewc.load(join(folder, "absent.ewc"))).rejects.toMatchObject({
      code: "FILE_FAILED",
      cause: { code: "ENOENT" },
    });
    for (const bytes of [ewc.toBytes().subarray(0, 50), new Uint8Array(0), Buffer.from("{}")]) {
      await writeFile(path, bytes);
      await expect(Ewc.load(path)).rejects.toMatchObject({ code: "FILE_CORRUPT" });
    }
  });
});
