// The bench page: the core beside plain JavaScript, in the visitor's own browser.

import { proxy, wrap } from "comlink";
import type { BenchRow, BenchWorker } from "./bench-worker.ts";
import { find, make, makeRow, makeSvg, say } from "./element.ts";
import { durationText, threeDigits } from "./number-text.ts";

const startButton = find("start", HTMLButtonElement);
const length = find("length", HTMLSelectElement);
const progress = find("progress", HTMLProgressElement);
const rows = find("rows", HTMLElement);

function enter(phase: "ready" | "running" | "done" | "failed"): void {
  document.documentElement.dataset.phase = phase;
  startButton.disabled = phase === "running";
  if (phase === "done" || phase === "failed") startButton.textContent = "Measure again";
}

/** Two bars, as long as the times. */
function bars({ oursNs, plainNs }: BenchRow): SVGElement {
  const drawing = makeSvg("svg", {
    class: "bar",
    viewBox: "0 0 100 10",
    preserveAspectRatio: "none",
    "aria-hidden": "true",
  });
  const longest = Math.max(oursNs, plainNs);
  const bar = (kind: string, y: number, ns: number) =>
    makeSvg("rect", { class: kind, x: 0, y, width: (100 * ns) / longest, height: 4 });
  drawing.append(bar("ours", 0.5, oursNs), bar("plain", 5.5, plainNs));
  return drawing;
}

function addRow(row: BenchRow): void {
  const { name, detail, oursNs, plainNs, difference, tolerance } = row;
  const isSame = difference <= tolerance;
  const title = make("span", { text: name });
  title.append(make("br"), make("small", { className: "note", text: detail }));
  const sameText = isSame ? `yes, to ${difference.toExponential(0)}` : "no: not timed";
  const cells = [
    make("td", { text: isSame ? durationText(oursNs) : "-" }),
    make("td", { text: isSame ? durationText(plainNs) : "-" }),
    make("td", {
      className: "strong",
      text: isSame ? `${threeDigits(plainNs / oursNs)}\u00a0x` : "-",
    }),
    make("td", { className: isSame ? "result-ok" : "result-bad", text: sameText }),
    make("td"),
  ];
  if (isSame) cells.at(-1)!.append(bars(row));
  rows.append(makeRow(title, cells));
}

async function run(): Promise<void> {
  enter("running");
  rows.replaceChildren();
  progress.value = 0;
  say("said", "Checking and measuring; it takes a few seconds.");
  const thread = new Worker("bench-worker.js", { type: "module" });
  try {
    const failed = new Promise<never>((_, reject) => {
      thread.onerror = (event) => reject(new Error(event.message));
    });
    await Promise.race([failed, measureOn(thread)]);
    enter("done");
  } catch (error) {
    say("said", `It has failed: ${error}`);
    enter("failed");
  } finally {
    thread.terminate();
  }
}

async function measureOn(thread: Worker): Promise<void> {
  const remote = wrap<BenchWorker>(thread);
  say("core", `Core: ${await remote.begin()}. Browser: ${navigator.userAgent}`);
  const ratios: number[] = [];
  const show = proxy(async (row: BenchRow, share: number) => {
    addRow(row);
    ratios.push(row.plainNs / row.oursNs);
    progress.value = share;
  });
  await remote.run(Number(length.value), show);
  const range = [Math.min(...ratios), Math.max(...ratios)].map(threeDigits);
  say("said", `Done: from ${range[0]} to ${range[1]} times as fast as plain JavaScript.`);
}

startButton.addEventListener("click", run);
enter("ready");
