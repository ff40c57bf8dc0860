// EWC penalty and gradient in one pass, beside plain JavaScript and native C.

import { Block } from "../../src/core/block.ts";
import { core } from "../../src/core/instance.ts";
import { plainEwcAddGradient } from "../baseline/ewc.ts";
import { checkClose } from "../check.ts";
import { notMeasured, percentOf, timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { normals, uniforms } from "../inputs.ts";
import { alternate, rateOf, type Subject, type Timing } from "../measure.ts";
import { compile, floatsOf, type Native, nativeName, nativeSubject, runNative } from "../native.ts";
import type { Row } from "../report.ts";

export const title = "EWC penalty and gradient";

/** Bytes that move per weight: four arrays are read, one is written. */
const BYTES_PER_WEIGHT = 20;
const LAMBDA = 0.5;
/** The two sides round differently (FMA, f64): a few units in the last place of f32. */
const TOLERANCE = 1e-6;

interface Size {
  label: string;
  count: number;
  leastPercentOfNative: number;
}

const sizes: Size[] = [
  { label: "16 K", count: 16_384, leastPercentOfNative: 90 },
  { label: "1 M", count: 1_000_000, leastPercentOfNative: 90 },
  { label: "5 M", count: 5_000_000, leastPercentOfNative: 80 },
];

/** The two ways of bench/native/ewc.c to sum the penalty; the target speaks of f64 sums. */
const ways = [
  { way: 0, name: `${nativeName}, every term in f64`, isTarget: true },
  { way: 1, name: `${nativeName}, f32 runs like the core`, isTarget: false },
];

/** The arrays of one size, and a copy of them in the core. */
class Case {
  readonly arrays: [Float32Array, Float32Array, Float32Array, Float32Array];
  readonly #blocks: Block[];
  readonly #addresses: [number, number, number, number];

  constructor(readonly count: number) {
    const theta = normals(2, count);
    const baseline = theta.map((value, p) => value + 0.01 * ((p % 7) - 3));
    this.arrays = [normals(1, count), theta, baseline, uniforms(3, count)];
    this.#blocks = this.arrays.map((values) => {
      const block = new Block(4 * count, "bench");
      block.f32().set(values);
      return block;
    });
    this.#addresses = this.#blocks.map(({ address }) => address) as [
      number,
      number,
      number,
      number,
    ];
  }

  /** The core's kernel on the copy; returns the penalty. */
  run(): number {
    return core().exports.ewcAddGradient(...this.#addresses, this.count, LAMBDA);
  }

  grad(): Float32Array {
    return this.#blocks[0]!.f32().slice();
  }

  dispose(): void {
    for (const block of this.#blocks) block.dispose();
  }
}

/** What a native program gets beside the arrays. */
const sizesOf = (each: Case, way: number) => [each.count, LAMBDA, way];
/** Bytes of a native program's results: penalty and gradient. */
const resultBytes = (each: Case) => 8 + 4 * each.count;

/** The first call of each side on the same arrays. */
function check(each: Case, native: Native): void {
  const ours = each.run();
  const grad = each.grad();
  const [plainGrad, ...rest] = each.arrays.map((values) => values.slice()) as typeof each.arrays;
  const plain = plainEwcAddGradient(plainGrad, ...rest, LAMBDA);
  checkClose("EWC penalty beside plain JS", [ours], [plain], TOLERANCE);
  checkClose("EWC gradient beside plain JS", grad, plainGrad, TOLERANCE);
  if ("absent" in native) return;
  for (const { way, name } of ways) {
    const sizes = sizesOf(each, way);
    const { results } = runNative(native.program, sizes, each.arrays, resultBytes(each), 0);
    const [penalty, moved] = [results.getFloat64(0, true), floatsOf(results, 8, each.count)];
    checkClose(`EWC penalty beside ${name}`, [ours], [penalty], TOLERANCE);
    checkClose(`EWC gradient beside ${name}`, grad, moved, TOLERANCE);
  }
}

/** Times all sides on arrays of one size. */
async function timeSize(each: Case, native: Native, { budget }: Settings) {
  const [grad, theta, baseline, fisher] = each.arrays.map((values) => values.slice());
  const subjects: Record<string, Subject> = {
    ours: () => each.run(),
    plain: () => plainEwcAddGradient(grad!, theta!, baseline!, fisher!, LAMBDA),
  };
  for (const { way, name } of "program" in native ? ways : []) {
    const { program } = native as { program: string };
    const bytes = resultBytes(each);
    subjects[name] = nativeSubject(program, sizesOf(each, way), each.arrays, bytes);
  }
  return alternate(subjects, budget);
}

function rowOf(size: Size, timings: Record<string, Timing>, native: Native): Row {
  const rate = (timing: Timing) => rateOf(timing, BYTES_PER_WEIGHT * size.count, "GB/s");
  const ours = rate(timings.ours!);
  const beside = ways.map(({ name, isTarget }) => {
    const least = isTarget ? size.leastPercentOfNative : undefined;
    return "absent" in native
      ? notMeasured(name, native.absent, "%", least)
      : percentOf(name, rate(timings[name]!), ours, least);
  });
  return {
    work: `EWC penalty + gradient, ${size.label} weights`,
    ours,
    claims: [timesAsFast("plain JS", rate(timings.plain!), ours, 6), ...beside],
    checked: `penalty and gradient equal within ${TOLERANCE} of the largest element`,
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  const native = compile("ewc");
  const rows: Row[] = [];
  for (const size of settings.budget.isQuick ? sizes.slice(0, 1) : sizes) {
    const each = new Case(size.count);
    check(each, native);
    rows.push(rowOf(size, await timeSize(each, native, settings), native));
    each.dispose();
  }
  return rows;
}
