// `driftkeel serve --demo`: a living system within seconds, its story, and nothing left of it.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { configureLearner } from "../../src/config/configured-learner.ts";
import { parseModelConfigs } from "../../src/config/model-config.ts";
import { type LearnerEvent, OnlineLearner, type Sample } from "../../src/index.ts";
import { MARKET, SENSOR, startDemo } from "../../src/service/demo/demo.ts";
import { demoConfig, SENSOR_ID, SIGNAL_ID } from "../../src/service/demo/demo-config.ts";
import { HISTORY_SAMPLES } from "../../src/service/demo/feeder.ts";
import { marketWorld } from "../../src/service/demo/market-world.ts";
import { sensorWorld } from "../../src/service/demo/sensor-world.ts";
import { run } from "../cli/command-line.ts";
import { type BundledCommand, bundleCommand } from "./bundled-command.ts";
import { ServeChild } from "./serve-child.ts";

let command: BundledCommand;
beforeAll(async () => {
  command = await bundleCommand();
});
afterAll(() => command.remove());

let folder: string;
const children: ServeChild[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "driftkeel-demo-test-"));
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.end("SIGKILL")));
  rmSync(folder, { recursive: true, force: true });
});

async function get<T>(url: string): Promise<T> {
  return (await fetch(url)).json() as Promise<T>;
}

const observed = async (url: string, id: string) =>
  (await get<{ observed: number }>(`${url}/api/v1/models/${id}/status`)).observed;

it("lives within ten seconds from an empty folder, and leaves nothing", async ({ annotate }) => {
  const began = performance.now();
  const child = await ServeChild.run([command.script], folder, "--demo", "--json");
  children.push(child);
  const { url, models, simulated, base_dir } = JSON.parse(child.stdout);
  expect({ models, simulated }).toEqual({ models: [SIGNAL_ID, SENSOR_ID], simulated: true });
  const page = await (await fetch(url)).text();
  expect(page).toContain("<title>Driftkeel</title>");
  for (const id of models) {
    const shown = await get<{ points: object[] }>(`${url}/api/v1/models/${id}/performance`);
    expect(shown.points.length).toBeGreaterThan(100);
  }
  await vi.waitFor(
    async () => {
      const { jobs } = await get<{ jobs: { status: string }[] }>(`${url}/api/v1/jobs`);
      expect(jobs.map(({ status }) => status)).toEqual(["promoted"]);
    },
    { timeout: 10_000 },
  );
  await vi.waitFor(async () => expect(await observed(url, SENSOR_ID)).toBeGreaterThan(600), {
    timeout: 10_000,
  });
  const seconds = (performance.now() - began) / 1000;
  await annotate(`living after ${seconds.toFixed(1)} s`);
  expect(seconds).toBeLessThan(10);
  expect(existsSync(base_dir)).toBe(true);
  process.kill(child.pid, "SIGTERM"); // as npx does beside the terminal
  expect(await child.end("SIGTERM")).toBe(0);
  expect(existsSync(base_dir)).toBe(false);
  expect(child.stderr).toBe("");
});

it("keeps a folder that was given, and gives it no second past", async () => {
  const log = { write: (text: string) => expect.fail(text) };
  const first = await startDemo({ baseDir: folder, port: 0, log });
  await vi.waitFor(async () => expect(await observed(first.url, SIGNAL_ID)).toBeGreaterThan(600));
  await first.close();
  const second = await startDemo({ baseDir: folder, port: 0, log });
  const samples = await observed(second.url, SIGNAL_ID);
  await second.close();
  expect(samples).toBeGreaterThan(600);
  expect(samples).toBeLessThan(1200);
  expect(existsSync(join(folder, SIGNAL_ID, "current.json"))).toBe(true);
});

it("takes neither a configuration nor another address", async () => {
  for (const flags of [
    ["--config", "driftkeel.json"],
    ["--host", "0.0.0.0"],
  ]) {
    const { exitCode, stderr } = await run(["serve", "--demo", ...flags]);
    expect({ flags, exitCode }).toEqual({ flags, exitCode: 2 });
    expect(stderr).toContain("cannot be used with option");
  }
});

it("is the same world for the same seed", () => {
  const first = (world: Iterator<Sample>) =>
    Array.from({ length: 50 }, () => [...world.next().value.input, ...world.next().value.label]);
  for (const world of [marketWorld, sensorWorld]) {
    expect(first(world(1, 10))).toEqual(first(world(1, 10)));
    expect(first(world(1, 10))).not.toEqual(first(world(2, 10)));
  }
});

/** What happens to a model in the first minute of its world, after the past that it is given. */
async function story(id: string, world: Iterator<Sample>): Promise<string[]> {
  const config = parseModelConfigs("demo", demoConfig()).get(id)!;
  const { options, dispose } = configureLearner(id, config);
  let nowMs = 0;
  const learner = await OnlineLearner.open({ ...options, now: () => nowMs });
  const heard: LearnerEvent[] = [];
  const listening = (async () => {
    for await (const event of learner.events) heard.push(event);
  })();
  for (let i = 0; i < HISTORY_SAMPLES + 20 * 60; i++) {
    nowMs += 50;
    const { learning_rate: lr, ewc_lambda: lambda } = config.online_update;
    if (i === HISTORY_SAMPLES && id === SIGNAL_ID) await learner.update({ lr, lambda });
    await learner.observe(world.next().value);
  }
  await learner.close();
  await listening;
  dispose();
  return heard.map(({ type }) => type);
}

it("tells a story: alerts, promotions, refusals, and a rollback in the first minute", async () => {
  const sensor = await story(SENSOR_ID, sensorWorld(SENSOR.seed, SENSOR.calm));
  const market = await story(SIGNAL_ID, marketWorld(MARKET.seed, MARKET.calm));
  const count = (types: string[], type: string) => types.filter((each) => each === type).length;
  for (const types of [sensor, market]) {
    expect(count(types, "drift-detected")).toBeGreaterThan(1);
    expect(count(types, "promoted")).toBeGreaterThan(2);
    expect(count(types, "candidate-rejected")).toBeGreaterThan(0);
  }
  expect(count(sensor, "rolled-back")).toBe(1);
});
