// The gate as a whole: it learns from corrections, keeps what it knows, and never makes one wait.

import { describe, expect, it } from "vitest";
import { GateModel, SignalSimulator } from "../../../src/learners/gate/index.ts";
import { PageHinkley } from "../../../src/pipeline/drift/page-hinkley.ts";
import { FaultyDisk } from "../../../src/testing/faulty-disk.ts";
import { live, options } from "./living-gate.ts";
import { signal } from "./signals.ts";

const on = (disk: FaultyDisk) => ({ storagePath: "/gate", disk, lockHost: disk.lockHost });

describe("a gate that is corrected", () => {
  it("makes at most half the mistakes of an untrained one, and agrees with its users", async () => {
    for (const seed of [1, 2]) {
      const gate = await GateModel.open(options({ seed }));
      const untrained = await GateModel.open(options({ seed }));
      const stream = new SignalSimulator({ seed });
      const before = { falseAllow: 0, falseBlock: 0 };
      for (let index = 0; index < 600; index++) {
        const { call, shouldAllow } = stream.next();
        stream.outcome({ call, shouldAllow }, true);
        const allowed = untrained.decide(call).probability >= 0.5;
        if (allowed && !shouldAllow) before.falseAllow++;
        if (!allowed && shouldAllow) before.falseBlock++;
      }
      const { wrong } = await live(gate, new SignalSimulator({ seed }), 600);
      const total = wrong.falseAllow + wrong.falseBlock;
      expect(total).toBeLessThanOrEqual((before.falseAllow + before.falseBlock) / 2);
      const { confusion } = gate;
      expect(confusion.total).toBe(600);
      expect(confusion.agreement).toBeGreaterThan(0.7);
      // What users did not notice is all that the two counts may differ in.
      const unnoticed = Math.abs(confusion.falseAllow + confusion.falseBlock - total);
      expect(unnoticed).toBeLessThan(0.1 * total);
      await gate.close();
      await untrained.close();
    }
  }, 60_000);

  it("learns the same from the same stream and seed", async () => {
    const outputs = [];
    for (let run = 0; run < 2; run++) {
      const gate = await GateModel.open(options({ seed: 5 }));
      await live(gate, new SignalSimulator({ seed: 5 }), 200);
      outputs.push(gate.decide(signal()).probability);
      await gate.close();
    }
    expect(outputs[0]).toBe(outputs[1]);
  });

  it("weighs a wrong decision 4, the same again 6, and no more", async () => {
    const gate = await GateModel.open(options());
    const wrong = signal({ userOverride: true });
    const weights = [];
    for (const each of [
      signal(),
      wrong,
      wrong,
      wrong,
      signal({ tool: "git_push", allowed: false, falsePositive: true }),
      signal({ allowed: false, userOverride: true }),
    ]) {
      const { weight, mistake, isRepeated } = await gate.record(each);
      weights.push([weight, mistake, isRepeated]);
    }
    expect(weights).toEqual([
      [1, undefined, false],
      [4, "falseAllow", false],
      [6, "falseAllow", true],
      [6, "falseAllow", true],
      [4, "falseBlock", false],
      [4, "falseBlock", false], // the other mistake about the same tool
    ]);
    await gate.close();
  });

  it("decides at once, with the version that serves, while it trains", async () => {
    const gate = await GateModel.open(options({ maxSteps: 400, updateEvery: 100_000 }));
    const { told } = await live(gate, new SignalSimulator({ seed: 1 }), 200);
    const before = gate.decide(told[0]!);
    const update = gate.update();
    let isOver = false;
    const over = update.finally(() => {
      isOver = true;
    });
    await new Promise<void>((resolve) => {
      void (async () => {
        for await (const { type } of gate.events) if (type === "update-started") return resolve();
      })();
    });
    let decided = 0;
    while (!isOver) {
      const decision = gate.decide(told[0]!);
      if (gate.status().state === "updating") expect(decision).toEqual(before);
      decided++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(decided).toBeGreaterThan(1);
    expect((await update).outcome).toBe("promoted");
    await over;
    expect(gate.decide(told[0]!).versionId).not.toBe(before.versionId);
    await gate.close();
  });

  it("locks wrong decisions up to the cap, and trains with all of them", async () => {
    const gate = await GateModel.open(
      options({ trainingWindow: 64, lockedCapacity: 64, updateEvery: 100_000 }),
    );
    const stream = new SignalSimulator({ seed: 3 });
    for (let index = 0; index < 600; index++) {
      const next = stream.next();
      // Every decision is wrong: all that leaves the window is locked until the cap.
      const allowed = !next.shouldAllow;
      await gate.record({ ...stream.outcome(next, allowed), userOverride: true });
    }
    const { samples } = gate.status();
    expect(samples.training).toBe(64);
    expect(samples.replay).toBeGreaterThan(250); // those beyond the cap are kept like any other
    expect(await gate.update()).toMatchObject({ facts: { samples: { training: 64 } } });
    await gate.close();
  });

  it("lowers its calibration error, and its bands use that", async () => {
    const gate = await GateModel.open(options({ seed: 1 }));
    await live(gate, new SignalSimulator({ seed: 1 }), 700);
    const report = await gate.calibrate({ method: "platt" });
    expect(report.samples).toBe(700);
    expect(report.errorAfter).toBeLessThan(report.errorBefore);
    expect(gate.bands.calibration?.toJSON()).toMatchObject({ method: "platt" });
    await gate.close();
  }, 30_000);

  it("is no longer converged when its users change their minds", async () => {
    const falls = { mode: "down", delta: 0.05, threshold: 5 } as const;
    const gate = await GateModel.open(
      options({ detector: new PageHinkley(falls), target: 0.6, window: 200, probation: false }),
    );
    const answer = async (index: number, shouldAllow: boolean) => {
      const tool = index % 2 === 0 ? "read_file" : "run_shell";
      const call = signal({ tool, recentCallCount: index % 11, riskScore: (index % 97) / 97 });
      const allowed = gate.decide(call).probability >= 0.5;
      return gate.record({ ...call, allowed, userOverride: allowed !== shouldAllow });
    };
    let index = 0;
    while (index < 600 && !gate.convergence.isReached) await answer(index, index++ % 2 === 0);
    expect(gate.convergence.isReached).toBe(true);
    let drifted = false;
    while (index < 1200 && !drifted) {
      const { observation } = await answer(index, index++ % 2 === 1);
      drifted = observation?.drift === "drift";
    }
    expect(drifted).toBe(true);
    expect(gate.convergence.isReached).toBe(false);
    await gate.close();
  });
});

describe("a gate with a folder", () => {
  it("goes on where it was: model, tokenizer, mistakes, scores and calibration", async () => {
    const disk = new FaultyDisk();
    const first = await GateModel.open(options({ ...on(disk), seed: 2 }));
    await live(first, new SignalSimulator({ seed: 2 }), 300);
    await first.record(signal({ userOverride: true }));
    await first.calibrate();
    const [decision, matrix] = [first.decide(signal()), first.confusion.state()];
    const tokens = first.tokens(signal());
    await first.close();
    await first.close(); // again only waits

    const { corpus: _none, ...rest } = options({ ...on(disk), seed: 2 });
    const again = await GateModel.open(rest);
    expect(again.decide(signal())).toEqual(decision);
    expect(again.confusion.state()).toEqual(matrix);
    expect(again.tokens(signal())).toEqual(tokens);
    expect(await again.record(signal({ userOverride: true }))).toMatchObject({ weight: 6 });
    await again.close();
  });

  it("keeps a mistake that was acknowledged before a crash", async () => {
    const disk = new FaultyDisk();
    const first = await GateModel.open(options(on(disk)));
    await first.record(signal({ userOverride: true }));
    const again = await GateModel.open(options(on(disk.restart())));
    expect(again.status().observed).toBe(1);
    expect(await again.record(signal({ userOverride: true }))).toMatchObject({ weight: 6 });
    await again.close();
  });

  it("refuses another tokenizer than the one it learned with", async () => {
    const disk = new FaultyDisk();
    await (await GateModel.open(options(on(disk)))).close();
    const tokenizer = { encode: () => [16] };
    const opening = GateModel.open(options({ ...on(disk), tokenizer }));
    await expect(opening).rejects.toMatchObject({ code: "STATE_INVALID" });
    await (await GateModel.open(options(on(disk)))).close(); // nothing stayed locked
  });

  it("refuses a record in which a byte was changed", async () => {
    const disk = new FaultyDisk();
    await (await GateModel.open(options(on(disk)))).close();
    const path = disk.paths().find((each) => each.endsWith("gate.json"))!;
    disk.tamper(path, (bytes) => bytes.map((byte, index) => byte ^ Number(index === 25)));
    const opening = GateModel.open(options(on(disk)));
    await expect(opening).rejects.toMatchObject({ code: "FILE_CORRUPT" });
  });
});

describe("what peers say", () => {
  it("is learned with weight 1, apart from every score, and never judges", async () => {
    const gate = await GateModel.open(options());
    const stream = new SignalSimulator({ seed: 4 });
    const leftOut = { "held-out": 0, "peers-excluded": 0, none: 0 };
    for (let index = 0; index < 200; index++) {
      const told = stream.outcome(stream.next(), true);
      const recorded = await gate.record(told, { origin: "peer" });
      expect(recorded.weight).toBe(1);
      leftOut[recorded.leftOut ?? "none"]++;
    }
    const { samples } = gate.status();
    expect(samples).toEqual({ training: leftOut.none, holdout: 0, replay: 0 });
    expect(leftOut["held-out"]).toBeGreaterThan(10); // about a fifth
    expect(gate.confusion.total).toBe(0);
    // A peer's mistake is none of ours.
    expect(await gate.record(signal({ userOverride: true }), { origin: "peer" })).toMatchObject({
      isRepeated: false,
    });
    expect(await gate.record(signal({ userOverride: true }))).toMatchObject({ weight: 4 });
    await gate.close();
  });

  it("may be excluded", async () => {
    const gate = await GateModel.open(options({ peers: "exclude" }));
    const recorded = await gate.record(signal(), { origin: "peer" });
    expect(recorded).toMatchObject({ leftOut: "peers-excluded" });
    expect(gate.status().observed).toBe(0);
    await gate.close();
  });
});
