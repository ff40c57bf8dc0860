// The gate's own rules of training, on a learnable that only notes what it is asked.

import { describe, expect, it } from "vitest";
import { GateLearnable, joined } from "../../../src/learners/gate/gate-learnable.ts";
import { isLockedExample, Mistakes } from "../../../src/learners/gate/mistakes.ts";
import type { Learnable, ModelVersion, ProposalRequest } from "../../../src/model/learnable.ts";
import type { Sample } from "../../../src/model/sample.ts";
import type { Consolidation } from "../../../src/model/training-run.ts";
import { ReplayBuffer } from "../../../src/pipeline/feedback/replay-buffer.ts";

const sample = (x: number, more: Partial<Sample> = {}): Sample => ({
  input: Float32Array.of(x),
  label: Float32Array.of(0),
  ...more,
});

const request = (more: Partial<ProposalRequest> = {}): ProposalRequest => ({
  samples: [sample(1)],
  lrFactor: 1,
  seed: 0,
  ...more,
});

const version = (name: string) => ({ name, loss: () => 1 }) as unknown as ModelVersion;

/** A learnable whose candidates are named, and the requests it got. */
function noting() {
  const requests: ProposalRequest[] = [];
  const learnable = {
    inputSize: 1,
    outputSize: 1,
    load: (weights: ReadonlyMap<string, Float32Array>) => version([...weights.keys()].join()),
    propose: async (_: ModelVersion, asked: ProposalRequest) => {
      requests.push(asked);
      return { candidate: version("trained"), report: { steps: 1 } };
    },
  } as unknown as Learnable;
  return { learnable, requests };
}

const penalty = (lambda: number, fisher: number[], baseline: number[]): Consolidation => ({
  lambda,
  fisher: () => Float32Array.from(fisher),
  baseline: () => Float32Array.from(baseline),
});

const value = ({ lambda, ...of }: Consolidation, w: number[]) => {
  const [fisher, baseline] = [of.fisher()!, of.baseline()];
  return w.reduce(
    (sum, each, p) => sum + (lambda / 2) * fisher[p]! * (each - baseline[p]!) ** 2,
    0,
  );
};

describe("a gate's training", () => {
  it("replays at most half of it locked", async () => {
    const buffer = new ReplayBuffer({ capacity: 100, lockedCapacity: 100 });
    for (let x = 0; x < 100; x++) buffer.add(sample(x));
    for (let x = 100; x < 200; x++) buffer.add(sample(x), { locked: true });
    const { learnable, requests } = noting();
    const gate = new GateLearnable(learnable, undefined);
    await gate.propose(version("active"), request({ replay: { buffer, share: 0.5 } }));
    const { share, buffer: asked } = requests[0]!.replay!;
    expect(share).toBe(0.5);
    const drawn = asked.sample(40).map(({ input }) => input[0]!);
    expect(drawn).toHaveLength(40);
    expect(drawn.filter((x) => x >= 100)).toHaveLength(20);
  });

  it("nominates weights for the update of one signal only", async () => {
    const { learnable, requests } = noting();
    const gate = new GateLearnable(learnable, undefined);
    const signal = gate.nominate(new Map([["merged", Float32Array.of(1)]]));
    const own = await gate.propose(version("active"), request());
    expect(own.candidate).toMatchObject({ name: "trained" });
    const elected = await gate.propose(version("active"), request({ signal }));
    expect(elected.candidate).toMatchObject({ name: "merged" });
    expect(elected.report.steps).toBe(0);
    expect(requests).toHaveLength(1);
  });

  it("adds what an earlier gate remembers to the learner's own penalty", () => {
    const [first, second] = [penalty(2, [1, 0, 3], [1, 2, 3]), penalty(4, [5, 0, 1], [-1, 7, 0])];
    const both = joined(first, second)!;
    // Equal but for a constant: so are the differences between any two places.
    const [here, there] = [
      [0.5, 1, -2],
      [3, -4, 1],
    ];
    const difference = (each: Consolidation) => value(each, here!) - value(each, there!);
    expect(difference(both)).toBeCloseTo(difference(first) + difference(second), 4);
    expect(joined(undefined, second)).toBe(second);
    expect(joined(first, undefined)).toBe(first);
    const empty = { ...penalty(1, [], []), fisher: () => undefined };
    expect(joined(first, empty)).toBe(first);
    expect(joined(empty, second)).toBe(second);
  });
});

describe("the weight of an example", () => {
  it.each<[Partial<Sample>, boolean]>([
    [{}, false],
    [{ weight: 3.99 }, false],
    [{ weight: 4 }, true],
    [{ weight: 6, origin: "live" }, true],
    [{ weight: 6, origin: "peer" }, false],
  ])("locks %j: %s", (more, isLocked) => {
    expect(isLockedExample(sample(1, more))).toBe(isLocked);
  });

  it("remembers 4096 mistakes and forgets the one that was made longest ago", () => {
    const mistakes = new Mistakes();
    const lesson = { shouldAllow: true, mistake: "falseBlock" as const };
    const make = (n: number) => mistakes.weigh({ tool: `tool ${n}`, source: "s" }, lesson);
    for (let n = 0; n < 4096; n++) expect(make(n).weight).toBe(4);
    expect(make(0).weight).toBe(6); // and is now the newest
    make(4096);
    expect(make(0).weight).toBe(6);
    expect(make(1).weight).toBe(4); // it made place
    const again = new Mistakes();
    again.restore(JSON.parse(JSON.stringify(mistakes.state())));
    expect(again.state()).toEqual(mistakes.state());
  });
});
