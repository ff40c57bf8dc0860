// Every method of a learner in every state it can be in.

import { describe, expect, it } from "vitest";
import { OnlineLearner } from "../../src/pipeline/learner.ts";
import { FaultyDisk } from "../../src/testing/faulty-disk.ts";
import { cycleOptions } from "../faults/learner-cycle.ts";
import { readKept } from "../faults/learner-kill-kept.ts";
import {
  hasStarted,
  on,
  optionsOn,
  probe,
  promoted,
  readyLearner,
  world,
} from "./ready-learner.ts";

interface Subject {
  learner: OnlineLearner;
  disk: FaultyDisk;
  /** What has to end before the learner is done with. */
  underWay?: Promise<unknown>;
}

/** How a learner gets into each state. */
const states: Record<string, () => Promise<Subject>> = {
  ready: () => readyLearner(),
  updating: async () => {
    const subject = await readyLearner();
    const starting = hasStarted(subject.learner);
    const underWay = subject.learner.update();
    await starting;
    return { ...subject, underWay };
  },
  "rolled back": async () => {
    const subject = await readyLearner();
    await subject.learner.rollback();
    return subject;
  },
  held: async () => {
    const subject = await readyLearner();
    await subject.learner.freeze("positions are open");
    return subject;
  },
  closed: async () => {
    const subject = await readyLearner();
    await subject.learner.close();
    return subject;
  },
  "full disk": async () => {
    const subject = await readyLearner();
    subject.disk.capacityBytes = 0;
    return subject;
  },
  "read-only": async () => {
    const subject = await readyLearner();
    subject.disk.isReadOnly = true;
    return subject;
  },
};

/** Each method, and a word for what came of it. */
const methods: Record<string, (learner: OnlineLearner) => Promise<string>> = {
  predict: async (learner) => {
    const active = learner.status().versionId;
    return learner.predict(probe).versionId === active ? "output" : "output of another version";
  },
  observe: async (learner) => {
    const { observed } = learner.status();
    await learner.observe(world(9, 0, 1)[0]!);
    return learner.status().observed === observed + 1 ? "learned" : "not counted";
  },
  submit: async (learner) => {
    const { observed } = learner.status();
    const { learned } = await learner.submit(world(9, 0, 1)[0]!);
    await learned;
    return learner.status().observed === observed + 1 ? "learned" : "not counted";
  },
  update: async (learner) => (await learner.update()).outcome,
  dryRun: async (learner) => {
    const before = standOf(learner);
    const { outcome } = await learner.dryRun();
    expect(standOf(learner)).toEqual(before);
    return outcome;
  },
  rollback: async (learner) => {
    await learner.rollback();
    const { probation, state } = learner.status();
    return probation === undefined && state === "frozen" ? "back" : "unsettled";
  },
  freeze: async (learner) => {
    await learner.freeze("wait");
    return learner.status().state;
  },
  unfreeze: async (learner) => {
    const wasFrozen = await learner.unfreeze();
    return wasFrozen ? learner.status().state : "nothing";
  },
  status: async (learner) => learner.status().state,
  events: async (learner) => {
    const next = learner.events[Symbol.asyncIterator]().next();
    const turn = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
    const result = await Promise.race([next, turn]);
    return result?.done ? "ended" : "open";
  },
  close: async (learner) => {
    await learner.close();
    return learner.status().state;
  },
};

/**
 * What each method gives in each state. Capitals: the code it throws; then nothing has changed, but
 * that a learner is closed after `close`.
 */
const table = `
method  | ready   | updating          | rolled back| held   | closed      | full disk  | read-only
predict | output  | output            | output     | output | STORE_CLOSED| output     | output
observe | learned | learned           | learned    | learned| STORE_CLOSED| FILE_FAILED| FILE_FAILED
submit  | learned | learned           | learned    | learned| STORE_CLOSED| FILE_FAILED| FILE_FAILED
update  | promoted| UPDATE_IN_PROGRESS| skipped    | skipped| STORE_CLOSED| failed     | failed
dryRun  | accepted| UPDATE_IN_PROGRESS| skipped    | skipped| STORE_CLOSED| accepted   | accepted
rollback| back    | back              | NO_SNAPSHOT| back   | STORE_CLOSED| FILE_FAILED| FILE_FAILED
freeze  | frozen  | frozen            | frozen     | frozen | STORE_CLOSED| FILE_FAILED| FILE_FAILED
unfreeze| nothing | nothing           | ready      | ready  | STORE_CLOSED| nothing    | nothing
status  | ready   | updating          | frozen     | frozen | closed      | ready      | ready
events  | open    | open              | open       | open   | ended       | open       | open
close   | closed  | closed            | closed     | closed | closed      | FILE_FAILED| FILE_FAILED
`;

const [header, ...rows] = table
  .trim()
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()));
const cells = rows.flatMap(([method, ...expected]) =>
  expected.map((outcome, index) => ({ method: method!, state: header![index + 1]!, outcome })),
);

/** What must not change when a call throws. */
function standOf(learner: OnlineLearner): unknown {
  const { state: _, ...status } = learner.status();
  return status;
}

describe("every method in every state", () => {
  it("is in the table", () => {
    expect(rows.map(([method]) => method)).toEqual(Object.keys(methods));
    expect(header?.slice(1)).toEqual(Object.keys(states));
  });

  it.each(cells)("$method when $state: $outcome", async ({ method, state, outcome }) => {
    const { learner, disk, underWay } = await states[state]!();
    const before = standOf(learner);
    const result = await methods[method]!(learner).catch(({ code }) => code);
    expect(result).toBe(outcome);
    if (/^[A-Z_]+$/.test(outcome)) expect(standOf(learner)).toEqual(before);
    await underWay;
    Object.assign(disk, { capacityBytes: Number.POSITIVE_INFINITY, isReadOnly: false });
    // A folder that refused the close has its lock until the process ends.
    const left = await learner.close().then(
      () => disk,
      () => disk.restart("lost"),
    );
    expect(learner.status().state).toBe("closed");
    const again = await OnlineLearner.open(optionsOn(left));
    await again.close();
  });

  it("leaves a learner whole that opens again, whatever failed", async () => {
    for (const state of ["full disk", "read-only"]) {
      const { learner, disk } = await states[state]!();
      const { observed, versionId } = learner.status();
      for (const method of [
        "observe",
        "submit",
        "update",
        "dryRun",
        "rollback",
        "freeze",
        "close",
      ]) {
        await methods[method]!(learner).catch(() => {});
      }
      const left = disk.restart("lost");
      const again = await OnlineLearner.open(optionsOn(left));
      expect(again.status()).toMatchObject({ observed, versionId, state: "ready" });
      await again.close();
    }
  });

  it("gives the model's memory back, also when the folder refuses the close", async () => {
    for (const isReadOnly of [false, true]) {
      const disk = new FaultyDisk();
      const { model } = cycleOptions({});
      let disposals = 0;
      const initial = model.initial.bind(model);
      model.initial = () => {
        const version = initial();
        const dispose = version.dispose.bind(version);
        return Object.assign(version, {
          dispose: () => {
            disposals += 1;
            dispose();
          },
        });
      };
      const learner = await OnlineLearner.open(cycleOptions({ ...on(disk), model }));
      disk.isReadOnly = isReadOnly;
      const closing = learner.close();
      if (isReadOnly) await expect(closing).rejects.toMatchObject({ code: "FILE_FAILED" });
      else await closing;
      expect(disposals).toBe(1);
    }
  });

  it("goes on when the disk is well again", async () => {
    const { learner, disk } = await readyLearner();
    const { observed } = learner.status();
    const [refused, ...others] = world(5, 0, 30);
    disk.capacityBytes = 0;
    await expect(learner.observe(refused!)).rejects.toMatchObject({ code: "FILE_FAILED" });
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    for (const sample of others) await learner.observe(sample);
    expect(await learner.update()).toMatchObject(promoted);
    await learner.close();
    const kept = await readKept(on(disk));
    expect(kept.observed).toBe(observed + others.length);
    expect(kept.all).not.toContain(refused!.id);
    expect(kept.all).toEqual(expect.arrayContaining(others.map(({ id }) => id)));
  });
});
