// One plot: a curve over the samples, marks of what happened, and a reading of any point.

import { linearScale } from "../../replay/page/scale.ts";
import type { PerformancePoint } from "./answers.ts";
import { element, replaceIn, shape } from "./elements.ts";
import { count, measured, moment, shortMoment } from "./wording.ts";

/** The drawing's own units; the page stretches it, lines keep their width. */
const WIDTH = 1000;
const HEIGHT = 300;
/** Glyphs closer than this share of the width hide each other. */
const GLYPH_APART = 0.012;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What happened, and when. */
export interface Mark {
  at: string;
  kind: "drift" | "promoted" | "rolled-back";
}

/** What a plot shows. */
export interface PlotContent {
  /** What the values are, in a word. */
  name: string;
  points: readonly PerformancePoint[];
  pick: (point: PerformancePoint) => number | null;
  marks: readonly Mark[];
  /** Drawn as a line across. */
  threshold?: number | undefined;
}

const MARKS: { kind: Mark["kind"]; glyph: string; meaning: string }[] = [
  { kind: "drift", glyph: "▼", meaning: "drift alert" },
  { kind: "promoted", glyph: "▲", meaning: "promotion" },
  { kind: "rolled-back", glyph: "◀", meaning: "rollback" },
];

/** Where a moment lies among the points, from 0 to 1; undefined before the first of them. */
export function placeOf(at: string, points: readonly PerformancePoint[]): number | undefined {
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last || at < first.at) return undefined;
  const span = last.observed - first.observed || 1;
  const next = points.findIndex((point) => point.at >= at);
  if (next < 0) return 1;
  if (next === 0) return 0;
  const [a, b] = [points[next - 1]!, points[next]!];
  const [from, to] = [Date.parse(a.at), Date.parse(b.at)];
  const part = to > from ? (Date.parse(at) - from) / (to - from) : 1;
  return (a.observed + part * (b.observed - a.observed) - first.observed) / span;
}

/** A plot inside a section of the page. */
export class Plot {
  readonly #legend = element("ul", { class: "legend" });
  readonly #lane = element("div", { class: "lane", "aria-hidden": "true" });
  readonly #beside = element("div", { class: "y", "aria-hidden": "true" });
  readonly #below = element("div", { class: "x", "aria-hidden": "true" });
  readonly #drawing = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
  });
  readonly #cross = element("div", { class: "cross", "aria-hidden": "true" });
  readonly #dot = element("div", { class: "dot", "aria-hidden": "true" });
  readonly #slider = element("input", { type: "range", min: 0, step: 1 });
  readonly #reading = element("p", { class: "reading" });
  readonly #frame: HTMLElement;
  #content: PlotContent | undefined;
  #y: (value: number) => number = () => 0;
  #isFollowing = true;

  constructor(section: HTMLElement) {
    const area = element("div", { class: "area" }, this.#drawing, this.#cross, this.#dot);
    area.append(this.#slider);
    const around = [this.#lane, this.#beside, area, this.#below];
    this.#frame = element("div", { class: "frame" }, ...around);
    section.append(this.#reading, this.#frame, this.#legend);
    this.#slider.addEventListener("input", () => this.#read(this.#slider.valueAsNumber));
    const follow = ({ clientX }: PointerEvent) => this.#readAt(clientX);
    area.addEventListener("pointermove", follow);
    area.addEventListener("pointerdown", follow);
    area.addEventListener("pointerleave", () => this.#read(Number.POSITIVE_INFINITY));
  }

  /** Draws; a reading of the last point stays with the last point. */
  show(content: PlotContent): void {
    const read = this.#slider.valueAsNumber;
    this.#content = content;
    const { points, pick, threshold, name } = content;
    const values = points.flatMap((point) => pick(point) ?? []);
    const scale = linearScale(threshold === undefined ? values : [...values, threshold]);
    this.#y = (value) => HEIGHT * (1 - scale.at(value));
    const grid = scale.ticks.map((tick) =>
      shape("path", { class: tick === 0 ? "origin" : "grid", d: this.#across(tick) }),
    );
    const level = threshold === undefined ? undefined : this.#across(threshold);
    const marks = this.#drawMarks(content);
    replaceIn(
      this.#drawing,
      ...grid,
      shape("path", { class: "under", d: this.#curve(true) }),
      ...marks,
      level === undefined ? undefined : shape("path", { class: "threshold", d: level }),
      shape("path", { class: "curve", d: this.#curve(false) }),
    );
    this.#drawing.setAttribute("aria-label", this.#inWords(values));
    replaceIn(this.#beside, ...scale.ticks.map((tick) => this.#besideLabel(tick)));
    replaceIn(this.#below, ...this.#belowLabels());
    this.#slider.max = String(Math.max(0, points.length - 1));
    this.#slider.setAttribute("aria-label", `Point of the plot of ${name}`);
    this.#frame.hidden = this.#legend.hidden = points.length === 0;
    this.#read(this.#isFollowing ? Number.POSITIVE_INFINITY : read);
  }

  #across(value: number): string {
    return `M0 ${this.#y(value).toFixed(1)}H${WIDTH}`;
  }

  /** The horizontal position of a point, from 0 to 1. */
  #x(index: number): number {
    const points = this.#content?.points ?? [];
    const [first, last] = [points[0]!.observed, points.at(-1)!.observed];
    return last > first ? (points[index]!.observed - first) / (last - first) : 0.5;
  }

  /** The path of the curve, or of the area between it and 0; broken where there is no value. */
  #curve(isArea: boolean): string {
    const { points, pick } = this.#content!;
    const runs: string[][] = [[]];
    for (const [index, point] of points.entries()) {
      const value = pick(point);
      if (value === null) runs.push([]);
      else runs.at(-1)!.push(`${(WIDTH * this.#x(index)).toFixed(1)} ${this.#y(value).toFixed(1)}`);
    }
    const drawn = runs.filter((run) => run.length > 0);
    if (!isArea) return drawn.map((run) => `M${run.join("L")}${run[1] ? "" : "h0"}`).join("");
    const floor = this.#y(0).toFixed(1);
    return drawn
      .map((run) => `M${run[0]!.split(" ")[0]} ${floor}L${run.join("L")}V${floor}Z`)
      .join("");
  }

  #drawMarks({ marks, points, threshold, name }: PlotContent): SVGElement[] {
    const entries = [legendEntry("curve", "", name)];
    if (threshold !== undefined) {
      entries.push(legendEntry("threshold", "", `threshold ${measured(threshold)}`));
    }
    const glyphs: HTMLElement[] = [];
    const lines = MARKS.flatMap(({ kind, glyph, meaning }) => {
      const places = marks
        .filter((mark) => mark.kind === kind)
        .flatMap(({ at }) => placeOf(at, points) ?? [])
        .sort((a, b) => a - b);
      if (places.length === 0) return [];
      entries.push(legendEntry(kind, glyph, `${meaning} (${places.length})`));
      let last = Number.NEGATIVE_INFINITY;
      for (const place of places) {
        if (place - last < GLYPH_APART) continue;
        last = place;
        const made = element("span", { class: kind }, glyph);
        made.style.left = percent(place);
        glyphs.push(made);
      }
      const paths = places.map((place) => `M${(WIDTH * place).toFixed(1)} 0V${HEIGHT}`);
      return [shape("path", { class: `mark ${kind}`, d: paths.join("") })];
    });
    replaceIn(this.#lane, ...glyphs);
    replaceIn(this.#legend, ...entries);
    return lines;
  }

  #besideLabel(tick: number): HTMLElement {
    const label = element("span", {}, measured(tick));
    label.style.top = percent(this.#y(tick) / HEIGHT);
    return label;
  }

  /** Samples and times at the ends and in the middle. */
  #belowLabels(): HTMLElement[] {
    const { points } = this.#content!;
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return [];
    const isWithinDay = Date.parse(last.at) - Date.parse(first.at) < DAY_MS;
    const indexes = points.length > 2 ? [0, points.length >> 1, points.length - 1] : [0];
    return indexes.map((index) => {
      const { at, observed } = points[index]!;
      const label = element("span", {}, count(observed), element("br"));
      label.append(shortMoment(at, isWithinDay));
      label.style.left = percent(this.#x(index));
      return label;
    });
  }

  #inWords(values: readonly number[]): string {
    const { name, points, marks } = this.#content!;
    const last = points.at(-1);
    if (!last || values.length === 0) return `${name}: no values yet.`;
    const happened = MARKS.map(({ kind, meaning }) => {
      return `${meaning}: ${marks.filter((mark) => mark.kind === kind).length}`;
    });
    return (
      `${name} from sample ${count(points[0]!.observed)} to ${count(last.observed)}: ` +
      `lowest ${measured(Math.min(...values))}, highest ${measured(Math.max(...values))}, ` +
      `last ${measured(values.at(-1))}. ${happened.join(", ")}.`
    );
  }

  #readAt(clientX: number): void {
    const { left, width } = this.#slider.getBoundingClientRect();
    const points = this.#content?.points ?? [];
    let nearest = 0;
    const apart = (index: number) => Math.abs(this.#x(index) * width + left - clientX);
    for (const index of points.keys()) if (apart(index) < apart(nearest)) nearest = index;
    this.#read(nearest);
  }

  /** Shows the values of one point; beyond the last it is the last, and stays the last. */
  #read(index: number): void {
    const { points, pick, name } = this.#content!;
    const end = points.length - 1;
    this.#isFollowing = index >= end;
    const at = Math.min(index, end);
    const point = points[at];
    if (!point) {
      this.#reading.replaceChildren("No samples yet.");
      return;
    }
    const value = pick(point);
    const where = `${count(point.observed)} samples, ${moment(point.at)}`;
    this.#slider.valueAsNumber = at;
    this.#slider.setAttribute("aria-valuetext", `${name} ${measured(value)} at ${where}`);
    this.#reading.replaceChildren(element("b", {}, measured(value)), ` at ${where}`);
    this.#cross.style.left = this.#dot.style.left = percent(this.#x(at));
    this.#dot.hidden = value === null;
    this.#dot.style.top = percent(this.#y(value ?? 0) / HEIGHT);
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function legendEntry(name: string, glyph: string, meaning: string): HTMLElement {
  return element("li", {}, element("span", { class: `swatch ${name}` }, glyph), meaning);
}
