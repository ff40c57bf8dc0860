// A program that only has to compile: under each module system, without skipLibCheck.

import { allocate, DriftkeelError, kernelInfo, Network, type Sample } from "driftkeel";

const network = new Network({ inputSize: 4, layers: [{ name: "out", size: 2 }] });
const samples: Sample[] = [{ input: allocate(4), label: new Float32Array(2) }];
const loss: number = network.loss(samples);
const output: Float32Array = network.forward(new Float32Array(4));
const variant: string = kernelInfo().variant;

// @ts-expect-error A length is a number.
allocate("4");
// @ts-expect-error A network has layers.
new Network({ inputSize: 4 });

export function describe(error: unknown): string {
  return error instanceof DriftkeelError ? error.code : `${loss} ${output.length} ${variant}`;
}
