// What can go wrong with feedback or training, each as something done to a learner.

import type { Random } from "../../src/core/random.ts";
import type { Learnable, ModelVersion, ProposalRequest } from "../../src/model/learnable.ts";
import type { Sample } from "../../src/model/sample.ts";

/** What the wrapped learnable does to a training run while the poison lasts. */
type Sabotage = (
  inside: Learnable,
  active: ModelVersion,
  request: ProposalRequest,
) => ReturnType<Learnable["propose"]>;

export interface Poison {
  name: string;
  /** What becomes of a sample of the feedback. */
  spoil?(sample: Sample, random: Random): Sample;
  sabotage?: Sabotage;
}

const flip = (share: number): Poison => ({
  name: `${100 * share}% of the labels negated`,
  spoil(sample, random) {
    if (random.uniform() >= share) return sample;
    return { ...sample, label: sample.label.map((value) => -value) };
  },
});

const explode = (factor: number): Poison => ({
  name: `learning rate x ${factor}`,
  sabotage: (inside, active, request) =>
    inside.propose(active, { ...request, lrFactor: request.lrFactor * factor }),
});

/** One value in eight rows is no number. */
const notANumber: Poison = {
  name: "NaN or infinity in every eighth row",
  spoil(sample, random) {
    if (random.below(8) > 0) return sample;
    const wrong = [Number.NaN, Number.POSITIVE_INFINITY][random.below(2)]!;
    const place = random.below(sample.input.length + 1);
    const copy = { input: sample.input.slice(), label: sample.label.slice() };
    if (place === 0) copy.label[0] = wrong;
    else copy.input[place - 1] = wrong;
    return copy;
  },
};

/** The candidate always says the same: the weights before its outputs are gone. */
const constant: Poison = {
  name: "candidate with a constant output",
  async sabotage(inside, active, request) {
    const proposal = await inside.propose(active, request);
    const weights = proposal.candidate.weights();
    const last = [...weights.keys()].findLast((name) => name.endsWith("weight"))!;
    weights.get(last)!.fill(0);
    proposal.candidate.dispose();
    return { ...proposal, candidate: inside.load(weights) };
  },
};

export const poisons: Poison[] = [
  flip(0.2),
  flip(0.4),
  flip(1),
  explode(100),
  explode(1e6),
  notANumber,
  constant,
];

/** The candidate learned the opposite of what the feedback says, which itself is sound. */
const contrary: Poison = {
  name: "candidate trained on negated labels",
  sabotage: (inside, active, request) =>
    inside.propose(active, {
      ...request,
      samples: request.samples.map((sample) => ({
        ...sample,
        label: sample.label.map((value) => -value),
      })),
    }),
};

/** Poisons that leave the feedback sound, for when the gates are fooled. */
export const bareSabotage: Poison[] = [explode(100), constant, contrary];
