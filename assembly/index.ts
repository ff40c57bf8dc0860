// The whole ABI. What is not exported here, TypeScript cannot call.

export { allocate, free } from "./memory";
export { attach, help } from "./parallel";
export { gemmNN, gemmNT, gemmTN } from "./kernels/matrix";
