// A program that only has to compile: under each module system, without skipLibCheck.

import { allocate, DriftkeelError, kernelInfo, Network, type Sample } from "driftkeel";
import {
  type ConformanceCheck,
  type DetectorSubject,
  detectorConformance,
  FaultyDisk,
  type StoreSubject,
  storeConformance,
} from "driftkeel/testing";

const network = new Network({ inputSize: 4, layers: [{ name: "out", size: 2 }] });
const samples: Sample[] = [{ input: allocate(4), label: new Float32Array(2) }];
const loss: number = network.loss(samples);
const output: Float32Array = network.forward(new Float32Array(4));
const variant: string = kernelInfo().variant;

export async function checkOwn(subject: DetectorSubject, store: StoreSubject): Promise<string[]> {
  const checks: ConformanceCheck[] = detectorConformance(subject);
  for (const { run } of checks) run();
  for (const { run } of storeConformance(store)) await run();
  const disk: FaultyDisk = new FaultyDisk().restart("torn");
  return disk.paths();
}

// @ts-expect-error A store opens under a name.
storeConformance({ name: "mine", isPersistent: false });
// @ts-expect-error A length is a number.
allocate("4");
// @ts-expect-error A network has layers.
new Network({ inputSize: 4 });

export function describe(error: unknown): string {
  return error instanceof DriftkeelError ? error.code : `${loss} ${output.length} ${variant}`;
}
