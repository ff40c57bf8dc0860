// Cosine search over the patterns of the background learner, and the assignment of k-means.

import { Block } from "../../src/core/block.ts";
import { CosineIndex, unitRows } from "../../src/core/cluster.ts";
import { core } from "../../src/core/instance.ts";
import { plainAssign, plainTopCosine } from "../baseline/cosine-search.ts";
import { timesAsFast } from "../claims.ts";
import type { Settings } from "../group.ts";
import { normals } from "../inputs.ts";
import { alternate, timeOf } from "../measure.ts";
import type { Row } from "../report.ts";

export const title = "Clustering";

const SIZE = 256;
const FOUND = 10;

/** Throws unless both are the same numbers. */
function checkEqual(what: string, ours: ArrayLike<number>, theirs: ArrayLike<number>): void {
  if (Array.from(ours).join() === Array.from(theirs).join()) return;
  throw new Error(`${what}: expected the rows of plain JavaScript, got others.`);
}

async function search({ budget }: Settings): Promise<Row> {
  const count = budget.isQuick ? 1000 : 10_000;
  const patterns = unitRows(normals(1, count * SIZE), SIZE);
  const query = unitRows(normals(2, SIZE), SIZE);
  const index = new CosineIndex(SIZE);
  index.replace(patterns);
  const ours = () => index.nearest(query, FOUND);
  const plain = () => plainTopCosine(query, patterns, FOUND);
  checkEqual(
    "top-k",
    ours().map((each) => each.index),
    plain(),
  );
  const timings = await alternate({ ours, plain }, budget);
  const time = timeOf(timings.ours);
  return {
    work: `top ${FOUND} by cosine over ${count} patterns of ${SIZE}`,
    ours: time,
    claims: [timesAsFast("plain JS", timeOf(timings.plain), time, 10)],
    checked: `the same ${FOUND} rows in the same order`,
  };
}

async function assign({ budget }: Settings): Promise<Row> {
  const [count, clusters] = budget.isQuick ? [100, 10] : [2000, 100];
  const points = unitRows(normals(3, count * SIZE), SIZE);
  const centroids = unitRows(normals(4, clusters * SIZE), SIZE);
  const { exports } = core();
  const [x, c] = [new Block(4 * points.length, "bench"), new Block(4 * centroids.length, "bench")];
  const [labels, similarities] = [new Block(4 * count, "bench"), new Block(4 * count, "bench")];
  x.f32().set(points);
  c.f32().set(centroids);
  const [to, at] = [labels.address, similarities.address];
  const ours = () => exports.kMeansAssign(to, at, x.address, c.address, count, SIZE, clusters);
  const plain = () => plainAssign(points, centroids, SIZE);
  ours();
  checkEqual("assignment", new Uint32Array(core().memory.buffer, to, count), plain());
  const timings = await alternate({ ours, plain }, budget);
  const time = timeOf(timings.ours);
  return {
    work: `k-means assignment, ${count} points of ${SIZE} to ${clusters} centroids`,
    ours: time,
    claims: [timesAsFast("plain JS", timeOf(timings.plain), time)],
    checked: "the same centroid for every point",
  };
}

export async function run(settings: Settings): Promise<Row[]> {
  return [await search(settings), await assign(settings)];
}
