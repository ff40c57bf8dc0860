// Native C baselines: compiled on the spot, run as processes of their own.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Subject } from "./measure.ts";

const compiler = "gcc";
const flags = ["-O3", "-mavx2", "-mfma"];
const output = fileURLToPath(new URL("../build/bench/", import.meta.url));

/** How the rows call it. */
export const nativeName = `C, ${compiler} ${flags.join(" ")}`;

/** A compiled program; absent with a reason when this machine cannot have it. */
export type Native = { program: string } | { absent: string };

/** Compiles bench/native/<name>.c into build/bench/. */
export function compile(name: string): Native {
  const source = fileURLToPath(new URL(`native/${name}.c`, import.meta.url));
  const program = `${output}${name}`;
  mkdirSync(output, { recursive: true });
  if (spawnSync(compiler, ["--version"]).error) {
    return { absent: `no ${compiler} on this machine` };
  }
  if (process.arch !== "x64") return { absent: `AVX2 is of x64, this is ${process.arch}` };
  execFileSync(compiler, [...flags, "-o", program, source, "-lm"], { stdio: "inherit" });
  return { program };
}

/** One run: the bytes of its results, and its times. */
interface NativeRun {
  results: DataView;
  samples: number[];
}

/** Runs a program with arrays on its standard input; `resultBytes` of its output are results. */
export function runNative(
  program: string,
  sizes: readonly number[],
  inputs: readonly Float32Array[],
  resultBytes: number,
  ms: number,
): NativeRun {
  const bytes = inputs.map((each) => new Uint8Array(each.slice().buffer));
  const { stdout, status, signal, error } = spawnSync(program, [...sizes, ms].map(String), {
    input: Buffer.concat(bytes),
    maxBuffer: 2 ** 30,
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (error || status !== 0) throw error ?? new Error(`${program} ended with ${signal ?? status}.`);
  const view = new DataView(stdout.buffer, stdout.byteOffset, stdout.byteLength);
  const count = (stdout.byteLength - resultBytes) / 8;
  const samples = Array.from({ length: count }, (_, index) =>
    view.getFloat64(resultBytes + 8 * index, true),
  );
  return { results: new DataView(view.buffer, view.byteOffset, resultBytes), samples };
}

/** f32 elements of a program's results. */
export function floatsOf(results: DataView, offset: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, k) => results.getFloat32(offset + 4 * k, true));
}

/** A program as something to time beside other subjects. */
export function nativeSubject(
  program: string,
  sizes: readonly number[],
  inputs: readonly Float32Array[],
  resultBytes: number,
): Subject {
  return { sample: (ms) => runNative(program, sizes, inputs, resultBytes, ms).samples };
}
