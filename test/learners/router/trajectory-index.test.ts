// The artifact index: what it reads, what it reports and skips, and what it does not read again.

import { execFileSync } from "node:child_process";
import { rmSync, symlinkSync, truncateSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  parseTrajectory,
  sampleTrajectories,
  TrajectoryIndex,
  trajectoryJson,
  writeTrajectory,
} from "../../../src/learners/router/index.ts";
import { RouterBase } from "./router-base.ts";

let base: RouterBase;
beforeEach(() => {
  base = new RouterBase();
});
afterEach(() => base.remove());

const MAX_BYTES = 100_000;
const [good] = sampleTrajectories({ count: 1, firstNumber: 77 });
const record = () => JSON.parse(trajectoryJson(good!));

async function refreshed(saved?: string): Promise<TrajectoryIndex> {
  const index = new TrajectoryIndex(base.trajectories, MAX_BYTES);
  if (saved !== undefined) index.restore(saved);
  await index.refresh();
  return index;
}

describe("an index of trajectories", () => {
  it("reports and skips what is broken, huge or hostile, and takes the rest", async () => {
    base.add({ count: 3 });
    base.write("a-torn.json", trajectoryJson(good!).slice(0, 500));
    base.write("b-not-utf8.json", Uint8Array.of(0x7b, 0xff, 0xfe));
    base.write("c-empty.json", "");
    base.write("d-huge.json", "");
    truncateSync(join(base.trajectories, "d-huge.json"), 2 ** 33);
    base.write("e-deep.json", "[".repeat(90_000));
    base.write("f-proto.json", trajectoryJson(good!).replace("{", '{"__proto__": {"a": 1},'));
    base.write("g-unknown.json", JSON.stringify({ ...record(), surprise: 1 }));
    base.write("h-again.json", trajectoryJson(sampleTrajectories({ count: 1 })[0]!));
    base.write("i-path.json", JSON.stringify({ ...record(), trajectory_id: "../../escape" }));
    base.write("j-nan.json", JSON.stringify({ ...record(), reward: 1e300 }));
    base.write("k\u001b[31m.json", "{}");
    symlinkSync("/etc/hostname", join(base.trajectories, "l-link.json"));
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(base.trajectories, "m-pipe.json")]);
    base.write("notes.txt", "no trajectory");
    base.write(".hidden.json", "no trajectory");

    const index = await refreshed();
    expect(index.trajectories().map(({ trajectoryId }) => trajectoryId)).toEqual(
      ["sample-0000001", "sample-0000002", "sample-0000000"].sort(),
    );
    const problems = index.broken().map(({ file, problem }) => `${file[0]} ${problem}`);
    expect(problems).toEqual([
      expect.stringMatching(/^a .*JSON/),
      "b it is not UTF-8",
      expect.stringMatching(/^c .*JSON/),
      `d ${2 ** 33} bytes, at most ${MAX_BYTES} allowed`,
      expect.stringMatching(/^e /),
      'f unknown key "__proto__"',
      expect.stringMatching(/^g .*surprise/),
      expect.stringMatching(/^i trajectory_id: /),
      expect.stringMatching(/^j reward: /),
      expect.stringMatching(/^k /),
      "l it is a link",
      "m it is no regular file",
      "s sample-0000000 is in h-again.json already",
    ]);
  });

  it("reads a file again only when it was touched", async () => {
    base.add({ count: 20 });
    const first = await refreshed();
    expect(first.readCount).toBe(20);
    const again = await refreshed(first.toJson());
    expect(again.readCount).toBe(0);
    expect(again.hasChanged).toBe(false);
    expect(again.trajectories()).toEqual(first.trajectories());

    base.add({ count: 2, firstNumber: 20 });
    utimesSync(join(base.trajectories, "sample-0000003.json"), 1, 1);
    const changed = await refreshed(first.toJson());
    expect(changed.readCount).toBe(3);
    expect(changed.trajectories()).toHaveLength(22);
    rmSync(join(base.trajectories, "sample-0000004.json"));
    const fewer = await refreshed(changed.toJson());
    expect(fewer.hasChanged).toBe(true);
    expect(fewer.trajectories()).toHaveLength(21);
  });

  it("reads everything when the saved index is none", async () => {
    base.add({ count: 4 });
    expect((await refreshed("{}")).readCount).toBe(4);
    expect((await refreshed("torn")).readCount).toBe(4);
  });

  it("is empty without a folder", async () => {
    const index = new TrajectoryIndex(join(base.baseDir, "nowhere"), MAX_BYTES);
    await index.refresh();
    expect(index.trajectories()).toEqual([]);
  });
});

describe("a trajectory", () => {
  it("is the same after it was written and read", async () => {
    await writeTrajectory(base.trajectories, good!);
    const index = await refreshed();
    expect(index.load(index.trajectories()[0]!)).toEqual(good);
    expect(parseTrajectory(trajectoryJson(good!))).toEqual(good);
  });

  it("has limits, which hold at the limit and not one past it", () => {
    const withReward = (reward: number) => parseTrajectory(JSON.stringify({ ...record(), reward }));
    expect(withReward(1)).not.toHaveProperty("problem");
    expect(withReward(1.001)).toHaveProperty("problem");
    const withInput = (length: number) => {
      const value = record();
      value.task.input = "x".repeat(length);
      return parseTrajectory(JSON.stringify(value));
    };
    expect(withInput(20_000)).not.toHaveProperty("problem");
    expect(withInput(20_001)).toHaveProperty("problem");
  });

  it("may select only what could be chosen", () => {
    const value = record();
    value.decisions[0].selected_ids = ["nobody"];
    expect(parseTrajectory(JSON.stringify(value))).toEqual({
      problem: 'decisions select "nobody", which is no candidate',
    });
  });
});
