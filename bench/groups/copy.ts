// What it costs to hand the core ordinary arrays, which are copied in and out, instead of arrays
// from allocate().

import { allocate, release } from "../../src/core/arrays.ts";
import { Ewc } from "../../src/pipeline/update/ewc.ts";
import { checkClose, checkSameBytes } from "../check.ts";
import { timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { normals, uniforms } from "../inputs.ts";
import { alternate, timeOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Cost of the copy";

async function ewcRow(label: string, count: number, { budget }: Settings): Promise<Row> {
  const ewc = new Ewc(normals(1, count));
  ewc.updateFisher(uniforms(2, count), 1);
  const [grad, theta] = [normals(3, count), normals(4, count)];
  const [ownGrad, ownTheta] = [allocate(count), allocate(count)];
  ownGrad.set(grad);
  ownTheta.set(theta);
  const allocated = () => ewc.addGradient(ownGrad, ownTheta);
  const copied = () => ewc.addGradient(grad, theta);
  checkClose("penalty", [allocated()], [copied()], 0);
  checkSameBytes("gradient", ownGrad, grad);
  const timings = await alternate({ allocated, copied }, budget);
  release(ownGrad);
  release(ownTheta);
  ewc.dispose();
  const [ours, other] = [timeOf(timings.allocated), timeOf(timings.copied)];
  return {
    work: `Ewc.addGradient, ${label} weights, allocated arrays`,
    ours,
    claims: [timesAsFast("ordinary arrays", other, ours)],
    checked: "the same bytes",
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  const small = await ewcRow("16 K", 16_384, settings);
  return settings.budget.isQuick ? [small] : [small, await ewcRow("1 M", 1_000_000, settings)];
}
