// The drift page: a world that the visitor turns, and a learner that keeps up.

import { proxy, type Remote, wrap } from "comlink";
import { type Loss, MOST_LOSSES, type Tone } from "./drift-journal.ts";
import { showEntries, showLanes } from "./drift-lists.ts";
import { drawWorld } from "./drift-picture.ts";
import type { DriftView } from "./drift-session.ts";
import type { DriftWorker } from "./drift-worker.ts";
import { find, say } from "./element.ts";
import { LinePlot, type Paint } from "./line-plot.ts";
import { percentText } from "./number-text.ts";
import { colorOf, onColorChange } from "./palette.ts";
import { readSeed } from "./seed-field.ts";

type Phase = "opening" | "held" | "running" | "failed";

const POISONED_LABELS = 130;
/** Losses that one place of the line is the mean of. */
const SMOOTHED = 20;
const RECENT = 50;
/** Where the plot's y axis ends at least. */
const LEAST_TOP = 0.3;
const marked: Partial<Record<Tone, string>> = {
  drift: "--warn",
  promoted: "--good",
  rejected: "--soft",
  "rolled-back": "--bad",
};

const startButton = find("start", HTMLButtonElement);
const speed = find("speed", HTMLSelectElement);
const seedField = find("seed", HTMLInputElement);
const shift = find("shift", HTMLInputElement);
const canvas = find("world", HTMLCanvasElement);

let worker: { thread: Worker; remote: Remote<DriftWorker> } | undefined;
let phase: Phase = "opening";
let view: DriftView | undefined;
let isDrawn = true;
/** Of the line. */
let highest = 0;

const plot = new LinePlot({
  place: find("plot", HTMLElement),
  height: 270,
  lines: [{ label: "loss", color: "--accent" }],
  xRange: () => {
    const seen = view?.status.observed ?? 0;
    return [Math.max(0, seen - MOST_LOSSES), Math.max(seen, MOST_LOSSES)];
  },
  yRange: () => [0, Math.max(LEAST_TOP, 1.15 * highest)],
  behind: paintEvents,
});

function enter(next: Phase): void {
  phase = next;
  document.documentElement.dataset.phase = next;
  startButton.textContent = next === "running" ? "Pause" : "Start";
  for (const id of ["start", "poison", "rollback"]) {
    find(id, HTMLButtonElement).disabled = next === "opening" || next === "failed";
  }
}

function fail(reason: string): void {
  enter("failed");
  say("said", `It has failed: ${reason}`);
}

/** Opens the session of the seed in the field, in a worker of its own. */
async function open(fromStart: boolean): Promise<void> {
  worker?.thread.terminate();
  enter("opening");
  const thread = new Worker("drift-worker.js", { type: "module" });
  const remote = wrap<DriftWorker>(thread);
  worker = { thread, remote };
  thread.onerror = (event) => fail(event.message);
  const take = proxy(async (next: DriftView) => {
    if (worker?.thread !== thread) return;
    view = next;
    isDrawn = false;
  });
  try {
    await remote.setPause(Number(speed.value));
    const seed = readSeed(seedField);
    await remote.open({ seed, fromStart }, take, proxy(fail));
  } catch (error) {
    if (worker?.thread === thread) fail(String(error));
    return;
  }
  if (worker?.thread !== thread || !view) return;
  shift.value = String(view.journal.degrees);
  showDegrees();
  enter("held");
}

function showDegrees(): void {
  say("shift-text", `${shift.value}\u00b0`);
}

/** Draws at most once per frame of the screen, however fast the stream is. */
function draw(): void {
  requestAnimationFrame(draw);
  if (isDrawn || !view) return;
  isDrawn = true;
  show(view);
}

function show(now: DriftView): void {
  const { status, serving, journal } = now;
  drawWorld(canvas, now);
  showLosses(journal.losses);
  showEntries(journal.entries);
  showLanes(journal, status.observed);
  const { probation, samples, state } = status;
  const right = now.points.slice(-RECENT);
  const share = right.filter(({ isRight }) => isRight).length / right.length;
  find("poison", HTMLButtonElement).disabled = phase === "opening" || journal.poison_left > 0;
  const rightText = right.length > 0 ? percentText(share) : "-";
  say("right", rightText);
  canvas.ariaLabel =
    `Points of two kinds in a world turned by ${journal.degrees} degrees; ` +
    `of the last ${RECENT}, the model was right on ${rightText}`;
  say("seen", String(status.observed));
  say("serving", serving);
  say("state", stateText(state, journal.poison_left));
  say("probation", probation ? probation.outcome : "none");
  say("samples", `${samples.training} to train, ${samples.holdout} to judge`);
  const newest = journal.entries.at(-1);
  find("said", HTMLElement).className = `said ${newest?.tone ?? "plain"}`;
  say("said", newest ? `${newest.title}: ${newest.text}` : "Press Start, then turn the world.");
}

function stateText(state: string, poisonLeft: number): string {
  const text = state === "frozen" ? "frozen for a while" : state;
  return poisonLeft > 0 ? `${text}, ${poisonLeft} wrong labels to come` : text;
}

function showLosses(losses: readonly Loss[]): void {
  const means: number[] = [];
  let sum = 0;
  for (const [index, { loss }] of losses.entries()) {
    sum += loss - (losses[index - SMOOTHED]?.loss ?? 0);
    means.push(sum / Math.min(index + 1, SMOOTHED));
  }
  highest = Math.max(0, ...means);
  plot.draw(
    losses.map(({ at }) => at),
    [means],
  );
  const recent = losses.slice(-RECENT);
  const mean = recent.reduce((total, { loss }) => total + loss, 0) / recent.length;
  const text = recent.length > 0 ? mean.toFixed(3) : "-";
  say("loss", text);
  find("plot", HTMLElement).ariaLabel = `Loss over time; the mean of the last ${RECENT} is ${text}`;
}

/** Poison as a band, events as lines from top to bottom. */
function paintEvents({ pen, x, top, bottom, scale }: Paint): void {
  if (!view) return;
  const { entries, losses } = view.journal;
  const first = losses[0]?.at ?? 0;
  pen.save();
  pen.fillStyle = colorOf("--poison");
  pen.globalAlpha = 0.18;
  const width = x(1) - x(0);
  for (const { at, poisoned } of losses) {
    if (poisoned) pen.fillRect(x(at - 1), top, width + scale / 2, bottom - top);
  }
  pen.globalAlpha = 1;
  for (const { at, tone } of entries) {
    const color = marked[tone];
    if (color === undefined || at < first) continue;
    pen.fillStyle = colorOf(color);
    pen.fillRect(x(at), top, 2 * scale, bottom - top);
  }
  pen.restore();
}

startButton.addEventListener("click", async () => {
  const remote = worker?.remote;
  if (phase !== "running") {
    remote?.goOn();
    enter("running");
    return;
  }
  await remote?.hold();
  if (worker?.remote !== remote || phase !== "running") return;
  if (view) show(view);
  enter("held");
});
shift.addEventListener("input", () => {
  showDegrees();
  worker?.remote.setDegrees(Number(shift.value));
  if (!view) return;
  view.journal.degrees = Number(shift.value);
  isDrawn = false;
});
find("poison", HTMLButtonElement).addEventListener("click", () =>
  worker?.remote.poison(POISONED_LABELS),
);
find("rollback", HTMLButtonElement).addEventListener("click", () => worker?.remote.rollback());
find("reset", HTMLButtonElement).addEventListener("click", () => open(true));
seedField.addEventListener("change", () => open(false));
speed.addEventListener("change", () => worker?.remote.setPause(Number(speed.value)));
onColorChange(() => {
  isDrawn = false;
});
open(false);
draw();
