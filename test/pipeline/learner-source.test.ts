// Where samples came from: kept with what they taught, also when the process dies in between.

import { describe, expect, it } from "vitest";
import type { LearnerEvent } from "../../src/events.ts";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import type { OnlineLearnerOptions } from "../../src/pipeline/learner-options.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions, outputOf, stream, undisturbed } from "../faults/learner-cycle.ts";

const open = (disk: FaultyDisk, more: Partial<OnlineLearnerOptions> = {}) =>
  OnlineLearner.open(
    cycleOptions({ storagePath: "/data/model", disk, lockHost: disk.lockHost, ...more }),
  );

/** Sends what the learner says it does not have yet, and stops at `to`. */
async function feed(learner: OnlineLearner, to: number): Promise<void> {
  for (let offset = learner.nextOffset("topic:0"); offset < to; offset++) {
    await (await learner.submit(stream[offset]!, { source: "topic:0", offset })).learned;
  }
}

describe("the position of a sample in its source", () => {
  it("comes back from the journal and from a checkpoint", async () => {
    const disk = new FaultyDisk();
    const learner = await open(disk);
    expect(learner.nextOffset("topic:0")).toBe(0);
    await feed(learner, 7);
    const other = { source: "topic:1", offset: 41 };
    await (await learner.submit(stream[7]!, other)).learned;
    for (const closes of [false, true]) {
      if (closes) await learner.close();
      const next = await open(disk.restart("kept"));
      expect([next.nextOffset("topic:0"), next.nextOffset("topic:1")]).toEqual([7, 42]);
      expect(next.status().observed).toBe(8);
      await next.close();
    }
  });

  it("lets a source go on after a crash at any point, nothing lost and nothing twice", async () => {
    const whole = new FaultyDisk();
    const first = await open(whole);
    await feed(first, stream.length);
    await first.close();
    const expected = (await undisturbed()).output;
    for (let point = 0; point < whole.points; point += 7) {
      const disk = new FaultyDisk();
      disk.crashAt(point, "torn");
      await open(disk)
        .then((learner) => feed(learner, stream.length))
        .catch(() => {});
      const learner = await open(disk.restart());
      await feed(learner, stream.length);
      expect(learner.status().observed).toBe(stream.length);
      expect(outputOf(learner)).toBe(expected);
      await learner.close();
    }
  }, 120_000);

  it("refuses what is none before anything is kept", async () => {
    const learner = await open(new FaultyDisk());
    for (const offset of [-1, 0.5, Number.NaN, 2 ** 53]) {
      const submitted = learner.submit(stream[0]!, { source: "topic:0", offset });
      await expect(submitted).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    for (const source of ["", "x".repeat(257)]) {
      const submitted = learner.submit(stream[0]!, { source, offset: 0 });
      await expect(submitted).rejects.toMatchObject({ code: "OPTION_INVALID" });
    }
    expect(learner.status().observed).toBe(0);
    await learner.close();
  });
});

describe("a clock that goes by the samples", () => {
  it("hears of every sample before it is learned, again after a crash", async () => {
    const disk = new FaultyDisk();
    const heard: (string | undefined)[] = [];
    const beforeLearning = ({ id }: { id?: string }) => heard.push(id);
    const learner = await open(disk, { beforeLearning });
    await feed(learner, 3);
    expect(heard).toEqual(["sample-0", "sample-1", "sample-2"]);
    await open(disk.restart("kept"), { beforeLearning });
    expect(heard.slice(3)).toEqual(heard.slice(0, 3));
  });
});

describe("whoever keeps events", () => {
  it("gets every one in order, again what it could not keep", async () => {
    const kept: LearnerEvent[] = [];
    let calls = 0;
    const keepEvents = async (events: readonly LearnerEvent[]) => {
      if (calls++ % 3 === 1) throw new Error("full");
      kept.push(...events);
    };
    const learner = await open(new FaultyDisk(), { keepEvents });
    const told: LearnerEvent[] = [];
    const listening = (async () => {
      for await (const event of learner.events) told.push(event);
    })();
    await feed(learner, stream.length);
    await learner.close();
    await listening;
    const isFailure = ({ type }: LearnerEvent) => type === "checkpoint-failed";
    const ofTheMoment = ({ type }: LearnerEvent) => type === "update-progressed";
    expect(told.filter(isFailure).length).toBeGreaterThan(1);
    const lasting = told.filter((event) => !isFailure(event) && !ofTheMoment(event));
    expect(lasting.length).toBeGreaterThan(3);
    // The first one, the promotion of the first version, was before anybody could listen.
    expect(kept.slice(1)).toEqual(lasting);
  });

  it("misses no change of the version when the process dies at any point", async () => {
    const whole = new FaultyDisk();
    await feed(await open(whole), stream.length);
    for (let point = 0; point < whole.points; point += 5) {
      const changes: string[] = [];
      const keepEvents = async (events: readonly LearnerEvent[]) => {
        for (const event of events) {
          if (event.type === "promoted") changes.push(event.versionId);
          if (event.type === "rolled-back") changes.push(`back to ${event.to}`);
        }
      };
      const disk = new FaultyDisk();
      disk.crashAt(point, "lost");
      await open(disk, { keepEvents })
        .then((learner) => feed(learner, stream.length))
        .catch(() => {});
      const learner = await open(disk.restart(), { keepEvents });
      await feed(learner, stream.length);
      const { versionId } = learner.status();
      await learner.close();
      expect(new Set(changes)).toContain(`back to ${versionId}`);
      expect(new Set(changes).size).toBeGreaterThanOrEqual(3);
    }
  }, 120_000);
});
