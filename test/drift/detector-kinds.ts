// Every detector by the name the vectors give it.

import { Adwin } from "../../src/pipeline/drift/adwin.ts";
import { Cusum } from "../../src/pipeline/drift/cusum.ts";
import { Ddm } from "../../src/pipeline/drift/ddm.ts";
import type { DriftDetector, DriftState } from "../../src/pipeline/drift/drift-detector.ts";
import { Eddm } from "../../src/pipeline/drift/eddm.ts";
import { HddmA } from "../../src/pipeline/drift/hddm-a.ts";
import { HddmW } from "../../src/pipeline/drift/hddm-w.ts";
import { Kswin } from "../../src/pipeline/drift/kswin.ts";
import { PageHinkley } from "../../src/pipeline/drift/page-hinkley.ts";

export const kinds: Record<string, new (options?: object) => DriftDetector> = {
  adwin: Adwin,
  cusum: Cusum,
  ddm: Ddm,
  eddm: Eddm,
  "hddm-a": HddmA,
  "hddm-w": HddmW,
  kswin: Kswin,
  "page-hinkley": PageHinkley,
};

/** Indices at which `detector` says `state` for the values of `stream`. */
export function indicesOf(
  state: DriftState,
  detector: DriftDetector,
  stream: readonly number[],
): number[] {
  return stream.flatMap((value, index) => (detector.update(value) === state ? [index] : []));
}
