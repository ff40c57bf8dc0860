// LoRA SGD steps: the core's step loop beside plain JavaScript, tfjs-wasm and PyTorch.

import { SampleBlock } from "../../src/core/sample-block.ts";
import { AdaptedModel } from "../../src/model/adapted-model.ts";
import { type LoraCase, PlainLora } from "../baseline/lora-step.ts";
import { normals } from "../inputs.ts";
import { StepLoop } from "../training-plan.ts";

const shape = process.argv[2]!.split(",").map(Number);
const [n, i, o, r] = shape as [number, number, number, number];
const lr = 1e-3;
const c: LoraCase = { n, i, o, r, scale: 2, lr, x: normals(1, n * i), labels: normals(2, n * o, .1), A: normals(3, r * i, Math.sqrt(2 / i)), Bt: new Float32Array(r * o) };
const m = AdaptedModel.alone(i, o, { rank: r, alpha: 2 * r }, { name: "mse", cost: 0 });
const sb = new SampleBlock(Array.from({ length: n }, (_, s) => ({ input: c.x.subarray(s * i, s * i + i), label: c.labels.subarray(s * o, s * o + o) })), i, o);
const p = new Float32Array(r * i + r * o); p.set(c.A); p.set(c.Bt, r * i);
const loop = new StepLoop(m.description, p, sb, lr);
const js = new PlainLora(c);
import { alternate, fullBudget } from "../measure.ts";
import { checkClose } from "../check.ts";
let l = 0;
loop.run(50); for (let k = 0; k < 50; k++) l = js.step();
console.log(loop.loss, l);
const q = loop.parameters();
checkClose("A", q.subarray(0, r * i), js.A, 1e-4); checkClose("B", q.subarray(r * i), js.Bt, 1e-4);
const per = n * i > 1000 ? 1 : 100;
const t = await alternate({ a: () => loop.run(per), b: () => { for (let k = 0; k < per; k++) js.step(); } }, fullBudget);
console.log(t.a.medianNs / per, t.b.medianNs / per, t.b.medianNs / t.a.medianNs, "GF", n * r * (4 * i + 6 * o) / t.a.medianNs * per, t);
