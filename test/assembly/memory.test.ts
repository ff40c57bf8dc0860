// The allocator: aligned blocks apart from each other, no leak, a full memory that stays usable.

import { describe, expect, it } from "vitest";
import { ALIGN_BYTES } from "../../assembly/layout.ts";
import { Random } from "../reference/random.ts";
import { builds, Core } from "./harness.ts";

const CYCLES = 100_000;

for (const build of builds) {
  describe(build, () => {
    it("blocks are aligned to a cache line and do not touch each other", () => {
      const { allocate } = new Core(build).exports;
      const random = new Random(1);
      const blocks = Array.from({ length: 500 }, () => {
        const sizeBytes = random.below(2000);
        return { sizeBytes, address: allocate(sizeBytes) >>> 0 };
      }).sort((a, b) => a.address - b.address);
      blocks.forEach(({ address }, k) => {
        expect(address % ALIGN_BYTES).toBe(0);
        const before = blocks[k - 1];
        if (before) expect(address).toBeGreaterThanOrEqual(before.address + before.sizeBytes);
      });
    });

    it("a block keeps its content while others come and go", () => {
      const core = new Core(build);
      const { allocate, free } = core.exports;
      const random = new Random(2);
      const kept = Array.from({ length: 50 }, (_, k) => {
        const address = allocate(100) >>> 0;
        new Uint8Array(core.memory.buffer, address, 100).fill(k);
        return address;
      });
      const others: number[] = [];
      for (let k = 0; k < 2000; k++) {
        const sizeBytes = random.below(3000);
        const address = allocate(sizeBytes) >>> 0;
        new Uint8Array(core.memory.buffer, address, sizeBytes).fill(0xee);
        others.push(address);
        if (others.length > 40) free(others.splice(random.below(others.length), 1)[0]!);
      }
      kept.forEach((address, k) => {
        const bytes = new Uint8Array(core.memory.buffer, address, 100);
        expect(bytes.every((byte) => byte === k)).toBe(true);
      });
    });

    it("a hundred thousand blocks, taken and given back, leave the memory as it was", () => {
      const core = new Core(build);
      const { allocate, free } = core.exports;
      const random = new Random(3);
      const held: number[] = [];
      const cycle = (count: number) => {
        for (let k = 0; k < count; k++) {
          held.push(allocate(random.below(5000)));
          if (held.length > 20) free(held.splice(random.below(20), 1)[0]!);
        }
      };
      cycle(1000); // until the memory has its working size
      const sizeBytes = core.memory.buffer.byteLength;
      cycle(CYCLES);
      expect(core.memory.buffer.byteLength).toBe(sizeBytes);
    });

    it("a full memory traps, and serves again what fits", () => {
      const core = new Core(build, { maxMiB: 2 });
      const { allocate, free, sum } = core.exports;
      const blocks: number[] = [];
      expect(() => {
        for (;;) blocks.push(allocate(100_000) >>> 0);
      }).toThrow(WebAssembly.RuntimeError);
      expect(blocks.length).toBeGreaterThan(10);
      expect(() => allocate(2 ** 21)).toThrow(WebAssembly.RuntimeError);
      expect(() => allocate(2 ** 30 + 1)).toThrow(WebAssembly.RuntimeError);
      const last = blocks.pop()!;
      free(last);
      expect(allocate(100_000) >>> 0).toBe(last);
      const values = new Float32Array(core.memory.buffer, last, 100).fill(1);
      expect(sum(values.byteOffset, 100)).toBe(100);
    });

    it("memory grows on demand and keeps what lies in it", () => {
      const core = new Core(build);
      const before = core.memory.buffer.byteLength;
      const small = core.f32([1, 2, 3]);
      core.exports.allocate(2 * before);
      expect(core.memory.buffer.byteLength).toBeGreaterThan(before);
      const grown = new Float32Array(core.memory.buffer, small.byteOffset, 3);
      expect([...small, ...grown]).toEqual([1, 2, 3, 1, 2, 3]);
    });
  });
}
