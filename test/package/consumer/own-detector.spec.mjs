// The same detector, tested by vitest.

import { detectorConformance } from "driftkeel/testing";
import { it } from "vitest";
import { subject } from "./own-detector.mjs";

for (const { name, run } of detectorConformance(subject)) it(name, run);
