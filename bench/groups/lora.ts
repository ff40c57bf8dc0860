// LoRA SGD steps: the core's step loop beside plain JavaScript, tfjs-wasm and PyTorch.

import { SampleBlock } from "../../src/core/sample-block.ts";
import { AdaptedModel } from "../../src/model/adapted-model.ts";
import { type LoraCase, PlainLora } from "../baseline/lora-step.ts";
import { checkClose } from "../check.ts";
import { notMeasured, percentOf, timesAsFast } from "../claims.ts";
import { GemmCase, products } from "../gemm-case.ts";
import type { Settings } from "../group.ts";
import { normals } from "../inputs.ts";
import { alternate, rateOf, type Subject, type Timing, timeOf } from "../measure.ts";
import { type LoraPeer, type LoraState, tfjsPeer, torchPeer } from "../peers.ts";
import type { Claim, Figure, Row } from "../report.ts";
import { StepLoop } from "../training-plan.ts";

export const title = "LoRA training steps";

/** Steps after which all sides must agree, and how closely: f32 sums in different orders. */
const CHECKED_STEPS = 20;
const TOLERANCE = 1e-5;

interface Shape {
  n: number;
  i: number;
  o: number;
  r: number;
  /** Steps of one timed call; the core does them without coming back. */
  stepsPerCall: number;
  least: { plain: number; tfjs: number; percentOfGemm?: number };
}

const shapes: Shape[] = [
  {
    n: 32,
    i: 512,
    o: 512,
    r: 8,
    stepsPerCall: 1,
    least: { plain: 35, tfjs: 24, percentOfGemm: 70 },
  },
  {
    n: 32,
    i: 1024,
    o: 1024,
    r: 16,
    stepsPerCall: 1,
    least: { plain: 35, tfjs: 24, percentOfGemm: 70 },
  },
  { n: 20, i: 4, o: 4, r: 2, stepsPerCall: 100, least: { plain: 5, tfjs: 150 } },
];

function caseOf({ n, i, o, r }: Shape): LoraCase {
  return {
    n,
    i,
    o,
    r,
    scale: 2,
    lr: 1e-3,
    x: normals(1, n * i),
    labels: normals(2, n * o, 0.1),
    A: normals(3, r * i, Math.sqrt(2 / i)),
    Bt: new Float32Array(r * o),
  };
}

/** The core's loop on a case. */
function loopOf({ n, i, o, r, scale, lr, x, labels, A, Bt }: LoraCase): StepLoop {
  const loss = { name: "mse", cost: 0 } as const;
  const { description } = AdaptedModel.alone(i, o, { rank: r, alpha: scale * r }, loss);
  const samples = Array.from({ length: n }, (_, s) => ({
    input: x.subarray(s * i, (s + 1) * i),
    label: labels.subarray(s * o, (s + 1) * o),
  }));
  const parameters = new Float32Array(A.length + Bt.length);
  parameters.set(A);
  parameters.set(Bt, A.length);
  return new StepLoop(description, parameters, new SampleBlock(samples, i, o), lr);
}

/** Compares loss and both factors of every side after the same steps. */
async function check(each: LoraCase, peers: readonly LoraPeer[]): Promise<void> {
  const loop = loopOf(each);
  loop.run(CHECKED_STEPS);
  const ours = loop.parameters();
  const plain = new PlainLora(each);
  let loss = 0;
  for (let step = 0; step < CHECKED_STEPS; step++) loss = plain.step();
  const results: ({ name: string } & LoraState)[] = [
    { name: "plain JS", loss, A: plain.A, Bt: plain.Bt },
  ];
  for (const peer of peers) {
    if ("absent" in peer) continue;
    results.push({ name: peer.name, ...(await peer.train(each, CHECKED_STEPS)) });
  }
  for (const { name, loss, A, Bt } of results) {
    checkClose(`LoRA loss beside ${name}`, [loop.loss], [loss], TOLERANCE);
    checkClose(`LoRA A beside ${name}`, ours.subarray(0, A.length), A, TOLERANCE);
    checkClose(`LoRA B beside ${name}`, ours.subarray(A.length), Bt, TOLERANCE);
  }
  loop.dispose();
}

/** Everything that is timed in turns for one case. */
async function subjectsOf(
  each: LoraCase,
  stepsPerCall: number,
  gemm: GemmCase,
  peers: readonly LoraPeer[],
): Promise<Record<string, Subject>> {
  const loop = loopOf(each);
  const plain = new PlainLora(each);
  const subjects: Record<string, Subject> = {
    ours: () => loop.run(stepsPerCall),
    plain: () => {
      for (let step = 0; step < stepsPerCall; step++) plain.step();
    },
  };
  for (const product of products) subjects[product] = () => gemm.run(product);
  for (const peer of peers) {
    if (!("absent" in peer)) subjects[peer.name] = await peer.subject(each);
  }
  return subjects;
}

/** The step's rate as a part of the fastest of the core's products in the same turns. */
function gemmClaim(
  { n, i, o, r, least }: Shape,
  ours: Figure,
  gemm: GemmCase,
  timings: Record<string, Timing>,
): Claim[] {
  if (least.percentOfGemm === undefined) return [];
  const rates = products.map((product) => rateOf(timings[product]!, gemm.flops, "GFLOP/s"));
  const best = rates.reduce((highest, rate) => (rate.value > highest.value ? rate : highest));
  const step = { value: (n * r * (4 * i + 6 * o)) / ours.value, unit: "GFLOP/s" };
  const against = `the core's best GEMM (the step: ${step.value.toFixed(1)} GFLOP/s)`;
  return [percentOf(against, best, step, least.percentOfGemm)];
}

async function rowOf(
  shape: Shape,
  gemm: GemmCase,
  peers: readonly LoraPeer[],
  { budget }: Settings,
): Promise<Row> {
  const each = caseOf(shape);
  await check(each, peers);
  const { n, i, o, r, stepsPerCall, least } = shape;
  const timings = await alternate(await subjectsOf(each, stepsPerCall, gemm, peers), budget);
  const ours = timeOf(timings.ours!, stepsPerCall);
  const plain = timeOf(timings.plain!, stepsPerCall);
  const peerClaims = peers.map((peer) => {
    const wanted = peer.name.startsWith("tfjs") ? least.tfjs : undefined;
    return "absent" in peer
      ? notMeasured(peer.name, peer.absent, "x", wanted)
      : timesAsFast(peer.name, timeOf(timings[peer.name]!), ours, wanted);
  });
  return {
    work: `LoRA SGD step, n ${n}, ${i} x ${o}, r ${r}`,
    ours,
    claims: [
      timesAsFast("plain JS", plain, ours, least.plain),
      ...peerClaims,
      ...gemmClaim(shape, ours, gemm, timings),
    ],
    checked: `loss, A and B after ${CHECKED_STEPS} steps equal within ${TOLERANCE} of the largest`,
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  const gemm = new GemmCase(256);
  const peers = [await tfjsPeer(settings.compare), torchPeer(settings.budget.isQuick)];
  const rows: Row[] = [];
  for (const shape of shapes) rows.push(await rowOf(shape, gemm, peers, settings));
  return rows;
}
