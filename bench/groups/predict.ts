// One input through one adapter, beside another library's adapter.

import { IncrementalUpdater } from "../../src/pipeline/update/incremental-updater.ts";
import { checkClose } from "../check.ts";
import { notMeasured, timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { regressionSamples } from "../inputs.ts";
import { alternate, type Subject, timeOf } from "../measure.ts";
import { sonaPeer } from "../peers.ts";
import type { Row } from "../report.ts";

export const title = "One input through an adapter";

const SIZE = 512;
const RANK = 2;

export async function run({ budget, compare }: Settings): Promise<Row[]> {
  const updater = new IncrementalUpdater({ rank: RANK, alpha: RANK, lr: 1e-3, maxSteps: 5 });
  const samples = regressionSamples(1, 8, SIZE, SIZE);
  await updater.update(samples);
  const input = samples[0]!.input;
  const [adapter] = updater.adapter();
  const { A, B } = adapter!;
  const h = Array.from({ length: RANK }, (_, q) =>
    input.reduce((sum, value, p) => sum + value * A[q * SIZE + p]!, 0),
  );
  const expected = Array.from({ length: SIZE }, (_, k) =>
    h.reduce((sum, value, q) => sum + value * B[k * RANK + q]!, 0),
  );
  checkClose("predict", updater.predict(input), expected, 1e-5);

  const peer = sonaPeer(compare, SIZE);
  const subjects: Record<string, Subject> = { ours: () => updater.predict(input) };
  if ("subject" in peer) subjects.peer = peer.subject;
  const timings = await alternate(subjects, budget);
  const ours = timeOf(timings.ours!);
  const claim =
    "absent" in peer
      ? notMeasured(peer.name, peer.absent, "x")
      : timesAsFast(peer.name, timeOf(timings.peer!), ours);
  return [
    {
      work: `IncrementalUpdater.predict, ${SIZE} x ${SIZE}, r ${RANK}, one input`,
      ours,
      claims: [claim],
      checked: "output equal to B (A x) within 1e-5; the peer's weights cannot be set or read",
    },
  ];
}
