// The whole ABI. What is not exported here, TypeScript cannot call.

export { allocate, free } from "./memory";
export { attach, help } from "./parallel";
export { gemmNN, gemmNT, gemmTN } from "./kernels/matrix";
export { axpy, dot, norms, square } from "./kernels/vector";
export { activate, activateBackward } from "./kernels/activation";
export { loss, softmax } from "./kernels/loss";
export { convolve, convolveBackward, depthwise, depthwiseBackward } from "./kernels/convolution";
export { averagePool, averagePoolBackward, maxPool, maxPoolBackward } from "./kernels/pooling";
export { backward, forward, outputGradient, workspaceBytes } from "./network";
export { evaluate, outputsOf, predict } from "./evaluate";
export { adamw, momentum, sgd } from "./optimizer";
export { ewcAddGradient, ewcPenalty, ewcProximalStep, fisherConsolidate, meanSquares, sum } from "./ewc";
export { fillNormal, fillUniform, normal, permutation, randomSeed, shuffle, uniform } from "./random";
export { train } from "./train";
export { curvatureCallback, fisherAnalytic, fisherCallback } from "./fisher";
export { fisherStructured } from "./fisher-structured";
export { structuredBytes } from "./fisher-trace";
export { squaresBytes } from "./network";
export { rollingSharpe, sharpeBytes, sharpeObserve, sharpeObserveBatch, sharpeReset, windowBytes } from "./sharpe";
export { kMeansAssign, kMeansUpdate, topCosine, unitRows } from "./cluster";
