// The three matrix products at 256 x 256 x 256 on one thread, beside what gcc makes of plain C.

import { checkClose } from "../check.ts";
import { notMeasured, timesAsFast } from "../claims.ts";
import { GemmCase, products } from "../gemm-case.ts";
import type { Settings } from "../group.ts";
import { alternate, rateOf, type Subject } from "../measure.ts";
import { compile, floatsOf, nativeName, nativeSubject, runNative } from "../native.ts";
import type { Row } from "../report.ts";

export const title = "Matrix products";

/** 256 products of f32 normals, summed in another order. */
const TOLERANCE = 1e-5;

export async function run({ budget }: Settings): Promise<Row[]> {
  const each = new GemmCase(256);
  const { size, a, b, flops } = each;
  const native = compile("gemm");
  const subjects: Record<string, Subject> = {};
  for (const product of products) subjects[product] = () => each.run(product);
  const reference = each.reference();
  for (const product of products) {
    each.run(product);
    checkClose(`gemm${product}`, each.result(product), reference, TOLERANCE);
  }
  if ("program" in native) {
    const sizes = [size, size, size];
    const { results } = runNative(native.program, sizes, [a, b], 4 * size * size, 0);
    checkClose("gemm in C", floatsOf(results, 0, size * size), reference, TOLERANCE);
    subjects.native = nativeSubject(native.program, sizes, [a, b], 4 * size * size);
  }
  const timings = await alternate(subjects, budget);
  return products.map((product): Row => {
    const ours = rateOf(timings[product]!, flops, "GFLOP/s");
    const claim =
      "absent" in native
        ? notMeasured(nativeName, native.absent, "x")
        : timesAsFast(nativeName, rateOf(timings.native!, flops, "GFLOP/s"), ours);
    const checked = `product equal within ${TOLERANCE} of the largest element`;
    return { work: `f32 GEMM ${product} ${size}^3, one thread`, ours, claims: [claim], checked };
  });
}
