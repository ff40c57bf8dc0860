// The forgetting page: three networks learn task after task while the visitor looks on.

import { proxy, type Remote, wrap } from "comlink";
import { find, say } from "./element.ts";
import { Course, METHOD_NAMES } from "./forgetting-course.ts";
import { drawTasks } from "./forgetting-pictures.ts";
import { type ForgettingFrame, LOOKS_PER_TASK, METHODS, TASKS } from "./forgetting-run.ts";
import type { ForgettingWorker } from "./forgetting-worker.ts";
import { FrameMeter } from "./frame-meter.ts";
import { percentText, pointsText } from "./number-text.ts";
import { readSeed } from "./seed-field.ts";

type Phase = "ready" | "running" | "held" | "done" | "failed";

const LOOKS = TASKS * LOOKS_PER_TASK;
const startButton = find("start", HTMLButtonElement);
const speed = find("speed", HTMLSelectElement);
const seedField = find("seed", HTMLInputElement);
const progress = find("progress", HTMLProgressElement);
const rows = find("rows", HTMLElement);
const courses = METHODS.map((method) => new Course(method, rows));
const meter = new FrameMeter();

let worker: { thread: Worker; remote: Remote<ForgettingWorker> } | undefined;
let phase: Phase = "ready";
let frames: ForgettingFrame[] = [];
/** Frames that are on the page. */
let shown = 0;

const labels: Record<Phase, string> = {
  ready: "Start",
  running: "Pause",
  held: "Continue",
  done: "Run again",
  failed: "Try again",
};

function enter(next: Phase): void {
  phase = next;
  startButton.textContent = labels[next];
  document.documentElement.dataset.phase = next;
  if (next === "running") meter.start();
  else meter.stop();
}

/** Ends what runs and empties the page. */
function reset(): void {
  worker?.thread.terminate();
  worker = undefined;
  frames = [];
  shown = 0;
  meter.reset();
  progress.value = 0;
  for (const course of courses) course.clear();
  for (const id of ["hash", "fps", "slowest", "blocks"]) say(id, "-");
  say("hash-note", "SHA-256 of the weights of all three networks.");
  say("said", "Press Start to begin.");
  markTask(undefined);
  const seed = readSeed(seedField);
  say("command", `npx tsx src/demo/forgetting-hash.ts --seed ${seed}`);
  drawTasks(seed);
  enter("ready");
}

async function start(): Promise<void> {
  reset();
  enter("running");
  const thread = new Worker("forgetting-worker.js", { type: "module" });
  const remote = wrap<ForgettingWorker>(thread);
  worker = { thread, remote };
  thread.onerror = (event) => fail(event.message);
  try {
    say("core", `Core: ${await remote.begin()}, one thread.`);
    await remote.setPause(Number(speed.value));
    requestAnimationFrame(draw);
    const take = proxy(async (frame: ForgettingFrame) => {
      frames.push(frame);
    });
    await remote.run(readSeed(seedField), take);
    if (worker?.thread === thread) finish();
  } catch (error) {
    fail(String(error));
  }
}

function fail(reason: string): void {
  enter("failed");
  say("said", `It has failed: ${reason}`);
}

function finish(): void {
  show();
  enter("done");
  showFrames();
  const seed = readSeed(seedField);
  say(
    "hash-note",
    `SHA-256 of the weights of all three networks, after all tasks of seed ${seed}.`,
  );
}

/** Draws at most once per frame of the screen, however fast the worker is. */
function draw(): void {
  if (phase !== "running") return;
  show();
  showFrames();
  requestAnimationFrame(draw);
}

function show(): void {
  if (frames.length === shown) return;
  for (const frame of frames.slice(shown)) for (const course of courses) course.add(frame);
  shown = frames.length;
  const { task, look, weightsHash } = frames.at(-1)!;
  const summaries = courses.map((course) => course.show(frames));
  progress.value = look / LOOKS;
  say("hash", weightsHash);
  markTask(task);
  const isLast = look === LOOKS;
  const found = METHODS.map((method, index) => {
    const { average, forgetting } = summaries[index]!;
    const [knows, forgot] = [percentText(average), pointsText(forgetting)];
    return `${METHOD_NAMES[method]} knows ${knows} and forgot ${forgot}`;
  });
  const done = `After all ${TASKS} tasks: ${found.join("; ")}.`;
  say("said", isLast ? done : `Learning task ${task + 1} of ${TASKS}.`);
}

function markTask(current: number | undefined): void {
  for (let task = 0; task < TASKS; task++) {
    const item = find(`task-${task + 1}`, HTMLElement);
    if (task === current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  }
}

function showFrames(): void {
  const { frames: count, perSecond, slowestMs, blocks, longestBlockMs } = meter.figures;
  if (count === 0) return;
  say("fps", perSecond.toFixed(1));
  say("slowest", `${slowestMs.toFixed(0)} ms`);
  say("blocks", blocks === 0 ? "none" : `${blocks}, up to ${longestBlockMs.toFixed(0)} ms`);
}

startButton.addEventListener("click", () => {
  if (phase === "running") {
    worker?.remote.hold();
    enter("held");
  } else if (phase === "held") {
    worker?.remote.goOn();
    enter("running");
    requestAnimationFrame(draw);
  } else start();
});
find("reset", HTMLButtonElement).addEventListener("click", reset);
seedField.addEventListener("change", reset);
speed.addEventListener("change", () => worker?.remote.setPause(Number(speed.value)));
reset();
