// Times one application of @ruvector/sona's adapter to one input; prints nanoseconds as JSON.

import { SonaEngine } from "@ruvector/sona";

const [size, ms] = process.argv.slice(2).map(Number);
const engine = SonaEngine.withConfig({ hiddenDim: size, microLoraRank: 2 });
const input = Array.from({ length: size }, (_, k) => Math.sin(k));
const output = engine.applyMicroLora(input);
if (output.length !== size || !output.every(Number.isFinite)) throw new Error("No output.");

for (const end = performance.now() + ms / 5; performance.now() < end; )
  engine.applyMicroLora(input);
const samples = [];
for (const end = performance.now() + ms; samples.length < 2 || performance.now() < end; ) {
  const start = performance.now();
  engine.applyMicroLora(input);
  samples.push(1e6 * (performance.now() - start));
}
console.log(JSON.stringify(samples));
