// One seed of the simulated market, lived through by all models.

import type { ModelVersion } from "../../src/model/learnable.ts";
import type { Network } from "../../src/model/network.ts";
import type { Sample } from "../../src/model/sample.ts";
import {
  type Care,
  openLearner,
  outputsOf,
  trainFromScratch,
  updateDays,
} from "./market-models.ts";
import {
  type MarketPlan,
  type Observations,
  regimes,
  SimulatedMarket,
  skillOf,
} from "./simulated-market.ts";

/** Length of a regime before day 0. */
const BLOCK_DAYS = 20;
/** Days between two looks at the true skill. */
const LOOK_DAYS = 3;
/** Fresh observations of a look, and of a judgement on a candidate. */
const LOOK = { count: 200, stream: 1 };
export const JUDGE = { count: 1000, stream: 2 };
/** Others, for a candidate that seems to have lost more than DOUBT of its skill. */
export const CLOSER_JUDGE = { count: 4000, stream: 3 };
export const DOUBT = 0.025;

export const models = ["static", "naive", "retrained", "driftkeel"] as const;
export type Model = (typeof models)[number];

/** What became of one candidate. */
export interface UpdateRecord {
  day: number;
  outcome: "promoted" | "rejected" | "failed";
  isRolledBack: boolean;
  /** Relative change of the true skill, in the world of that day. */
  change: number;
  /** Of the whole update. */
  ms: number;
}

/** A model's true skill at every look, and the updates it took. */
export interface Life {
  skills: number[];
  updates: UpdateRecord[];
}

/** One seed. */
export interface MarketRun {
  /** Days of the looks. */
  looks: number[];
  /** Skill of the static model at every look, had nothing drifted: same regimes, old weights. */
  unchanged: number[];
  /** Skill of who knows the weights. */
  best: number[];
  lives: Partial<Record<Model, Life>>;
}

/** The stream of one world, and fresh observations to measure skill with. */
class Stage {
  readonly market: SimulatedMarket;
  /** Days on which skill is measured. */
  readonly looks: number[];
  readonly #days: number;
  constructor(seed: number, plan: MarketPlan) {
    this.market = new SimulatedMarket(seed, plan);
    this.#days = plan.days;
    const count = Math.ceil(plan.days / LOOK_DAYS);
    this.looks = Array.from({ length: count }, (_, index) => index * LOOK_DAYS);
  }

  /** Samples of the days from `from` on, a list for each day. */
  days(from: number, to = this.#days): Sample[][] {
    return Array.from({ length: to - from }, (_, index) => {
      const day = from + index;
      return this.market.day({ regime: this.#regimeOf(day), day });
    });
  }

  #regimeOf(day: number): number {
    if (day >= 0) return this.market.regimeOf(day);
    return Math.floor((-1 - day) / BLOCK_DAYS) % regimes.length;
  }

  /** Fresh observations of a day; `weightsOf`: the day whose weights hold. */
  fresh(day: number, { count, stream } = LOOK, weightsOf = day): Observations {
    const state = { regime: this.#regimeOf(day), day, weightsOf };
    return this.market.observe(state, count, stream);
  }

  /** Relative change of the true skill from one version to another. */
  change(day: number, from: ModelVersion, to: ModelVersion): number {
    const changeOn = (fresh: Observations) => {
      const skill = (version: ModelVersion) => skillOf(version.outputs(fresh.samples), fresh);
      return skill(to) / skill(from) - 1;
    };
    const change = changeOn(this.fresh(day, JUDGE));
    return change < -DOUBT ? changeOn(this.fresh(day, CLOSER_JUDGE)) : change;
  }
}

/** A model that is left alone. */
function liveStatic(stage: Stage, base: Network): Life {
  const skills = stage.looks.map((day) => {
    const look = stage.fresh(day);
    return skillOf(outputsOf(base, look.samples), look);
  });
  return { skills, updates: [] };
}

/** A model that is trained from scratch on all history and all live days so far. */
async function liveRetrained(stage: Stage, history: Sample[], seed: number): Promise<Life> {
  const life: Life = { skills: [], updates: [] };
  const seen = [...history];
  let network = await trainFromScratch(seen, seed);
  for (const [day, samples] of stage.days(0).entries()) {
    seen.push(...samples);
    if ((day + 1) % updateDays.retrained === 0) {
      network.dispose();
      const start = performance.now();
      network = await trainFromScratch(seen, seed);
      const ms = performance.now() - start;
      life.updates.push({ day, outcome: "promoted", isRolledBack: false, change: 0, ms });
    }
    if (!stage.looks.includes(day)) continue;
    const look = stage.fresh(day);
    life.skills.push(skillOf(outputsOf(network, look.samples), look));
  }
  network.dispose();
  return life;
}

async function liveLearner(
  stage: Stage,
  base: Network,
  plan: { history: Sample[]; seed: number; care: Care; perDay: number },
): Promise<Life> {
  const life: Life = { skills: [], updates: [] };
  let day = 0;
  let change = 0;
  /** Milliseconds that the judgement of the bench took, which is no part of an update. */
  let judging = 0;
  const learner = await openLearner({
    ...plan,
    base,
    today: () => day,
    propose: (inside) => async (active, request) => {
      const proposal = await inside.propose(active, request);
      const start = performance.now();
      change = stage.change(day, active, proposal.candidate);
      judging = performance.now() - start;
      return proposal;
    },
  });
  for (const samples of stage.days(0)) {
    for (const sample of samples) {
      const start = performance.now();
      const { rolledBack, update } = await learner.observe(sample);
      if (rolledBack) life.updates.findLast(isPromoted)!.isRolledBack = true;
      if (!update || update.outcome === "skipped") continue;
      const ms = performance.now() - start - judging;
      life.updates.push({ day, outcome: update.outcome, isRolledBack: false, change, ms });
    }
    if (stage.looks.includes(day)) {
      const look = stage.fresh(day);
      const outputs = look.samples.map(({ input }) => learner.predict(input).output[0]!);
      life.skills.push(skillOf(Float32Array.from(outputs), look));
    }
    day++;
  }
  await learner.close();
  return life;
}

/** Whether it was served at all. */
export const isPromoted = ({ outcome }: UpdateRecord): boolean => outcome === "promoted";

/** Runs one seed. */
export async function runMarket(
  seed: number,
  plan: MarketPlan,
  who: readonly Model[] = models,
): Promise<MarketRun> {
  const stage = new Stage(seed, plan);
  const history = stage.days(-plan.historyDays, 0).flat();
  const base = await trainFromScratch(history, seed);
  const old = (day: number) => stage.fresh(day, LOOK, -1);
  const lives: MarketRun["lives"] = {};
  for (const model of who) {
    if (model === "static") lives[model] = liveStatic(stage, base);
    else if (model === "retrained") lives[model] = await liveRetrained(stage, history, seed);
    else {
      const { perDay } = plan;
      lives[model] = await liveLearner(stage, base, { history, seed, care: model, perDay });
    }
  }
  const run = {
    looks: stage.looks,
    unchanged: stage.looks.map((day) => skillOf(outputsOf(base, old(day).samples), old(day))),
    best: stage.looks.map((day) => {
      const look = stage.fresh(day);
      return skillOf(Float32Array.from(look.expected), look);
    }),
    lives,
  };
  base.dispose();
  return run;
}
