// Drift detectors of the built package, one value at a time, at their defaults. The sources would
// be measured with what the TypeScript loader adds: it names every closure each time it is made,
// which takes longer than the update of a detector.

import {
  Adwin,
  Cusum,
  Ddm,
  type DriftDetector,
  Eddm,
  HddmA,
  HddmW,
  Kswin,
  PageHinkley,
  SharpeDriftDetector,
} from "driftkeel";
import { Random } from "../../src/core/random.ts";
import { plainCusum, plainDdm, plainPageHinkley } from "../baseline/drift-detectors.ts";
import { timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { alternate, timeOf } from "../measure.ts";
import type { Claim, Row } from "../report.ts";

export const title = "Drift detectors, per value";

/** Values of one timed call. */
const COUNT = 10_000;

interface Subject {
  create: () => DriftDetector;
  /** The same method as one loop, which finds the same drifts. */
  plain?: (values: Float64Array) => number[];
}

const subjects: Record<string, Subject> = {
  PageHinkley: { create: () => new PageHinkley(), plain: plainPageHinkley },
  Cusum: { create: () => new Cusum(), plain: plainCusum },
  Ddm: { create: () => new Ddm(), plain: plainDdm },
  Eddm: { create: () => new Eddm() },
  HddmA: { create: () => new HddmA() },
  HddmW: { create: () => new HddmW() },
  Adwin: { create: () => new Adwin() },
  Kswin: { create: () => new Kswin() },
  SharpeDriftDetector: { create: () => new SharpeDriftDetector({ input: "returns" }) },
};

/** Errors as 0 and 1, which every detector takes; their rate changes four times. */
function errors(): Float64Array {
  const random = new Random(5);
  const rates = [0.2, 0.8, 0.2, 0.8, 0.2];
  return Float64Array.from({ length: COUNT }, (_, t) =>
    random.uniform() < rates[Math.floor((t * rates.length) / COUNT)]! ? 1 : 0,
  );
}

function driftsOf(detector: DriftDetector, values: Float64Array): number[] {
  const drifts: number[] = [];
  for (let t = 0; t < values.length; t++) {
    if (detector.update(values[t]!) === "drift") drifts.push(t);
  }
  return drifts;
}

function checkSame(what: string, ours: number[], theirs: number[]): void {
  if (ours.length > 0 && ours.join() === theirs.join()) return;
  throw new Error(`${what}: ${ours.length} drifts, first ${ours[0]}; ${theirs.length} beside.`);
}

async function rowOf(name: string, { create, plain }: Subject, settings: Settings): Promise<Row> {
  const values = errors();
  const drifts = driftsOf(create(), values);
  const detector = create();
  const again = () => {
    detector.reset();
    return driftsOf(detector, values);
  };
  checkSame(name, drifts, (plain ?? again)(values));
  checkSame(`${name} after a reset`, again(), drifts);

  const loop = plain ?? plainPageHinkley;
  const timings = await alternate({ ours: again, loop: () => loop(values) }, settings.budget);
  const ours = timeOf(timings.ours, COUNT);
  const against = plain
    ? "plain JS, the same method in a bare loop"
    : "plain JS, the bare loop of PageHinkley";
  const claim: Claim = timesAsFast(against, timeOf(timings.loop, COUNT), ours);
  const beside = plain ? "the plain loop" : "the same detector after a reset";
  return {
    work: `${name}.update, a stream of 0 and 1`,
    ours,
    claims: [claim],
    checked: `${drifts.length} drifts at the same values as ${beside}`,
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, subject] of Object.entries(subjects)) {
    rows.push(await rowOf(name, subject, settings));
  }
  return rows;
}
