// All groups of the bench, in the order of the report.

import type { Group } from "./group.ts";

export const groups: Record<string, () => Promise<Group>> = {
  lora: () => import("./groups/lora.ts"),
  gemm: () => import("./groups/gemm.ts"),
  ewc: () => import("./groups/ewc.ts"),
  fisher: () => import("./groups/fisher.ts"),
  callback: () => import("./groups/callback.ts"),
  sharpe: () => import("./groups/sharpe.ts"),
  cluster: () => import("./groups/cluster.ts"),
  detectors: () => import("./groups/detectors.ts"),
  threads: () => import("./groups/threads.ts"),
  latency: () => import("./groups/latency.ts"),
  rollback: () => import("./groups/rollback.ts"),
  promotion: () => import("./groups/promotion.ts"),
  predict: () => import("./groups/predict.ts"),
  copy: () => import("./groups/copy.ts"),
  size: () => import("./groups/size.ts"),
};
