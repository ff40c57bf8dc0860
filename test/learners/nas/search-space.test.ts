// A search space counts, lists and draws its cells, and knows which of them pass anything on.

import { describe, expect, it } from "vitest";
import { SearchSpace } from "../../../src/learners/nas/index.ts";
import { describeOptions } from "../../misuse/describe-options.ts";
import { errorOf, expectOurs } from "../../misuse/refusal.ts";

describeOptions({
  owner: "SearchSpace",
  call: (options: never) => new SearchSpace(options),
  good: { numNodes: 3, operations: ["skip", "zero"] },
  options: {
    numNodes: [0, 1, 9, 2.5, "4", null],
    operations: [[], ["skip", "skip"], ["conv7"], "skip", null],
  },
});

describe("SearchSpace", () => {
  it("has four nodes and all eight operations by default", () => {
    const space = new SearchSpace();
    expect(space.operations.join()).toBe(
      "conv3,conv5,sep_conv3,sep_conv5,avg_pool3,max_pool3,skip,zero",
    );
    const edges = space.edges.map(([from, to]) => `${from}-${to}`);
    expect(edges.join()).toBe("0-1,0-2,1-2,0-3,1-3,2-3");
    expect(space.numCells).toBe(8 ** 6);
  });

  it("a cell is valid when a path without zero leads to the last node", () => {
    const space = new SearchSpace({ numNodes: 3 });
    expect(space.isValid(["skip", "zero", "conv3"])).toBe(true); // 0-1-2
    expect(space.isValid(["zero", "skip", "zero"])).toBe(true); // 0-2
    expect(space.isValid(["skip", "zero", "zero"])).toBe(false); // stops in 1
    expect(space.isValid(["zero", "zero", "skip"])).toBe(false); // starts in 1
    expect(space.isValid(["skip", "skip"])).toBe(false); // an edge is missing
  });

  it("a cell with an operation of another space is not valid", () => {
    const space = new SearchSpace({ numNodes: 2, operations: ["skip", "zero"] });
    expect(space.isValid(["conv3"])).toBe(false);
  });

  it("enumerates every valid cell once, or the first of them", () => {
    const space = new SearchSpace({ numNodes: 3, operations: ["skip", "zero"] });
    const all = space.enumerate(1000).map((cell) => cell.join());
    expect(all).toEqual([
      "skip,skip,skip",
      "skip,skip,zero",
      "skip,zero,skip",
      "zero,skip,skip",
      "zero,skip,zero",
    ]);
    expect(space.enumerate(2).map((cell) => cell.join())).toEqual(all.slice(0, 2));
    expect(space.enumerate(0)).toEqual([]);
  });

  it("draws valid cells, all of them equally often, the same for the same seed", () => {
    const space = new SearchSpace({ numNodes: 3, operations: ["skip", "zero"] });
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2000; seed++) {
      const cell = space.sample(seed);
      expect(space.isValid(cell)).toBe(true);
      counts.set(cell.join(), (counts.get(cell.join()) ?? 0) + 1);
    }
    // 400 each are expected; 5 deviations of a count are 90.
    for (const count of counts.values()) expect(Math.abs(count - 400)).toBeLessThan(90);
    expect(counts.size).toBe(5);
    expect(space.sample(7)).toEqual(space.sample(7));
  });

  it("nothing but zero, and a count that is no count, are refused", async () => {
    const alone = await errorOf(() => new SearchSpace({ operations: ["zero"] }));
    expectOurs(alone, "OPTION_INVALID");
    for (const max of [-1, 1.5, 1e7, Number.NaN]) {
      expectOurs(await errorOf(() => new SearchSpace().enumerate(max)), "ARGUMENT_RANGE");
    }
  });
});
