// A detector that forgets what it restores: its suite has to fail.

import { test } from "node:test";
import { detectorConformance } from "driftkeel/testing";
import { HighMean, subject } from "./own-detector.mjs";

class Forgetful extends HighMean {
  restore(state) {
    super.restore(state);
    this.reset();
  }
}

const wrong = { ...subject, name: "Forgetful", create: (options) => new Forgetful(options) };
for (const { name, run } of detectorConformance(wrong)) test(name, run);
