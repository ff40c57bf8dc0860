// A user's own detector and the package's own store, tested by Node's runner.

import { test } from "node:test";
import { MemoryStore } from "driftkeel";
import { detectorConformance, storeConformance } from "driftkeel/testing";
import { subject } from "./own-detector.mjs";

const store = { name: "MemoryStore", open: async () => new MemoryStore(), isPersistent: false };
for (const { name, run } of detectorConformance(subject)) test(name, run);
for (const { name, run } of storeConformance(store)) test(name, run);
