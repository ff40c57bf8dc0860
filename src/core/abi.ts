// The TypeScript side of the ABI: every export of assembly/index.ts, with numbers for addresses and
// counts.
//
// Addresses come back from WebAssembly as signed numbers; `>>> 0` makes them usable. A test
// compares this list with assembly/index.ts.

/**
 * What an instance of the core offers. Types: bytes and counts are i32, losses and norms f64, flags
 * 0 or 1.
 */
export interface CoreExports {
  // memory and threads
  allocate(sizeBytes: number): number;
  free(address: number): void;
  attach(pool: number, scratch: number): void;
  help(index: number): void;
  // matrix and vector kernels
  gemmNN: Gemm;
  gemmNT: Gemm;
  gemmTN: Gemm;
  axpy(y: number, x: number, n: number, a: number): void;
  dot(x: number, y: number, n: number): number;
  norms(out: number, x: number, n: number): void;
  square(out: number, x: number, n: number): void;
  sum(x: number, count: number): number;
  activate(kind: number, y: number, z: number, n: number): void;
  activateBackward(kind: number, d: number, z: number, y: number, n: number): void;
  softmax(p: number, z: number, o: number): void;
  loss(
    d: number,
    z: number,
    t: number,
    w: number,
    scratch: number,
    n: number,
    o: number,
    kind: number,
    cost: number,
    sequence: number,
    perSample: number,
  ): number;
  // convolutions and pooling over time
  convolve: Convolution;
  convolveBackward: ConvolutionBackward;
  depthwise: Convolution;
  depthwiseBackward: ConvolutionBackward;
  averagePool: Pooling;
  averagePoolBackward(
    dX: number,
    dY: number,
    windows: number,
    steps: number,
    channels: number,
    taps: number,
    scale: number,
  ): void;
  maxPool: Pooling;
  maxPoolBackward(
    dX: number,
    dY: number,
    x: number,
    windows: number,
    steps: number,
    channels: number,
    taps: number,
    scale: number,
  ): void;
  // network
  workspaceBytes(network: number, n: number): number;
  squaresBytes(network: number, n: number): number;
  outputGradient(network: number, n: number, workspace: number): number;
  forward(
    network: number,
    base: number,
    adapter: number,
    x: number,
    n: number,
    workspace: number,
  ): number;
  predict(
    outputs: number,
    network: number,
    base: number,
    adapter: number,
    inputs: number,
    rows: number,
    workspace: number,
  ): void;
  backward(
    network: number,
    base: number,
    adapter: number,
    dBase: number,
    dAdapter: number,
    n: number,
    workspace: number,
    squares: number,
  ): void;
  outputsOf(
    outputs: number,
    network: number,
    base: number,
    adapter: number,
    inputs: number,
    rows: number,
    workspace: number,
  ): void;
  evaluate(
    network: number,
    base: number,
    adapter: number,
    inputs: number,
    labels: number,
    weights: number,
    rows: number,
    outputs: number,
    pnl: number,
    workspace: number,
  ): number;
  // optimisers and training
  sgd(theta: number, g: number, count: number, lr: number, scale: number, decay: number): void;
  momentum(
    theta: number,
    g: number,
    v: number,
    count: number,
    lr: number,
    mu: number,
    scale: number,
    decay: number,
  ): void;
  adamw(
    theta: number,
    g: number,
    m: number,
    v: number,
    count: number,
    lr: number,
    beta1: number,
    beta2: number,
    power1: number,
    power2: number,
    scale: number,
    decay: number,
  ): void;
  train(plan: number, steps: number): number;
  // EWC and Fisher
  ewcPenalty(
    theta: number,
    baseline: number,
    fisher: number,
    count: number,
    lambda: number,
  ): number;
  ewcAddGradient(
    grad: number,
    theta: number,
    baseline: number,
    fisher: number,
    count: number,
    lambda: number,
  ): number;
  ewcProximalStep(
    theta: number,
    baseline: number,
    fisher: number,
    count: number,
    strength: number,
  ): void;
  fisherConsolidate(fisher: number, fresh: number, count: number, keep: number, gain: number): void;
  meanSquares(out: number, g: number, samples: number, count: number): void;
  fisherCallback(fisher: number, theta: number, count: number, samples: number): number;
  curvatureCallback(fisher: number, theta: number, count: number, samples: number): number;
  fisherAnalytic(
    fBase: number,
    fAdapter: number,
    network: number,
    base: number,
    adapter: number,
    inputs: number,
    labels: number,
    rows: number,
    labelKind: number,
    random: number,
    outputs: number,
    pnl: number,
    workspace: number,
    squares: number,
  ): void;
  structuredBytes(network: number): number;
  fisherStructured(
    fBase: number,
    fAdapter: number,
    network: number,
    base: number,
    adapter: number,
    inputs: number,
    labels: number,
    rows: number,
    block: number,
    outputs: number,
    pnl: number,
    workspace: number,
  ): void;
  // rolling Sharpe
  windowBytes(size: number): number;
  rollingSharpe(
    out: number,
    x: number,
    n: number,
    values: number,
    isPnl: number,
    scale: number,
    window: number,
  ): void;
  sharpeBytes(values: number, isPnl: number): number;
  sharpeReset(detector: number, values: number, isPnl: number, sigmas: number, scale: number): void;
  sharpeObserve(detector: number, x: number): number;
  sharpeObserveBatch(alerts: number, detector: number, x: number, n: number): number;
  // clustering
  unitRows(x: number, n: number, d: number): void;
  topCosine(
    indices: number,
    similarities: number,
    query: number,
    x: number,
    n: number,
    d: number,
    k: number,
  ): number;
  kMeansAssign(
    labels: number,
    similarities: number,
    x: number,
    c: number,
    n: number,
    d: number,
    k: number,
  ): number;
  kMeansUpdate(
    c: number,
    sums: number,
    x: number,
    w: number,
    labels: number,
    mass: number,
    n: number,
    d: number,
    k: number,
  ): void;
  // generator
  randomSeed(state: number, seed: number): void;
  uniform(state: number): number;
  normal(state: number): number;
  fillUniform(out: number, n: number, scale: number, state: number): void;
  fillNormal(out: number, n: number, scale: number, state: number): void;
  permutation(order: number, n: number, state: number): void;
  shuffle(order: number, n: number, state: number): void;
}

type Gemm = (
  c: number,
  a: number,
  b: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  add: number,
) => void;

type Convolution = (
  y: number,
  x: number,
  weight: number,
  windows: number,
  steps: number,
  channels: number,
  taps: number,
) => void;

type ConvolutionBackward = (
  dX: number,
  dW: number,
  dY: number,
  x: number,
  weight: number,
  windows: number,
  steps: number,
  channels: number,
  taps: number,
  scale: number,
) => void;

type Pooling = (
  y: number,
  x: number,
  windows: number,
  steps: number,
  channels: number,
  taps: number,
) => void;
