// Replayed samples in training: what joins a batch, and what is asked of the buffer.

import { afterEach, describe, expect, it } from "vitest";
import { Network, ReplayBuffer, type Sample, type TrainOptions } from "../../src/index.ts";
import { expectClose } from "../reference/expect-close.ts";
import { samplesFor } from "./samples.ts";

const made: Network[] = [];
function networkOf(): Network {
  const layers = [
    { name: "hidden", size: 8, activation: "tanh" as const },
    { name: "output", size: 2 },
  ];
  const network = new Network({ inputSize: 3, layers, seed: 1 });
  made.push(network);
  return network;
}
afterEach(() => {
  for (const network of made.splice(0)) network.dispose();
});

const fresh = samplesFor("mse", 16, 3, 2, 1);
const old = samplesFor("mse", 16, 3, 2, 2);

function bufferOf(samples: Sample[]): ReplayBuffer {
  const buffer = new ReplayBuffer({ capacity: 16 });
  for (const sample of samples) buffer.add(sample);
  return buffer;
}

async function trained(options: Partial<TrainOptions>): Promise<Network> {
  const network = networkOf();
  await network.train(fresh, { lr: 0.05, maxSteps: 200, ...options });
  return network;
}

describe("replay", () => {
  it("makes a batch of new and replayed rows: half and half where no share is given", async () => {
    const replayed = networkOf();
    await replayed.train(fresh, { lr: 0.05, maxSteps: 1, replay: { buffer: bufferOf(old) } });
    const together = networkOf();
    await together.train([...fresh, ...old], { lr: 0.05, maxSteps: 1 });
    // The same rows in another order.
    expectClose(replayed.parameters(), together.parameters(), 1e-6);
  });

  it("keeps old samples known while new ones are learnt", async () => {
    const plain = await trained({});
    const replay = await trained({ replay: { buffer: bufferOf(old) } });
    expect(replay.loss(old)).toBeLessThan(0.75 * plain.loss(old));
    expect(replay.loss(fresh)).toBeLessThan(networkOf().loss(fresh));
  });

  it.each<[string, TrainOptions["replay"]]>([
    ["an empty buffer", { buffer: bufferOf([]) }],
    ["a share of 0", { buffer: bufferOf(old), share: 0 }],
  ])("%s is training without replay, to the bit", async (_, replay) => {
    const plain = await trained({ batchSize: 4 });
    const other = await trained({ batchSize: 4, replay: replay! });
    expect(other.parameters()).toEqual(plain.parameters());
  });

  it.each([
    { batchSize: 4, share: 0.5, maxSteps: 3, size: 100, asked: 12 },
    { batchSize: 4, share: 0.75, maxSteps: 3, size: 100, asked: 36 },
    { batchSize: 4, share: 0.2, maxSteps: 3, size: 100, asked: 3 },
    { batchSize: 4, share: 0.5, maxSteps: 300, size: 100, asked: 100 },
    { batchSize: 16, share: 0.5, maxSteps: 1, size: 5, asked: 5 },
  ])("asks once, for what the run can show: %o", async ({ size, asked, share, ...options }) => {
    const counts: number[] = [];
    const buffer = {
      size,
      sample: (count: number) => {
        counts.push(count);
        return Array.from({ length: count }, (_, index) => old[index % old.length]!);
      },
    };
    await trained({ ...options, replay: { buffer, share } });
    expect(counts).toEqual([asked]);
  });

  it("takes part in determinism: the same buffer and seed give the same bytes", async () => {
    const run = async () => {
      const network = await trained({ batchSize: 4, replay: { buffer: bufferOf(old) }, seed: 3 });
      return network.parameters();
    };
    expect(await run()).toEqual(await run());
  });
});
