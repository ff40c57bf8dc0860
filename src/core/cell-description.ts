// The shape of a network of cells: which operations lie on which edge, and where its tensors stand.
//
// Letters: F input features, C channels, H outputs, k taps. Nodes of a cell are numbered from 0,
// its input; edge (i, j) with i < j leads from node i to node j; edges are listed by j, then by i.

/** An operation of an edge, over time: causal, stride 1, C channels in and out. */
export const operationNames = [
  "conv3",
  "conv5",
  "sep_conv3",
  "sep_conv5",
  "avg_pool3",
  "max_pool3",
  "skip",
  "zero",
] as const;
/** Name of an operation of an edge. */
export type CellOperation = (typeof operationNames)[number];

/** What an operation is made of; a separable one is depthwise, then pointwise. */
export const operationTaps: Readonly<Record<CellOperation, number>> = {
  conv3: 3,
  conv5: 5,
  sep_conv3: 3,
  sep_conv5: 5,
  avg_pool3: 3,
  max_pool3: 3,
  skip: 1,
  zero: 0,
};

/** Shape of a network of cells. */
export interface CellShape {
  inputFeatures: number;
  /** Rows of a window. */
  steps: number;
  channels: number;
  outputSize: number;
  layers: number;
  nodes: number;
  /** Operations on each edge, in the order of `cellEdges`; the same in every layer. */
  operations: readonly (readonly CellOperation[])[];
}

/** The edges of a cell as [from, to], by their end, then by their start. */
export function cellEdges(nodes: number): [from: number, to: number][] {
  const edges: [number, number][] = [];
  for (let to = 1; to < nodes; to++) for (let from = 0; from < to; from++) edges.push([from, to]);
  return edges;
}

/** Elements of an operation's first and second tensor; 0 where it has none. */
function tensorSizes(operation: CellOperation, channels: number): [number, number] {
  const taps = operationTaps[operation];
  if (operation.startsWith("conv")) return [taps * channels * channels, 0];
  if (operation.startsWith("sep_conv")) return [taps * channels, channels * channels];
  return [0, 0];
}

/** Parameters of an operation in one layer. */
export function operationParameters(operation: CellOperation, channels: number): number {
  const [first, second] = tensorSizes(operation, channels);
  return first + second;
}

/** Parameters beside the cells: embedding [C x (F + 1)] and head [H x (C + 1)], bias last. */
export function frameParameters(
  shape: Pick<CellShape, "inputFeatures" | "channels" | "outputSize">,
): number {
  return shape.channels * (shape.inputFeatures + 1) + shape.outputSize * (shape.channels + 1);
}

/** A tensor in the parameter block. */
export interface CellTensor {
  name: string;
  offset: number;
  length: number;
  /** Standard deviation of the first values. */
  deviation: number;
}

/** One operation of one edge of one layer. */
export interface PlacedOperation {
  operation: CellOperation;
  edge: number;
  /** Position on its edge. */
  index: number;
  from: number;
  to: number;
  /** First elements of its tensors: taps first, then the pointwise weights of a separable one. */
  weight: number;
  pointwise: number;
}

/** The tensors of a shape in the order of the parameter block, and the operations per layer. */
export interface CellPlan {
  tensors: CellTensor[];
  /** By layer, in the order of the edges. */
  layers: PlacedOperation[][];
  head: number;
  parameterCount: number;
}

/** Lays a shape out. relu halves a variance, hence the 2 behind it. */
export function planCells(shape: CellShape): CellPlan {
  const { inputFeatures, channels, outputSize, operations } = shape;
  const tensors: CellTensor[] = [];
  let parameterCount = 0;
  const place = (name: string, length: number, variance: number): number => {
    const offset = parameterCount;
    if (length > 0) tensors.push({ name, offset, length, deviation: Math.sqrt(variance) });
    parameterCount += length;
    return offset;
  };
  place("embedding.weight", channels * (inputFeatures + 1), 1 / inputFeatures);
  const edges = cellEdges(shape.nodes);
  const layers = Array.from({ length: shape.layers }, (_, layer) =>
    edges.flatMap(([from, to], edge) =>
      operations[edge]!.map((operation, index): PlacedOperation => {
        const name = `cell${layer}.edge${from}-${to}.${operation}`;
        const [first, second] = tensorSizes(operation, channels);
        const fan = operationTaps[operation] * (second > 0 ? 1 : channels);
        const weight = place(`${name}.weight`, first, 2 / fan);
        const pointwise = place(`${name}.pointwise`, second, 1 / channels);
        return { operation, edge, index, from, to, weight, pointwise };
      }),
    ),
  );
  const head = place("head.weight", outputSize * (channels + 1), 1 / channels);
  return { tensors, layers, head, parameterCount };
}
