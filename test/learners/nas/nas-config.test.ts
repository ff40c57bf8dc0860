// A search refuses a config that cannot be searched, and knows the smallest model of a space.

import { expect, it } from "vitest";
import { CellNetwork } from "../../../src/index.ts";
import { leastParameters } from "../../../src/learners/nas/discretize.ts";
import { parseNasConfig } from "../../../src/learners/nas/nas-config.ts";
import { networkOptionsOf } from "../../../src/learners/nas/network-of.ts";
import { describeOptions } from "../../misuse/describe-options.ts";
import { errorOf, expectOurs } from "../../misuse/refusal.ts";
import { smallConfig } from "./small-search.ts";

const wrongCounts = [0, -1, 1.5, Number.NaN, "3", null];
const wrongRates = [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, "1", null];

describeOptions({
  owner: "runSignalNas",
  call: parseNasConfig as (options: never) => unknown,
  good: {
    ...smallConfig,
    numTrials: 2,
    trainSteps: 9,
    alphaLr: 0.1,
    horizonLen: 2,
    numLayers: 2,
    batchSize: 8,
  },
  options: {
    numTrials: [...wrongCounts, 65],
    searchSteps: [...wrongCounts, 1e6 + 1],
    trainSteps: [...wrongCounts, 1e6 + 1],
    weightLr: wrongRates,
    alphaLr: wrongRates,
    maxParams: [...wrongCounts, 2 ** 30 + 1, undefined],
    inputFeatures: [...wrongCounts, 1025, undefined],
    patchLen: [...wrongCounts, 513, undefined],
    horizonLen: [...wrongCounts, 257],
    hiddenDim: [...wrongCounts, 257],
    numLayers: [...wrongCounts, 17],
    batchSize: [...wrongCounts, 1025],
    searchSpace: [1, null, []],
    "searchSpace.numNodes": [1, 9],
    "searchSpace.operations": [[], ["skip", "skip"]],
    seed: [-1, 2 ** 32, 1.5, "1"],
  },
  required: ["maxParams", "inputFeatures", "patchLen"],
});

/** Parameters of the network of every valid cell that agrees with what is decided. */
function parametersOf(
  settings: ReturnType<typeof parseNasConfig>,
  decided: readonly (number | undefined)[],
): number[] {
  const { space } = settings;
  const fits = space
    .enumerate(10_000)
    .filter((cell) =>
      decided.every((k, edge) => k === undefined || space.operations[k] === cell[edge]),
    );
  return fits.map((cell) => {
    const operations = cell.map((operation) => [operation]);
    const network = new CellNetwork(networkOptionsOf(settings, operations, 0));
    network.dispose();
    return network.parameterCount;
  });
}

it.each([
  [["conv3", "max_pool3", "skip", "zero"]],
  [["conv3", "sep_conv3", "zero"]],
  [["conv5", "sep_conv5"]],
] as const)("the smallest model of %s is that of all its cells", (operations) => {
  const searchSpace = { numNodes: 3, operations };
  const settings = parseNasConfig({ ...smallConfig, numLayers: 2, maxParams: 10_000, searchSpace });
  const open = [undefined, undefined, undefined];
  const last = operations.length - 1;
  for (const decided of [open, [0, undefined, undefined], [last, undefined, 0], [0, 0, last]]) {
    const all = parametersOf(settings, decided);
    expect(leastParameters(settings, decided)).toBe(Math.min(...all));
  }
  // zero on 0-1 and 0-2, where there is one, leaves no valid cell
  const cut = leastParameters(settings, [last, last, undefined]);
  expect(Number.isFinite(cut)).toBe((operations[last] as string) !== "zero");
});

it("a limit below the smallest model is refused, the smallest itself is not", async () => {
  const settings = parseNasConfig({ ...smallConfig, maxParams: 17 });
  expect(leastParameters(settings, [undefined, undefined, undefined])).toBe(17);
  const error = await errorOf(() => parseNasConfig({ ...smallConfig, maxParams: 16 }));
  expectOurs(error, "OPTION_INVALID");
  expect((error as Error).message).toMatch(">= 17");
});
