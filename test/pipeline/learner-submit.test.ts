// Samples that are handed in and learned later: durable at once, learned in order.

import { describe, expect, it } from "vitest";
import type { Sample } from "../../src/model/sample.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, outputOf, stream, undisturbed } from "../faults/learner-cycle.ts";
import { readKept } from "../faults/learner-kill-kept.ts";
import { hasStarted, on, optionsOn, probe, readyLearner, world } from "./ready-learner.ts";

describe("submit", () => {
  it("resolves while an update runs; the sample is learned after it", async () => {
    const { learner } = await readyLearner();
    const { observed } = learner.status();
    const starting = hasStarted(learner);
    const updating = learner.update();
    await starting;
    const { learned } = await learner.submit(world(9, 0, 1)[0]!);
    expect(learner.status()).toMatchObject({ state: "updating", observed });
    const { outcome } = await updating;
    expect(outcome).toBe("promoted");
    expect((await learned).loss).toBeGreaterThanOrEqual(0);
    expect(learner.status().observed).toBe(observed + 1);
    await learner.close();
  });

  it("is durable when it resolves, learned or not", async () => {
    const { learner, disk } = await readyLearner();
    const { observed } = learner.status();
    const starting = hasStarted(learner);
    const updating = learner.update();
    await starting;
    const samples = world(9, 0, 20);
    for (const sample of samples) await learner.submit(sample);
    expect(learner.status().observed).toBe(observed);
    const left = disk.restart("lost"); // a power cut in the middle of the update
    const again = await OnlineLearner.open(optionsOn(left));
    expect(again.status().observed).toBe(observed + samples.length);
    await again.close();
    const { all } = await readKept(on(left));
    expect(all).toEqual(expect.arrayContaining(samples.map(({ id }) => id)));
    await updating;
  });

  it("learns in the order of the calls, to the same end as one after the other", async () => {
    const learner = await OnlineLearner.open(cycleOptions({}));
    const losses: number[] = [];
    const submissions = await Promise.all(stream.map((sample) => learner.submit(sample)));
    let promotions = 0;
    for (const { learned } of submissions) {
      const { loss, update } = await learned;
      losses.push(loss);
      if (update?.outcome === "promoted") promotions += 1;
    }
    const expected = await undisturbed();
    expect([outputOf(learner), promotions]).toEqual([expected.output, expected.promotions]);
    expect(losses[0]).toBeLessThan(losses[31]!); // the world has changed in between
    await learner.close();
  });

  it("takes the sample as it is at the call", async () => {
    const [learner, other] = [
      await OnlineLearner.open(cycleOptions({})),
      await OnlineLearner.open(cycleOptions({})),
    ];
    const sample = { input: Float32Array.of(0.5), label: Float32Array.of(7) };
    const { loss } = await other.observe(sample);
    const submitting = learner.submit(sample);
    sample.input[0] = 9;
    sample.label[0] = -9;
    expect((await (await submitting).learned).loss).toBe(loss);
    await learner.close();
    await other.close();
  });

  it("throws for what cannot be learned, and has then learned nothing", async () => {
    const { learner, disk } = await readyLearner();
    const before = learner.status();
    const [good] = world(9, 0, 1) as [Sample];
    const wrong: [Sample, string][] = [
      [{ ...good, input: Float32Array.of(1, 2) }, "LENGTH_MISMATCH"],
      [{ ...good, label: Float32Array.of(Number.NaN) }, "VALUE_NOT_FINITE"],
      [{ ...good, origin: "benchmark" }, "SAMPLE_QUARANTINED"],
      [undefined as unknown as Sample, "ARGUMENT_TYPE"],
    ];
    for (const [sample, code] of wrong) {
      await expect(learner.submit(sample)).rejects.toMatchObject({ code });
    }
    disk.capacityBytes = 0;
    await expect(learner.submit(good)).rejects.toMatchObject({ code: "FILE_FAILED" });
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    expect(learner.status()).toEqual(before);
    await learner.close();
    await expect(learner.submit(good)).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  it("rejects `learned` alone when learning fails, and goes on with the next sample", async () => {
    const { model } = cycleOptions({});
    const initial = model.initial.bind(model);
    model.initial = () => {
      const version = initial();
      const loss = version.loss.bind(version);
      return Object.assign(version, {
        loss: (samples: readonly Sample[]) => {
          if (samples[0]?.id === "bad") throw new Error("no loss for it");
          return loss(samples);
        },
      });
    };
    const learner = await OnlineLearner.open(cycleOptions({ model }));
    const [first, second] = stream as [Sample, Sample];
    const bad = await learner.submit({ ...first, id: "bad" });
    const good = await learner.submit(second);
    await expect(bad.learned).rejects.toThrow("no loss for it");
    expect((await good.learned).side).toMatch(/training|holdout/);
    await learner.submit({ ...first, id: "bad" }); // nobody has to hear of it
    await learner.close();
  });

  it("has its samples learned by a close that comes after it", async () => {
    const disk = new FaultyDisk();
    const learner = await OnlineLearner.open(optionsOn(disk));
    const submissions = await Promise.all(world(3, 0, 30).map((each) => learner.submit(each)));
    await learner.close();
    await Promise.all(submissions.map(({ learned }) => learned));
    expect(learner.status().observed).toBe(30);
    const again = await OnlineLearner.open(optionsOn(disk));
    expect(again.status().observed).toBe(30);
    expect(again.predict(probe).output[0]).toBeTypeOf("number");
    await again.close();
  });
});
