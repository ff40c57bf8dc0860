// What a page does with the state of a coordinator: it goes on, on the trajectories it is given.

import { decodeBase64, encodeBase64 } from "../../../src/foundation.ts";
import { init } from "../../../src/index.ts";
import { Coordinator, type QueryTrajectory } from "../../../src/learners/background/index.ts";

/** Everything a page needs, as JSON. */
export interface PageTask {
  /** Base64 of `Coordinator.toBytes()`. */
  state: string;
  trajectories: (Omit<QueryTrajectory, "queryEmbedding" | "steps"> & { query: number[] })[];
}

/** Goes on from a state; returns the state afterwards, as base64. */
export async function goOn({ state, trajectories }: PageTask): Promise<string> {
  await init();
  const coordinator = Coordinator.fromBytes(decodeBase64(state), { now: () => 0 });
  for (const { query, ...rest } of trajectories) {
    const queryEmbedding = Float32Array.from(query);
    coordinator.record({ ...rest, queryEmbedding, steps: [] });
    const better = queryEmbedding.map((value, k) => (k % 2 ? value : -value));
    coordinator.correct({ input: queryEmbedding, better });
  }
  coordinator.tick({ force: true });
  const after = encodeBase64(coordinator.toBytes());
  coordinator.dispose();
  return after;
}

Object.assign(globalThis, { goOn });
