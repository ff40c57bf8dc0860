// The end of a life: use after dispose is DISPOSED, twice is harmless, and a run under way ends.

import { describe, expect, it } from "vitest";
import {
  Ewc,
  IncrementalUpdater,
  Network,
  type Sample,
  SharpeDriftDetector,
} from "../../src/index.ts";

const layers = [
  { name: "hidden", size: 5, activation: "tanh" as const },
  { name: "output", size: 2 },
];
const samples: Sample[] = [0.5, -1, 2].map((x) => ({
  input: new Float32Array(3).fill(x),
  label: new Float32Array(2).fill(-x),
}));
const input = samples[0]!.input;
const endless = { lr: 1e-3, maxSteps: 2_000_000_000 };

const networkOf = () => new Network({ inputSize: 3, layers });
function updaterOf(network: Network, options: { maxSteps?: number } = {}): IncrementalUpdater {
  const usual = { rank: 2, alpha: 2, lr: 0.01, maxSteps: 5, ewc: { lambda: 1 } };
  return new IncrementalUpdater({ ...usual, network, ...options });
}

/** Milliseconds in which this thread hears nothing and the training thread surely finishes. */
function deafen(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

interface Life<T> {
  make: () => T;
  /** Every method and accessor that needs the object to be alive. */
  uses: Record<string, (object: T) => unknown>;
  /** Members that work after dispose too. */
  free: string[];
}

function life<T extends { dispose(): void }>(given: Life<T>): Life<T> {
  return given;
}

const weights = new Float32Array(4).fill(1);
const lives = {
  Network: life<Network>({
    make: networkOf,
    uses: {
      forward: (network) => network.forward(input),
      loss: (network) => network.loss(samples),
      train: (network) => network.train(samples, { lr: 0.1 }),
      weights: (network) => network.weights(),
      setWeights: (network) => network.setWeights(new Map()),
      parameters: (network) => network.parameters(),
    },
    free: ["dispose"],
  }),
  Ewc: life<Ewc>({
    make: () => new Ewc(weights),
    uses: {
      computeFisher: (ewc) => ewc.computeFisher([1], () => 1),
      computeFisherFor: (ewc) => {
        using network = new Network({ inputSize: 1, layers: [{ name: "a", size: 2 }] });
        const sample = { input: new Float32Array(1), label: new Float32Array(2) };
        ewc.computeFisherFor(network, [sample]);
      },
      updateFisher: (ewc) => ewc.updateFisher(weights, 1),
      penalty: (ewc) => ewc.penalty(weights),
      addGradient: (ewc) => ewc.addGradient(new Float32Array(4), weights),
      proximalStep: (ewc) => ewc.proximalStep(new Float32Array(4), 1),
      loss: (ewc) => ewc.loss(1, weights),
      updateBaseline: (ewc) => ewc.updateBaseline(weights),
      fisher: (ewc) => ewc.fisher(),
      baseline: (ewc) => ewc.baseline(),
      toBytes: (ewc) => ewc.toBytes(),
      save: (ewc) => ewc.save("never-written.ewc"),
    },
    free: ["dispose", "lambda", "memoryBytes"],
  }),
  IncrementalUpdater: life<IncrementalUpdater>({
    make: () => updaterOf(networkOf()),
    uses: {
      update: (updater) => updater.update(samples),
      rollback: (updater) => updater.rollback(),
      commitUpdate: (updater) => updater.commitUpdate(),
      consolidate: (updater) => updater.consolidate(samples),
      currentLoss: (updater) => updater.currentLoss(samples),
      predict: (updater) => updater.predict(input),
      adapter: (updater) => updater.adapter(),
      penalty: (updater) => updater.penalty(),
    },
    free: ["dispose"],
  }),
  SharpeDriftDetector: life<SharpeDriftDetector>({
    make: () => new SharpeDriftDetector({ windowSize: 3 }),
    uses: {
      observe: (detector) => detector.observe(new Date(0), 1),
      observeBatch: (detector) => detector.observeBatch([new Date(0)], Float64Array.of(1)),
      update: (detector) => detector.update(1),
      currentSharpe: (detector) => detector.currentSharpe(),
      window: (detector) => detector.window(),
      measurements: (detector) => detector.measurements,
      reset: (detector) => detector.reset(),
      state: (detector) => detector.state(),
      restore: (detector) => {
        using other = new SharpeDriftDetector({ windowSize: 3 });
        detector.restore(other.state());
      },
    },
    free: ["dispose"],
  }),
} as unknown as Record<string, Life<{ dispose(): void; [Symbol.dispose](): void }>>;

const disposed = expect.objectContaining({
  name: "DriftkeelError",
  code: "DISPOSED",
  message: expect.stringMatching(/^Expected a live .*disposed of\. Create a new one\.$/),
});

describe.each(Object.entries(lives))("%s", (_, { make, uses, free }) => {
  it.each(Object.entries(uses))("%s after dispose is DISPOSED", async (_name, use) => {
    const object = make();
    object.dispose();
    await expect((async () => use(object))()).rejects.toThrowError(disposed);
    // Nothing that was tried has brought it back to life.
    for (const again of Object.values(uses)) {
      await expect((async () => again(object))()).rejects.toThrowError(disposed);
    }
  });

  it("the list above is complete", () => {
    const members = Object.getOwnPropertyNames(Object.getPrototypeOf(make()));
    const known = [...Object.keys(uses), ...free, "constructor"];
    expect(members.sort()).toEqual(known.sort());
  });

  it("dispose twice, and through using, is harmless", () => {
    const object = make();
    object.dispose();
    object.dispose();
    object[Symbol.dispose]();
    const others = [make(), make()]; // the memory is theirs now, and still once
    object.dispose();
    for (const other of others) other.dispose();
  });
});

describe("Ewc", () => {
  it("holds no memory afterwards", () => {
    const ewc = new Ewc(weights);
    ewc.updateFisher(weights, 1);
    ewc.dispose();
    expect(ewc.memoryBytes).toBe(0);
  });

  it("disposed of by the loss that it measures stays disposed of", () => {
    const ewc = new Ewc(weights);
    const loss = () => {
      ewc.dispose();
      return 1;
    };
    expect(() => ewc.computeFisher([1], loss)).toThrowError(disposed);
    expect(() => ewc.fisher()).toThrowError(disposed);
  });
});

describe("dispose while a run is under way", () => {
  const cancelled = { name: "DriftkeelError", code: "UPDATE_CANCELLED" };

  it.each([0, 40])("cancels the training of a network (after %i ms)", async (ms) => {
    const network = networkOf();
    const training = network.train(samples, endless);
    setTimeout(() => network.dispose(), ms);
    await expect(training).rejects.toMatchObject(cancelled);
    expect(() => network.parameters()).toThrowError(disposed);
  });

  it.each([0, 40])("cancels the update of an updater (after %i ms)", async (ms) => {
    using network = networkOf();
    const before = network.parameters();
    const updater = updaterOf(network, endless);
    const updating = updater.update(samples);
    setTimeout(() => updater.dispose(), ms);
    await expect(updating).rejects.toMatchObject(cancelled);
    expect(() => updater.adapter()).toThrowError(disposed);
    expect(network.parameters()).toEqual(before);
  });

  it("counts until the end is heard: a network does not come back to life", async () => {
    const network = networkOf();
    const training = network.train(samples, { lr: 0.1 });
    deafen(150);
    network.dispose();
    await expect(training).rejects.toMatchObject(cancelled);
    expect(() => network.parameters()).toThrowError(disposed);
  });

  it("the same for an updater", async () => {
    using network = networkOf();
    const updater = updaterOf(network);
    const updating = updater.update(samples);
    deafen(150);
    updater.dispose();
    await expect(updating).rejects.toMatchObject(cancelled);
    expect(() => updater.predict(input)).toThrowError(disposed);
  });

  it("the base network may go in mid-update: the update ends on what it began with", async () => {
    const [network, twin] = [networkOf(), networkOf()];
    const [updater, same] = [
      updaterOf(network, { maxSteps: 3000 }),
      updaterOf(twin, { maxSteps: 3000 }),
    ];
    const updating = updater.update(samples);
    network.dispose();
    const others = [networkOf(), networkOf()]; // would take its memory, were it free
    const report = await updating;
    await same.update(samples);
    expect(updater.adapter()).toEqual(same.adapter());
    expect(report.steps).toBe(3000);
    expect(() => updater.predict(input)).toThrowError(disposed);
    updater.rollback();
    for (const owner of [twin, updater, same, ...others]) owner.dispose();
  });

  it("runs of others go on", async () => {
    const [gone, stays, twin] = [networkOf(), networkOf(), networkOf()];
    const cancelledRun = gone.train(samples, endless).catch((error) => error);
    const training = stays.train(samples, { lr: 0.01, maxSteps: 500 });
    gone.dispose();
    expect(await cancelledRun).toMatchObject(cancelled);
    await training;
    await twin.train(samples, { lr: 0.01, maxSteps: 500 });
    expect(stays.parameters()).toEqual(twin.parameters());
    stays.dispose();
    twin.dispose();
  });
});
