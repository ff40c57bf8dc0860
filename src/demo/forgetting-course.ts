// How one method fares: its plot and its numbers.

import { find, make, makeRow, say } from "./element.ts";
import {
  type ForgettingFrame,
  type ForgettingSummary,
  LOOKS_PER_TASK,
  type Method,
  summaryOf,
  TASKS,
} from "./forgetting-run.ts";
import { LinePlot, type Paint } from "./line-plot.ts";
import { percentText, pointsText } from "./number-text.ts";
import { colorOf } from "./palette.ts";

const HEIGHT = 220;
const LOOKS = TASKS * LOOKS_PER_TASK;
const tasks = Array.from({ length: TASKS }, (_, task) => task);

/** What a method is called on the page. */
export const METHOD_NAMES: Record<Method, string> = {
  naive: "Naive",
  EWC: "EWC",
  replay: "Replay",
};

/** One method on the page. */
export class Course {
  readonly #method: Method;
  readonly #id: string;
  readonly #plot: LinePlot;
  readonly #cells: HTMLTableCellElement[];
  #looks: number[] = [];
  #lines: (number | null)[][] = [];

  constructor(method: Method, rows: HTMLElement) {
    this.#method = method;
    this.#id = method.toLowerCase();
    this.#plot = new LinePlot({
      place: find(`${this.#id}-plot`, HTMLElement),
      height: HEIGHT,
      lines: tasks.map((task) => ({ label: `Task ${task + 1}`, color: `--task-${task + 1}` })),
      xRange: () => [0, LOOKS],
      yRange: () => [0, 1.02],
      xPlaces: tasks.map((task) => (task + 0.5) * LOOKS_PER_TASK),
      xText: (place) => `Task ${Math.ceil(place / LOOKS_PER_TASK)}`,
      yText: percentText,
      behind: paintTasks,
    });
    this.#cells = Array.from({ length: TASKS + 2 }, () => make("td"));
    for (const cell of this.#cells.slice(TASKS)) cell.className = "strong";
    rows.append(makeRow(make("span", { text: METHOD_NAMES[method] }), this.#cells));
    this.clear();
  }

  /** Forgets the run. */
  clear(): void {
    this.#looks = [];
    this.#lines = tasks.map(() => []);
    this.#plot.draw([], this.#lines);
    for (const cell of this.#cells) cell.textContent = "-";
    this.#sayNumbers(undefined);
  }

  /** Adds one frame to the lines; nothing is drawn yet. */
  add({ look, accuracies }: ForgettingFrame): void {
    this.#looks.push(look);
    const now = accuracies[this.#method];
    for (const [task, line] of this.#lines.entries()) line.push(now[task] ?? null);
  }

  /** Draws what was added. */
  show(frames: readonly ForgettingFrame[]): ForgettingSummary {
    const summary = summaryOf(frames, this.#method);
    const now = frames.at(-1)!.accuracies[this.#method];
    this.#plot.draw(this.#looks, this.#lines);
    const texts = tasks.map((task) => (task in now ? percentText(now[task]!) : "-"));
    texts.push(percentText(summary.average), pointsText(summary.forgetting));
    for (const [index, text] of texts.entries()) this.#cells[index]!.textContent = text;
    this.#sayNumbers(summary);
    return summary;
  }

  #sayNumbers(summary: ForgettingSummary | undefined): void {
    const average = summary ? percentText(summary.average) : "-";
    const forgotten = summary ? pointsText(summary.forgetting) : "-";
    say(`${this.#id}-average`, average);
    say(`${this.#id}-forgotten`, forgotten);
    const name = METHOD_NAMES[this.#method];
    const text = summary
      ? `${name}, accuracy per task over time: ${average} on average, ${forgotten} forgotten`
      : `${name}: no data yet`;
    find(`${this.#id}-plot`, HTMLElement).ariaLabel = text;
  }
}

/** A band for the time in which each task was learned. */
function paintTasks({ pen, x, top, bottom, scale }: Paint): void {
  pen.save();
  for (const task of tasks) {
    const from = x(task * LOOKS_PER_TASK);
    const to = x((task + 1) * LOOKS_PER_TASK);
    pen.fillStyle = colorOf("--wash");
    if (task % 2 === 1) pen.fillRect(from, top, to - from, bottom - top);
    pen.fillStyle = colorOf(`--task-${task + 1}`);
    pen.fillRect(from + scale, bottom - 3 * scale, to - from - 2 * scale, 3 * scale);
  }
  pen.restore();
}
